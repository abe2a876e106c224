//! Sixteen floats in registers, for loops that the compiler would not keep there by itself.

use minutia_kernels::math::{fma, max};

/// Floats in a [`Vector`].
pub(in crate::cpu) const WIDTH: usize = 16;

/// Terms of [`Vector::mul_add_terms`].
pub(in crate::cpu) const TERMS: usize = 8;

/// Sixteen floats. Methods are unsafe: the CPU must have the type's instructions, and pointers must be good
/// for sixteen floats, aligned or not.
pub(in crate::cpu) trait Vector: Copy {
    /// What loops take that move numbers and multiply none, and so need them in no other form than memory's.
    type Floats: Vector;
    /// Rows, and vectors in each, of the largest tile of a matrix product that stays in registers, beside a
    /// row of the right operand.
    const TILE: [usize; 2] = [6, 1];
    /// Vectors of such a tile.
    const SUMS: usize = Self::TILE[0] * Self::TILE[1];
    /// Whether sums advance by several terms sooner than one by one.
    const BY_TERMS: bool = false;
    /// Sixteen zeros.
    unsafe fn zero() -> Self;
    /// Sixteen times one number.
    unsafe fn splat(x: f32) -> Self;
    /// Reads sixteen neighbours.
    unsafe fn load(from: *const f32) -> Self;
    /// Writes sixteen neighbours.
    unsafe fn store(self, to: *mut f32);
    /// Reads the first `n` of sixteen neighbours and touches no other; the rest are zeros.
    #[inline(always)]
    unsafe fn load_part(from: *const f32, n: usize) -> Self {
        let mut all = [0.0_f32; WIDTH];
        // SAFETY: the caller's promise.
        unsafe {
            for (i, x) in all[..n].iter_mut().enumerate() {
                *x = from.add(i).read_unaligned();
            }
            Self::load(all.as_ptr())
        }
    }
    /// Writes the first `n` of sixteen neighbours and touches no other.
    #[inline(always)]
    unsafe fn store_part(self, to: *mut f32, n: usize) {
        let mut all = [0.0_f32; WIDTH];
        // SAFETY: the caller's promise.
        unsafe {
            self.store(all.as_mut_ptr());
            for (i, x) in all[..n].iter().enumerate() {
                to.add(i).write_unaligned(*x);
            }
        }
    }
    /// `self * x + y`, each rounded once. A zero may have either sign where the product is less than any
    /// `f32`.
    unsafe fn mul_add(self, x: Self, y: Self) -> Self;
    /// `self` plus the products of each number and its row, one after the other.
    #[inline(always)]
    unsafe fn mul_add_terms(self, numbers: &[f32; TERMS], rows: &[Self; TERMS]) -> Self {
        let mut sum = self;
        for (&x, &row) in numbers.iter().zip(rows) {
            // SAFETY: the caller has the instructions.
            sum = unsafe { Self::splat(x).mul_add(row, sum) };
        }
        sum
    }
    /// `self + x`.
    unsafe fn add(self, x: Self) -> Self;
    /// `self - x`.
    unsafe fn sub(self, x: Self) -> Self;
    /// `self * x`.
    unsafe fn mul(self, x: Self) -> Self;
    /// `max(+0, self)`; NaN where there is NaN.
    unsafe fn relu(self) -> Self;
    /// The numbers where those of `x` are above zero; `+0` elsewhere.
    unsafe fn where_positive(self, x: Self) -> Self;
    /// Bit `i` is whether number `i` is other than zero; NaN is.
    unsafe fn nonzero(self) -> u32;
    /// Transposes sixteen vectors. In place: arrays handed over by value are copied where a function of the
    /// standard library is not inlined.
    #[inline(always)]
    unsafe fn transpose(block: &mut [Self; WIDTH]) {
        let mut numbers = [[0.0; WIDTH]; WIDTH];
        // SAFETY: the caller has the instructions.
        unsafe {
            for (row, to) in block.iter().zip(&mut numbers) {
                row.store(to.as_mut_ptr());
            }
            for (j, to) in block.iter_mut().enumerate() {
                let mut column = [0.0; WIDTH];
                for (x, row) in column.iter_mut().zip(&numbers) {
                    *x = row[j];
                }
                *to = Self::load(column.as_ptr());
            }
        }
    }
    /// Writes the numbers whose bits are set in `mask` one after the other. There must be room for sixteen:
    /// what lies beyond them is overwritten.
    #[inline(always)]
    unsafe fn compress(self, mask: u32, to: *mut f32) {
        let mut all = [0.0; WIDTH];
        // SAFETY: the caller's promise.
        unsafe {
            self.store(all.as_mut_ptr());
            let (mut rest, mut n) = (mask, 0);
            while rest != 0 {
                *to.add(n) = all[rest.trailing_zeros() as usize % WIDTH];
                rest &= rest - 1;
                n += 1;
            }
        }
    }
    /// Writes the numbers whose bits are set in `mask`, each after its place from `first` on. There must be
    /// room for sixteen.
    #[inline(always)]
    unsafe fn compress_with_places(self, mask: u32, first: u32, to: *mut IndexedValue) {
        let mut all = [0.0_f32; WIDTH];
        // SAFETY: the caller's promise.
        unsafe {
            self.store(all.as_mut_ptr());
            let (mut rest, mut n) = (mask, 0);
            while rest != 0 {
                let place = rest.trailing_zeros();
                *to.add(n) = IndexedValue::new(first + place, all[place as usize % WIDTH]);
                rest &= rest - 1;
                n += 1;
            }
        }
    }
}

/// A number and its place. One word, of which a loop makes both: on x86-64 the number then comes to all lanes
/// without another read of memory, and reads are what sparse products wait for.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct IndexedValue(u64);

impl IndexedValue {
    #[inline(always)]
    fn new(place: u32, number: f32) -> IndexedValue {
        IndexedValue(u64::from(place) | u64::from(number.to_bits()) << 32)
    }

    #[inline(always)]
    pub(in crate::cpu) fn place(self) -> usize {
        self.0 as u32 as usize
    }

    #[inline(always)]
    pub(in crate::cpu) fn number(self) -> f32 {
        f32::from_bits((self.0 >> 32) as u32)
    }
}

/// What every CPU has, with the compiler's multiply-add.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Plain([f32; WIDTH]);

impl Vector for Plain {
    type Floats = Plain;
    #[inline(always)]
    unsafe fn zero() -> Self {
        Plain([0.0; WIDTH])
    }
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Plain([x; WIDTH])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's promise.
        Plain(unsafe { from.cast::<[f32; WIDTH]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's promise.
        unsafe { to.cast::<[f32; WIDTH]>().write_unaligned(self.0) };
    }
    #[inline(always)]
    unsafe fn mul_add(self, x: Self, y: Self) -> Self {
        Plain(std::array::from_fn(|l| fma(self.0[l], x.0[l], y.0[l])))
    }
    #[inline(always)]
    unsafe fn add(self, x: Self) -> Self {
        Plain(std::array::from_fn(|l| self.0[l] + x.0[l]))
    }
    #[inline(always)]
    unsafe fn sub(self, x: Self) -> Self {
        Plain(std::array::from_fn(|l| self.0[l] - x.0[l]))
    }
    #[inline(always)]
    unsafe fn mul(self, x: Self) -> Self {
        Plain(std::array::from_fn(|l| self.0[l] * x.0[l]))
    }
    #[inline(always)]
    unsafe fn relu(self) -> Self {
        Plain(std::array::from_fn(|l| max(0.0, self.0[l])))
    }
    #[inline(always)]
    unsafe fn where_positive(self, x: Self) -> Self {
        Plain(std::array::from_fn(|l| if x.0[l] > 0.0 { self.0[l] } else { 0.0 }))
    }
    #[inline(always)]
    unsafe fn nonzero(self) -> u32 {
        self.0.iter().enumerate().map(|(l, &x)| ((x != 0.0) as u32) << l).sum()
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod compressed;
#[cfg(any(
    all(target_feature = "sse2", not(target_feature = "fma")),
    all(target_arch = "wasm32", target_feature = "simd128", not(target_feature = "relaxed-simd"))
))]
mod doubles;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;

#[cfg(not(any(
    all(target_feature = "sse2", not(target_feature = "fma")),
    all(target_arch = "wasm32", target_feature = "simd128")
)))]
pub(in crate::cpu) use Plain as Baseline;
#[cfg(target_arch = "x86_64")]
pub(in crate::cpu) use avx2::{Avx2, interleave, transpose8};
#[cfg(target_arch = "x86_64")]
pub(in crate::cpu) use avx512::Avx512;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(in crate::cpu) use compressed::COMPRESSED;
/// What products take at [`Level::Scalar`](super::Level::Scalar).
#[cfg(any(
    all(target_feature = "sse2", not(target_feature = "fma")),
    all(target_arch = "wasm32", target_feature = "simd128", not(target_feature = "relaxed-simd"))
))]
pub(in crate::cpu) use doubles::Doubles as Baseline;
#[cfg(target_arch = "aarch64")]
pub(in crate::cpu) use neon::Neon;
#[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
pub(in crate::cpu) use wasm::Wasm as Baseline;
