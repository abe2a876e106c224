//! Small graphs of all operations, drawn from bytes.

use arbitrary::{Result, Unstructured};
use minutia_graph::{DType, Graph, Output, PartialShape, Tensor, Variable};

/// Extents that placeholders leave open are at most this.
pub const OPEN: usize = 3;
/// Elements of a tensor that anything is made of.
const MOST: usize = 4096;
const RANK: usize = 5;
const OPERATIONS: usize = 24;

/// A graph with all that was made of it.
pub struct Built {
    pub graph: Graph,
    pub outputs: Vec<Output>,
    pub placeholders: Vec<(Output, Tensor)>,
}

/// Elements of a shape with open extents at their most; nothing if there are too many, or axes.
pub fn elements(shape: &PartialShape) -> Option<usize> {
    let count = shape.iter().try_fold(1_usize, |n, d| n.checked_mul(d.unwrap_or(OPEN).max(1)))?;
    (count <= MOST && shape.len() <= RANK).then_some(count)
}

/// Builds a graph.
pub fn build(u: &mut Unstructured<'_>) -> Result<Built> {
    let graph = Graph::new();
    graph.set_random_seed(u.arbitrary()?);
    let mut built = Built { graph: graph.clone(), outputs: Vec::new(), placeholders: Vec::new() };
    let mut variables: Vec<Variable> = Vec::new();
    for _ in 0..u.int_in_range(1..=4)? {
        source(u, &graph, &mut built, &mut variables)?;
    }
    for _ in 0..u.int_in_range(1..=OPERATIONS)? {
        let found = match u.int_in_range(0..=15)? {
            0 => change(u, &built, &variables)?,
            1 => gradient(u, &built)?,
            _ => operation(u, &built)?,
        };
        let small = |output: &Output| output.check().is_err() || elements(&output.shape()).is_some();
        built.outputs.extend(found.filter(small));
        if u.is_empty() {
            break;
        }
    }
    Ok(built)
}

fn number(u: &mut Unstructured<'_>) -> Result<f32> {
    const EDGES: [f32; 10] =
        [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1e-40];
    Ok(match u.int_in_range(0..=11)? {
        edge @ 0..=9 => EDGES[edge],
        _ => f32::from_bits(u.arbitrary()?),
    })
}

fn dims(u: &mut Unstructured<'_>) -> Result<Vec<usize>> {
    (0..u.int_in_range(0..=3)?).map(|_| u.int_in_range(0..=OPEN)).collect()
}

fn tensor(u: &mut Unstructured<'_>, dims: &[usize]) -> Result<Tensor> {
    let count = dims.iter().product();
    let made = match u.int_in_range(0..=3)? {
        0 => {
            let values = (0..count).map(|_| u.int_in_range(-1..=3)).collect::<Result<Vec<i32>>>()?;
            Tensor::from_vec(dims, values)
        }
        1 => Tensor::from_vec(dims, (0..count).map(|_| u.arbitrary()).collect::<Result<Vec<bool>>>()?),
        _ => Tensor::from_vec(dims, (0..count).map(|_| number(u)).collect::<Result<Vec<f32>>>()?),
    };
    Ok(made.expect("there are as many values as the shape has"))
}

fn source(
    u: &mut Unstructured<'_>,
    graph: &Graph,
    to: &mut Built,
    variables: &mut Vec<Variable>,
) -> Result<()> {
    let dims = dims(u)?;
    let output = match u.int_in_range(0..=6)? {
        0 => graph.fill(&dims[..], number(u)?),
        1 => graph.random_normal(&dims[..], number(u)?, number(u)?),
        2 => graph.random_uniform(&dims[..], 0.0, 1.0),
        3 => {
            let variable = graph.variable("v", tensor(u, &dims)?);
            variables.push(variable.clone());
            (*variable).clone()
        }
        4 | 5 => {
            let value = tensor(u, &dims)?;
            let open = |&d: &usize| Ok(if u.arbitrary()? { None } else { Some(d) });
            let shape = dims.iter().map(open).collect::<Result<Vec<Option<usize>>>>()?;
            let placeholder = graph.placeholder("x", value.dtype(), shape);
            to.placeholders.push((placeholder.clone(), value));
            placeholder
        }
        _ => graph.constant(tensor(u, &dims)?),
    };
    to.outputs.push(output);
    Ok(())
}

fn pick<'a>(u: &mut Unstructured<'_>, built: &'a Built) -> Result<&'a Output> {
    u.choose(&built.outputs)
}

fn change(u: &mut Unstructured<'_>, built: &Built, variables: &[Variable]) -> Result<Option<Output>> {
    let Some(variable) = u.choose_iter(variables.iter()).ok() else { return Ok(None) };
    let value = pick(u, built)?;
    let operations =
        built.outputs.iter().rev().take(usize::from(u.arbitrary::<bool>()?)).map(Output::operation);
    let operations: Vec<_> = operations.collect();
    let _guard = built.graph.control_dependencies(&operations);
    Ok(Some(match u.int_in_range(0..=3)? {
        0 => variable.assign(value),
        1 => variable.assign_add(value),
        2 => variable.assign_sub(value),
        _ => variable.read_value(),
    }))
}

fn gradient(u: &mut Unstructured<'_>, built: &Built) -> Result<Option<Output>> {
    let (y, x) = (pick(u, built)?, pick(u, built)?);
    let found = built.graph.gradients(y, &[x]).ok();
    Ok(found.and_then(|[gradient]| gradient))
}

fn operation(u: &mut Unstructured<'_>, built: &Built) -> Result<Option<Output>> {
    let (x, y) = (pick(u, built)?, pick(u, built)?);
    let operation = u.int_in_range(0..=50)?;
    Ok(Some(match operation {
        0 => x + y,
        1 => x - y,
        2 => x * y,
        3 => x / y,
        4 => x.maximum(y),
        5 => x.minimum(y),
        6 => x.pow(y),
        7 => -x,
        8 => x.abs(),
        9 => x.sign(),
        10 => x.square(),
        11 => x.sqrt(),
        12 => x.rsqrt(),
        13 => x.exp(),
        14 => x.log(),
        15 => x.relu(),
        16 => x.sigmoid(),
        17 => x.tanh(),
        18 => x.less(y),
        19 => x.equal(y),
        20 => x.logical_and(y),
        21 => x.logical_not(),
        22 => x.not_equal(y),
        _ => return shaped(u, built, [x, y], operation - 23).map(Some),
    }))
}

/// An operation that needs an axis, extents or a type.
fn shaped(u: &mut Unstructured<'_>, built: &Built, [x, y]: [&Output; 2], operation: usize) -> Result<Output> {
    let axis = u.int_in_range(-3..=3_isize)?;
    Ok(match operation {
        0 => x.reduce_sum(axis),
        1 => x.reduce_mean(axis),
        2 => x.reduce_max_keep_dims(axis),
        3 => x.reduce_min(..),
        4 => x.reduce_prod(axis),
        5 => x.reduce_sum_keep_dims([axis, 0]),
        6 => x.argmax(axis),
        7 => x.argmin(axis),
        8 => match u.arbitrary()? {
            (false, false) => x.matmul(y),
            (false, true) => x.matmul_nt(y),
            (true, false) => x.matmul_tn(y),
            (true, true) => x.matmul_tt(y),
        },
        9 => x.gather(y),
        10 => x.one_hot(u.int_in_range(0..=5)?),
        11 => x.cast(*u.choose(&[DType::F32, DType::I32, DType::Bool])?),
        12 => {
            let z = pick(u, built)?;
            x.select(y, z)
        }
        13 => x.softmax(),
        14 => x.log_softmax(),
        15 => x.softmax_cross_entropy_with_logits(y),
        16 => x.expand_dims(axis),
        17 => x.squeeze(axis),
        18 => x.broadcast_to(dims(u)?),
        19 => {
            let order =
                (0..u.int_in_range(0..=3)?).map(|_| u.int_in_range(0..=3)).collect::<Result<Vec<usize>>>()?;
            x.transpose(order)
        }
        20 => {
            let to = (0..u.int_in_range(0..=3)?)
                .map(|_| u.int_in_range(-1..=6))
                .collect::<Result<Vec<isize>>>()?;
            x.reshape(to)
        }
        21 => {
            let begin =
                (0..x.shape().len()).map(|_| u.int_in_range(0..=3)).collect::<Result<Vec<usize>>>()?;
            let size = begin.iter().map(|_| u.int_in_range(-1..=3)).collect::<Result<Vec<isize>>>()?;
            x.slice(begin, size)
        }
        22 if x.shape().known().is_some() && y.shape().known().is_some() => {
            built.graph.concat(&[x.clone(), y.clone()], axis)
        }
        23 => x.sum_like(y),
        24 => x.broadcast_like(y),
        25 => x.reshape_like(y),
        26 => x.clip_by_value(number(u)?, number(u)?),
        _ => x.stop_gradient() + x.zeros_like() * x.size().cast(DType::F32),
    })
}
