//! Matrix products with a map over each strip of the result while it is in the cache.

use super::{
    executable::{Build, Place, Run},
    gemm::{COLUMNS, Operands, Plan, ROWS},
    map::{Engine, Frame, Sink, Source},
    parallel::{PerPart, part, parts},
};
use crate::{
    DType,
    program::{Access, Gemm},
};
use std::ops::Range;

/// A `Gemm` step.
#[derive(Debug)]
pub(super) struct GemmStep {
    m: usize,
    n: usize,
    a: Access,
    b: Access,
    plan: Plan,
    /// Where the products go if nothing is computed from them: an output with contiguous rows.
    direct: Option<Access>,
    epilogue: Engine,
    /// Parts split columns rather than rows.
    by_columns: bool,
    strip: [usize; 2],
    parts: usize,
    shared: *mut f32,
    frames: PerPart<(Frame, *mut f32)>,
}

// SAFETY: `shared` is scratch that belongs to the executable, which runs one step at a time.
unsafe impl Send for GemmStep {}
// SAFETY: likewise; parts only read it.
unsafe impl Sync for GemmStep {}

/// Floats in a strip that waits for its epilogue: half of a small second-level cache.
const STRIP: usize = 32 * 1024;
/// Tiles from top to bottom that are too few to split.
const FEW_ROWS: usize = 8;
/// Columns of such a strip.
const STRIP_COLUMNS: usize = 4096;

impl GemmStep {
    pub(super) fn new(step: &Gemm, build: &mut Build) -> GemmStep {
        let Gemm { m, n, k, .. } = *step;
        let strides = |a: &Access| [a.strides[0], a.strides[1]];
        let plan = Plan::new(build.level, [m, n, k], strides(&step.a), strides(&step.b));
        let direct = match &step.outputs[..] {
            [output]
                if step.epilogue.is_identity()
                    && step.epilogue_inputs.is_empty()
                    && output.operand.dtype == DType::F32
                    && (output.strides[1] == 1 || n == 1) =>
            {
                Some(output.clone())
            }
            _ => None,
        };
        let mut sources = vec![Source::Given(DType::F32)];
        sources.extend(step.epilogue_inputs.iter().map(Source::Access));
        let sinks: Vec<_> = step.outputs.iter().map(Sink::Access).collect();
        let epilogue = build.engine(&[m, n], &step.epilogue, &sources, &sinks, false);

        let columns = n.min(STRIP_COLUMNS);
        let rows = (STRIP / columns.max(1) / ROWS * ROWS).clamp(ROWS, m.next_multiple_of(ROWS).max(ROWS));
        // Four products take about as long as an addition in a map.
        let cost = (m.saturating_mul(n)).saturating_mul(k / 4 + epilogue.cost());
        let by_columns = m.div_ceil(ROWS) < n.div_ceil(COLUMNS).min(FEW_ROWS);
        let tiles = if by_columns { n.div_ceil(COLUMNS) } else { m.div_ceil(ROWS) };
        let parts = parts(build.threads, cost).min(tiles.max(1));
        let strip_bytes = if direct.is_some() { 0 } else { rows * columns * 4 };
        build.reserve(parts, epilogue.scratch().next_multiple_of(64) + strip_bytes);
        build.reserve_shared(plan.scratch().saturating_mul(4));
        GemmStep {
            m,
            n,

            a: step.a.clone(),
            b: step.b.clone(),
            plan,
            direct,
            epilogue,
            by_columns,
            strip: [rows, columns],
            parts,
            shared: std::ptr::null_mut(),
            frames: PerPart::new([]),
        }
    }

    pub(super) fn place(&mut self, place: &Place) {
        self.shared = place.shared.cast();
        let frame = |i: usize| {
            let strip = place.part(i).wrapping_add(self.epilogue.scratch().next_multiple_of(64));
            (self.epilogue.frame(place.part(i), place.constants), strip.cast())
        };
        self.frames = PerPart::new((0..self.parts).map(frame));
    }

    /// # Safety
    /// The buffers must be what the checked program declares.
    pub(super) unsafe fn run(&self, run: &Run) {
        if self.m == 0 || self.n == 0 {
            return;
        }
        let start = |a: &Access| run.buffers()[a.operand.buffer].wrapping_add(a.operand.offset).cast::<f32>();
        let (a, b) = (start(&self.a), start(&self.b));
        let mut operands = Operands { a, b, scratch: self.shared, sparse: false };
        // SAFETY: the checked program has the operands there; the scratch was reserved. Each part has its frame
        // and its rows or columns of the outputs, which meet neither operand.
        unsafe {
            operands.sparse = self.plan.prepare(operands);
            run.each_part(self.parts, &|i| {
                let (rows, columns) = if self.by_columns {
                    (0..self.m, part(self.n, COLUMNS, self.parts, i))
                } else {
                    (part(self.m, ROWS, self.parts, i), 0..self.n)
                };
                match &self.direct {
                    Some(output) => {
                        let ld = output.strides[0];
                        let out = start(output).add(rows.start * ld + columns.start);
                        self.plan.strip(operands, rows, columns, out, ld);
                    }
                    None => self.run_strips(run, i, operands, rows, columns),
                }
            });
        }
    }

    unsafe fn run_strips(
        &self,
        run: &Run,
        i: usize,
        operands: Operands,
        rows: Range<usize>,
        columns: Range<usize>,
    ) {
        // SAFETY: the part's own frame and strip; ranges inside the result.
        unsafe {
            let (frame, strip) = self.frames.get(i);
            self.epilogue.begin(frame, run);
            for column in columns.clone().step_by(self.strip[1]) {
                let columns = column..(column + self.strip[1]).min(columns.end);
                let width = columns.len();
                for row in rows.clone().step_by(self.strip[0]) {
                    let rows = row..(row + self.strip[0]).min(rows.end);
                    self.plan.strip(operands, rows.clone(), columns.clone(), *strip, width);
                    // Whole rows follow each other in the strip as they do in the result.
                    let (count, length) =
                        if width == self.n { (1, rows.len() * width) } else { (rows.len(), width) };
                    for r in 0..count {
                        let first = (row + r) * self.n + column;
                        let given = strip.add(r * width).cast_const().cast();
                        self.epilogue.run(frame, first, first + length, given, |_, _, _| {});
                    }
                }
            }
        }
    }
}
