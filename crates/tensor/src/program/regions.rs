//! Steps that walk the same rows.

use super::*;
use std::slice::from_ref;

/// Steps that follow each other and all walk the same number of rows, such that what one of them does with a
/// row concerns only that row of the others: each row may go through all steps by itself, at any time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// The steps.
    pub steps: Range<usize>,
    /// How many rows: the extent of their outermost loop.
    pub rows: usize,
}

/// More steps than these are not looked at together.
const MOST_STEPS: usize = 64;

impl Program {
    /// The regions of a checked program that have several rows and steps, in order. They do not overlap.
    #[must_use]
    pub fn regions(&self) -> Vec<Region> {
        let mut regions = Vec::new();
        let mut start = 0;
        while start < self.steps.len() {
            let Some(rows) = self.steps[start].rows() else {
                start += 1;
                continue;
            };
            let mut touched = self.touched(&self.steps[start]);
            let mut end = start + 1;
            while let Some(step) = self.steps[..self.steps.len().min(start + MOST_STEPS)].get(end) {
                if step.rows() != Some(rows) {
                    break;
                }
                let touches = self.touched(step);
                if !touches.iter().all(|touch| touched.iter().all(|other| keep_rows(touch, other))) {
                    break;
                }
                touched.extend(touches);
                end += 1;
            }
            if end - start > 1 {
                regions.push(Region { steps: start..end, rows });
            }
            start = end;
        }
        regions
    }
}

impl Primitive {
    /// How many rows its outermost loop walks, if these may be taken apart; none if there are not several, or
    /// nothing to do in them.
    #[must_use]
    pub fn rows(&self) -> Option<usize> {
        let matrix;
        let (dims, inner): (&[usize], &[usize]) = match self {
            Primitive::Map(s) => (&s.dims, &[]),
            Primitive::Reduce(s) => (&s.dims, &s.reduced),
            Primitive::ArgReduce(s) => (&s.dims, &[]),
            Primitive::Gemm(s) => {
                let (&[m], &[k], true) = (&s.rows[..], &s.depth[..], s.batch.is_empty()) else { return None };
                matrix = [m, s.n, k];
                (&matrix[..2], &matrix[2..])
            }
            Primitive::Scan(s) => (&s.dims, from_ref(&s.length)),
            Primitive::ArgSort(s) => (&s.dims, from_ref(&s.length)),
            Primitive::GatherRows(_)
            | Primitive::ScatterAddRows(_)
            | Primitive::UpdateRows(_)
            | Primitive::FirstPositions(_)
            | Primitive::Random(_)
            | Primitive::Loop(_) => return None,
        };
        let busy = !dims.contains(&0) && !inner.contains(&0);
        dims.first().copied().filter(|&rows| busy && rows > 1)
    }

    /// The same step for some of the rows of its outermost loop. None for a step that belongs to no region.
    pub(crate) fn of_rows(&self, rows: Range<usize>) -> Option<Primitive> {
        let moved = |access: &Access| {
            let mut access = access.clone();
            access.operand.offset += rows.start * access.strides[0] * access.operand.dtype.size();
            access
        };
        let all = |accesses: &[Access]| accesses.iter().map(moved).collect();
        let inside = |dims: &[usize]| [&[rows.len()], &dims[1..]].concat();
        Some(match self {
            Primitive::Map(s) => Primitive::Map(Map {
                dims: inside(&s.dims),
                inputs: all(&s.inputs),
                outputs: all(&s.outputs),
                ..s.clone()
            }),
            Primitive::Reduce(s) => Primitive::Reduce(Reduce {
                dims: inside(&s.dims),
                inputs: all(&s.inputs),
                epilogue_inputs: all(&s.epilogue_inputs),
                outputs: all(&s.outputs),
                ..s.clone()
            }),
            Primitive::ArgReduce(s) => Primitive::ArgReduce(ArgReduce {
                dims: inside(&s.dims),
                input: moved(&s.input),
                output: moved(&s.output),
                ..s.clone()
            }),
            Primitive::Scan(s) => Primitive::Scan(Scan {
                dims: inside(&s.dims),
                input: moved(&s.input),
                output: moved(&s.output),
                ..s.clone()
            }),
            Primitive::ArgSort(s) => Primitive::ArgSort(ArgSort {
                dims: inside(&s.dims),
                input: moved(&s.input),
                output: moved(&s.output),
                ..s.clone()
            }),
            Primitive::Gemm(s) => Primitive::Gemm(Gemm {
                rows: vec![rows.len()],
                a: moved(&s.a),
                epilogue_inputs: all(&s.epilogue_inputs),
                outputs: all(&s.outputs),
                ..s.clone()
            }),
            Primitive::GatherRows(_)
            | Primitive::ScatterAddRows(_)
            | Primitive::UpdateRows(_)
            | Primitive::FirstPositions(_)
            | Primitive::Random(_)
            | Primitive::Loop(_) => return None,
        })
    }
}

/// Whether no row of one meets another row of the other, if either is written.
fn keep_rows(one: &MemoryAccess, other: &MemoryAccess) -> bool {
    if !one.meets(other) || !(one.written || other.written) {
        return true;
    }
    let (Some((pitch, length)), Some((other_pitch, other_length))) = (one.row, other.row) else {
        return false;
    };
    let first = one.bytes.start.min(other.bytes.start);
    let last = (one.bytes.start + length).max(other.bytes.start + other_length);
    pitch == other_pitch && last - first <= pitch
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(dims: &[usize], input: (usize, usize, &[usize]), output: (usize, usize, &[usize])) -> Primitive {
        let access = |(buffer, offset, strides): (usize, usize, &[usize])| Access {
            operand: Operand { buffer, offset: offset * 4, dtype: DType::F32 },
            strides: strides.to_vec(),
        };
        let (inputs, outputs) = (vec![access(input)], vec![access(output)]);
        Primitive::Map(Map { dims: dims.to_vec(), inputs, program: MapProgram::identity(), outputs })
    }

    /// The regions of two maps over buffers of a hundred numbers.
    fn regions(first: Primitive, second: Primitive) -> Vec<Region> {
        let buffers = vec![BufferSpec { bytes: 400, written: true }; 3];
        let program = Program { buffers, steps: vec![first, second], ..Program::default() };
        program.check().expect("a good program");
        program.regions()
    }

    #[test]
    fn rows_that_meet_only_themselves_make_a_region() {
        let dims = &[5, 4][..];
        let dense: &[usize] = &[4, 1];
        let first = || map(dims, (0, 0, dense), (1, 0, dense));
        let one = vec![Region { steps: 0..2, rows: 5 }];
        let cases: [(&str, Primitive, bool); 9] = [
            ("the same rows", map(dims, (1, 0, dense), (2, 0, dense)), true),
            ("columns of a row", map(&[5, 2], (1, 1, dense), (2, 0, dense)), true),
            ("rows in place", map(dims, (1, 0, dense), (1, 0, dense)), true),
            ("nothing of each other", map(dims, (0, 0, &[1, 5]), (2, 0, dense)), true),
            ("the next row", map(&[4, 4], (1, 4, dense), (2, 0, dense)), false),
            ("the row before, as often", map(dims, (1, 0, dense), (0, 4, dense)), false),
            ("columns for rows", map(dims, (1, 0, &[1, 5]), (2, 0, dense)), false),
            ("one row for all", map(dims, (1, 0, &[0, 1]), (2, 0, dense)), false),
            ("fewer rows", map(&[3, 4], (0, 0, dense), (2, 0, dense)), false),
        ];
        for (name, second, together) in cases {
            let want = if together { one.clone() } else { Vec::new() };
            assert_eq!(regions(first(), second), want, "{name}");
        }
    }
}
