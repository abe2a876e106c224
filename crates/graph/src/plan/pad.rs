//! Padded rows for what a run computes on its way.

use crate::lower::{Lowering, Source, View, layout};
use minutia_tensor::program::{Access, Operand, OperandUse};
use std::collections::BTreeMap;

/// Pads the rows of matrices where the device wants that: those that are computed, and only ever walked
/// along rows and columns. What is in
/// `dense` stays as it is; `variable_writes` are brought up to date.
pub(super) fn pad(l: &mut Lowering, dense: &[usize], variable_writes: &mut BTreeMap<usize, View>) {
    let rows = |l: &Lowering, value: usize| {
        let value = &l.values[value];
        let pitch = l.layout.row_pitch(value.dtype, &value.dims)?;
        (value.source == Source::Computed).then(|| Rows { width: value.dims[1], pitch })
    };
    let mut pads: Vec<Option<Rows>> = (0..l.values.len()).map(|value| rows(l, value)).collect();
    dense.iter().for_each(|&value| pads[value] = None);
    let mut written = vec![false; pads.len()];
    for primitive in &mut l.primitives {
        primitive.step.visit_operands(&mut |operand_use| {
            let value = operand_use.operand.buffer;
            let walks = operand_use.strides.is_some();
            let fits = |rows: Rows| walks && rows.walk(&operand_use.access(), operand_use.dims).is_some();
            written[value] |= operand_use.role.writes();
            if !pads[value].is_some_and(fits) {
                pads[value] = None;
            }
        });
    }
    // Constants were computed before, in dense rows, and are not moved.
    pads.iter_mut().zip(&written).filter(|(_, written)| !**written).for_each(|(rows, _)| *rows = None);
    let padded = |operand: Operand, strides: &[usize], dims: &[usize]| {
        pads[operand.buffer]?.walk(&Access { operand, strides: strides.to_vec() }, dims)
    };
    for primitive in &mut l.primitives {
        primitive.step.visit_operands_mut(&mut |OperandUse { operand, strides, dims, .. }| {
            if let Some(strides) = strides
                && let Some(access) = padded(*operand, strides, dims)
            {
                *operand = access.operand;
                strides.copy_from_slice(&access.strides);
            }
        });
    }
    for view in variable_writes.values_mut() {
        if let Some(access) = padded(view.operand, &view.strides, &view.dims) {
            (view.operand, view.strides) = (access.operand, access.strides);
        }
    }
    for (value, rows) in l.values.iter_mut().zip(&pads) {
        if rows.is_some() {
            value.bytes = layout::padded(l.layout, value.dtype, &value.dims).1;
        }
    }
}

/// Rows of a value that is to be padded.
#[derive(Clone, Copy)]
struct Rows {
    width: usize,
    pitch: usize,
}

impl Rows {
    /// The access that walks the padded rows as this one walks the dense ones; none if a loop of it runs from
    /// one row into the next.
    fn walk(self, access: &Access, dims: &[usize]) -> Option<Access> {
        let size = access.operand.dtype.size();
        let first = access.operand.offset / size;
        let mut last_column = first % self.width;
        let mut strides = access.strides.clone();
        for (stride, &dim) in strides.iter_mut().zip(dims).filter(|(_, dim)| **dim > 1) {
            if *stride % self.width == 0 {
                *stride = (*stride / self.width).saturating_mul(self.pitch);
            } else {
                last_column = last_column.saturating_add((dim - 1).saturating_mul(*stride));
            }
        }
        let mut operand = access.operand;
        operand.offset = (first / self.width * self.pitch + first % self.width) * size;
        (last_column < self.width).then_some(Access { operand, strides })
    }
}

#[cfg(test)]
mod tests {
    use crate::{DType, Device, Graph, plan::Plan};
    use minutia_tensor::{MemoryLayout, program::BufferSpec};
    use std::collections::BTreeMap;

    #[test]
    fn rows_lie_as_the_device_wants_them() {
        let graph = Graph::new();
        let v = graph.variable("v", graph.zeros([2, 300]));
        let update = v.assign(&v * 2.0);
        let bytes = |layout: MemoryLayout| -> Vec<usize> {
            let target = [(update.id, false)];
            let plan = Plan::new(&graph.lock(), &target, &BTreeMap::new(), false, layout).unwrap();
            plan.main.program.buffers.iter().map(|&BufferSpec { bytes, .. }| bytes).collect()
        };
        let pitch = 304;
        let wide = Device::cpu().unwrap().layout();
        assert_eq!(wide.row_pitch(DType::F32, &[2, 300]), Some(pitch));
        assert_eq!(bytes(wide), [2 * pitch * 4]);
        assert_eq!(bytes(MemoryLayout::dense()), [2 * 300 * 4]);
    }
}
