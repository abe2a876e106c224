//! The one order in which reductions combine their elements.
//!
//! Element `i` goes to lane `i mod 16`; each lane combines its elements in ascending order, starting from the
//! identity; lanes combine as a tree: `l` with `l + 8`, then `+ 4`, `+ 2`, `+ 1`. More than [`BLOCK`]
//! elements are first cut into consecutive blocks, each reduced so, and the blocks' results are reduced by
//! the same rule again. The order is thus a function of the number of elements alone. Missing elements may be
//! replaced by the identity without changing a bit, so a backend is free to pad.

/// Lanes that accumulate side by side.
pub const LANES: usize = 16;
/// Elements reduced in one go.
pub const BLOCK: usize = 1024;

/// How two elements combine.
pub trait Combine<T: Copy> {
    /// The value that leaves every other unchanged.
    const IDENTITY: T;
    /// Combines an accumulator with the next element.
    fn combine(accumulator: T, next: T) -> T;
}

/// Addition; `i32` wraps.
pub struct Sum;
/// Multiplication; `i32` wraps.
pub struct Prod;
/// [`crate::math::max`], whose NaNs win.
pub struct Max;
/// [`crate::math::min`], whose NaNs win.
pub struct Min;

macro_rules! combine {
    ($($op:ident $t:ty: $identity:expr, |$a:ident, $b:ident| $body:expr;)*) => { $(
        impl Combine<$t> for $op {
            const IDENTITY: $t = $identity;
            #[inline(always)]
            fn combine($a: $t, $b: $t) -> $t { $body }
        }
    )* };
}

combine! {
    Sum f32: 0.0, |a, b| a + b;
    Prod f32: 1.0, |a, b| a * b;
    Max f32: f32::NEG_INFINITY, |a, b| crate::math::max(a, b);
    Min f32: f32::INFINITY, |a, b| crate::math::min(a, b);
    Sum i32: 0, |a, b| a.wrapping_add(b);
    Prod i32: 1, |a, b| a.wrapping_mul(b);
    Max i32: i32::MIN, |a, b| if a >= b { a } else { b };
    Min i32: i32::MAX, |a, b| if a <= b { a } else { b };
}

/// Combines the sixteen lanes as a tree.
#[inline(always)]
pub fn tree<T: Copy, C: Combine<T>>(mut lanes: [T; LANES]) -> T {
    let mut width = LANES / 2;
    while width > 0 {
        let mut l = 0;
        while l < width {
            lanes[l] = C::combine(lanes[l], lanes[l + width]);
            l += 1;
        }
        width /= 2;
    }
    lanes[0]
}

/// Reduces at most [`BLOCK`] elements.
#[inline(always)]
pub fn block<T: Copy, C: Combine<T>>(n: usize, mut element: impl FnMut(usize) -> T) -> T {
    let mut lanes = [C::IDENTITY; LANES];
    for i in 0..n {
        lanes[i % LANES] = C::combine(lanes[i % LANES], element(i));
    }
    tree::<T, C>(lanes)
}

/// Reduces `n` elements: the reference that every backend must equal bit for bit.
///
/// ```
/// use minutia_kernels::reduce::{reduce, Sum};
/// assert_eq!(reduce::<f32, Sum>(5000, &mut |i| i as f32), 12_497_500.0);
/// assert_eq!(reduce::<f32, Sum>(0, &mut |_| 1.0), 0.0);
/// ```
pub fn reduce<T: Copy, C: Combine<T>>(n: usize, element: &mut dyn FnMut(usize) -> T) -> T {
    if n <= BLOCK {
        return block::<T, C>(n, element);
    }
    reduce::<T, C>(n.div_ceil(BLOCK), &mut |b| {
        let start = b * BLOCK;
        block::<T, C>((n - start).min(BLOCK), |i| element(start + i))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_with_the_identity_changes_nothing() {
        let x = |i: usize| ((i * 37 % 101) as f32 - 50.0) * 0.37;
        for n in 0..100 {
            let plain = reduce::<f32, Sum>(n, &mut |i| x(i));
            let padded = block::<f32, Sum>(128, |i| if i < n { x(i) } else { Sum::IDENTITY });
            assert_eq!(plain.to_bits(), padded.to_bits(), "{n} elements");
        }
    }

    #[test]
    fn a_nan_wins_every_extremum() {
        for at in 0..40 {
            let x = |i: usize| if i == at { f32::NAN } else { i as f32 };
            assert!(reduce::<f32, Max>(40, &mut |i| x(i)).is_nan(), "max, NaN at {at}");
            assert!(reduce::<f32, Min>(40, &mut |i| x(i)).is_nan(), "min, NaN at {at}");
        }
    }
}
