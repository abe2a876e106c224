//! Copies that change the order of elements, in square tiles so that both sides are read and written by whole
//! cache lines.

use crate::{
    cpu::{
        context::{Build, Run},
        simd::by_level,
        threads::chunks::{part, parts},
    },
    nest::{Nest, forwards, permuted},
    program::{Access, Map, Operand},
};

/// Rows and columns of the tile that is transposed in registers.
const TILE: usize = 8;
/// Tiles in a part, at least.
const GRAIN: usize = 8;

/// A `Map` step that transposes words.
#[derive(Debug)]
pub(in crate::cpu) struct TransposeStep {
    from: Operand,
    to: Operand,
    /// Extents of the loops around the two that are transposed, with their strides.
    outer: Box<[StridedLoop]>,
    /// The loop along which the input is contiguous.
    down: StridedLoop,
    /// The loop along which the output is contiguous.
    across: StridedLoop,
    tile: unsafe fn(*const u8, *mut u8, usize, usize),
    parts: usize,
}

#[derive(Clone, Copy, Debug)]
struct StridedLoop {
    dim: usize,
    /// Elements to step in input and output.
    strides: [usize; 2],
}

by_level! {
    fn transpose(from: *const u8, to: *mut u8, from_stride: usize, to_stride: usize) {
        // SAFETY: the caller has TILE rows of TILE words, so many words apart, on both sides.
        unsafe {
            let mut rows = [[0_u32; TILE]; TILE];
            for (i, row) in rows.iter_mut().enumerate() {
                *row = from.add(i * from_stride * 4).cast::<[u32; TILE]>().read_unaligned();
            }
            for j in 0..TILE {
                let column = rows.map(|row| row[j]);
                to.add(j * to_stride * 4).cast::<[u32; TILE]>().write_unaligned(column);
            }
        }
    }
}

impl TransposeStep {
    /// The step, if it is a copy of words along which input and output are contiguous in different loops.
    pub(in crate::cpu) fn new(step: &Map, build: &Build) -> Option<TransposeStep> {
        let (Map { dims, .. }, [input], [output]) = (step, &step.inputs[..], &step.outputs[..]) else {
            return None;
        };
        let word = |a: &Access| a.operand.dtype.size() == 4;
        if !step.program.is_identity() || !word(input) || !word(output) {
            return None;
        }
        let order = forwards(&output.strides);
        let strides = [permuted(&input.strides, &order), permuted(&output.strides, &order)];
        let nest = Nest::new(&permuted(dims, &order), strides.iter().map(Vec::as_slice));
        let elements = nest.elements();
        let mut loops: Vec<StridedLoop> = (nest.dims.iter().enumerate())
            .map(|(i, &dim)| StridedLoop { dim, strides: [nest.strides[0][i], nest.strides[1][i]] })
            .collect();
        let across = loops.pop()?;
        let down = loops.iter().position(|l| l.strides[0] == 1)?;
        let down = loops.remove(down);
        if across.strides[1] != 1 || across.dim < TILE || down.dim < TILE {
            return None;
        }
        Some(TransposeStep {
            from: input.operand,
            to: output.operand,
            outer: loops.into(),
            down,
            across,
            tile: transpose::at(build.level),
            parts: parts(build.threads, elements.saturating_mul(4)),
        })
    }

    /// # Safety
    /// The buffers must be what the checked program declares.
    pub(in crate::cpu) unsafe fn run(&self, run: &Run) {
        let planes: usize = self.outer.iter().map(|l| l.dim).product();
        let strips = self.down.dim.div_ceil(TILE);
        run.each_part(self.parts, &|i| {
            for strip in part(planes * strips, GRAIN, self.parts, i) {
                let (mut plane, first) = (strip / strips, strip % strips * TILE);
                let mut offsets = [first * self.down.strides[0], first * self.down.strides[1]];
                for l in self.outer.iter().rev() {
                    offsets[0] += plane % l.dim * l.strides[0];
                    offsets[1] += plane % l.dim * l.strides[1];
                    plane /= l.dim;
                }
                // SAFETY: the checked program visits these elements; parts split the output.
                unsafe {
                    let from = run.buffers()[self.from.buffer].add(self.from.offset + offsets[0] * 4);
                    let to = run.buffers()[self.to.buffer].add(self.to.offset + offsets[1] * 4);
                    self.run_strip(from, to, TILE.min(self.down.dim - first));
                }
            }
        });
    }

    /// Transposes `height` steps of `down` by all of `across`.
    ///
    /// # Safety
    /// These elements must be there on both sides.
    unsafe fn run_strip(&self, from: *const u8, to: *mut u8, height: usize) {
        let (from_stride, to_stride) = (self.across.strides[0], self.down.strides[1]);
        let mut column = 0;
        // SAFETY: the caller has that many elements on both sides.
        unsafe {
            if height == TILE {
                while column + TILE <= self.across.dim {
                    (self.tile)(
                        from.add(column * from_stride * 4),
                        to.add(column * 4),
                        from_stride,
                        to_stride,
                    );
                    column += TILE;
                }
            }
            for i in column..self.across.dim {
                for j in 0..height {
                    let word = from.add((i * from_stride + j) * 4).cast::<u32>().read_unaligned();
                    to.add((j * to_stride + i) * 4).cast::<u32>().write_unaligned(word);
                }
            }
        }
    }
}
