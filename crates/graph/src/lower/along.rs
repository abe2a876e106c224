//! What moves elements along one axis.

use super::{Lowering, View};
use crate::DType;
use minutia_kernels::map::Code;
use minutia_tensor::{
    Shape, Tensor,
    program::{ArgSort, Primitive, Scan},
};

impl Lowering {
    /// The numbers below a count, of which the host holds few: the others are sums of two of them.
    pub fn numbers(&mut self, count: usize) -> View {
        const FEW: usize = 1 << 16;
        let steps = |l: &mut Lowering, count: usize, step: usize| {
            let numbers: Vec<i32> = (0..count).map(|i| (i * step) as i32).collect();
            l.constant(&Tensor::from(numbers))
        };
        if count <= FEW {
            return steps(self, count, 1);
        }
        let rows = count.div_ceil(FEW);
        let (high, low) = (steps(self, rows, FEW).expand(1), steps(self, FEW, 1));
        let sums = self.code(Code::AddI, DType::I32, &[high, low]);
        self.reshape(&sums, &[rows * FEW]).slice(&[0], &[count])
    }

    /// The slices along an axis that `indices`, a vector, name.
    pub fn gather_along(&mut self, view: &View, indices: &View, axis: usize) -> View {
        let (first, back) = orders(view.dims.len(), axis);
        self.gather(&view.transpose(&first), indices).transpose(&back)
    }

    /// Zeros, of `extent` along an axis, to whose slices those of `updates` are added where `indices`, a
    /// vector, says.
    pub fn scatter_add_along(&mut self, updates: &View, indices: &View, axis: usize, extent: usize) -> View {
        let (first, back) = orders(updates.dims.len(), axis);
        let updates = updates.transpose(&first);
        let dims = [&[extent], &updates.dims[1..]].concat();
        self.scatter_add(&updates, indices, &dims).transpose(&back)
    }

    /// Last things first, along an axis.
    pub fn reverse(&mut self, view: &View, axis: usize) -> View {
        let extent = view.dims[axis];
        if extent < 2 {
            return view.clone();
        }
        let last = self.splat((extent - 1) as u32, DType::I32, &[]);
        let ascending = self.numbers(extent);
        let indices = self.code(Code::SubI, DType::I32, &[last, ascending]);
        self.gather_along(view, &indices, axis)
    }
}

impl Lowering {
    /// Sums along an axis up to each element, as [`Scan`] has them.
    pub fn scan(&mut self, view: &View, axis: usize, exclusive: bool, reverse: bool) -> View {
        let (last, back) = orders_to_last(view.dims.len(), axis);
        let nest = view.transpose(&last);
        let (dims, length) = (nest.dims[..last.len() - 1].to_vec(), view.dims[axis]);
        let input = nest.access();
        let sums = self.emit(view.dtype(), &nest.dims, |output| {
            let (dims, input) = (dims.clone(), input.clone());
            Primitive::Scan(Scan { reverse, exclusive, dims, length, input, output })
        });
        sums.transpose(&back)
    }

    /// Positions of the elements along an axis in their order, as [`ArgSort`] has them.
    pub fn arg_sort(&mut self, view: &View, axis: usize, descending: bool) -> View {
        let (last, back) = orders_to_last(view.dims.len(), axis);
        let nest = view.transpose(&last);
        let (dims, length) = (nest.dims[..last.len() - 1].to_vec(), view.dims[axis]);
        let input = nest.access();
        let positions = self.emit(DType::I32, &nest.dims, |output| {
            let (dims, input) = (dims.clone(), input.clone());
            Primitive::ArgSort(ArgSort { descending, dims, length, input, output })
        });
        positions.transpose(&back)
    }

    /// The positions in a tensor whose outer extents are `dims` and whose axes from there are walked as one,
    /// of what the indices name, one for each of `dims`. They are looked up in tables, so that one that is
    /// out of range is the error of a gather, which names it.
    pub fn flat_indices(&mut self, indices: &[View], dims: &[usize]) -> View {
        let mut flat: Option<View> = None;
        for (axis, index) in indices.iter().enumerate() {
            let numbers = self.numbers(dims[axis]);
            let step = self.splat(Shape::from(&dims[axis + 1..]).elements() as u32, DType::I32, &[]);
            let table = self.code(Code::MulI, DType::I32, &[numbers, step]);
            let offset = self.gather(&table, index);
            flat = Some(match flat {
                Some(flat) => self.code(Code::AddI, DType::I32, &[flat, offset]),
                None => offset,
            });
        }
        flat.expect("an index for each extent, of which there is one at least")
    }
}

/// The order of axes that has one of them last, and the order that leads back.
pub(crate) fn orders_to_last(rank: usize, axis: usize) -> (Vec<usize>, Vec<usize>) {
    let last = (0..rank).filter(|&a| a != axis).chain([axis]).collect();
    let back = (0..rank).map(|a| if a == axis { rank - 1 } else { a - usize::from(a > axis) }).collect();
    (last, back)
}

/// The order of axes that has one of them first, and the order that leads back.
fn orders(rank: usize, axis: usize) -> (Vec<usize>, Vec<usize>) {
    let first = [axis].into_iter().chain((0..rank).filter(|&a| a != axis)).collect();
    let back = (0..rank).map(|a| if a == axis { 0 } else { a + usize::from(a < axis) }).collect();
    (first, back)
}
