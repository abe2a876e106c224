//! Products, reductions and what else goes along axes.

use super::{
    Rule,
    emission::{Origin, code, int, ints, text},
};
use minutia_graph::{DType, Tensor};

/// What writes an operation, if it is one of these.
pub fn rule(operation: &str) -> Option<Rule> {
    Some(match operation {
        "ArgMax" | "ArgMin" => arg_reduce,
        "ArgSort" => arg_sort,
        "Cumsum" => cumsum,
        "Einsum" => |at| {
            let operands: Vec<&str> = (0..at.inputs.len()).map(|index| at.input(index)).collect();
            let equation = at.text("equation")?;
            at.last("Einsum", &operands, vec![text("equation", equation)]);
            Ok(())
        },
        "LogSoftmax" | "Softmax" => |at| {
            let operation = at.info.op;
            at.last(operation, &[at.input(0)], vec![int("axis", -1)]);
            Ok(())
        },
        "MatMul" => matmul,
        "Max" | "Mean" | "Min" | "Prod" | "Sum" => reduce,
        _ => return None,
    })
}

/// To `i32`, of positions that ONNX counts in `int64`.
pub fn narrowed(at: &mut Origin, long: &str) {
    at.last("Cast", &[long], vec![int("to", code(DType::I32).into())]);
}

fn arg_reduce(at: &mut Origin) -> Result<(), String> {
    let attributes = vec![int("axis", at.int("axis")?), int("keepdims", 0)];
    let operation = at.info.op;
    let position = at.node(operation, &[at.input(0)], attributes);
    narrowed(at, &position);
    Ok(())
}

fn arg_sort(at: &mut Origin) -> Result<(), String> {
    let axis = at.int("axis")?;
    let rank = at.rank(0) as i64;
    let counted = if axis < 0 { axis + rank } else { axis };
    let extent = at.inputs[0].shape[counted as usize];
    let count = at.int("first").ok().or(extent.map(|extent| extent as i64));
    let count = count.ok_or("its axis has an extent that only the run shows")?;
    let k = at.emission.list(&[count]);
    let largest = at.flag("descending")?;
    let attributes = vec![int("axis", axis), int("largest", largest.into()), int("sorted", 1)];
    let values = format!("{}:values", at.info.name);
    // The positions are the second result.
    at.node("TopK", &[at.input(0), &k], attributes);
    let node = at.emission.nodes.last_mut().ok_or("no node")?;
    let positions = std::mem::replace(&mut node.output, vec![values]).remove(0);
    node.output.push(positions.clone());
    narrowed(at, &positions);
    Ok(())
}

fn cumsum(at: &mut Origin) -> Result<(), String> {
    let axis = i32::try_from(at.int("axis")?).map_err(|error| error.to_string())?;
    let axis = at.constant(&Tensor::scalar(axis));
    let flags = ["exclusive", "reverse"].map(|name| at.flag(name).map(|flag| int(name, flag.into())));
    let [exclusive, reverse] = flags;
    at.last("CumSum", &[at.input(0), &axis], vec![exclusive?, reverse?]);
    Ok(())
}

fn reduce(at: &mut Origin) -> Result<(), String> {
    let operation = format!("Reduce{}", at.info.op);
    let axes = match at.ints("axes") {
        Ok(axes) => axes,
        Err(_) => (0..at.rank(0) as i64).collect(),
    };
    let keep = int("keepdims", at.flag("keep_dims")?.into());
    if axes.is_empty() {
        // Without axes ONNX reduces all, and a scalar has none.
        at.last("Identity", &[at.input(0)], vec![]);
        return Ok(());
    }
    let axes = at.emission.list(&axes);
    at.last(&operation, &[at.input(0), &axes], vec![keep]);
    Ok(())
}

fn matmul(at: &mut Origin) -> Result<(), String> {
    let flags = [at.flag("transpose_a")?, at.flag("transpose_b")?];
    let both_matrices = at.rank(0) == 2 && at.rank(1) == 2;
    if both_matrices && flags != [false, false] {
        let [a, b] = flags.map(i64::from);
        at.last("Gemm", &[at.input(0), at.input(1)], vec![int("transA", a), int("transB", b)]);
        return Ok(());
    }
    let mut operands = Vec::new();
    for (index, transposed) in flags.into_iter().enumerate() {
        let input = at.input(index).to_string();
        operands.push(if transposed {
            let mut order: Vec<i64> = (0..at.rank(index) as i64).collect();
            let last = order.len();
            order.swap(last - 2, last - 1);
            at.node("Transpose", &[&input], vec![ints("perm", &order)])
        } else {
            input
        });
    }
    at.last("MatMul", &[&operands[0], &operands[1]], vec![]);
    Ok(())
}
