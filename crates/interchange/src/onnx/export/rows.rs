//! Operations on rows, and what gradients of others take.

use super::{
    Rule,
    emission::{Origin, int, text},
};
use minutia_graph::{DType, Tensor};

/// What writes an operation, if it is one of these.
pub fn rule(operation: &str) -> Option<Rule> {
    Some(match operation {
        "OneHotLike" => one_hot_like,
        "Roll" => roll,
        "SliceGrad" => slice_gradient,
        "SumLike" => sum_like,
        "TensorScatterAdd" | "TensorScatterSub" => scatter,
        _ => return None,
    })
}

/// Whether an index is each of the numbers below the last extent of the second input.
fn one_hot_like(at: &mut Origin) -> Result<(), String> {
    let (shape, last) = (at.node("Shape", &[at.input(1)], vec![]), at.emission.list(&[-1]));
    let depth = at.node("Gather", &[&shape, &last], vec![int("axis", 0)]);
    let none = at.emission.list(&[0]);
    let depth = at.node("Squeeze", &[&depth, &none], vec![]);
    let depth = at.node("Cast", &[&depth], vec![int("to", 6)]);
    let ends = [0, 1].map(|number| at.constant(&Tensor::scalar(number)));
    let numbers = at.node("Range", &[&ends[0], &depth, &ends[1]], vec![]);
    let index = at.node("Cast", &[at.input(0)], vec![int("to", 6)]);
    let column = at.node("Unsqueeze", &[&index, &last], vec![]);
    let hit = at.node("Equal", &[&column, &numbers], vec![]);
    at.last("Cast", &[&hit], vec![int("to", 1)]);
    Ok(())
}

/// The last elements before the first.
fn roll(at: &mut Origin) -> Result<(), String> {
    let (axis, shift) = (at.int("axis")?, at.int("shift")?);
    let dims = at.dims(0)?;
    let counted = if axis < 0 { axis + dims.len() as i64 } else { axis };
    let extent = dims[counted as usize] as i64;
    if extent == 0 {
        at.last("Identity", &[at.input(0)], vec![]);
        return Ok(());
    }
    let cut = (extent - shift.rem_euclid(extent)) % extent;
    let lists = [0, cut, extent, axis].map(|number| at.emission.list(&[number]));
    let [zero, cut, extent, axes] = &lists;
    let behind = at.node("Slice", &[at.input(0), cut, extent, axes], vec![]);
    let before = at.node("Slice", &[at.input(0), zero, cut, axes], vec![]);
    at.last("Concat", &[&behind, &before], vec![int("axis", axis)]);
    Ok(())
}

/// A block among zeros.
fn slice_gradient(at: &mut Origin) -> Result<(), String> {
    let (part, whole, begin) = (at.dims(0)?, at.dims(1)?, at.ints("begin")?);
    let behind = (0..whole.len()).map(|axis| whole[axis] as i64 - part[axis] as i64 - begin[axis]);
    let pads: Vec<i64> = begin.iter().copied().chain(behind).collect();
    let pads = at.emission.list(&pads);
    at.last("Pad", &[at.input(0), &pads], vec![text("mode", "constant")]);
    Ok(())
}

/// Sums over what broadcasting would stretch.
fn sum_like(at: &mut Origin) -> Result<(), String> {
    let (from, to) = (at.dims(0)?, at.dims(1)?);
    let more = from.len() - to.len();
    let stretched = (0..from.len()).filter(|&axis| axis < more || (to[axis - more] == 1 && from[axis] != 1));
    let axes: Vec<i64> = stretched.map(|axis| axis as i64).collect();
    if axes.is_empty() {
        at.last("Identity", &[at.input(0)], vec![]);
        return Ok(());
    }
    let axes = at.emission.list(&axes);
    let sum = at.node("ReduceSum", &[at.input(0), &axes], vec![int("keepdims", 1)]);
    let shape: Vec<i64> = to.iter().map(|&extent| extent as i64).collect();
    let shape = at.emission.list(&shape);
    at.last("Reshape", &[&sum, &shape], vec![int("allowzero", 1)]);
    Ok(())
}

/// Rows that are added to those that the indices name, or taken from them.
fn scatter(at: &mut Origin) -> Result<(), String> {
    if at.inputs[2].dtype != DType::F32 {
        return Err("onnxruntime adds rows of floats alone".into());
    }
    let last = at.emission.list(&[-1]);
    let long = at.node("Cast", &[at.input(1)], vec![int("to", 7)]);
    let indices = at.node("Unsqueeze", &[&long, &last], vec![]);
    let updates = match at.info.op {
        "TensorScatterSub" => at.node("Neg", &[at.input(2)], vec![]),
        _ => at.input(2).to_string(),
    };
    at.last("ScatterND", &[at.input(0), &indices, &updates], vec![text("reduction", "add")]);
    Ok(())
}
