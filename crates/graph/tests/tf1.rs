//! TensorFlow 1's semantics where they are a choice: values and gradients, one row for each.

use minutia_graph::{DType, Device, Graph, Output, Session, Tensor, feeds};

/// A row: what it says, inputs, the operation, its value, the gradient of the sum of its elements for each
/// input.
struct Row {
    says: &'static str,
    inputs: Vec<Tensor>,
    build: fn(&[Output]) -> Output,
    value: Tensor,
    gradients: Vec<Option<Tensor>>,
}

fn row<const N: usize>(
    says: &'static str,
    inputs: [Tensor; N],
    build: fn(&[Output]) -> Output,
    value: impl Into<Tensor>,
    gradients: [Option<Tensor>; N],
) -> Row {
    Row { says, inputs: inputs.into(), build, value: value.into(), gradients: gradients.into() }
}

fn t(value: impl Into<Tensor>) -> Tensor {
    value.into()
}

fn g(value: impl Into<Tensor>) -> Option<Tensor> {
    Some(value.into())
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn rows() -> Vec<Row> {
    let x = || t([-2.0_f32, -0.0, 0.0, 3.0]);
    let (a, b) = (|| t([1.0_f32, 2.0, 2.0]), || t([2.0_f32, 2.0, 1.0]));
    vec![
        row(
            "abs has gradient 0 at 0",
            [x()],
            |x| x[0].abs(),
            [2.0_f32, 0.0, 0.0, 3.0],
            [g([-1.0_f32, 0.0, 0.0, 1.0])],
        ),
        row("sign is 0 at 0, and flat", [x()], |x| x[0].sign(), [-1.0_f32, 0.0, 0.0, 1.0], [None]),
        row(
            "relu has gradient 0 at 0",
            [x()],
            |x| x[0].relu(),
            [0.0_f32, 0.0, 0.0, 3.0],
            [g([0.0_f32, 0.0, 0.0, 1.0])],
        ),
        row(
            "a tie of maximum is the first argument's",
            [a(), b()],
            |x| x[0].maximum(&x[1]),
            [2.0_f32, 2.0, 2.0],
            [g([0.0_f32, 1.0, 1.0]), g([1.0_f32, 0.0, 0.0])],
        ),
        row(
            "a tie of minimum is the first argument's",
            [a(), b()],
            |x| x[0].minimum(&x[1]),
            [1.0_f32, 2.0, 1.0],
            [g([1.0_f32, 1.0, 0.0]), g([0.0_f32, 0.0, 1.0])],
        ),
        row(
            "clip_by_value passes inside and on both bounds",
            [t([-2.0_f32, -1.0, 0.5, 1.0, 3.0])],
            |x| x[0].clip_by_value(-1.0, 1.0),
            [-1.0_f32, -1.0, 0.5, 1.0, 1.0],
            [g([0.0_f32, 1.0, 1.0, 1.0, 0.0])],
        ),
        row(
            "ties of reduce_max share",
            [t([[1.0_f32, 4.0, 4.0], [2.0, 2.0, 2.0]])],
            |x| x[0].reduce_max(1),
            [4.0_f32, 2.0],
            [g([[0.0_f32, 0.5, 0.5], [1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0]])],
        ),
        row(
            "ties of reduce_min share",
            [t([[1.0_f32, 4.0, 1.0], [2.0, 3.0, 2.5]])],
            |x| x[0].reduce_min(..),
            1.0_f32,
            [g([[0.5_f32, 0.0, 0.5], [0.0, 0.0, 0.0]])],
        ),
        row(
            "argmax takes the lowest index",
            [t([[1.0_f32, 4.0, 4.0], [2.0, 2.0, 2.0]])],
            |x| x[0].argmax(1),
            [1, 0],
            [None],
        ),
        row(
            "argmin takes the lowest index",
            [t([[1.0_f32, 0.0, 0.0], [2.0, 2.0, 2.0]])],
            |x| x[0].argmin(1),
            [1, 0],
            [None],
        ),
        row(
            "cross-entropy has the gradient softmax - labels for logits alone",
            [t([[0.0_f32, 0.0], [0.0, 0.0]]), t([[1.0_f32, 0.0], [0.25, 0.75]])],
            |x| x[0].softmax_cross_entropy_with_logits(&x[1]),
            [std::f32::consts::LN_2, std::f32::consts::LN_2],
            [g([[-0.5_f32, 0.5], [0.25, -0.25]]), None],
        ),
        row(
            "broadcasting sums the gradient over what it stretched",
            [t([[1.0_f32], [2.0]]), t([10.0_f32, 20.0, 30.0])],
            |x| &x[0] * &x[1],
            [[10.0_f32, 20.0, 30.0], [20.0, 40.0, 60.0]],
            [g([[60.0_f32], [60.0]]), g([3.0_f32, 3.0, 3.0])],
        ),
        row(
            "a scalar gathers the gradient of all",
            [t([1.0_f32, 2.0]), t(3.0_f32)],
            |x| &x[0] - &x[1],
            [-2.0_f32, -1.0],
            [g([1.0_f32, 1.0]), g(-2.0_f32)],
        ),
        row(
            "a mean of nothing is NaN",
            [t(Vec::<f32>::new())],
            |x| x[0].reduce_mean(..),
            f32::NAN,
            [g(Vec::<f32>::new())],
        ),
        row(
            "a cast to integers cuts off towards zero",
            [t([-1.5_f32, -0.5, 0.5, 1.5])],
            |x| x[0].cast(DType::I32),
            [-1, 0, 0, 1],
            [None],
        ),
        row(
            "pow has gradient 0 for the exponent where x is not positive",
            [t([-2.0_f32, 0.0, 1.0]), t(2.0_f32)],
            |x| x[0].pow(&x[1]),
            [4.0_f32, 0.0, 1.0],
            [g([-4.0_f32, 0.0, 2.0]), g(0.0_f32)],
        ),
        row(
            "a select sends each gradient to its choice",
            [t([true, false]), t([1.0_f32, 2.0]), t([3.0_f32, 4.0])],
            |x| x[0].select(&x[1], &x[2]),
            [1.0_f32, 4.0],
            [None, g([1.0_f32, 0.0]), g([0.0_f32, 1.0])],
        ),
        row(
            "rows that are gathered twice get both gradients",
            [t([[1.0_f32, 2.0], [3.0, 4.0], [5.0, 6.0]]), t([2, 0, 2])],
            |x| x[0].gather(&x[1]),
            Tensor::from_vec([3, 2], vec![5.0_f32, 6.0, 1.0, 2.0, 5.0, 6.0]).unwrap(),
            [Some(Tensor::from_vec([3, 2], vec![1.0_f32, 1.0, 0.0, 0.0, 2.0, 2.0]).unwrap()), None],
        ),
        row(
            "one_hot of an index outside is all 0",
            [t([0, 2, -1])],
            |x| x[0].one_hot(2),
            [[1.0_f32, 0.0], [0.0, 0.0], [0.0, 0.0]],
            [None],
        ),
        row(
            "a NaN wins a maximum",
            [t([f32::NAN, 1.0]), t([1.0_f32, f32::NAN])],
            |x| x[0].maximum(&x[1]),
            [f32::NAN, f32::NAN],
            [g([0.0_f32, 0.0]), g([1.0_f32, 1.0])],
        ),
        row("a NaN equals nothing", [t([f32::NAN, 1.0])], |x| x[0].equal(&x[0]), [false, true], [None]),
        row("stop_gradient stops it", [t(3.0_f32)], |x| x[0].stop_gradient() * &x[0], 9.0_f32, [g(3.0_f32)]),
    ]
}

fn check(row: &Row) {
    let graph = Graph::new();
    let handles: Vec<Output> = row
        .inputs
        .iter()
        .enumerate()
        .map(|(i, x)| graph.placeholder(&format!("x{i}"), x.dtype(), x.shape()))
        .collect();
    let y = (row.build)(&handles);
    let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    let fed = || handles.iter().zip(&row.inputs).fold(feeds! {}, |feeds, (h, x)| feeds.with(h, x));
    compare(row.says, "value", &session.run(&y, fed()).unwrap(), &row.value);
    if y.dtype() != DType::F32 {
        assert!(row.gradients.iter().all(Option::is_none));
        return;
    }
    let handles: Vec<&Output> = handles.iter().collect();
    let gradients = graph.gradients(&y, &handles).unwrap();
    for (i, (found, expected)) in gradients.iter().zip(&row.gradients).enumerate() {
        let what = format!("gradient {i}");
        match (found, expected) {
            (Some(found), Some(expected)) => {
                compare(row.says, &what, &session.run(found, fed()).unwrap(), expected);
            }
            (found, expected) => assert_eq!(found.is_some(), expected.is_some(), "{}: {what}", row.says),
        }
    }
}

/// Equal to a few units in the last place, NaN to NaN; types and shapes are equal.
fn compare(says: &str, what: &str, found: &Tensor, expected: &Tensor) {
    assert_eq!((found.dtype(), found.dims()), (expected.dtype(), expected.dims()), "{says}: {what}");
    match (found.as_slice::<f32>(), expected.as_slice::<f32>()) {
        (Ok(f), Ok(e)) => {
            let near = |(f, e): (&f32, &f32)| (f - e).abs() <= 1e-6 || (f.is_nan() && e.is_nan());
            assert!(f.iter().zip(e).all(near), "{says}: {what} is {f:?}, not {e:?}");
        }
        _ => assert_eq!(found, expected, "{says}: {what}"),
    }
}

#[test]
fn values_and_gradients_are_those_of_tensorflow_1() {
    rows().iter().for_each(check);
}

#[test]
fn plain_numbers_take_the_tensor_s_type() {
    let graph = Graph::new();
    let (x, n) = (graph.constant([0.5_f32, 2.0]), graph.constant([1, 2]));
    let fetches = (x.pow(2.0), x.maximum(1), n.minimum(1.0), &n + 1, 3 - &n, x.less_equal(0.5));
    let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    let (pow, maximum, minimum, sum, difference, less) = session.run(&fetches, feeds! {}).unwrap();
    assert_eq!((pow, maximum), (t([0.25_f32, 4.0]), t([1.0_f32, 2.0])));
    assert_eq!((minimum, sum, difference), (t([1, 1]), t([2, 3]), t([2, 1])));
    assert_eq!(less, t([true, false]));
    for misfit in [0.5, 3e9, f32::INFINITY, f32::NAN] {
        let error = n.maximum(misfit).check().unwrap_err().to_string();
        assert!(error.contains("differ in type"), "{error}");
    }
}
