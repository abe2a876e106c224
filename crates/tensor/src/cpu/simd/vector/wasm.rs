//! WebAssembly's vectors. With relaxed instructions they have a multiply-add, which the standard lets a
//! machine round once or twice: it is compiled in where the target has the feature `relaxed-simd`, and
//! whoever runs such a module has made sure that its machine rounds once.
//!
//! Nothing here is a loop: modules are optimised for size, and what loops would go over stays in memory then.

use crate::cpu::simd::vector::Vector;
use std::arch::wasm32::*;
#[cfg(not(target_feature = "relaxed-simd"))]
use {crate::cpu::simd::vector::WIDTH, minutia_kernels::math::fma};

/// Sixteen floats in four registers.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Wasm([v128; 4]);

#[cfg(not(target_feature = "relaxed-simd"))]
impl Wasm {
    fn numbers(self) -> [f32; WIDTH] {
        let mut all = [0.0; WIDTH];
        // SAFETY: there is room for sixteen.
        unsafe { self.store(all.as_mut_ptr()) };
        all
    }
}

/// The same of each register.
macro_rules! each {
    ($f:expr, $($of:expr),+) => {
        Wasm([$f($($of.0[0]),+), $f($($of.0[1]),+), $f($($of.0[2]),+), $f($($of.0[3]),+)])
    };
}

// SAFETY, for every block: the caller has good pointers, and v128 are read and written at any address.
impl Vector for Wasm {
    type Floats = Wasm;
    /// Machines with a fused multiply-add have sixteen registers at least: eight sums, four numbers of a row,
    /// and one that multiplies them.
    const TILE: [usize; 2] = [2, 1];
    const SUMS: usize = 3;
    #[inline(always)]
    unsafe fn zero() -> Self {
        Wasm([f32x4_splat(0.0); 4])
    }
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Wasm([f32x4_splat(x); 4])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        let from = from.cast::<v128>();
        // SAFETY: see above.
        unsafe {
            Wasm([v128_load(from), v128_load(from.add(1)), v128_load(from.add(2)), v128_load(from.add(3))])
        }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        let to = to.cast::<v128>();
        // SAFETY: see above.
        unsafe {
            v128_store(to, self.0[0]);
            v128_store(to.add(1), self.0[1]);
            v128_store(to.add(2), self.0[2]);
            v128_store(to.add(3), self.0[3]);
        }
    }
    #[cfg(target_feature = "relaxed-simd")]
    #[inline(always)]
    unsafe fn mul_add(self, x: Self, y: Self) -> Self {
        each!(f32x4_relaxed_madd, self, x, y)
    }
    /// For what multiplies seldom: products take [`Doubles`](super::doubles::Doubles).
    #[cfg(not(target_feature = "relaxed-simd"))]
    unsafe fn mul_add(self, x: Self, y: Self) -> Self {
        let (a, x, y) = (self.numbers(), x.numbers(), y.numbers());
        let sums: [f32; WIDTH] = std::array::from_fn(|l| fma(a[l], x[l], y[l]));
        // SAFETY: there are sixteen.
        unsafe { Wasm::load(sums.as_ptr()) }
    }
    #[inline(always)]
    unsafe fn add(self, x: Self) -> Self {
        each!(f32x4_add, self, x)
    }
    #[inline(always)]
    unsafe fn sub(self, x: Self) -> Self {
        each!(f32x4_sub, self, x)
    }
    #[inline(always)]
    unsafe fn mul(self, x: Self) -> Self {
        each!(f32x4_mul, self, x)
    }
    #[inline(always)]
    unsafe fn relu(self) -> Self {
        // A number that is not positive has no bits left; NaN is not "at most zero" and keeps its own.
        let below = each!(f32x4_le, self, Wasm([f32x4_splat(0.0); 4]));
        each!(v128_andnot, self, below)
    }
    #[inline(always)]
    unsafe fn where_positive(self, x: Self) -> Self {
        let above = each!(f32x4_gt, x, Wasm([f32x4_splat(0.0); 4]));
        each!(v128_and, self, above)
    }
    #[inline(always)]
    unsafe fn nonzero(self) -> u32 {
        // A comparison with NaN is true here, so that NaN is other than zero.
        let Wasm([a, b, c, d]) = each!(f32x4_ne, self, Wasm([f32x4_splat(0.0); 4]));
        let low = i32x4_bitmask(a) | i32x4_bitmask(b) << 4;
        let high = i32x4_bitmask(c) | i32x4_bitmask(d) << 4;
        u32::from(low) | u32::from(high) << 8
    }
}
