//! Rows of wide matrices lie apart in memory, which nobody may notice: whatever is computed of a variable or
//! of intermediates has the bits that come of a fed tensor, whose rows follow each other.

use minutia_graph::{DType, Device, Error, Graph, Output, Session, Tensor, feeds};
use minutia_kernels::rng::Generator;

const ROWS: usize = 5;
const WIDTH: usize = 130;

fn matrix(rows: usize, width: usize) -> Tensor {
    let mut generator = Generator::new(7, "matrix");
    let numbers: Vec<f32> = (0..rows * width).map(|_| generator.normal()).collect();
    Tensor::from_vec([rows, width], numbers).expect("as many numbers")
}

type Expression = (&'static str, fn(&Graph, &Output) -> Output);

/// Whatever walks, cuts or joins a matrix of [`ROWS`] rows of [`WIDTH`].
const EXPRESSIONS: [Expression; 16] = [
    ("itself", |_, x| x.clone()),
    ("a map", |_, x| x.exp() * x),
    ("a row on each", |g, x| x + g.constant(vec![0.5_f32; WIDTH])),
    ("flattened", |_, x| x.reshape([-1]) * 2.0),
    ("rows of another width", |_, x| x.reshape([2, 325]).relu()),
    ("a dimension of one", |_, x| x.reshape([ROWS as isize, 1, WIDTH as isize]).reduce_sum([1])),
    ("transposed", |_, x| x.transpose([1, 0])),
    ("transposed and flattened", |_, x| x.transpose([1, 0]).reshape([-1])),
    ("a window", |_, x| x.slice([1, 3], [3, 120])),
    ("sums of rows", |_, x| x.reduce_sum([1])),
    ("sums of columns", |_, x| x.reduce_sum([0])),
    ("the sum of all", |_, x| x.reduce_sum(..)),
    ("products on the left", |_, x| x.matmul_nt(x)),
    ("products on both sides", |_, x| x.matmul_tn(x)),
    ("rows picked", |g, x| x.gather(g.constant([4_i32, 0, 0, 2])) * 3.0),
    ("joined", |g, x| g.concat(&[x.relu(), x.clone()], 0)),
];

#[test]
fn nobody_notices() -> Result<(), Error> {
    let value = matrix(ROWS, WIDTH);
    for (name, of) in EXPRESSIONS {
        let graph = Graph::new();
        let fed = graph.placeholder("fed", DType::F32, [ROWS, WIDTH]);
        let variable = graph.variable("variable", value.clone());
        let both = |x: &Output| -> Result<[Output; 3], Error> {
            // Computed from it, and from an intermediate; and the gradient of that.
            let passing = of(&graph, &(x * 0.5).tanh());
            let gradient = graph.gradients(passing.square().reduce_sum(..), &[x])?;
            Ok([of(&graph, x), passing, gradient[0].clone().expect("it depends on x")])
        };
        let wanted = both(&fed)?;
        let found = both(&variable)?;
        let mut session = Session::new(&graph, &Device::cpu()?)?;
        session.run(graph.global_variables_initializer(), feeds! {})?;
        for (what, (wanted, found)) in
            ["it", "an intermediate", "a gradient"].iter().zip(wanted.iter().zip(&found))
        {
            let (wanted, found) = session.run((wanted, found), feeds! { fed => value.clone() })?;
            assert_eq!(wanted.dims(), found.dims(), "{name} of {what}");
            assert_eq!(wanted.as_bytes(), found.as_bytes(), "{name} of {what}");
        }
    }
    Ok(())
}

#[test]
fn values_come_back_as_they_were_given() -> Result<(), Error> {
    let graph = Graph::new();
    let v = graph.variable("v", graph.random_normal([ROWS, WIDTH], 0.0, 1.0));
    let doubled = v.assign(&*v * 2.0);
    let fed = graph.placeholder("fed", DType::F32, [ROWS, WIDTH]);
    let picked = v.assign(fed.gather(graph.constant((0..ROWS as i32).collect::<Vec<_>>())));
    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), feeds! {})?;
    let drawn = session.variable(&v)?.expect("it has a value");
    assert_eq!(session.run(&v, feeds! {})?, drawn, "what is drawn");
    let value = matrix(ROWS, WIDTH);
    session.set_variable(&v, &value)?;
    assert_eq!(session.variable(&v)?.as_ref(), Some(&value), "what was set");
    let twice: Vec<f32> = value.as_slice::<f32>()?.iter().map(|x| x * 2.0).collect();
    session.run(doubled.operation(), feeds! {})?;
    let found = session.variable(&v)?.expect("it has a value");
    assert_eq!(found.as_slice::<f32>()?, twice, "what was computed");
    session.run(picked.operation(), feeds! { fed => value.clone() })?;
    assert_eq!(session.variable(&v)?, Some(value), "what was picked");
    Ok(())
}

/// The update of a wide matrix of weights is part of the product that it follows from, and nothing is copied.
#[test]
fn weights_are_updated_where_they_lie() -> Result<(), Error> {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, [3, ROWS]);
    let w = graph.variable("w", matrix(ROWS, WIDTH));
    let second = graph.variable("second", matrix(WIDTH, 200));
    let out = x.matmul(&w).relu().matmul(&second);
    let gradients = graph.gradients(out.reduce_sum(..), &[&w, &second])?;
    let mut steps = Vec::new();
    for (variable, gradient) in [&w, &second].into_iter().zip(gradients) {
        steps.push(variable.assign_sub(gradient.expect("it depends on both") * 0.1).operation());
    }
    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), feeds! {})?;
    let plan = session.explain(&steps, feeds! { x => matrix(3, ROWS) })?;
    let kinds: Vec<_> = plan.primitives.iter().map(|k| k.name).collect();
    assert!(
        kinds.iter().filter(|k| **k == "gemm").count() == 4 && !kinds.contains(&"map"),
        "{}",
        plan.explain()
    );
    Ok(())
}
