#![allow(clippy::disallowed_methods, reason = "what a platform's library gives is only where a test begins")]

use super::*;
use minutia_kernels::fma::exact;
use proptest::prelude::*;

/// Compares sixteen multiply-adds with the exact ones. One NaN is as good as another, and zeros are stored as
/// `+0`.
fn compare(a: [f32; WIDTH], x: [f32; WIDTH], y: [f32; WIDTH]) -> Result<(), TestCaseError> {
    let mut out = [0.0; WIDTH];
    // SAFETY: the CPU has the instructions, which the compiler takes for granted, and arrays are good.
    unsafe {
        let [a, x, y] = [a, x, y].map(|numbers| Doubles::load(numbers.as_ptr()));
        a.mul_add(x, y).store(out.as_mut_ptr());
    }
    for l in 0..WIDTH {
        let expected = exact(a[l], x[l], y[l]);
        let same = alike(out[l], expected);
        prop_assert!(same, "{:e} * {:e} + {:e} = {:e}, not {:e}", a[l], x[l], y[l], expected, out[l]);
    }
    Ok(())
}

fn alike(x: f32, y: f32) -> bool {
    (x + 0.0).to_bits() == (y + 0.0).to_bits() || x.is_nan() && y.is_nan()
}

/// Compares three numbers, in every lane by turns, beside harmless ones.
fn compare_each(triples: &[[f32; 3]]) {
    for (i, &triple) in triples.iter().enumerate() {
        let mut lanes = [[1.5; WIDTH], [0.75; WIDTH], [-3.0; WIDTH]];
        for (lanes, number) in lanes.iter_mut().zip(triple) {
            lanes[i % WIDTH] = number;
        }
        let [a, x, y] = lanes;
        compare(a, x, y).unwrap();
    }
}

#[test]
fn special_numbers_are_multiplied_and_added_as_one_by_one() {
    let tiny = f32::from_bits(1);
    let least = f32::MIN_POSITIVE;
    let positive = [
        0.0,
        tiny,
        3.0 * tiny,
        least - tiny,
        least,
        least + tiny,
        1e-30,
        1.1e-19,
        0.5,
        1.0 - f32::EPSILON / 2.0,
        1.0,
        1.0 + f32::EPSILON,
        3.0,
        16_777_215.0,
        16_777_216.0,
        1.8e19,
        1e38,
        f32::MAX,
        f32::INFINITY,
        f32::NAN,
        f32::from_bits(0x7fff_ffff),
        f32::from_bits(0x7f80_0001),
    ];
    let all: Vec<f32> = positive.into_iter().flat_map(|x| [x, -x]).collect();
    let mut triples = Vec::new();
    for &a in &all {
        for &x in &all {
            triples.extend(all.iter().map(|&y| [a, x, y]));
        }
    }
    compare_each(&triples);
}

#[test]
fn sums_at_a_midpoint_or_just_beside_it_are_rounded_by_what_the_product_adds() {
    let mut triples = Vec::new();
    // The last bit of the term is 1 or 2⁻¹⁴⁹; the product is half of it and something, down to nothing.
    for last in [1.0, f32::from_bits(1)] {
        for term in [8_388_608.0, 8_388_609.0, 16_777_215.0].map(|x: f32| x * last) {
            for beside in [0, 1, 2, 1 << 10, 1 << 22].map(|bits| f32::from_bits(0.5_f32.to_bits() + bits)) {
                for other in [1.0, 1.0 - f32::EPSILON / 2.0, 1.0 + f32::EPSILON] {
                    let (a, x) =
                        if last == 1.0 { (beside, other) } else { (beside * 1e-20, other * 1.4e-25) };
                    for sign in [1.0, -1.0] {
                        triples.extend([[a, x, sign * term], [-a, x, sign * term]]);
                    }
                }
            }
        }
    }
    compare_each(&triples);
}

#[test]
fn products_below_every_f64_still_decide_a_midpoint() {
    // Subnormal terms and products about half of their last bit, of which some bits lie below 2⁻¹⁷⁸.
    let half = f32::from_bits(0x1a80_0000); // 2⁻⁷⁴
    let mut triples = Vec::new();
    for term in [0, 1, 2, 3, 0x7f_fffe, 0x7f_ffff].map(f32::from_bits) {
        for a in (0..4).map(|i| f32::from_bits(half.to_bits() + i)) {
            // 2⁻⁷⁶ and its neighbours: the product is 2⁻¹⁵⁰.
            for x in (0..5).map(|i| f32::from_bits(0x1980_0000 - 2 + i)) {
                triples.extend([[a, x, term], [-a, x, term], [a, x, -term], [-a, -x, -term]]);
            }
        }
    }
    compare_each(&triples);
}

/// Numbers of all exponents, or of close ones with few bits, whose sums are midpoints often.
fn number() -> impl Strategy<Value = f32> {
    prop_oneof![
        any::<u32>().prop_map(f32::from_bits),
        (-64_i32..64, -8_i32..9).prop_map(|(i, e)| i as f32 * 2.0_f32.powi(e)),
        (1_u32..1 << 24, -2_i32..3).prop_map(|(i, e)| i as f32 * 2.0_f32.powi(12 * e)),
        (0_u32..1 << 24).prop_map(f32::from_bits),
        (any::<u32>(), 0x18_u32..0x22).prop_map(|(x, e)| f32::from_bits(x & 0x807f_ffff | e << 24)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]
    #[test]
    fn lanes_are_those_of_the_exact_multiply_add(
        a in prop::array::uniform16(number()),
        x in prop::array::uniform16(number()),
        y in prop::array::uniform16(number()),
    ) {
        compare(a, x, y)?;
    }

    #[test]
    fn several_terms_are_added_as_one_by_one(
        numbers in prop::collection::vec(number(), TERMS),
        rows in prop::collection::vec(number(), TERMS * WIDTH),
        first in prop::array::uniform16(number()),
    ) {
        let mut out = [0.0; WIDTH];
        // SAFETY: as in `compare`.
        unsafe {
            let terms = std::array::from_fn(|p| Doubles::load(rows[p * WIDTH..].as_ptr()));
            let numbers = numbers.first_chunk().unwrap();
            Doubles::load(first.as_ptr()).mul_add_terms(numbers, &terms).store(out.as_mut_ptr());
        }
        for l in 0..WIDTH {
            let terms = numbers.iter().zip(rows.chunks(WIDTH));
            let expected = terms.fold(first[l], |sum, (&x, row)| exact(x, row[l], sum));
            prop_assert!(alike(out[l], expected), "lane {l}: {:e}, not {expected:e}", out[l]);
        }
    }

    #[test]
    fn halves_of_the_last_bit_go_to_even_or_with_the_product(
        y in prop::array::uniform16(0x0000_0001_u32..0x7000_0000),
        nudge in prop::array::uniform16(-2_i32..3),
        negative in any::<bool>(),
    ) {
        let term = y.map(f32::from_bits);
        // Half of the term's last bit as a product, and its neighbours.
        let ulp = term.map(|y| f64::from(f32::from_bits(y.to_bits() + 1)) - f64::from(y));
        let factor = ulp.map(|ulp| (ulp / 2.0).sqrt());
        let factor = factor.map(|x| 2.0_f64.powf(x.log2().floor()));
        let a: [f32; WIDTH] = std::array::from_fn(|l| {
            let sign = if negative { -1.0 } else { 1.0 };
            sign * f32::from_bits((factor[l] as f32).to_bits().wrapping_add_signed(nudge[l]))
        });
        let x: [f32; WIDTH] = std::array::from_fn(|l| (ulp[l] / 2.0 / factor[l]) as f32);
        compare(a, x, term)?;
    }
}

#[test]
fn other_operations_are_those_of_plain_vectors() {
    let special = [0.0, -0.0, 1.5, -2.5, 1e-45, -1e-40, f32::MAX, f32::MIN, f32::INFINITY, -1.0, 3e-39, 7.0];
    let x: [f32; WIDTH] = std::array::from_fn(|l| special[l % special.len()]);
    let y: [f32; WIDTH] = std::array::from_fn(|l| special[(l * 5 + 3) % special.len()]);
    // SAFETY: arrays are good, and every CPU has the instructions.
    unsafe {
        let (d, e) = (Doubles::load(x.as_ptr()), Doubles::load(y.as_ptr()));
        let (p, q) = (Plain(x), Plain(y));
        let pairs = [
            (d, p),
            (d.add(e), p.add(q)),
            (d.sub(e), p.sub(q)),
            (d.mul(e), p.mul(q)),
            (d.relu(), p.relu()),
            (d.where_positive(e), p.where_positive(q)),
            (Doubles::splat(x[4]), Plain::splat(x[4])),
            (Doubles::zero(), Plain::zero()),
        ];
        for (i, (doubles, Plain(expected))) in pairs.into_iter().enumerate() {
            let Plain(numbers) = doubles.narrow();
            for (number, expected) in numbers.into_iter().zip(expected) {
                let same = number.to_bits() == expected.to_bits() || number.is_nan() && expected.is_nan();
                assert!(same, "operation {i}: {number:e}, not {expected:e}");
            }
        }
        assert_eq!(d.nonzero(), p.nonzero());
    }
}
