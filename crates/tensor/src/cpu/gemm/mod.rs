//! Matrix products: every element of the result is one chain of fused multiply-adds in ascending order,
//! however the result is cut into tiles, strips and threads.

mod batch;
mod epilogue;
mod epilogue_match;
mod narrow;
mod pack;
mod packing;
mod partition;
pub(in crate::cpu) mod sparse;
mod step;
mod tile;
mod walk;

use crate::cpu::{
    calls::Call,
    simd::{Level, prefetch},
};
pub(in crate::cpu) use epilogue::{Epilogue, Out};
use sparse::{Bytes, LhsBlock, Sparse, SparseCall};
use std::ops::Range;
pub(in crate::cpu) use step::GemmStep;
pub(in crate::cpu) use tile::TileCall;
use tile::{Panel, Tile};
pub(in crate::cpu) use walk::Walk;

/// NR: columns of a packed panel of `b`, one vector.
pub(in crate::cpu) const COLUMNS: usize = 16;
/// KC x NR: floats of a panel of `b` that stays in the first-level cache while the micro-kernel goes down the
/// rows of `a`.
const PIECE: usize = 4096;
/// MC: rows of `a` that are packed at once and stay in the second-level cache, at most.
const BLOCK_ROWS: usize = 192;
/// Columns from which packing `a` pays: each packed number meets as many of `b`.
const MANY_COLUMNS: usize = 8 * COLUMNS;
/// Floats of `b` that stay in the second-level cache from one block of rows to the next, at most.
const NEAR: usize = 1 << 18;
/// Multiplications from which operands are packed in blocks.
const BLOCK_WORK: usize = 1 << 21;
/// Inner dimension up to which a product takes as long to store as to compute.
const SHORT: usize = 32;
/// Floats in a page of memory.
const PAGE: usize = 1024;
/// Rows up to which packed panels are not kept: each number of `b` is used too seldom.
const FEW_ROWS: usize = 24;
/// Floats of packed panels that are kept from run to run, at most: they double the memory of `b`.
const MOST_KEPT: usize = 1 << 22;
/// Multiplications from which zeros of `a` are sought: below, counting them takes longer than multiplying.
const SPARSE_WORK: usize = 1 << 20;

/// A product of one shape.
#[derive(Debug)]
pub(in crate::cpu) struct Plan {
    m: usize,
    n: usize,
    k: usize,
    a_strides: [usize; 2],
    b_strides: [usize; 2],
    panels: Panels,
    /// KC: rows of a block of `b`.
    depth: usize,
    tile: Tile,
    pack: pack::Pack,
    /// Whether the rows are cut into blocks of [`BLOCK_ROWS`].
    blocked: bool,
    /// Whether blocks of `a` are packed.
    packs_rows: bool,
    /// How `a` and `b` lie in memory, if not evenly.
    walks: [Option<Walk>; 2],
    end: epilogue::EpilogueTile,
    /// If the operands lie so that zeros in `a` can be left out.
    sparse: Option<Sparse>,
    /// MR, if the result is one column of tiles, which need no packing.
    stack: Option<usize>,
}

/// Where tiles find the rows of `b`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Panels {
    /// Where they lie.
    InPlace,
    /// Copied once, for all strips.
    Packed,
    /// Copied by each strip, piece by piece.
    PackedLate,
    /// Copied once, and again only if `b` has changed.
    Kept,
}

/// The operands of one call.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Operands {
    pub(in crate::cpu) a: *const f32,
    pub(in crate::cpu) b: *const f32,
    /// [`Plan::scratch`] floats, filled by [`Plan::pack`].
    pub(in crate::cpu) scratch: *mut f32,
    /// Whether zeros in `a` are left out, as [`Plan::is_sparse`] says.
    pub(in crate::cpu) sparse: bool,
    /// The bytes that the numbers of `a` were made from.
    pub(in crate::cpu) bytes: Option<Bytes>,
}

impl Operands {
    /// So many elements further on.
    fn moved(self, a: usize, b: usize) -> Operands {
        Operands { a: self.a.wrapping_add(a), b: self.b.wrapping_add(b), ..self }
    }
}

/// The sums of a tile.
#[repr(align(64))]
struct TileSums([f32; LARGEST]);

/// Numbers in the largest tile of any level.
const LARGEST: usize = 12 * 2 * COLUMNS;

// SAFETY: strips only read through these pointers; whoever calls them vouches for the rest.
unsafe impl Sync for Operands {}

/// Whether rows of this pitch may be read where they lie: each starts at a cache line, if the first does, and
/// an odd number of lines spreads them over all sets of a cache.
fn spreads(pitch: usize) -> bool {
    pitch.is_multiple_of(COLUMNS) && pitch / COLUMNS % 2 == 1
}

/// Whether zeros are looked for in the left operand of such a product.
pub(in crate::cpu) fn seeks_zeros(
    [m, n, k]: [usize; 3],
    a_strides: [usize; 2],
    b_strides: [usize; 2],
) -> bool {
    let whole = a_strides == [k, 1] || a_strides == [1, m];
    let large = m.saturating_mul(n).saturating_mul(k) >= SPARSE_WORK;
    whole && large && n >= COLUMNS && b_strides[1] == 1
}

impl Plan {
    /// A product of `m x k` elements with strides `a_strides` and `k x n` with `b_strides`, in elements;
    /// whether `b` is `fixed`, so that many runs find it as it was.
    pub(in crate::cpu) fn new(
        level: Level,
        [m, n, k]: [usize; 3],
        a_strides: [usize; 2],
        b_strides: [usize; 2],
        fixed: bool,
    ) -> Plan {
        let tile = Tile::at(level);
        let blocked =
            m >= 2 * tile.rows && n >= MANY_COLUMNS && m.saturating_mul(n).saturating_mul(k) >= BLOCK_WORK;
        // Rows that lie far apart are on pages of their own, and may all meet in few sets of a cache.
        let packs_rows = blocked && (a_strides[1] != 1 || a_strides[0] >= PAGE);
        let panels = match b_strides[1] {
            _ if n == 1 => Panels::InPlace,
            1 if blocked && (!spreads(b_strides[0]) || n.saturating_mul(k) > NEAR) => Panels::PackedLate,
            1 => Panels::InPlace,
            _ if blocked && n.saturating_mul(k) > NEAR && (n > 2 * m || m >= 4 * BLOCK_ROWS) => {
                Panels::PackedLate
            }
            _ if m <= FEW_ROWS && fixed && n.saturating_mul(k) <= MOST_KEPT => Panels::Kept,
            // What is copied in no time is better copied by each thread than handed from one to the others.
            _ if m <= FEW_ROWS || k <= SHORT => Panels::PackedLate,
            _ => Panels::Packed,
        };
        let sparse = seeks_zeros([m, n, k], a_strides, b_strides).then(|| Sparse::at(level));
        // A piece is worth its while where several tiles below each other meet it.
        let pieces = if panels == Panels::Kept && m <= tile.rows {
            1
        } else {
            k.div_ceil(PIECE / tile.columns).max(1)
        };
        let depth = k.div_ceil(pieces).max(1);
        let stack = (panels == Panels::InPlace && sparse.is_none() && k <= depth && n <= tile.columns)
            .then(|| tile.height(m));
        Plan {
            m,
            n,
            k,
            a_strides,
            b_strides,
            panels,
            depth,
            tile,
            pack: pack::at(level),
            blocked,
            packs_rows,
            walks: [None, None],
            end: epilogue::at(level),
            sparse,
            stack,
        }
    }

    /// One of many products of a shape, whose operands are walked over like this: nothing is shared by the
    /// threads that compute one of them, and zeros are not sought.
    pub(in crate::cpu) fn walking(level: Level, shape: [usize; 3], a: Walk, b: Walk) -> Plan {
        let even = [&a, &b].map(Walk::uniform);
        let [down, across] = even[1].map_or([1, 0], |[columns, terms]| [terms, columns]);
        let mut plan = Plan::new(level, shape, even[0].unwrap_or_default(), [down, across], false);
        plan.sparse = None;
        plan.stack = None;
        if even[1].is_none() || matches!(plan.panels, Panels::Packed | Panels::Kept) {
            plan.panels = Panels::PackedLate;
        }
        if even[0].is_none() {
            // Blocks of rows are what is copied.
            (plan.blocked, plan.packs_rows) = (true, true);
        }
        plan.depth = plan.k.div_ceil(plan.k.div_ceil(PIECE / plan.tile.columns).max(1)).max(1);
        plan.walks = [(a, even[0]), (b, even[1])].map(|(walk, even)| even.is_none().then_some(walk));
        plan
    }

    /// Rows of a tile.
    pub(in crate::cpu) fn tile_rows(&self) -> usize {
        self.tile.rows
    }

    /// Floats of scratch that a call needs.
    pub(in crate::cpu) fn scratch(&self) -> usize {
        self.packed_columns().next_multiple_of(COLUMNS).saturating_mul(self.k)
    }

    /// How many columns are copied by [`Plan::pack`].
    pub(in crate::cpu) fn packed_columns(&self) -> usize {
        if matches!(self.panels, Panels::Packed | Panels::Kept) { self.n } else { 0 }
    }

    /// Whether what [`Plan::pack`] copied stays good while `b` does.
    pub(in crate::cpu) fn keeps(&self) -> bool {
        self.panels == Panels::Kept
    }

    /// Whether zeros in `a` should be left out.
    ///
    /// # Safety
    /// The operands must be good for the plan's shape.
    pub(in crate::cpu) unsafe fn is_sparse(&self, operands: Operands) -> bool {
        // SAFETY: the operand is contiguous.
        self.sparse.as_ref().is_some_and(|sparse| unsafe { sparse.pays(operands.a, self.m * self.k) })
    }

    /// Whether threads split the columns of the result rather than its rows. A sparse product compresses its
    /// own rows of `a` in each part and checks its own columns of `b`, so that few long rows are cheaper to
    /// compress twice than a large `b` is to read twice. Where `a` is transposed, as in the update of
    /// weights, there are many short rows, and each thread writes whole ones: where two write neighbouring
    /// columns, each fetches cache lines ahead that are the other's. Dense products split columns where the
    /// inner dimension is short, since they are bound by storing the result.
    pub(in crate::cpu) fn splits_columns(&self, threads: usize, sparse: bool) -> bool {
        let few_rows = self.a_strides[1] == 1 && self.m < threads * sparse::ROWS;
        if sparse { few_rows } else { self.k <= SHORT }
    }

    /// Whether zeros are looked for.
    pub(in crate::cpu) fn seeks_zeros(&self) -> bool {
        self.sparse.is_some()
    }

    /// Into how many parts columns may be split: zeros are left out of rows of a vector at least.
    pub(in crate::cpu) fn widest_split(&self) -> usize {
        let vectors = self.n.div_ceil(COLUMNS);
        if self.sparse.is_some() { vectors / 2 } else { vectors }.max(1)
    }

    /// Whether each row is made alone: nothing is copied for several of them, and no zeros are sought.
    pub(in crate::cpu) fn makes_rows(&self) -> bool {
        self.panels == Panels::InPlace && self.sparse.is_none() && !self.blocked
    }

    /// Whether operands are packed in blocks, which pays the more, the larger a strip is in both directions.
    pub(in crate::cpu) fn is_blocked(&self) -> bool {
        self.blocked
    }

    /// Whether each part packs the columns of `b` that it reads: twice, where two parts share them.
    pub(in crate::cpu) fn packs_columns(&self) -> bool {
        self.blocked && self.panels == Panels::PackedLate
    }

    /// Whether strips of such a product do more than [`Epilogue::Store`]: all do where zeros in `a` are left
    /// out, and otherwise those whose tiles are made at once.
    pub(in crate::cpu) fn fuses_epilogue(&self, sparse: bool) -> bool {
        sparse || self.k <= self.depth && !self.is_narrow()
    }

    /// Bytes of scratch that a strip needs for itself.
    pub(in crate::cpu) fn own_scratch(&self) -> usize {
        if self.is_narrow() {
            return self.narrow_scratch();
        }
        let late = if self.panels == Panels::PackedLate { self.side_by_side() * self.depth } else { 0 };
        let dense = (late + self.packed_block()) * 4;
        if self.sparse.is_some() { sparse::SCRATCH.max(dense) } else { dense }
    }

    /// NC: columns of the panels of `b` that are copied together. Rows that are far apart are read in pieces
    /// longer than a cache line.
    fn side_by_side(&self) -> usize {
        match self.panels {
            Panels::PackedLate if self.blocked => MANY_COLUMNS,
            Panels::PackedLate => self.tile.columns,
            Panels::InPlace | Panels::Packed | Panels::Kept => usize::MAX,
        }
    }

    /// Floats of a packed block of `a`: whole tiles, and a vector after the last.
    fn packed_block(&self) -> usize {
        let rows = BLOCK_ROWS + self.tile.rows;
        match &self.walks[0] {
            Some(_) => Walk::block(rows, self.depth),
            None if self.packs_rows => (rows * self.depth + COLUMNS).next_multiple_of(COLUMNS),
            None => 0,
        }
    }

    /// Computes rows `rows` and columns `columns` of the product.
    ///
    /// # Safety
    /// The operands must be good for the plan's shape, and packed; `out` must be good for the strip, and meet
    /// no operand; `own` must offer [`Plan::own_scratch`] bytes. `columns` must start at a multiple of
    /// [`COLUMNS`], and be no fewer where zeros are left out.
    pub(in crate::cpu) unsafe fn strip(
        &self,
        operands: Operands,
        rows: Range<usize>,
        columns: Range<usize>,
        out: Out,
        own: *mut u8,
    ) {
        if let Some(sparse) = self.sparse.as_ref().filter(|_| operands.sparse) {
            debug_assert!(columns.len() >= COLUMNS, "a strip of {columns:?}");
            let [down, along] = self.a_strides;
            // SAFETY: the caller's promise.
            unsafe {
                sparse.strip(&SparseCall {
                    shape: [rows.len(), columns.len(), self.k],
                    a: LhsBlock { numbers: operands.a, down, along, bytes: operands.bytes }.at(rows.start, 0),
                    b: operands.b.add(columns.start),
                    b_stride: self.b_strides[0],
                    out,
                    scratch: own,
                });
            }
            return;
        }
        if let Some(walk) = self.walks[0].as_ref().filter(|_| self.is_narrow()) {
            // SAFETY: the caller's promise; columns are split at whole vectors, and here is not one.
            return unsafe { self.narrow_strip(walk, operands, rows, out, own.cast()) };
        }
        let mut sums = TileSums([0.0; LARGEST]);
        let count = if self.blocked { rows.len().div_ceil(BLOCK_ROWS).max(1) } else { 1 };
        let height = self.tile.height(rows.len().div_ceil(count));
        let block = rows.len().div_ceil(count).next_multiple_of(height);
        let packed = own.cast::<f32>();
        // SAFETY: the scratch has room for a block of `a`, and then for panels of `b`.
        let panel = unsafe { packed.add(self.packed_block()) };
        // A block of rows takes all of its products before the next: its sums stay in the second-level cache.
        for top in rows.clone().step_by(block) {
            let block = top..(top + block).min(rows.end);
            for start in (0..self.k.max(1)).step_by(self.depth) {
                let depth = start..(start + self.depth).min(self.k);
                let first = operands.a.wrapping_add(top * self.a_strides[0] + start * self.a_strides[1]);
                let (a, a_strides, step) = if let Some(walk) = &self.walks[0] {
                    // SAFETY: the block lies in `a`, and its copy in the scratch.
                    let strides = unsafe { walk.copy(operands.a, block.clone(), depth.clone(), packed) };
                    (packed.cast_const(), strides, strides[0])
                } else if self.packs_rows {
                    // SAFETY: the rows lie in `a`, and their copy in the scratch.
                    unsafe { self.pack_rows(first, [block.len(), depth.len()], height, packed) };
                    (packed.cast_const(), [1, height], depth.len())
                } else {
                    (first, self.a_strides, self.a_strides[0])
                };
                for group in columns.clone().step_by(self.side_by_side()) {
                    let group = group..columns.end.min(group.saturating_add(self.side_by_side()));
                    // SAFETY: the panels lie in `b` or in the scratch.
                    let panels = unsafe { self.panel(operands, depth.clone(), group.clone(), panel) };
                    for column in group.clone().step_by(self.tile.columns) {
                        for row in block.clone().step_by(height) {
                            let call = TileCall {
                                height: height.min(block.end - row),
                                width: self.tile.columns.min(group.end - column),
                                depth: depth.len(),
                                first: start == 0,
                                a: a.wrapping_add((row - top) * step),
                                a_strides,
                                b: panels.at(column - group.start),
                                out: std::ptr::null_mut(),
                                ld: out.ld,
                            };
                            let to = out.at(row - rows.start, column - columns.start);
                            if self.blocked {
                                // The next tile's sums, which were stored a block ago or never.
                                (0..height).for_each(|i| {
                                    prefetch(to.at(height + i, 0).start.cast(), call.width * 4)
                                });
                            }
                            // SAFETY: tiles lie in the strip.
                            unsafe { self.tile(call, to, &mut sums) };
                        }
                    }
                }
            }
        }
    }

    /// Computes a tile, and its epilogue.
    ///
    /// # Safety
    /// The call's operands must be there, and `to` be good for the tile.
    unsafe fn tile(&self, call: TileCall, to: Out, sums: &mut TileSums) {
        // SAFETY: the caller's promise; the sums have room for a tile.
        unsafe {
            if let Epilogue::Store = to.epilogue {
                (self.tile.micro_kernel)(&TileCall { out: to.start, ld: to.ld, ..call });
            } else {
                let (sums, ld) = (sums.0.as_mut_ptr(), self.tile.columns);
                (self.tile.micro_kernel)(&TileCall { first: true, out: sums, ld, ..call });
                (self.end)([call.height, call.width], sums, ld, to);
            }
        }
    }

    /// Whether [`Plan::run_small`] can be called.
    pub(in crate::cpu) fn is_small(&self) -> bool {
        self.stack.is_some()
    }

    /// The tiles of the whole product, where [`Plan::is_small`] says so: what [`Plan::strip`] does, without
    /// what it takes to find that there is but one column of tiles.
    ///
    /// Calls are sound where the operands are good for the plan's shape, and `out` for the result, which must
    /// meet no operand.
    #[inline]
    pub(in crate::cpu) fn small_tiles(
        &self,
        a: *const f32,
        b: *const f32,
        out: *mut f32,
        ld: usize,
    ) -> impl Iterator<Item = Call> {
        let height = self.stack.unwrap_or(1);
        let call = TileCall {
            height,
            width: self.n,
            depth: self.k,
            first: true,
            a,
            a_strides: self.a_strides,
            b: Panel { rows: b, down: self.b_strides[0], across: COLUMNS, ahead: 0 },
            out,
            ld,
        };
        (0..self.m).step_by(height).map(move |row| {
            let height = height.min(self.m - row);
            let (a, out) = (a.wrapping_add(row * self.a_strides[0]), out.wrapping_add(row * ld));
            Call::Tile(self.tile.micro_kernel, TileCall { height, a, out, ..call })
        })
    }
}
