//! The software multiply-add against exact integer arithmetic, and against the instruction where the CPU has
//! it.
#![allow(unsafe_code)]

use minutia_kernels::{
    fma::exact,
    math::{canonical_bits, fma},
    rng::Generator,
};

/// A finite float as `mantissa * 2^exponent`.
fn split(x: f32) -> (i128, i32) {
    let bits = x.to_bits();
    let (exponent, fraction) = ((bits >> 23 & 0xff) as i32, i128::from(bits & 0x7f_ffff));
    let mantissa = if exponent == 0 { fraction } else { fraction | 1 << 23 };
    (if bits >> 31 == 0 { mantissa } else { -mantissa }, exponent.max(1) - 150)
}

/// `sum * 2^exponent`, which is not zero, rounded to nearest even.
fn round(sum: i128, exponent: i32) -> f32 {
    let magnitude = sum.unsigned_abs();
    let last = (exponent + 128 - magnitude.leading_zeros() as i32 - 24).max(-149);
    let cut = last - exponent;
    let rounded = match cut {
        ..=0 => magnitude << -cut,
        1..=127 => {
            let (kept, rest, half) = (magnitude >> cut, magnitude & ((1 << cut) - 1), 1 << (cut - 1));
            kept + u128::from(rest > half || rest == half && kept & 1 == 1)
        }
        _ => 0,
    };
    // A carry out of the mantissa, and its hidden bit, add to the exponent by themselves.
    let bits = if rounded >> 23 == 0 { rounded } else { rounded + ((last + 149) as u128) * (1 << 23) };
    let bits = bits.min(0x7f80_0000) as u32;
    f32::from_bits(bits | if sum < 0 { 0x8000_0000 } else { 0 })
}

/// `a * b + c` by integers.
fn reference(a: f32, b: f32, c: f32) -> f32 {
    if ![a, b, c].iter().all(|x| x.is_finite()) || a == 0.0 || b == 0.0 {
        // Nothing is rounded, and `f64` knows the rules for infinities, NaN and the signs of zeros.
        return (f64::from(a) * f64::from(b) + f64::from(c)) as f32;
    }
    /// Bits by which the larger operand is moved at most; what lies still lower only tells which way to
    /// round.
    const FAR: i32 = 76;
    let ((ma, ea), (mb, eb), (mc, ec)) = (split(a), split(b), split(c));
    let (mut product, mut term, apart) = (ma * mb, mc, ea + eb - ec);
    let exponent = if mc == 0 || (-FAR..0).contains(&apart) {
        term = if mc == 0 { 0 } else { term << -apart };
        ea + eb
    } else if apart < 0 {
        (product, term) = (product.signum(), term << FAR);
        ec - FAR
    } else if apart <= FAR {
        product <<= apart;
        ec
    } else {
        (product, term) = (product << FAR, term.signum());
        ea + eb - FAR
    };
    match product + term {
        0 => 0.0,
        sum => round(sum, exponent),
    }
}

/// Fails where the bits differ; any NaN is as good as another.
fn compare(of: fn(f32, f32, f32) -> f32, [a, b, c]: [f32; 3], want: f32) {
    let got = of(a, b, c);
    assert_eq!(
        canonical_bits(got),
        canonical_bits(want),
        "fma({:#010x}, {:#010x}, {:#010x}) = {got:e} ({:#010x}), expected {want:e} ({:#010x})",
        a.to_bits(),
        b.to_bits(),
        c.to_bits(),
        got.to_bits(),
        want.to_bits()
    );
}

#[test]
fn what_other_libraries_get_wrong_is_right() {
    for (a, b, c, want) in [
        // Rust's fallback and musl's: a subnormal result.
        (0x9700_0800, 0x1cff_f001, 0x0001_0002, 0x0001_0001_u32),
        (0x1a00_0001, 0x19ff_fffe, 0x0040_0001, 0x0040_0001),
        // mingw's: normal numbers.
        (0xc110_6136, 0x3cfb_fb79, 0xbed6_e28b, 0xbf32_7fd7),
        // A sum in f64 that would be rounded twice: half a unit, and less or more than it far below.
        (0x3f80_0001, 0x3f80_0001, 0xa680_0000, 0x3f80_0002),
        (0x3f80_0000, 0x3380_0000, 0x3f80_0000, 0x3f80_0000),
        (0x3f80_0001, 0x3380_0000, 0x3f80_0000, 0x3f80_0001),
        // Signs of zeros.
        (0x0000_0000, 0x8000_0000, 0x8000_0000, 0x8000_0000),
        (0x0000_0000, 0x8000_0000, 0x0000_0000, 0x0000_0000),
        (0x3f80_0000, 0xbf80_0000, 0x3f80_0000, 0x0000_0000),
        (0x8000_0001, 0x0000_0001, 0x8000_0000, 0x8000_0000),
        (0x8000_0001, 0x0000_0001, 0x0000_0000, 0x8000_0000),
        // The largest number, and what is rounded beyond it.
        (0x7f7f_ffff, 0x3f80_0000, 0x7300_0000, 0x7f80_0000),
        (0x7f7f_ffff, 0x3f80_0000, 0x72ff_ffff, 0x7f7f_ffff),
        // Infinities and NaN.
        (0x7f80_0000, 0xbf80_0000, 0x3f80_0000, 0xff80_0000),
        (0x7f80_0000, 0x0000_0000, 0x3f80_0000, 0x7fc0_0000),
        (0x7f80_0000, 0x3f80_0000, 0xff80_0000, 0x7fc0_0000),
        (0x7f7f_ffff, 0x7f7f_ffff, 0xff80_0000, 0xff80_0000),
        (0x7fc0_0000, 0x0000_0000, 0x0000_0000, 0x7fc0_0000),
    ] {
        let operands = [a, b, c].map(f32::from_bits);
        for of in [exact, fma, reference] {
            compare(of, operands, f32::from_bits(want));
        }
    }
}

/// Operands of one kind.
type Draw = fn(&mut Generator) -> [f32; 3];

fn any(g: &mut Generator) -> f32 {
    f32::from_bits(g.next_u32())
}

/// A float of this exponent, give or take a few, with few or many bits set.
fn near(g: &mut Generator, exponent: i32) -> f32 {
    let exponent = (exponent + g.below(5) as i32 - 2).clamp(0, 254) as u32;
    let fraction = match g.below(3) {
        0 => g.next_u32() >> 9,
        1 => 1 << g.below(23) | 1 << g.below(23),
        _ => 0x7f_ffff ^ 1 << g.below(23),
    };
    f32::from_bits(g.next_u32() & 0x8000_0000 | exponent << 23 | fraction & 0x7f_ffff)
}

/// Factors, and the exponent of their product.
fn factors(g: &mut Generator) -> (f32, f32, i32) {
    let (a, b) = (g.below(255) as i32, g.below(255) as i32);
    (near(g, a), near(g, b), a + b - 127)
}

const KINDS: [(&str, Draw); 6] = [
    ("any bits", |g| [any(g), any(g), any(g)]),
    ("operands of a size", |g| {
        let (a, b, product) = factors(g);
        [a, b, near(g, product)]
    }),
    ("half a unit", |g| {
        let (a, b, product) = factors(g);
        let apart = if g.below(2) == 0 { 24 } else { -24 };
        [a, b, near(g, product + apart)]
    }),
    ("far apart", |g| {
        let (a, b, product) = factors(g);
        let apart = g.below(160) as i32 - 80;
        [a, b, near(g, product + apart)]
    }),
    ("subnormal", |g| {
        let a = g.below(130) as i32;
        [near(g, a), near(g, 125 - a), f32::from_bits(g.next_u32() & 0x80ff_ffff)]
    }),
    ("cancelling", |g| {
        let (a, b, _) = factors(g);
        let product = -(a * b);
        [a, b, f32::from_bits(product.to_bits().wrapping_add(g.below(3)).wrapping_sub(1))]
    }),
];

#[test]
fn every_kind_of_operands_is_rounded_as_integers_say() {
    for (kind, draw) in KINDS {
        let mut generator = Generator::new(1, kind);
        for _ in 0..100_000 {
            let operands = draw(&mut generator);
            let [a, b, c] = operands;
            compare(exact, operands, reference(a, b, c));
        }
    }
}

#[test]
fn the_instruction_gives_the_same_bits() {
    let Some(instruction) = instruction() else { return };
    for (kind, draw) in KINDS {
        let mut generator = Generator::new(2, kind);
        for _ in 0..1_000_000 {
            let operands = draw(&mut generator);
            let [a, b, c] = operands;
            compare(exact, operands, instruction(a, b, c));
        }
    }
}

/// The CPU's own, if it has one.
fn instruction() -> Option<fn(f32, f32, f32) -> f32> {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("fma") {
        return Some(|a, b, c| {
            use std::arch::x86_64::{_mm_cvtss_f32, _mm_fmadd_ss, _mm_set_ss};
            // SAFETY: the CPU has the instruction.
            unsafe { _mm_cvtss_f32(_mm_fmadd_ss(_mm_set_ss(a), _mm_set_ss(b), _mm_set_ss(c))) }
        });
    }
    // Where the target has it, the portable function is the instruction.
    cfg!(any(target_arch = "aarch64", target_arch = "s390x")).then_some(fma)
}
