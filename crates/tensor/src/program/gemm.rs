//! The axes of matrix products.

use super::*;
use crate::nest::Nest;

fn product(dims: &[usize]) -> usize {
    dims.iter().fold(1, |n: usize, &dim| n.saturating_mul(dim))
}

impl Gemm {
    /// Rows of the result.
    #[must_use]
    pub fn m(&self) -> usize {
        product(&self.rows)
    }

    /// Length of each inner product.
    #[must_use]
    pub fn k(&self) -> usize {
        product(&self.depth)
    }

    /// How many products there are.
    #[must_use]
    pub fn batch_count(&self) -> usize {
        product(&self.batch)
    }

    /// Strides over rows and columns of both operands, where these are two matrices.
    pub(crate) fn as_matrices(&self) -> Option<[[usize; 2]; 2]> {
        let matrices = self.batch.is_empty() && self.rows.len() == 1 && self.depth.len() == 1;
        matrices.then(|| [&self.a, &self.b].map(|access| [access.strides[0], access.strides[1]]))
    }

    /// The same product with one axis of rows, where what follows it can be walked over like this; it says
    /// nothing of `a`.
    pub(crate) fn with_flat_ends(&self) -> Option<Gemm> {
        let axes = self.batch.len()..self.batch.len() + self.rows.len();
        let flat = |of: &Access| {
            let rows = Nest::new(&self.rows, [&of.strides[axes.clone()]]).at_least_one();
            let [row] = rows.strides[0][..] else { return None };
            let strides = [&of.strides[..axes.start], &[row], &of.strides[axes.end..]].concat();
            Some(Access { strides, ..of.clone() })
        };
        let all = |ends: &[Access]| ends.iter().map(flat).collect::<Option<Vec<_>>>();
        Some(Gemm {
            rows: vec![self.m()],
            epilogue_inputs: all(&self.epilogue_inputs)?,
            outputs: all(&self.outputs)?,
            ..self.clone()
        })
    }

    /// Extents of the result: batch, rows and columns.
    #[must_use]
    pub fn dims(&self) -> Vec<usize> {
        [&self.batch[..], &self.rows, &[self.n]].concat()
    }

    /// Extents over which `a` has strides.
    #[must_use]
    pub fn a_dims(&self) -> Vec<usize> {
        [&self.batch[..], &self.rows, &self.depth].concat()
    }

    /// Extents over which `b` has strides.
    #[must_use]
    pub fn b_dims(&self) -> Vec<usize> {
        [&self.batch[..], &self.depth, &[self.n]].concat()
    }

    /// Its extents, as a text: `100x784x300`, with a batch before it and axes that are more than one in
    /// parentheses.
    pub(super) fn extents(&self) -> String {
        let axes = |dims: &[usize]| match dims {
            [dim] => dim.to_string(),
            _ => format!("({})", dims.iter().map(usize::to_string).collect::<Vec<_>>().join("x")),
        };
        let batch = if self.batch.is_empty() { String::new() } else { format!("{:?} ", self.batch) };
        format!("{batch}{}x{}x{}", axes(&self.rows), axes(&self.depth), self.n)
    }

    /// The same product with as few axes as the operands allow, at least one for rows and one for depth: what
    /// backends choose their loops by.
    pub(crate) fn merged(&self) -> Gemm {
        let (batch, rows) = (self.batch.len(), self.rows.len());
        let ends = || self.epilogue_inputs.iter().chain(&self.outputs);
        let batches = Nest::new(
            &self.batch,
            [&self.a, &self.b].into_iter().chain(ends()).map(|access| &access.strides[..batch]),
        );
        let lines = Nest::new(
            &self.rows,
            std::iter::once(&self.a).chain(ends()).map(|access| &access.strides[batch..batch + rows]),
        );
        let terms = Nest::new(
            &self.depth,
            [&self.a.strides[batch + rows..], &self.b.strides[batch..batch + self.depth.len()]],
        );
        let (lines, terms) = (lines.at_least_one(), terms.at_least_one());
        let access = |of: &Access, parts: [&[usize]; 3]| Access { strides: parts.concat(), ..of.clone() };
        let end = |i: usize, of: &Access| {
            let column = &of.strides[batch + rows..];
            access(of, [&batches.strides[2 + i], &lines.strides[1 + i], column])
        };
        let inputs = self.epilogue_inputs.len();
        let column = &self.b.strides[batch + self.depth.len()..];
        Gemm {
            a: access(&self.a, [&batches.strides[0], &lines.strides[0], &terms.strides[0]]),
            b: access(&self.b, [&batches.strides[1], &terms.strides[1], column]),
            epilogue_inputs: self.epilogue_inputs.iter().enumerate().map(|(i, of)| end(i, of)).collect(),
            outputs: self.outputs.iter().enumerate().map(|(i, of)| end(inputs + i, of)).collect(),
            batch: batches.dims,
            rows: lines.dims,
            n: self.n,
            depth: terms.dims,
            epilogue: self.epilogue.clone(),
        }
    }
}
