//! Matrix products with a map over each strip of the result while it is in the cache.

use crate::{
    DType,
    cpu::{
        calls::{Call, Calls},
        context::{Build, Run, Scratch},
        gemm::{
            COLUMNS, Epilogue, Operands, Out, Plan, Walk, batch::Batch, epilogue_match::FusedEpilogue,
            partition::Partition, sparse::gathered::GatheredRows,
        },
        map::{Engine, Loops, Sink, Source, ThreadState},
        simd::Level,
        threads::chunks::{self, PerPart, part},
    },
    program::{Access, Gemm},
};

/// A `Gemm` step.
#[derive(Debug)]
pub(in crate::cpu) struct GemmStep {
    m: usize,
    n: usize,
    a: Access,
    b: Access,
    batch: Batch,
    plan: Plan,
    /// Where the products go if nothing is computed from them: an output with contiguous rows.
    direct: Option<Access>,
    /// What becomes of the products, where they can meet it in registers.
    fused: Option<FusedEpilogue>,
    epilogue: Engine,
    /// Partition of the result over threads for the dense product, and for the sparse one.
    partitions: [Partition; 2],
    /// How many parts there are at most.
    parts: usize,
    /// Bytes of the largest strip that waits for its epilogue.
    strip_bytes: usize,
    /// Whether the result is one tile row that needs neither packing nor threads.
    small: bool,
    /// Roughly how long it takes, in units of an addition in the first-level cache.
    cost: usize,
    /// Into how many parts the copying of panels is split.
    packers: usize,
    /// Where copied panels are kept from run to run; if nowhere, they share scratch with other steps.
    panels: Option<usize>,
    shared: *mut f32,
    frames: PerPart<Part>,
    /// The rows of bytes that the numbers of `a` are made from.
    picked: Option<GatheredRows>,
}

/// State of the thread that computes one part of the result.
#[derive(Debug)]
struct Part {
    /// The epilogue's.
    frame: ThreadState,
    strip: *mut f32,
    /// Scratch memory of the product.
    own: *mut u8,
}

// SAFETY: `shared` is scratch that belongs to the executable, which runs one step at a time.
unsafe impl Send for GemmStep {}
// SAFETY: likewise; parts only read it.
unsafe impl Sync for GemmStep {}

/// Where an operand starts.
#[inline]
fn start(run: &Run, of: &Access) -> *mut f32 {
    run.buffers()[of.operand.buffer].wrapping_add(of.operand.offset).cast()
}

/// What it costs to copy a number to a panel, in units of an addition in a map.
const PACKED: usize = 2;

/// The plan for the products of a step whose operands are no two matrices.
fn walking(step: &Gemm, level: Level) -> Plan {
    let (batch, rows, depth) = (step.batch.len(), step.rows.len(), step.depth.len());
    let (a, b) = (&step.a.strides[batch..], &step.b.strides[batch..]);
    let lhs = Walk::new(level, (&step.rows, &a[..rows]), (&step.depth, &a[rows..]));
    let rhs = Walk::new(level, (&[step.n], &b[depth..]), (&step.depth, &b[..depth]));
    Plan::walking(level, [step.m(), step.n, step.k()], lhs, rhs)
}

impl GemmStep {
    /// With the rows that the left operand is made from, if it is so, and whether the right one is `fixed`:
    /// never written by the program.
    pub(in crate::cpu) fn new(
        step: &Gemm,
        picked: Option<GatheredRows>,
        fixed: bool,
        build: &mut Build,
    ) -> GemmStep {
        let (m, n, k) = (step.m(), step.n, step.k());
        let plan = match step.as_matrices() {
            Some([a, b]) => Plan::new(build.level, [m, n, k], a, b, fixed),
            None => walking(step, build.level),
        };
        let mut sources = vec![Source::Streamed(DType::F32)];
        sources.extend(step.epilogue_inputs.iter().map(Source::Access));
        let sinks: Vec<_> = step.outputs.iter().map(Sink::Access).collect();
        let epilogue = build.engine(Loops::in_order(&step.dims()), &step.epilogue, &sources, &sinks);

        // Cost model: four multiplications take about as long as an addition in a map, and a partial vector
        // as long as a full one.
        let width = n.next_multiple_of(COLUMNS);
        let cost = m.saturating_mul(width).saturating_mul(k / 4 + epilogue.cost());
        let mut batch =
            Batch::new(step, chunks::parts(build.threads, cost.saturating_mul(step.batch_count())));
        let pays = chunks::parts(build.threads, cost).min(batch.parts_a_product());
        let partition = |sparse| Partition::new(&plan, [m, n], pays, build.threads, sparse);
        let partitions = [partition(false), partition(plan.seeks_zeros())];
        let flat = step.with_flat_ends();
        let step = flat.as_ref().unwrap_or(step);
        let direct = match &step.outputs[..] {
            [output]
                if flat.is_some()
                    && step.epilogue.is_identity()
                    && step.epilogue_inputs.is_empty()
                    && output.operand.dtype == DType::F32
                    && (output.strides[batch.axes() + 1] == 1 || n == 1) =>
            {
                Some(batch.output(output))
            }
            _ => None,
        };
        let fused = FusedEpilogue::of(step)
            .filter(|_| flat.is_some() && batch.is_one())
            .filter(|_| [false, true].iter().any(|&sparse| plan.fuses_epilogue(sparse)));
        // Two threads that write parts of one cache line would wait for each other at every piece of a
        // product: parts that split columns keep their sums to themselves, in rows that start at cache lines.
        let strip = |partition: &Partition| match (&direct, partition.side_by_side()) {
            (Some(_), 1) => 0,
            _ => partition.strip[0] * partition.strip[1] * 4,
        };
        let strip_bytes = strip(&partitions[0]).max(strip(&partitions[1]));
        let parts = batch.groups() * partitions[0].parts().max(partitions[1].parts());
        build.reserve(parts, epilogue.scratch().next_multiple_of(64) + strip_bytes + plan.own_scratch());
        let scratch = plan.scratch().saturating_mul(4);
        let panels = plan.keeps().then(|| build.keep(scratch));
        if panels.is_none() {
            build.reserve_shared(scratch);
        }
        let small = batch.is_one() && plan.is_small() && partitions.iter().all(Partition::is_whole);
        let packers = chunks::parts(build.threads, plan.scratch().saturating_mul(PACKED));
        GemmStep {
            m,
            n,
            a: step.a.clone(),
            b: step.b.clone(),
            batch,
            plan,
            direct,
            fused,
            epilogue,
            partitions,
            strip_bytes,
            parts,
            small,
            cost,
            packers,
            panels,
            shared: std::ptr::null_mut(),
            frames: PerPart::new([]),
            picked,
        }
    }

    /// Roughly how long it takes, if each of its rows can be made alone: without panels that all share, and
    /// not by columns.
    pub(in crate::cpu) fn cost_by_rows(&self) -> Option<usize> {
        (self.plan.makes_rows() && self.partitions[0].side_by_side() == 1).then_some(self.cost)
    }

    pub(in crate::cpu) fn place(&mut self, place: &Scratch) {
        self.shared = self.panels.map_or(place.shared, |at| place.kept.wrapping_add(at)).cast();
        let frame = |i: usize| {
            let strip = place.part(i).wrapping_add(self.epilogue.scratch().next_multiple_of(64));
            Part {
                frame: self.epilogue.frame(place.part(i), place.constants),
                strip: strip.cast(),
                own: strip.wrapping_add(self.strip_bytes),
            }
        };
        self.frames = PerPart::new((0..self.parts).map(frame));
    }

    /// # Safety
    /// The buffers must be what the checked program declares.
    pub(in crate::cpu) unsafe fn run(&self, run: &Run) {
        if self.m == 0 || self.n == 0 || self.batch.is_empty() {
            return;
        }
        let start = |a: &Access| start(run, a);
        let (a, b) = (start(&self.a), start(&self.b));
        if self.small {
            // SAFETY: the checked program has the operands and the outputs there, which do not meet; the only
            // part has its frame and a strip for all of the result.
            unsafe {
                let Part { frame, strip, .. } = self.frames.get(0);
                self.small_tiles(run, *strip).for_each(|call| call.make());
                if self.direct.is_none() {
                    self.epilogue.begin(frame, run);
                    self.epilogue.run(frame, 0, self.m * self.n, strip.cast_const().cast(), |_, _, _| {});
                }
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
        // SAFETY: the checked program has the operands there; the scratch was reserved. Each part has its
        // frame and its rows or columns of the outputs, which meet neither operand.
        unsafe {
            let left_out = self.picked.as_ref().is_some_and(GatheredRows::left_out);
            operands.sparse = left_out || self.plan.is_sparse(operands);
            let packed = self.plan.packed_columns();
            if packed > 0 && !(self.panels.is_some() && run.unchanged()) {
                run.each_part(self.packers, &|i| {
                    self.plan.pack(operands, part(packed, COLUMNS, self.packers, i));
                });
            }
            let partition = &self.partitions[usize::from(operands.sparse)];
            run.each_part(self.batch.groups() * partition.parts(), &|i| {
                let own = self.frames.get(i);
                let (group, i) = (i / partition.parts(), i % partition.parts());
                for product in self.batch.products(group) {
                    let [a, b, output] = self.batch.offsets(product);
                    let operands = operands.moved(a, b);
                    self.run_part(run, partition, operands, (product, output, i), own);
                }
            });
        }
    }

    /// Part `i` of a product of the batch, whose output lies `offset` elements after the first's.
    ///
    /// # Safety
    /// As for [`GemmStep::run_strips`].
    #[inline]
    unsafe fn run_part(
        &self,
        run: &Run,
        partition: &Partition,
        operands: Operands,
        (product, offset, i): (usize, usize, usize),
        own: &mut Part,
    ) {
        let start = |a: &Access| start(run, a);
        let fused = self.fused.as_ref().filter(|_| self.plan.fuses_epilogue(operands.sparse));
        // SAFETY: the caller's promise.
        unsafe {
            let (output, epilogue) = match (fused, &self.direct) {
                (Some(fused), _) => (fused.output(), fused.epilogue(start)),
                (None, Some(output)) if partition.side_by_side() == 1 => (output, Epilogue::Store),
                _ => return self.run_strips(run, partition, operands, (product, i), own),
            };
            let [rows, columns] = partition.part(i);
            let out = Out { start: start(output).wrapping_add(offset), ld: output.strides[0], epilogue };
            let out = out.at(rows.start, columns.start);
            self.plan.strip(operands, rows, columns, out, own.own);
        }
    }

    /// The tiles of a small product, which go to `strip` if not to an output.
    #[inline]
    fn small_tiles(&self, run: &Run, strip: *mut f32) -> impl Iterator<Item = Call> {
        let (out, ld) = match &self.direct {
            Some(output) => (start(run, output), output.strides[0]),
            None => (strip, self.n),
        };
        self.plan.small_tiles(start(run, &self.a), start(run, &self.b), out, ld)
    }

    /// Records the calls of [`GemmStep::run`], if they stay the same.
    ///
    /// # Safety
    /// As for [`GemmStep::run`].
    pub(in crate::cpu) unsafe fn record(&self, run: &Run, calls: &mut Calls) -> Option<()> {
        if !self.small {
            return None;
        }
        // SAFETY: the caller's promise.
        unsafe {
            let Part { frame, strip, .. } = self.frames.get(0);
            self.small_tiles(run, *strip).try_for_each(|call| calls.push(call))?;
            match self.direct {
                Some(_) => Some(()),
                None => self.epilogue.record(frame, run, strip.cast_const().cast(), calls).map(|_| ()),
            }
        }
    }

    /// # Safety
    /// As for [`GemmStep::run`]; the product must be prepared, and part `i` be at work in one thread alone.
    unsafe fn run_strips(
        &self,
        run: &Run,
        partition: &Partition,
        operands: Operands,
        (product, i): (usize, usize),
        own: &mut Part,
    ) {
        let Part { frame, strip, own } = own;
        let [rows, columns] = partition.part(i);
        // Rows of all products are numbered through.
        let above = product * self.m;
        // SAFETY: the part's own frame and strip; ranges inside the result.
        unsafe {
            self.epilogue.begin(frame, run);
            for columns in partition.strips(columns) {
                let (column, width) = (columns.start, columns.len());
                let whole = width == self.n;
                let ld = if whole { width } else { partition.strip[1] };
                for row in rows.clone().step_by(partition.strip[0]) {
                    let rows = row..(row + partition.strip[0]).min(rows.end);
                    let out = Out { start: *strip, ld, epilogue: Epilogue::Store };
                    self.plan.strip(operands, rows.clone(), columns.clone(), out, *own);
                    // Whole rows follow each other in the strip as they do in the result.
                    let (count, length) = if whole { (1, rows.len() * width) } else { (rows.len(), width) };
                    // Threads side by side start at different rows, or they would meet at cache lines that
                    // both write.
                    let first = count / partition.side_by_side() * (i % partition.side_by_side());
                    for r in (first..count).chain(0..first) {
                        let at = (above + row + r) * self.n + column;
                        let given = strip.add(r * ld).cast_const().cast();
                        self.epilogue.run(frame, at, at + length, given, |_, _, _| {});
                    }
                }
            }
        }
    }
}
