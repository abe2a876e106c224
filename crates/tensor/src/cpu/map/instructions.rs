//! The map instructions as loops over blocks, one function for each code and level, generated from the table
//! that defines the scalar reference.

use crate::cpu::simd::{Level, by_level};
use minutia_kernels::{
    for_each_code,
    map::{Code, scalar},
    math::Fma,
};

/// Lanes that one step of an inner loop computes.
pub(in crate::cpu) const LANES: usize = 16;

/// Computes `n >= LANES` elements of one instruction. Bit `i` of `moving` says that operand `i` has `n`
/// elements; otherwise it has [`LANES`] copies of one.
///
/// # Safety
/// The pointers must be good for that many words, and `dst` may meet an operand only as the very same array.
pub(in crate::cpu) type InstructionLoop =
    unsafe fn(dst: *mut u32, a: *const u32, b: *const u32, c: *const u32, moving: usize, n: usize);

type Lanes = [u32; LANES];

/// An instruction. A type, and no closure: those may be left out of line, where they are compiled without the
/// level's instructions.
trait Operation {
    const ARITY: usize;

    fn apply<F: Fma>(operands: [u32; 3]) -> u32;
}

/// Computes one group of lanes.
///
/// # Safety
/// Every operand must have a group of lanes there.
#[inline(always)]
unsafe fn group<O: Operation, F: Fma>(operands: [*const u32; 3]) -> Lanes {
    let mut x = [[0; LANES]; 3];
    for i in 0..O::ARITY {
        // SAFETY: the caller's promise.
        x[i] = unsafe { operands[i].cast::<Lanes>().read_unaligned() };
    }
    let mut y = [0; LANES];
    for l in 0..LANES {
        y[l] = O::apply::<F>([x[0][l], x[1][l], x[2][l]]);
    }
    y
}

/// # Safety
/// See [`InstructionLoop`].
#[inline(always)]
unsafe fn drive<O: Operation, F: Fma>(dst: *mut u32, mut sources: [*const u32; 3], moving: usize, n: usize) {
    let moved = |i: usize, by: usize| if moving & (1 << i) == 0 { 0 } else { by };
    // The last group overlaps its predecessor unless n is a multiple of LANES. It is computed first, from
    // operands that an update in place has not yet touched, and overwrites the overlap with the same bits.
    // SAFETY: every group lies within `n >= LANES` elements; one that rests has LANES.
    unsafe {
        let end = std::array::from_fn(|i| sources[i].wrapping_add(moved(i, n - LANES)));
        let last = group::<O, F>(end);
        let mut at = 0;
        while at + LANES < n {
            let lanes = group::<O, F>(sources);
            for (i, source) in sources.iter_mut().enumerate().take(O::ARITY) {
                *source = source.wrapping_add(moved(i, LANES));
            }
            dst.add(at).cast::<Lanes>().write_unaligned(lanes);
            at += LANES;
        }
        dst.add(n - LANES).cast::<Lanes>().write_unaligned(last);
    }
}

macro_rules! define_kernels {
    ($($name:ident $function:ident($($operand:ident: $in:ty),*) -> $out:ty = $body:expr; $cost:literal, $doc:literal,)*) => {
        mod operations {
            $( pub(in crate::cpu) struct $name; )*
        }

        $( impl Operation for operations::$name {
            const ARITY: usize = Code::$name.arity();

            #[inline(always)]
            fn apply<F: Fma>(operands: [u32; 3]) -> u32 {
                scalar::$function::<F>(operands)
            }
        }

        by_level! {
            fn $function(dst: *mut u32, a: *const u32, b: *const u32, c: *const u32, moving: usize, n: usize) {
                // SAFETY: the caller's promise is `drive`'s.
                unsafe { drive::<operations::$name, F>(dst, [a, b, c], moving, n) }
            }
        } )*

        /// The loop of an instruction.
        pub(in crate::cpu) fn kernel(level: Level, code: Code) -> InstructionLoop {
            match code { $( Code::$name => $function::at(level), )* }
        }
    };
}

for_each_code!(define_kernels);

#[cfg(test)]
mod tests {
    use super::*;
    use minutia_kernels::{map::eval, math::canonical_bits};

    const WORDS: [u32; 24] = [
        0,
        1,
        2,
        3,
        0x8000_0000,
        0x3f80_0000,
        0xbf80_0000,
        0x7f80_0000,
        0xff80_0000,
        0x7fc0_0000,
        0x0000_1234,
        0x8000_0001,
        0x0080_0000,
        0x7f7f_ffff,
        0xff7f_ffff,
        0x3f00_0000,
        0x4048_f5c3,
        0xc2b0_0000,
        0x42b1_0000,
        0x4f00_0000,
        0xcf00_0001,
        0x3eaa_aaab,
        0xffff_ffff,
        0x4b00_0001,
    ];

    /// Every code on every pair of words, moving and resting operands, whole and overlapping last chunks.
    #[test]
    fn every_level_equals_the_reference() {
        for level in Level::ALL.into_iter().filter(|l| l.is_available()) {
            for &code in Code::ALL {
                for (n, moving) in [(16, 7), (33, 7), (40, 5), (40, 2), (70, 0), (576, 7)] {
                    let operand = |k: usize| -> Vec<u32> {
                        (0..n).map(|i| WORDS[[i, i / WORDS.len(), i * 7][k] % WORDS.len()]).collect()
                    };
                    let x = [operand(0), operand(1), operand(2)];
                    let mut y = vec![0; n];
                    // SAFETY: each array has n elements, and the level is available.
                    unsafe {
                        let [a, b, c] = [&x[0], &x[1], &x[2]].map(|v| v.as_ptr());
                        kernel(level, code)(y.as_mut_ptr(), a, b, c, moving, n);
                    }
                    for i in 0..n {
                        let lane = |k: usize| {
                            let last =
                                if n % LANES != 0 && i >= n - LANES { n - LANES } else { i / LANES * LANES };
                            x[k][if moving & (1 << k) == 0 { i - last } else { i }]
                        };
                        let operands = [lane(0), lane(1), lane(2)];
                        let (got, want) = (y[i], eval(code, operands));
                        let bits = |word| canonical_bits(f32::from_bits(word));
                        assert_eq!(bits(got), bits(want), "{} of {operands:x?} with {level}", code.name());
                    }
                }
            }
        }
    }
}
