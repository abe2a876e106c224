//! Products of matrices.

use super::OnnxRow;
use crate::onnx::node::{OnnxNode, OnnxResults, one};

pub const ROWS: &[OnnxRow] = &[("Einsum", einsum), ("Gemm", gemm), ("MatMul", matmul)];

fn einsum(node: &OnnxNode) -> OnnxResults {
    let equation = node.text("equation", "")?;
    let operands = node.all()?;
    one(node.graph.einsum(equation, &operands.iter().collect::<Vec<_>>()))
}

fn gemm(node: &OnnxNode) -> OnnxResults {
    let (a, b) = (node.input(0)?, node.input(1)?);
    let product = match (node.flag("transA", false)?, node.flag("transB", false)?) {
        (false, false) => a.matmul(b),
        (false, true) => a.matmul_nt(b),
        (true, false) => a.matmul_tn(b),
        (true, true) => a.matmul_tt(b),
    };
    let (alpha, beta) = (node.float("alpha", 1.0)?, node.float("beta", 1.0)?);
    // Versions before 7 say that the last operand broadcasts, which it does anyway.
    node.int("broadcast", 1)?;
    let scaled = if alpha == 1.0 { product } else { product * alpha };
    match node.optional(2)? {
        None => one(scaled),
        Some(c) if beta == 1.0 => one(scaled + c),
        Some(c) => one(scaled + c * beta),
    }
}

/// A product of matrices; a vector stands for a row on the left and a column on the right.
fn matmul(node: &OnnxNode) -> OnnxResults {
    let (a, b) = (node.input(0)?, node.input(1)?);
    let (row, column) = (a.shape().len() == 1, b.shape().len() == 1);
    let a = if row { a.expand_dims(0) } else { a };
    let b = if column { b.expand_dims(1) } else { b };
    let product = a.matmul(b);
    let product = if column { product.squeeze(-1) } else { product };
    one(if row { product.squeeze(if column { -1 } else { -2 }) } else { product })
}
