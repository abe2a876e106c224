//! Rows that are picked by index.

use super::{Lowering, View, layout};
use crate::DType;
use minutia_tensor::{
    Shape,
    program::{
        Access, Change, FirstPositions, GatherRows, MapProgram, Primitive, ScatterAddRows, UpdateRows,
    },
};

impl Lowering {
    /// Rows of a table.
    pub fn gather(&mut self, table: &View, indices: &View) -> View {
        // A padded row is picked as it is.
        if let Some(pitch) = self.layout.row_pitch(table.dtype(), &table.dims)
            && self.is_padded(table)
        {
            let (rows, width) = (table.dims[0], table.dims[1]);
            let picked = self.gather(&View { dims: vec![rows, pitch], ..table.clone() }, indices);
            let wanted = [&indices.dims[..], &[width]].concat();
            return picked.slice(&vec![0; wanted.len()], &wanted);
        }
        let (table, indices) = (self.contiguous(table), self.contiguous(indices));
        let width = table.dims[1..].iter().product();
        let dims = [&indices.dims[..], &table.dims[1..]].concat();
        let (rows, count) = (table.dims[0], indices.elements());
        self.emit(table.dtype(), &dims, |output| {
            Primitive::GatherRows(GatherRows {
                table: table.operand,
                rows,
                width,
                indices: indices.operand,
                count,
                program: MapProgram::identity(),
                output: output.operand,
            })
        })
    }

    /// Zeros of these extents, to whose rows those of `updates` are added where `indices` say.
    pub fn scatter_add(&mut self, updates: &View, indices: &View, dims: &[usize]) -> View {
        let (updates, indices) = (self.contiguous(updates), self.contiguous(indices));
        let (rows, width, count) = (dims[0], Shape::from(&dims[1..]).elements(), indices.elements());
        self.emit(DType::F32, dims, |output| {
            Primitive::ScatterAddRows(ScatterAddRows {
                updates: updates.operand,
                indices: indices.operand,
                count,
                rows,
                width,
                output: output.operand,
            })
        })
    }

    /// Whether it is all of a value, whose rows are padded.
    fn is_padded(&self, view: &View) -> bool {
        let (strides, bytes) = layout::padded(self.layout, view.dtype(), &view.dims);
        view.operand.offset == 0 && view.strides == strides && self.values[view.operand.buffer].bytes == bytes
    }

    /// A table whose rows are changed by those of `updates` where `indices` say, one after the other. Where
    /// it becomes the value of the variable that the table was, no other row is touched.
    pub fn update_rows(&mut self, change: Change, [table, indices, updates]: [&View; 3]) -> View {
        let (updates, indices) = (self.contiguous(updates), self.contiguous(indices));
        let (rows, width) = (table.dims[0], Shape::from(&table.dims[1..]).elements());
        let by_rows = table.dims.len() == 2 && table.strides[1] == 1 && table.strides[0] >= width;
        let table = if by_rows { table.clone() } else { self.contiguous(table) };
        let pitch = if by_rows { table.strides[0] } else { width };
        let base = Access { operand: table.operand, strides: vec![pitch, 1] };
        self.emit(table.dtype(), &table.dims, |output| {
            Primitive::UpdateRows(UpdateRows {
                change,
                base: base.clone(),
                updates: updates.operand,
                indices: indices.operand,
                count: indices.elements(),
                rows,
                width,
                output: Access { operand: output.operand, strides: vec![width, 1] },
            })
        })
    }

    /// For each index the position where it stands first.
    pub fn first_positions(&mut self, indices: &View) -> View {
        let indices = self.contiguous(indices);
        let count = indices.elements();
        self.emit(DType::I32, &indices.dims, |output| {
            Primitive::FirstPositions(FirstPositions {
                indices: indices.operand,
                count,
                output: output.operand,
            })
        })
    }
}
