//! The innermost loop: a tile of the result in registers.

use crate::cpu::{
    gemm::COLUMNS,
    simd::{
        Level, by_vector, prefetch,
        vector::{self, TERMS, Vector},
    },
};

const _: () = assert!(COLUMNS == vector::WIDTH);

/// Rows of `b` as vectors of [`COLUMNS`] numbers.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Panel {
    pub(super) rows: *const f32,
    /// From one row to the next.
    pub(super) down: usize,
    /// From a row's first vector to its second.
    pub(super) across: usize,
    /// From a row to what is read next in the same row, where rows are far apart: no CPU guesses that by
    /// itself.
    pub(super) ahead: usize,
}

impl Panel {
    /// The rows from a column on, a multiple of [`COLUMNS`].
    pub(super) fn at(self, column: usize) -> Panel {
        Panel { rows: self.rows.wrapping_add(column / COLUMNS * self.across), ..self }
    }
}

/// One call of a micro-kernel: `height x width` results that are each advanced by `depth` products.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct TileCall {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) depth: usize,
    /// Whether sums start at `+0` rather than at what `out` holds.
    pub(super) first: bool,
    pub(super) a: *const f32,
    /// From one row of `a` to the next, and from one column.
    pub(super) a_strides: [usize; 2],
    pub(super) b: Panel,
    pub(super) out: *mut f32,
    /// From one row of `out` to the next.
    pub(super) ld: usize,
}

/// Computes a tile. A zero is stored as `+0`.
///
/// # Safety
/// The CPU must have the level's instructions; `height` rows of `a` and `out`, `width` columns of `b` and
/// `out`, and `depth` rows of `b` must be there, and `out` must meet neither operand. A tile of one vector
/// has at most [`Tile::rows`] rows; there are tiles of two where [`Tile::columns`] says so.
type MicroKernel = unsafe fn(&TileCall);

/// The tiles of a level, which the CPU must have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tile {
    /// Rows of a tile, at most.
    pub(super) rows: usize,
    /// Columns of a tile, at most.
    pub(super) columns: usize,
    pub(super) micro_kernel: MicroKernel,
}

impl Tile {
    pub(super) fn at(level: Level) -> Tile {
        let [rows, vectors] = match level {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => vector::Avx512::TILE,
            Level::Scalar => vector::Baseline::TILE,
            _ => vector::Plain::TILE,
        };
        Tile { rows, columns: vectors * COLUMNS, micro_kernel: tile::at(level) }
    }

    /// The height of tiles below each other that have about one: the fewer rows, the more often a row of `b`
    /// is read.
    pub(super) fn height(&self, rows: usize) -> usize {
        rows.div_ceil(rows.div_ceil(self.rows).max(1)).max(1)
    }
}

/// Micro-kernel of `HEIGHT` rows and `VECTORS` vectors, of whose last `tail` columns count: all where the
/// tile is `FULL`.
///
/// # Safety
/// See [`MicroKernel`].
#[inline(always)]
unsafe fn advance<V: Vector, const HEIGHT: usize, const VECTORS: usize, const FULL: bool>(
    call: &TileCall,
    tail: usize,
) {
    let TileCall { depth, first, a, a_strides, b, out, ld, .. } = *call;
    // SAFETY: the caller has the instructions, HEIGHT rows of `a` and `out`, and `depth` rows of `b`.
    unsafe {
        let load = |i: usize, from: *const f32| {
            if FULL || i + 1 < VECTORS { V::load(from) } else { V::load_part(from, tail) }
        };
        let mut sums = [[V::zero(); VECTORS]; HEIGHT];
        if !first {
            for (i, sums) in sums.iter_mut().enumerate() {
                for (j, sum) in sums.iter_mut().enumerate() {
                    *sum = load(j, out.add(i * ld + j * COLUMNS));
                }
            }
        }
        let mut start = 0;
        while V::BY_TERMS && start + TERMS <= depth {
            let mut rows = [[V::zero(); TERMS]; VECTORS];
            for (j, rows) in rows.iter_mut().enumerate() {
                for (p, row) in rows.iter_mut().enumerate() {
                    *row = load(j, b.rows.add((start + p) * b.down + j * b.across));
                }
            }
            for (i, sums) in sums.iter_mut().enumerate() {
                let a = |p: usize| a.add(i * a_strides[0] + (start + p) * a_strides[1]).read_unaligned();
                let numbers = std::array::from_fn(a);
                for (sum, rows) in sums.iter_mut().zip(&rows) {
                    *sum = sum.mul_add_terms(&numbers, rows);
                }
            }
            start += TERMS;
        }
        for p in start..depth {
            let row = b.rows.add(p * b.down);
            let mut vectors = [V::zero(); VECTORS];
            for (j, vector) in vectors.iter_mut().enumerate() {
                *vector = load(j, row.add(j * b.across));
            }
            if b.ahead > 0 {
                prefetch(row.wrapping_add(b.ahead).cast(), VECTORS * COLUMNS * 4);
            }
            for (i, sums) in sums.iter_mut().enumerate() {
                let x = V::splat(a.add(i * a_strides[0] + p * a_strides[1]).read_unaligned());
                for (sum, vector) in sums.iter_mut().zip(&vectors) {
                    *sum = x.mul_add(*vector, *sum);
                }
            }
        }
        for (i, sums) in sums.iter().enumerate() {
            for (j, sum) in sums.iter().enumerate() {
                // A chain that underflows can end at -0, and at no earlier point does the sign of a zero
                // matter: the next product decides it alone, and adding +0 here and there gives the same.
                let (sum, to) = (sum.add(V::zero()), out.add(i * ld + j * COLUMNS));
                if FULL || j + 1 < VECTORS { sum.store(to) } else { sum.store_part(to, tail) }
            }
        }
    }
}

/// Micro-kernel of any size.
///
/// # Safety
/// See [`MicroKernel`].
#[inline(always)]
unsafe fn any<V: Vector>(call: &TileCall) {
    let wide = V::TILE[1] > 1 && call.width > COLUMNS;
    let tail = if wide { call.width - COLUMNS } else { call.width };
    macro_rules! tile {
        ($height:literal) => {
            match (wide, tail == COLUMNS) {
                (false, true) => advance::<V, $height, 1, true>(call, tail),
                (false, false) => advance::<V, $height, 1, false>(call, tail),
                (true, true) => advance::<V, $height, 2, true>(call, tail),
                (true, false) => advance::<V, $height, 2, false>(call, tail),
            }
        };
    }
    // SAFETY: the caller's promise.
    unsafe {
        match call.height {
            1 => tile!(1),
            2 => tile!(2),
            3 if V::TILE[0] > 2 => tile!(3),
            4 if V::TILE[0] > 3 => tile!(4),
            5 if V::TILE[0] > 4 => tile!(5),
            7 if V::TILE[0] > 6 => tile!(7),
            8 if V::TILE[0] > 6 => tile!(8),
            9 if V::TILE[0] > 6 => tile!(9),
            10 if V::TILE[0] > 6 => tile!(10),
            11 if V::TILE[0] > 6 => tile!(11),
            12 if V::TILE[0] > 6 => tile!(12),
            _ if V::TILE[0] > 5 => tile!(6),
            // No tile is higher than that.
            _ => tile!(2),
        }
    }
}

by_vector! {
    fn tile(call: &TileCall) = any;
}
