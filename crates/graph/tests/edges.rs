//! Gradients where derivatives are infinite or elements are not picked: one row for each, checked against
//! TensorFlow, or against exact arithmetic where TensorFlow says NaN.

use minutia_graph::{DType, Device, Graph, Output, Session, Tensor, feeds};

const INF: f32 = f32::INFINITY;
const NAN: f32 = f32::NAN;

/// What a row says, its inputs, what is differentiated how often with respect to the first, and the gradient
/// of the sum.
struct Row {
    says: &'static str,
    inputs: Vec<Tensor>,
    build: fn(&[Output]) -> Output,
    order: usize,
    gradient: Vec<f32>,
}

fn t(values: impl Into<Tensor>) -> Tensor {
    values.into()
}

fn row(says: &'static str, x: impl Into<Tensor>, build: fn(&[Output]) -> Output, gradient: &[f32]) -> Row {
    Row { says, inputs: vec![x.into()], build, order: 1, gradient: gradient.to_vec() }
}

impl Row {
    fn with(mut self, input: impl Into<Tensor>) -> Row {
        self.inputs.push(input.into());
        self
    }

    fn order(self, order: usize) -> Row {
        Row { order, ..self }
    }
}

/// `x` where it is above 0, through a function, else 0.
fn above(x: &Output, f: fn(&Output) -> Output) -> Output {
    x.greater(0.0).select(f(x), x.zeros_like())
}

fn table() -> [[f32; 2]; 3] {
    [[1.0, 2.0], [0.0, 4.0], [5.0, 6.0]]
}

fn not_picked() -> Vec<Row> {
    vec![
        row(
            "rows that are not gathered get 0, whatever the others get",
            table(),
            |x| x[0].gather(x[0].graph().constant([1])).log(),
            &[0.0, 0.0, INF, 0.25, 0.0, 0.0],
        ),
        row(
            "a NaN stays in its row",
            [[1.0_f32, 1.0], [1.0, 1.0], [1.0, 1.0]],
            |x| x[0].gather(x[0].graph().constant([2, 0])) * x[0].graph().constant([[1.0, NAN], [2.0, 3.0]]),
            &[2.0, 3.0, 0.0, 0.0, 1.0, NAN],
        ),
        row(
            "equal indices add up (TensorFlow 2.21)",
            [[0.741_f32, 0.694], [0.29, 1.63], [0.416, -0.214]],
            |x| x[0].gather(x[0].graph().constant([2, 0, 2])) * &x[1],
            &[1.793, -1.614, 0.0, 0.0, 0.352, -2.402],
        )
        .with([[-0.403_f32, -1.717], [1.793, -1.614], [0.755, -0.685]]),
        row(
            "an infinite gradient goes to the maximum alone",
            [0.0_f32, -1.0],
            |x| x[0].reduce_max(..).sqrt(),
            &[INF, 0.0],
        ),
        row(
            "likewise of the minimum, shared by ties",
            [0.0_f32, 3.0, 0.0],
            |x| x[0].reduce_min(..).log(),
            &[INF, 0.0, INF],
        ),
        row("a NaN is the maximum", [1.0_f32, NAN, 2.0], |x| x[0].reduce_max(..), &[0.0, 1.0, 0.0]),
        row(
            "ties share (TensorFlow 2.21)",
            [[1.0_f32, 3.0, 3.0], [2.0, 2.0, 2.0]],
            |x| x[0].reduce_max(1) * x[0].graph().constant([-1.444, 1.324]),
            &[0.0, -0.722, -0.722, 0.441_333_35, 0.441_333_35, 0.441_333_35],
        ),
        row(
            "outside of bounds an infinite gradient is 0",
            [-1.0_f32, 2.0],
            |x| x[0].clip_by_value(0.0, 1.0).sqrt(),
            &[0.0, 0.0],
        ),
        row("abs is flat at 0 for an infinite gradient", [0.0_f32, 4.0], |x| x[0].abs().sqrt(), &[0.0, 0.25]),
        row(
            "relu is flat at 0 for an infinite gradient",
            [0.0_f32, 4.0],
            |x| x[0].relu().sqrt(),
            &[0.0, 0.25],
        ),
        row(
            "a mask of 0 takes away a NaN",
            [1.0_f32, NAN, -2.0],
            |x| x[0].graph().constant([1.0, 0.0, 0.0]).multiply_no_nan(&x[0]),
            &[1.0, 0.0, 0.0],
        ),
        row(
            "a label of 0 leaves its class out",
            [[0.0_f32, 0.0, f32::NEG_INFINITY]],
            |x| x[0].softmax_cross_entropy_with_logits(x[0].graph().constant([[1.0, 0.0, 0.0]])).exp(),
            &[-1.0, 1.0, 0.0],
        ),
    ]
}

fn zero_stays() -> Vec<Row> {
    vec![
        row(
            "sqrt that is not chosen (TensorFlow 2.21)",
            [4.0_f32, 0.0, -1.0],
            |x| above(&x[0], Output::sqrt),
            &[0.25, 0.0, 0.0],
        ),
        row(
            "rsqrt that is not chosen",
            [4.0_f32, 0.0, -1.0],
            |x| above(&x[0], Output::rsqrt),
            &[-0.0625, 0.0, 0.0],
        ),
        row("log that is not chosen", [4.0_f32, 0.0], |x| above(&x[0], Output::log), &[0.25, 0.0]),
        row("a quotient that is not chosen", [4.0_f32, 0.0], |x| above(&x[0], |x| 1.0 / x), &[-0.0625, 0.0]),
        row(
            "a root as a power that is not chosen",
            [4.0_f32, 0.0],
            |x| above(&x[0], |x| x.pow(0.5)),
            &[0.25, 0.0],
        ),
        row(
            "an exponential that overflows and is not chosen",
            [0.0_f32, 100.0],
            |x| x[0].less(9.0).select(x[0].exp(), x[0].zeros_like()),
            &[1.0, 0.0],
        ),
        row(
            "a square that overflows and is not chosen",
            [3.0_f32, 3e38],
            |x| x[0].less(9.0).select(x[0].square(), x[0].zeros_like()),
            &[6.0, 0.0],
        ),
        row("a norm at 0", [0.0_f32, 0.0], |x| x[0].square().reduce_sum(..).sqrt().maximum(1.0), &[0.0, 0.0]),
        row("sqrt at 0 has no finite slope else", [0.0_f32, 4.0], |x| x[0].sqrt(), &[INF, 0.25]),
        row("of second order, sqrt", [4.0_f32, 0.0], |x| above(&x[0], Output::sqrt), &[-0.031_25, 0.0])
            .order(2),
        row("of second order, log", [4.0_f32, 0.0], |x| above(&x[0], Output::log), &[-0.0625, 0.0]).order(2),
        row("of second order, rsqrt", [4.0_f32, 0.0], |x| above(&x[0], Output::rsqrt), &[0.023_437_5, 0.0])
            .order(2),
        row("a gradient of 0 has a slope, log", [1.0_f32], |x| x[0].log().square(), &[2.0]).order(2),
        row("a gradient of 0 has a slope, sqrt", [1.0_f32], |x| (x[0].sqrt() - 1.0).square(), &[0.5])
            .order(2),
    ]
}

fn powers() -> Vec<Row> {
    let zeros = || t([0.0_f32, 2.0]);
    vec![
        row("x^0 is flat at 0", zeros(), |x| x[0].pow(0.0), &[0.0, 0.0]),
        row("x^1 has slope 1 at 0", zeros(), |x| x[0].pow(1.0), &[1.0, 1.0]),
        row("the second derivative of x^2", zeros(), |x| x[0].pow(2.0), &[2.0, 2.0]).order(2),
        row("the third derivative of x^2", zeros(), |x| x[0].pow(2.0), &[0.0, 0.0]).order(3),
        row("the third derivative of x^3", zeros(), |x| x[0].pow(3.0), &[6.0, 6.0]).order(3),
        row(
            "an exponent's gradient where the power overflows and is not chosen",
            [2.0_f32, 200.0],
            |x| x[0].less(9.0).select(x[0].graph().constant(2.0_f32).pow(&x[0]), x[0].zeros_like()),
            &[4.0 * std::f32::consts::LN_2, 0.0],
        ),
    ]
}

fn products() -> Vec<Row> {
    let all = |x: &[Output]| x[0].reduce_prod(..);
    vec![
        row("a product that underflows", [1e-25_f32, 1e-25, 1.0], all, &[1e-25, 1e-25, 0.0]),
        row("no element", Vec::<f32>::new(), all, &[]),
        row("one element", [3.0_f32], all, &[1.0]),
        row("one zero", [2.0_f32, 0.0, 3.0, 5.0], all, &[0.0, 30.0, 0.0, 0.0]),
        row("two zeros", [2.0_f32, 0.0, 0.0, 5.0, 7.0], all, &[0.0; 5]),
        row("an infinity", [2.0_f32, INF, 3.0], all, &[INF, 6.0, INF]),
        row(
            "an infinity and a gradient of 0",
            [2.0_f32, INF, 3.0],
            |x| x[0].reduce_prod(..).minimum(1.0),
            &[0.0; 3],
        ),
        row(
            "zeros in columns (TensorFlow 2.21)",
            [[0.0_f32, 2.0], [3.0, 0.0], [4.0, 0.0]],
            |x| x[0].reduce_prod(0) * x[0].graph().constant([-1.991, -0.428]),
            &[-23.892, 0.0, 0.0, 0.0, 0.0, 0.0],
        ),
        row("of second order, with zeros", [2.0_f32, 0.0, 0.0, 5.0], all, &[0.0, 10.0, 10.0, 0.0]).order(2),
        row("of third order", [2.0_f32, 0.0, 0.0, 5.0], all, &[10.0, 14.0, 14.0, 4.0]).order(3),
    ]
}

fn check(row: &Row) {
    let graph = Graph::new();
    let x: Vec<Output> = row
        .inputs
        .iter()
        .enumerate()
        .map(|(i, x)| graph.placeholder(&format!("x{i}"), x.dtype(), x.shape()))
        .collect();
    let mut y = (row.build)(&x);
    for _ in 0..row.order {
        y = graph.gradients(&y, &[&x[0]]).unwrap()[0].clone().expect("a gradient");
    }
    let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    let fed = x.iter().zip(&row.inputs).fold(feeds! {}, |feeds, (x, t)| feeds.with(x, t));
    let found = session.run(&y, fed).unwrap();
    let found = found.as_slice::<f32>().unwrap();
    assert_eq!(found.len(), row.gradient.len(), "{}", row.says);
    for (i, (f, e)) in found.iter().zip(&row.gradient).enumerate() {
        let near = f == e || f.is_nan() && e.is_nan() || (f - e).abs() <= 2e-6 * e.abs();
        assert!(near, "{}: element {i} of {found:?}, not {:?}", row.says, row.gradient);
    }
}

#[test]
fn what_is_not_picked_gets_no_gradient() {
    not_picked().iter().for_each(check);
}

#[test]
fn a_gradient_of_zero_stays_zero() {
    zero_stays().iter().for_each(check);
}

#[test]
fn powers_of_zero_have_the_derivatives_of_mathematics() {
    powers().iter().for_each(check);
}

#[test]
fn products_have_the_product_of_the_others() {
    products().iter().for_each(check);
}

/// What the gradient of an embedding takes: the rows that are picked, and the table's own size once.
#[test]
fn the_gradient_of_a_gather_takes_memory_for_the_picked_rows() {
    const ROWS: usize = 100_000;
    const PICKED: usize = 2_000;
    const WIDTH: usize = 8;
    let graph = Graph::new();
    let table = graph.variable("table", graph.zeros([ROWS, WIDTH]));
    let indices = graph.placeholder("indices", DType::I32, [None]);
    let loss = table.gather(&indices).square().reduce_sum(..);
    let gradient = graph.gradients(&loss, &[&table]).unwrap()[0].clone().expect("a gradient");
    let update = table.assign_sub(gradient).operation();
    let session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    let plan = session.explain(&update, feeds! { indices => vec![0; PICKED] }).unwrap();
    let most = (ROWS + 4 * PICKED) * WIDTH * 4;
    assert!(plan.arena_bytes <= most, "{} bytes, at most {most}:\n{}", plan.arena_bytes, plan.explain());
    assert!(plan.primitives.iter().any(|k| k.name == "scatter_add_rows"), "{}", plan.explain());
}

/// Rows and extents that are known only when the graph runs.
#[test]
fn a_table_of_any_size_has_a_gradient() {
    let graph = Graph::new();
    let table = graph.placeholder("table", DType::F32, [None, None]);
    let indices = graph.placeholder("indices", DType::I32, [None, None]);
    let picked = table.gather(&indices);
    let gradient = graph.gradients(&(&picked * &picked), &[&table]).unwrap()[0].clone().expect("a gradient");
    let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    let mut run = |rows: usize, width: usize, picks: Vec<i32>| {
        let values = (0..rows * width).map(|i| i as f32).collect();
        let fed = Tensor::from_vec([rows, width], values).unwrap();
        let picks = Tensor::from_vec([1, picks.len()], picks).unwrap();
        let found = session.run(&gradient, feeds! { table => fed, indices => picks });
        found.map(|t| (t.dims().to_vec(), t.as_slice::<f32>().unwrap().to_vec()))
    };
    assert_eq!(run(2, 2, vec![1, 1, 0]).unwrap(), (vec![2, 2], vec![0.0, 2.0, 8.0, 12.0]));
    assert_eq!(run(3, 1, vec![]).unwrap(), (vec![3, 1], vec![0.0; 3]));
    assert_eq!(run(2, 0, vec![0]).unwrap(), (vec![2, 0], vec![]));
    assert!(run(2, 1, vec![0, 2]).is_err());
}

/// Where a factor is known, the test for 0 is left out: that must not show.
#[test]
fn a_factor_that_is_known_gives_the_bits_of_one_that_is_fed() {
    let numbers = [0.0, -0.0, 1.0, -2.0, f32::from_bits(1), f32::MAX, INF, -INF, NAN];
    let graph = Graph::new();
    let fed = graph.placeholder("fed", DType::F32, [1]);
    let other = graph.placeholder("other", DType::F32, [numbers.len()]);
    let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    for number in numbers {
        let known = graph.constant([number]);
        for [a, b] in [
            [known.multiply_no_nan(&other), fed.multiply_no_nan(&other)],
            [other.multiply_no_nan(&known), other.multiply_no_nan(&fed)],
            [known.xdivy(&other), fed.xdivy(&other)],
        ] {
            let (a, b) = session.run((&a, &b), feeds! { fed => [number], other => numbers }).unwrap();
            let bits = |t: Tensor| -> Vec<u32> {
                t.as_slice::<f32>()
                    .unwrap()
                    .iter()
                    .map(|x| if x.is_nan() { 0 } else { x.to_bits() })
                    .collect()
            };
            assert_eq!(bits(a), bits(b), "a factor or numerator of {number}");
        }
    }
}

/// A loss of absolute values is common, and its gradient is asked for with a factor of 1.
#[test]
fn the_gradient_of_a_sum_of_absolute_values_is_the_sign_alone() {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, [10]);
    let gradient = graph.gradients(x.abs().reduce_sum(..), &[&x]).unwrap()[0].clone().expect("a gradient");
    let session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    let plan = session.explain(&gradient, feeds! { x => [0.0_f32; 10] }).unwrap();
    let programs: Vec<&str> = plan.primitives.iter().map(|primitive| &primitive.program[..]).collect();
    assert_eq!(programs, ["sign(x0)"]);
}
