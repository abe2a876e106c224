//! Extents of nothing, and extents of more than there is: results or errors, never an abort.

use minutia_graph::{DType, Device, Error, Graph, Output, Session, Tensor, feeds};

/// What is fed, what is built, and what TensorFlow 1 gives for it.
type Case = (&'static str, &'static [usize], fn(&Output) -> Output, &'static [f32]);

const NAN: f32 = f32::NAN;
const INF: f32 = f32::INFINITY;

fn gradient(y: &Output) -> Output {
    let x = y.graph().get("x").expect("the input");
    y.graph().gradients(y, &[&x]).expect("a gradient")[0].clone().expect("y depends on x")
}

fn matrix(x: &Output, dims: [usize; 2]) -> Output {
    x.graph().ones(dims)
}

const CASES: [Case; 32] = [
    ("nothing from behind the end", &[1, 1], |x| x.slice([1, 1], [0, 0]), &[]),
    ("a product with what is computed", &[0], |x| x * (x.reduce_sum(..) + 1.0), &[]),
    ("sum", &[0, 2], |x| x.reduce_sum(0), &[0.0, 0.0]),
    ("product", &[0, 2], |x| x.reduce_prod(0), &[1.0, 1.0]),
    ("maximum", &[0, 2], |x| x.reduce_max(0), &[-INF, -INF]),
    ("minimum", &[0, 2], |x| x.reduce_min(0), &[INF, INF]),
    ("mean", &[0, 2], |x| x.reduce_mean(0), &[NAN, NAN]),
    ("sum of all", &[2, 0], |x| (x + 1.0).reduce_sum(..), &[0.0]),
    ("mean of all, computed with", &[2, 0], |x| x.square().reduce_mean(..) * 2.0, &[NAN]),
    ("softmax", &[3, 0], |x| x.softmax(), &[]),
    ("log softmax", &[3, 0], |x| x.log_softmax(), &[]),
    ("softmax of no rows", &[0, 3], |x| x.softmax(), &[]),
    ("cross-entropy", &[3, 0], |x| x.softmax_cross_entropy_with_logits(x.stop_gradient()), &[0.0; 3]),
    ("position of the maximum of no rows", &[0, 3], |x| x.argmax(1).cast(DType::F32), &[]),
    ("inner product of nothing", &[2, 0], |x| x.matmul(matrix(x, [0, 2])), &[0.0; 4]),
    ("inner product, then more", &[2, 0], |x| (x.matmul(matrix(x, [0, 2])) + 1.0).sqrt(), &[1.0; 4]),
    ("product of no rows", &[0, 2], |x| x.matmul(matrix(x, [2, 2])).tanh(), &[]),
    ("rows of none", &[3, 0], |x| x.gather(x.graph().constant([2, 0])), &[]),
    ("no rows", &[3, 2], |x| x.gather(x.graph().constant(Vec::<i32>::new())), &[]),
    (
        "nothing beside something",
        &[2, 0],
        |x| x.graph().concat(&[x.clone(), matrix(x, [2, 1])], 1),
        &[1.0; 2],
    ),
    ("nothing of something", &[2, 2], |x| (x + 1.0).slice([2, 0], [0, 2]) * 2.0, &[]),
    (
        "batch normalisation",
        &[0, 4],
        |x| {
            let mean = x.reduce_mean(0);
            let variance = (x - &mean).square().reduce_mean(0);
            (x - mean) * (variance + 1e-3).rsqrt()
        },
        &[],
    ),
    ("gradient of the maximum", &[3, 0], |x| gradient(&x.reduce_max(1)), &[]),
    ("gradient of the product", &[3, 0], |x| gradient(&x.reduce_prod(1)), &[]),
    ("gradient of the product of rows", &[0, 3], |x| gradient(&x.reduce_prod(0)), &[]),
    ("gradient of the mean", &[0, 3], |x| gradient(&x.reduce_mean(..)), &[]),
    ("gradient of softmax", &[3, 0], |x| gradient(&x.softmax()), &[]),
    (
        "gradient of cross-entropy",
        &[3, 0],
        |x| gradient(&x.softmax_cross_entropy_with_logits(x.stop_gradient())),
        &[],
    ),
    ("gradient of a product of nothing", &[2, 0], |x| gradient(&x.matmul(matrix(x, [0, 2]))), &[]),
    (
        "gradient of no rows",
        &[3, 2],
        |x| gradient(&x.gather(x.graph().constant(Vec::<i32>::new()))),
        &[0.0; 6],
    ),
    ("gradient of nothing of something", &[2, 2], |x| gradient(&x.slice([2, 0], [0, 2]).square()), &[0.0; 4]),
    ("classes of no index", &[0], |x| x.cast(DType::I32).one_hot(2_000_000_000), &[]),
];

#[test]
fn nothing_gives_what_tensorflow_gives() -> Result<(), Error> {
    for (name, dims, build, want) in CASES {
        let graph = Graph::new();
        let x = graph.placeholder("x", DType::F32, dims);
        let y = build(&x);
        let mut session = Session::new(&graph, &Device::cpu()?)?;
        let count = dims.iter().product::<usize>();
        let fed = Tensor::from_vec(dims, (0..count).map(|i| i as f32).collect())?;
        let found = session.run(&y, feeds! { x => fed }).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(y.shape().known().as_ref(), Some(found.shape()), "{name}");
        let found = found.as_slice::<f32>()?;
        let same = found.len() == want.len()
            && found.iter().zip(want).all(|(a, b)| a == b || a.is_nan() && b.is_nan());
        assert!(same, "{name}: {found:?}, not {want:?}");
    }
    Ok(())
}

#[test]
fn the_position_of_the_maximum_of_nothing_is_an_error() -> Result<(), Error> {
    let graph = Graph::new();
    assert!(graph.zeros([0, 3]).argmax(0).check().is_err());
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, [None, Some(3)]);
    let mut session = Session::new(&graph, &Device::cpu()?)?;
    assert!(session.run(x.argmax(0), feeds! { x => Tensor::zeros(DType::F32, [0, 3])? }).is_err());
    Ok(())
}

/// Extents beside a 0 may be any.
#[test]
fn huge_extents_of_nothing_are_nothing() -> Result<(), Error> {
    for dims in
        [[2, usize::MAX, 0], [0, usize::MAX, usize::MAX], [usize::MAX, 0, 3], [usize::MAX, usize::MAX, 0]]
    {
        let graph = Graph::new();
        let x = graph.placeholder("x", DType::F32, dims);
        let (more, sum) = ((&x + 1.0).tanh(), x.reduce_sum(..));
        let mut session = Session::new(&graph, &Device::cpu()?)?;
        let fed = Tensor::zeros(DType::F32, dims)?;
        let (same, more, sum) = session.run((&x, &more, &sum), feeds! { x => &fed })?;
        assert_eq!((same.dims(), more.dims(), sum.value::<f32>()?), (&dims[..], &dims[..], 0.0));
        let mut step = session.make_callable(&x, feeds! { x => &fed })?;
        step.set(&x, &[0.0_f32; 0])?;
        step.run()?;
        assert_eq!(step.fetch()?.dims(), dims);
    }
    Ok(())
}

/// A stretched number takes no memory, but would be walked through for ever; the error says which node it is.
#[test]
fn tensors_that_are_too_large_for_any_run_are_errors_that_name_the_node() -> Result<(), Error> {
    type Build = fn(&Graph) -> Output;
    let cases: [(Build, &str); 3] = [
        (|g| g.fill([1 << 40], 1.0).with_name("big").reduce_sum(..), "BroadcastTo 'big' f32 [1099511627776]"),
        (
            |g| g.ones([1 << 20, 1]).matmul(g.ones([1, 1 << 20])).with_name("big"),
            "MatMul 'big' f32 [1048576, 1048576]",
        ),
        (
            |g| g.constant(vec![0; 200]).one_hot(2_000_000_000).with_name("big"),
            "OneHot 'big' f32 [200, 2000000000]",
        ),
    ];
    for (build, name) in cases {
        let graph = Graph::new();
        let y = build(&graph);
        let session = Session::new(&graph, &Device::cpu()?)?;
        let error = session.make_callable(&y, feeds! {}).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.contains(name) && error.contains("cannot allocate"), "{error:?} does not name {name}");
    }
    Ok(())
}

/// Preparing a step computes constants; those that take long, or much memory, are left to the step's runs.
#[test]
fn constants_are_computed_beforehand_only_where_that_is_cheap() -> Result<(), Error> {
    let graph = Graph::new();
    let session = Session::new(&graph, &Device::cpu()?)?;
    let constants = |y: &Output| session.explain(y, feeds! {}).map(|plan| plan.constant_primitives);
    assert_eq!(constants(&graph.ones([100, 100]).reduce_sum(..))?, 1);
    assert_eq!(constants(&graph.ones([1 << 34]).reduce_sum(..))?, 0, "much work");
    let wide = graph.constant([1.0_f32, 2.0]).broadcast_to([1 << 28, 2]).reshape([-1]);
    assert_eq!(constants(&wide)?, 0, "many bytes");
    Ok(())
}

#[test]
fn deep_one_hot_rows_are_right() -> Result<(), Error> {
    let graph = Graph::new();
    let hot = graph.constant([70_000, 3]).one_hot(70_001);
    let mut session = Session::new(&graph, &Device::cpu()?)?;
    let positions = session.run(hot.argmax(1), feeds! {})?;
    let sums = session.run(hot.reduce_sum(1), feeds! {})?;
    assert_eq!((positions.as_slice::<i32>()?, sums.as_slice::<f32>()?), (&[70_000, 3][..], &[1.0, 1.0][..]));
    Ok(())
}

/// A part of a larger tensor is no stand-in for a tensor of its own.
#[test]
fn what_was_joined_is_not_mistaken_for_a_copy() -> Result<(), Error> {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, [2, 3]);
    let turned = x.transpose([1, 0]);
    let joined = graph.concat(&[turned.clone(), turned.clone()], 1);
    let same = turned * 1.0;
    let mut session = Session::new(&graph, &Device::cpu()?)?;
    let fed = [[1.0_f32, 2.0, 3.0], [4.0, 5.0, 6.0]];
    let (joined, same) = session.run((&joined, &same), feeds! { x => fed })?;
    assert_eq!(joined.as_slice::<f32>()?, [1.0, 4.0, 1.0, 4.0, 2.0, 5.0, 2.0, 5.0, 3.0, 6.0, 3.0, 6.0]);
    assert_eq!(same.as_slice::<f32>()?, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    Ok(())
}

/// Rows by index are left out: their indices are looked at in any case.
#[test]
fn what_has_no_elements_takes_no_primitive() {
    let cases: [Case; 5] = [
        ("a map", &[0], |x| (x + 1.0).tanh(), &[]),
        ("a map and a number", &[0], |x| x * (x.reduce_sum(..) + 1.0), &[]),
        ("a reduction", &[0, 3], |x| x.reduce_max(1), &[]),
        ("a softmax and its gradient", &[0, 3], |x| gradient(&x.softmax().square()), &[]),
        ("a product", &[0, 2], |x| x.matmul(matrix(x, [2, 2])), &[]),
    ];
    for (name, dims, build, _) in cases {
        let graph = Graph::new();
        let y = build(&graph.placeholder("x", DType::F32, dims));
        let session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
        let plan = session.explain(&y, feeds! { "x" => Tensor::zeros(DType::F32, dims).unwrap() }).unwrap();
        assert!(plan.primitives.is_empty(), "{name}: {}", plan.explain());
    }
}
