//! Epilogues: what the micro-kernel does with its sums before it stores them.

use crate::cpu::{
    gemm::COLUMNS,
    simd::{by_vector, vector::Vector},
};

/// Where a strip of the result goes.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Out {
    pub(in crate::cpu) start: *mut f32,
    /// From one row to the next.
    pub(in crate::cpu) ld: usize,
    /// What becomes of the products. Nothing but [`Epilogue::Store`] where
    /// [`Plan::fuses_epilogue`](super::Plan::fuses_epilogue) says no.
    pub(in crate::cpu) epilogue: Epilogue,
}

/// An operation on the sums while they are in registers.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) enum Epilogue {
    Store,
    /// Gradient descent: the sum times the rate is subtracted from what lies in its place.
    SubtractScaled(f32),
    /// Bias of each column, then a ReLU if the flag is set.
    Bias(*const f32, bool),
    /// Gradient of a ReLU: zero where the activation, in rows of this pitch, is not positive.
    ReluGradient(*const f32, usize),
}

impl Out {
    /// The part from a row and a column on.
    pub(in crate::cpu) fn at(self, row: usize, column: usize) -> Out {
        let epilogue = match self.epilogue {
            Epilogue::Bias(bias, relu) => Epilogue::Bias(bias.wrapping_add(column), relu),
            Epilogue::ReluGradient(of, ld) => Epilogue::ReluGradient(of.wrapping_add(row * ld + column), ld),
            other => other,
        };
        Out { start: self.start.wrapping_add(row * self.ld + column), epilogue, ..self }
    }

    /// Ends sixteen products, the first of a row and a column, and writes the first `n`.
    ///
    /// # Safety
    /// The CPU must have the instructions; `n` numbers must be there wherever the end takes them from.
    #[inline(always)]
    pub(in crate::cpu) unsafe fn store<V: Vector>(self, sums: V, row: usize, column: usize, n: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            let load = |from| if n == COLUMNS { V::load(from) } else { V::load_part(from, n) };
            let to = self.start.add(row * self.ld + column);
            let ended = match self.epilogue {
                Epilogue::Store => sums,
                Epilogue::SubtractScaled(rate) => load(to.cast_const()).sub(sums.mul(V::splat(rate))),
                Epilogue::Bias(bias, relu) => {
                    let sums = sums.add(load(bias.add(column)));
                    if relu { sums.relu() } else { sums }
                }
                Epilogue::ReluGradient(of, ld) => sums.where_positive(load(of.add(row * ld + column))),
            };
            if n == COLUMNS { ended.store(to) } else { ended.store_part(to, n) }
        }
    }
}

/// Ends a tile of products, which lie in rows `ld` apart.
///
/// # Safety
/// The CPU must have the instructions; the tile must be there, and `out` be good for as much.
#[inline(always)]
unsafe fn tile<V: Vector>([height, width]: [usize; 2], sums: *const f32, ld: usize, out: Out) {
    for row in 0..height {
        for column in (0..width).step_by(COLUMNS) {
            // SAFETY: the caller's promise; rows of the tile are whole vectors.
            unsafe {
                out.store(V::load(sums.add(row * ld + column)), row, column, COLUMNS.min(width - column))
            };
        }
    }
}

by_vector! {
    fn end_tile(shape: [usize; 2], sums: *const f32, ld: usize, out: Out) = tile;
}
pub(in crate::cpu) use end_tile::at;
/// What [`at`] gives.
pub(in crate::cpu) type EpilogueTile = unsafe fn([usize; 2], *const f32, usize, Out);
