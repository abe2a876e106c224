//! Matrix products. Every element starts at `+0` and takes its terms by `fma` in ascending order, whatever
//! the tile.

mod any;
mod small;
mod tile;
mod walk;

pub use any::gemm_any;
pub use tile::{gemm_nn, gemm_nt, gemm_tn};
pub use walk::gemm_walk;

/// `$body` for each of the first so many numbers, written out: values that a loop would index must stay in
/// registers.
macro_rules! repeat {
    (2, $i:ident, $body:expr) => { repeat!(@ $i, $body, 0 1) };
    (4, $i:ident, $body:expr) => { repeat!(@ $i, $body, 0 1 2 3) };
    (8, $i:ident, $body:expr) => { repeat!(@ $i, $body, 0 1 2 3 4 5 6 7) };
    (16, $i:ident, $body:expr) => { repeat!(@ $i, $body, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15) };
    (@ $i:ident, $body:expr, $($value:literal)*) => {{ $({
        #[allow(non_upper_case_globals)]
        const $i: usize = $value;
        $body
    })* }};
}
use repeat;
