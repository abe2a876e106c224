//! Matrix products with a map over each strip of the result while it is in the cache.

use super::{
    executable::{Build, Place, Run},
    finished::Finished,
    gemm::{COLUMNS, Finish, Operands, Out, Plan},
    map::{Engine, Frame, Sink, Source},
    parallel::{PerPart, part, parts},
    picked::Picked,
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
    /// What becomes of the products where zeros are left out.
    finished: Option<Finished>,
    epilogue: Engine,
    strip: [usize; 2],
    /// How many strips lie side by side in a part.
    across: usize,
    /// The result is one part and one strip, of a product without ado.
    small: bool,
    /// Into how many parts rows and columns are split.
    split: [usize; 2],
    /// Roughly how long it takes, in units of an addition in the first-level cache.
    cost: usize,
    /// Into how many parts the copying of panels is split.
    packers: usize,
    /// Where copied panels are kept from run to run; if nowhere, they share scratch with other steps.
    panels: Option<usize>,
    shared: *mut f32,
    frames: PerPart<Part>,
    /// The rows of bytes that the numbers of `a` are made from.
    picked: Option<Picked>,
}

/// A part of the result, and what its thread needs.
#[derive(Debug)]
struct Part {
    rows: Range<usize>,
    columns: Range<usize>,
    /// The epilogue's.
    frame: Frame,
    strip: *mut f32,
    /// What the product needs for itself.
    own: *mut u8,
}

// SAFETY: `shared` is scratch that belongs to the executable, which runs one step at a time.
unsafe impl Send for GemmStep {}
// SAFETY: likewise; parts only read it.
unsafe impl Sync for GemmStep {}

/// Floats in a strip that waits for its epilogue: half of a small second-level cache.
const STRIP: usize = 32 * 1024;
/// Columns of such a strip.
const STRIP_COLUMNS: usize = 4096;
/// Tiles from top to bottom that are too few to split.
const FEW_ROWS: usize = 8;
/// Tiles from left to right that are too few to split.
const FEW_COLUMNS: usize = 8;
/// What it costs to copy a number to a panel, in units of an addition in a map.
const PACKED: usize = 2;

impl GemmStep {
    /// The bytes that the left operand is made from, if they are kept, and whether the right one is `fixed`: never
    /// written by the program.
    pub(super) fn new(step: &Gemm, picked: Option<Picked>, fixed: bool, build: &mut Build) -> GemmStep {
        let Gemm { m, n, k, .. } = *step;
        let strides = |a: &Access| [a.strides[0], a.strides[1]];
        let plan = Plan::new(build.level, [m, n, k], strides(&step.a), strides(&step.b), fixed);
        let mut sources = vec![Source::Given(DType::F32)];
        sources.extend(step.epilogue_inputs.iter().map(Source::Access));
        let sinks: Vec<_> = step.outputs.iter().map(Sink::Access).collect();
        let epilogue = build.engine(&[m, n], &step.epilogue, &sources, &sinks, false);

        // Four products take about as long as an addition in a map, and a vector that is not full as long as any.
        let width = n.next_multiple_of(COLUMNS);
        let cost = m.saturating_mul(width).saturating_mul(k / 4 + epilogue.cost());
        let tiles = [m.div_ceil(plan.tile_rows()).max(1), n.div_ceil(COLUMNS).max(1)];
        let pays = parts(build.threads, cost);
        let split = if tiles[0] < tiles[1].min(FEW_ROWS) {
            [1, pays.min(plan.widest_split())]
        } else if plan.splits_columns(build.threads) && pays > 1 && tiles[1] >= FEW_COLUMNS {
            [(build.threads / 2).clamp(1, tiles[0]), 2]
        } else {
            [pays.min(tiles[0]), 1]
        };
        let direct = match &step.outputs[..] {
            [output]
                if split[1] == 1
                    && step.epilogue.is_identity()
                    && step.epilogue_inputs.is_empty()
                    && output.operand.dtype == DType::F32
                    && (output.strides[1] == 1 || n == 1) =>
            {
                Some(output.clone())
            }
            _ => None,
        };
        let finished =
            Finished::of(step).filter(|_| [false, true].iter().any(|&sparse| plan.finishes(sparse)));
        // Two threads that write parts of one cache line would wait for each other at every piece of a product: parts
        // that split columns keep their sums to themselves, in rows that start at cache lines.
        let widest = part(n, COLUMNS, split[1], 0).len();
        let across = widest.div_ceil(STRIP_COLUMNS).max(1);
        let columns = part(widest, COLUMNS, across, 0).len().next_multiple_of(COLUMNS);
        let rows = m.div_ceil(split[0]);
        let rows = rows.div_ceil(rows.div_ceil((STRIP / columns.max(1)).max(plan.tile_rows())).max(1)).max(1);
        let strip_bytes = if direct.is_some() { 0 } else { rows * columns * 4 };
        build.reserve(
            split[0] * split[1],
            epilogue.scratch().next_multiple_of(64) + strip_bytes + plan.own_scratch(),
        );
        let scratch = plan.scratch().saturating_mul(4);
        let panels = plan.keeps().then(|| build.keep(scratch));
        if panels.is_none() {
            build.reserve_shared(scratch);
        }
        let small = plan.is_small() && split == [1, 1] && rows >= m && columns >= n;
        let packers = parts(build.threads, plan.scratch().saturating_mul(PACKED));
        GemmStep {
            m,
            n,
            a: step.a.clone(),
            b: step.b.clone(),
            plan,
            direct,
            finished,
            epilogue,
            strip: [rows, columns],
            across,
            small,
            split,
            cost,
            packers,
            panels,
            shared: std::ptr::null_mut(),
            frames: PerPart::new([]),
            picked,
        }
    }

    /// Roughly how long it takes, if each of its rows can be made alone: without panels that all share, and not by
    /// columns.
    pub(super) fn cost_by_rows(&self) -> Option<usize> {
        (self.plan.makes_rows() && self.split[1] == 1).then_some(self.cost)
    }

    pub(super) fn place(&mut self, place: &Place) {
        self.shared = self.panels.map_or(place.shared, |at| place.kept.wrapping_add(at)).cast();
        let strip_bytes = if self.direct.is_some() { 0 } else { self.strip[0] * self.strip[1] * 4 };
        let frame = |i: usize| {
            let strip = place.part(i).wrapping_add(self.epilogue.scratch().next_multiple_of(64));
            Part {
                // Two threads that take parts in turn stay in their columns.
                rows: part(self.m, 1, self.split[0], i / self.split[1]),
                columns: part(self.n, COLUMNS, self.split[1], i % self.split[1]),
                frame: self.epilogue.frame(place.part(i), place.constants),
                strip: strip.cast(),
                own: strip.wrapping_add(strip_bytes),
            }
        };
        self.frames = PerPart::new((0..self.split[0] * self.split[1]).map(frame));
    }

    /// # Safety
    /// The buffers must be what the checked program declares.
    pub(super) unsafe fn run(&self, run: &Run) {
        if self.m == 0 || self.n == 0 {
            return;
        }
        let start = |a: &Access| run.buffers()[a.operand.buffer].wrapping_add(a.operand.offset).cast::<f32>();
        let (a, b) = (start(&self.a), start(&self.b));
        if self.small {
            // SAFETY: the checked program has the operands and the outputs there, which do not meet; the only part has
            // its frame and a strip for all of the result.
            unsafe {
                let Part { frame, strip, .. } = self.frames.get(0);
                if let Some(output) = &self.direct {
                    return self.plan.run_small(a, b, start(output), output.strides[0]);
                }
                self.plan.run_small(a, b, *strip, self.n);
                self.epilogue.begin(frame, run);
                self.epilogue.run(frame, 0, self.m * self.n, strip.cast_const().cast(), |_, _, _| {});
            }
            return;
        }
        let mut operands = Operands {
            a,
            b,
            scratch: self.shared,
            sparse: false,
            bytes: self.picked.as_ref().map(|picked| picked.bytes(run)),
        };
        // SAFETY: the checked program has the operands there; the scratch was reserved. Each part has its frame
        // and its rows or columns of the outputs, which meet neither operand.
        unsafe {
            let left_out = self.picked.as_ref().is_some_and(Picked::left_out);
            operands.sparse = left_out || self.plan.is_sparse(operands);
            let packed = self.plan.packed_columns();
            if packed > 0 && !(self.panels.is_some() && run.unchanged()) {
                run.each_part(self.packers, &|i| {
                    self.plan.pack(operands, part(packed, COLUMNS, self.packers, i));
                });
            }
            run.each_part(self.split[0] * self.split[1], &|i| {
                let own = self.frames.get(i);
                let finished = self.finished.as_ref().filter(|_| self.plan.finishes(operands.sparse));
                let (output, finish) = match (finished, &self.direct) {
                    (Some(finished), _) => (finished.output(), finished.finish(start)),
                    (None, Some(output)) => (output, Finish::Store),
                    (None, None) => return self.run_strips(run, i, operands, own),
                };
                let out = Out { start: start(output), ld: output.strides[0], finish };
                let out = out.at(own.rows.start, own.columns.start);
                self.plan.strip(operands, own.rows.clone(), own.columns.clone(), out, own.own);
            });
        }
    }

    /// # Safety
    /// As for [`GemmStep::run`]; the product must be prepared, and part `i` be at work in one thread alone.
    unsafe fn run_strips(&self, run: &Run, i: usize, operands: Operands, own: &mut Part) {
        let Part { rows, columns: all_columns, frame, strip, own } = own;
        // SAFETY: the part's own frame and strip; ranges inside the result.
        unsafe {
            self.epilogue.begin(frame, run);
            for number in 0..self.across {
                let columns = part(all_columns.len(), COLUMNS, self.across, number);
                let (column, width) = (all_columns.start + columns.start, columns.len());
                let columns = column..column + width;
                let whole = width == self.n;
                let ld = if whole { width } else { self.strip[1] };
                for row in rows.clone().step_by(self.strip[0]) {
                    let rows = row..(row + self.strip[0]).min(rows.end);
                    let out = Out { start: *strip, ld, finish: Finish::Store };
                    self.plan.strip(operands, rows.clone(), columns.clone(), out, *own);
                    // Whole rows follow each other in the strip as they do in the result.
                    let (count, length) = if whole { (1, rows.len() * width) } else { (rows.len(), width) };
                    // Threads side by side start at different rows, or they would meet at cache lines that both write.
                    let first = count / self.split[1] * (i % self.split[1]);
                    for r in (first..count).chain(0..first) {
                        let at = (row + r) * self.n + column;
                        let given = strip.add(r * ld).cast_const().cast();
                        self.epilogue.run(frame, at, at + length, given, |_, _, _| {});
                    }
                }
            }
        }
    }
}
