//! Tensors inside values.

use crate::DType;
use minutia_tensor::{
    Shape,
    program::{Access, Operand},
};

/// A tensor inside a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct View {
    pub operand: Operand,
    pub dims: Vec<usize>,
    pub strides: Vec<usize>,
}

impl View {
    pub fn access(&self) -> Access {
        Access { operand: self.operand, strides: self.strides.clone() }
    }

    pub fn dtype(&self) -> DType {
        self.operand.dtype
    }

    pub fn elements(&self) -> usize {
        Shape::from(&self.dims[..]).elements()
    }

    /// Whether elements lie one after the other, starting at the operand.
    pub fn is_contiguous(&self) -> bool {
        let wanted = Shape::from(&self.dims[..]).strides();
        self.dims.iter().zip(self.strides.iter().zip(&wanted)).all(|(&d, (s, w))| d <= 1 || s == w)
    }

    /// Aligned at the last axis, with extents of 1 stretched.
    pub fn broadcast(&self, dims: &[usize]) -> View {
        let missing = dims.len() - self.dims.len();
        let strides = (0..dims.len())
            .map(|axis| match axis.checked_sub(missing) {
                Some(own) if self.dims[own] == dims[axis] => self.strides[own],
                _ => 0,
            })
            .collect();
        View { operand: self.operand, dims: dims.to_vec(), strides }
    }

    /// With its axes in this order.
    pub fn transpose(&self, order: &[usize]) -> View {
        let dims = order.iter().map(|&a| self.dims[a]).collect();
        let strides = order.iter().map(|&a| self.strides[a]).collect();
        View { operand: self.operand, dims, strides }
    }

    /// From `begin`, `size` along each axis.
    pub fn slice(&self, begin: &[usize], size: &[usize]) -> View {
        let mut view = View { dims: size.to_vec(), ..self.clone() };
        if size.contains(&0) {
            // Nothing is touched, and so nothing need be there, behind the end.
            return view;
        }
        let skipped = begin
            .iter()
            .zip(&self.strides)
            .fold(0, |sum: usize, (b, s)| sum.saturating_add(b.saturating_mul(*s)));
        view.operand.offset = view.operand.offset.saturating_add(skipped.saturating_mul(self.dtype().size()));
        view
    }

    /// Along an axis every `step`th element, from the first.
    pub fn every(&self, axis: usize, step: usize) -> View {
        let mut view = self.clone();
        view.dims[axis] = self.dims[axis].div_ceil(step);
        view.strides[axis] = self.strides[axis].saturating_mul(step);
        view
    }

    /// With an axis of extent 1 before `axis`.
    pub fn expand(&self, axis: usize) -> View {
        let mut view = self.clone();
        view.dims.insert(axis, 1);
        view.strides.insert(axis, 0);
        view
    }

    /// Without an axis of extent 1.
    pub fn squeeze(&self, axis: usize) -> View {
        let mut view = self.clone();
        view.dims.remove(axis);
        view.strides.remove(axis);
        view
    }
}
