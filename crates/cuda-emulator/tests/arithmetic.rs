//! Instructions against the same arithmetic in Rust.

mod common;

use common::run;

/// Bit patterns that arithmetic treats specially, as floats and as whole numbers.
const SPECIAL: [u32; 24] = [
    0,
    1,
    2,
    3,
    31,
    32,
    33,
    255,
    0x7fff,
    0x8000,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0x8000_0001,
    0xffff_ffff,
    0x3f80_0000,
    0xbf80_0000,
    0x3f00_0000,
    0x7f80_0000,
    0xff80_0000,
    0x7fc0_0000,
    0x4b00_0001,
    0xcf00_0000,
    0x00ff_0000,
];

fn f(bits: u32) -> f32 {
    f32::from_bits(bits)
}

fn bits(x: f32) -> u32 {
    if x.is_nan() { 0x7fff_ffff } else { x.to_bits() }
}

/// Runs an instruction on `a`, `b`, `c` in words `%r2`, `%r3`, `%r4`, its result in `%r5`, one set for each
/// thread.
fn evaluate(body: &str, values: &[[u32; 3]]) -> Vec<u32> {
    values
        .chunks(256)
        .flat_map(|values| {
            let words: Vec<u32> = values.iter().flat_map(|v| [v[0], v[1], v[2], 0]).collect();
            let body = format!(
                "mul.wide.u32 %rd3, %r1, 16; add.s64 %rd3, %rd1, %rd3;
                 ld.global.v4.u32 {{%r2, %r3, %r4, %r5}}, [%rd3];
                 {body}
                 st.global.u32 [%rd3+12], %r5;"
            );
            run(&body, &words, values.len() as u32).chunks(4).map(|w| w[3]).collect::<Vec<_>>()
        })
        .collect()
}

fn check(body: &str, values: &[[u32; 3]], want: impl Fn(u32, u32, u32) -> u32) {
    for (found, &[a, b, c]) in evaluate(body, values).into_iter().zip(values) {
        let want = want(a, b, c);
        assert_eq!(found, want, "{body} of {a:#x}, {b:#x}, {c:#x}: {found:#x}, not {want:#x}");
    }
}

fn pairs() -> Vec<[u32; 3]> {
    SPECIAL.iter().flat_map(|&a| SPECIAL.map(|b| [a, b, a ^ b])).collect()
}

#[test]
fn floats() {
    type Case<'a> = (&'a str, fn(u32, u32, u32) -> u32);
    let cases: [Case<'_>; 22] = [
        ("add.rn.f32 %r5, %r2, %r3;", |a, b, _| bits(f(a) + f(b))),
        ("sub.rn.f32 %r5, %r2, %r3;", |a, b, _| bits(f(a) - f(b))),
        ("mul.rn.f32 %r5, %r2, %r3;", |a, b, _| bits(f(a) * f(b))),
        ("div.rn.f32 %r5, %r2, %r3;", |a, b, _| bits(f(a) / f(b))),
        ("fma.rn.f32 %r5, %r2, %r3, %r4;", |a, b, c| bits(minutia_kernels::math::fma(f(a), f(b), f(c)))),
        ("sqrt.rn.f32 %r5, %r2;", |a, _, _| bits(f(a).sqrt())),
        ("rcp.rn.f32 %r5, %r2;", |a, _, _| bits(1.0 / f(a))),
        ("neg.f32 %r5, %r2;", |a, _, _| a ^ 0x8000_0000),
        ("abs.f32 %r5, %r2;", |a, _, _| a & 0x7fff_ffff),
        // Of -0 and +0 the former is the smaller; a NaN gives way.
        ("min.f32 %r5, %r2, %r3;", |a, b, _| match (f(a).is_nan(), f(b).is_nan()) {
            (true, true) => 0x7fff_ffff,
            (true, false) => b,
            (false, true) => a,
            _ => {
                if f(a).total_cmp(&f(b)).is_lt() {
                    a
                } else {
                    b
                }
            }
        }),
        ("max.f32 %r5, %r2, %r3;", |a, b, _| match (f(a).is_nan(), f(b).is_nan()) {
            (true, true) => 0x7fff_ffff,
            (true, false) => b,
            (false, true) => a,
            _ => {
                if f(a).total_cmp(&f(b)).is_gt() {
                    a
                } else {
                    b
                }
            }
        }),
        ("max.NaN.f32 %r5, %r2, %r3;", |a, b, _| match f(a).is_nan() || f(b).is_nan() {
            true => 0x7fff_ffff,
            false => {
                if f(a).total_cmp(&f(b)).is_gt() {
                    a
                } else {
                    b
                }
            }
        }),
        ("copysign.f32 %r5, %r2, %r3;", |a, b, _| f(b).copysign(f(a)).to_bits()),
        ("cvt.rni.f32.f32 %r5, %r2;", |a, _, _| bits(f(a).round_ties_even())),
        ("cvt.rzi.s32.f32 %r5, %r2;", |a, _, _| f(a) as i32 as u32),
        ("cvt.rni.s32.f32 %r5, %r2;", |a, _, _| f(a).round_ties_even() as i32 as u32),
        ("cvt.rmi.u32.f32 %r5, %r2;", |a, _, _| f(a).floor() as u32),
        ("cvt.rn.f32.s32 %r5, %r2;", |a, _, _| bits(a as i32 as f32)),
        ("cvt.rn.f32.u32 %r5, %r2;", |a, _, _| bits(a as f32)),
        ("cvt.f64.f32 %rd4, %r2; cvt.rn.f32.f64 %r5, %rd4;", |a, _, _| bits(f(a))),
        (
            "cvt.f64.f32 %rd4, %r2; cvt.f64.f32 %rd5, %r3; div.rn.f64 %rd4, %rd4, %rd5; cvt.rn.f32.f64 %r5, %rd4;",
            |a, b, _| bits((f64::from(f(a)) / f64::from(f(b))) as f32),
        ),
        ("cvt.rzi.s64.f32 %rd4, %r2; cvt.u32.u64 %r5, %rd4;", |a, _, _| f(a) as i64 as u32),
    ];
    for (body, want) in cases {
        check(body, &pairs(), want);
    }
}

#[test]
fn whole_numbers() {
    type Case<'a> = (&'a str, fn(u32, u32, u32) -> u32);
    let cases: [Case<'_>; 36] = [
        ("add.s32 %r5, %r2, %r3;", |a, b, _| a.wrapping_add(b)),
        ("sub.u32 %r5, %r2, %r3;", |a, b, _| a.wrapping_sub(b)),
        ("mul.lo.s32 %r5, %r2, %r3;", |a, b, _| a.wrapping_mul(b)),
        ("mul.hi.u32 %r5, %r2, %r3;", |a, b, _| ((a as u64 * b as u64) >> 32) as u32),
        ("mul.hi.s32 %r5, %r2, %r3;", |a, b, _| ((a as i32 as i64 * b as i32 as i64) >> 32) as u32),
        ("mul.wide.s32 %rd4, %r2, %r3; shr.u64 %rd4, %rd4, 32; cvt.u32.u64 %r5, %rd4;", |a, b, _| {
            ((a as i32 as i64 * b as i32 as i64) >> 32) as u32
        }),
        ("mul.wide.u32 %rd4, %r2, %r3; shr.u64 %rd4, %rd4, 32; cvt.u32.u64 %r5, %rd4;", |a, b, _| {
            ((a as u64 * b as u64) >> 32) as u32
        }),
        ("mad.lo.s32 %r5, %r2, %r3, %r4;", |a, b, c| a.wrapping_mul(b).wrapping_add(c)),
        ("mad.wide.u32 %rd4, %r2, %r3, 5; cvt.u32.u64 %r5, %rd4;", |a, b, _| {
            a.wrapping_mul(b).wrapping_add(5)
        }),
        ("min.s32 %r5, %r2, %r3;", |a, b, _| (a as i32).min(b as i32) as u32),
        ("max.u32 %r5, %r2, %r3;", |a, b, _| a.max(b)),
        ("neg.s32 %r5, %r2;", |a, _, _| a.wrapping_neg()),
        ("abs.s32 %r5, %r2;", |a, _, _| (a as i32).wrapping_abs() as u32),
        ("and.b32 %r5, %r2, %r3;", |a, b, _| a & b),
        ("or.b32 %r5, %r2, %r3;", |a, b, _| a | b),
        ("xor.b32 %r5, %r2, %r3;", |a, b, _| a ^ b),
        ("not.b32 %r5, %r2;", |a, _, _| !a),
        ("shl.b32 %r5, %r2, %r3;", |a, b, _| if b > 31 { 0 } else { a << b }),
        ("shr.u32 %r5, %r2, %r3;", |a, b, _| if b > 31 { 0 } else { a >> b }),
        ("shr.s32 %r5, %r2, %r3;", |a, b, _| ((a as i32) >> b.min(31)) as u32),
        (
            "cvt.u64.u32 %rd4, %r2; shl.b64 %rd4, %rd4, %r3; shr.u64 %rd4, %rd4, 32; cvt.u32.u64 %r5, %rd4;",
            |a, b, _| {
                if b > 63 { 0 } else { ((a as u64) << b >> 32) as u32 }
            },
        ),
        ("clz.b32 %r5, %r2;", |a, _, _| a.leading_zeros()),
        ("popc.b32 %r5, %r2;", |a, _, _| a.count_ones()),
        ("brev.b32 %r5, %r2;", |a, _, _| a.reverse_bits()),
        ("bfe.u32 %r5, %r2, 8, 5;", |a, _, _| a >> 8 & 31),
        ("bfe.s32 %r5, %r2, 28, 8;", |a, _, _| ((a as i32) >> 28) as u32),
        ("bfi.b32 %r5, %r2, %r3, 4, 8;", |a, b, _| b & !0xff0 | (a & 0xff) << 4),
        ("prmt.b32 %r5, %r2, %r3, 0x1076;", |a, b, _| b >> 16 | a << 16),
        ("prmt.b32 %r5, %r2, %r3, 0x8888;", |a, _, _| if a & 0x80 != 0 { u32::MAX } else { 0 }),
        ("shf.l.wrap.b32 %r5, %r2, %r2, 7;", |a, _, _| a.rotate_left(7)),
        ("shf.r.wrap.b32 %r5, %r2, %r3, 8;", |a, b, _| a >> 8 | b << 24),
        ("lop3.b32 %r5, %r2, %r3, %r4, 0x96;", |a, b, c| a ^ b ^ c),
        ("lop3.b32 %r5, %r2, %r3, %r4, 0xca;", |a, b, c| a & b | !a & c),
        ("mov.b64 %rd4, {%r2, %r3}; mov.b64 {_, %r5}, %rd4;", |_, b, _| b),
        ("cvt.s64.s32 %rd4, %r2; shr.u64 %rd4, %rd4, 32; cvt.u32.u64 %r5, %rd4;", |a, _, _| {
            if (a as i32) < 0 { u32::MAX } else { 0 }
        }),
        (
            "cvt.u16.u32 %rs1, %r2; cvt.u16.u32 %rs2, %r3; add.s16 %rs3, %rs1, %rs2; cvt.s32.s16 %r5, %rs3;",
            |a, b, _| (a as i16).wrapping_add(b as i16) as i32 as u32,
        ),
    ];
    for (body, want) in cases {
        check(body, &pairs(), want);
    }
    let divisible: Vec<_> = pairs().into_iter().filter(|v| v[1] != 0).collect();
    check("div.s32 %r5, %r2, %r3;", &divisible, |a, b, _| (a as i32).wrapping_div(b as i32) as u32);
    check("div.u32 %r5, %r2, %r3;", &divisible, |a, b, _| a / b);
    check("rem.s32 %r5, %r2, %r3;", &divisible, |a, b, _| (a as i32).wrapping_rem(b as i32) as u32);
    check("rem.u32 %r5, %r2, %r3;", &divisible, |a, b, _| a % b);
}

#[test]
fn comparisons() {
    type Case<'a> = (&'a str, fn(u32, u32) -> bool);
    let cases: [Case<'_>; 20] = [
        ("eq.f32", |a, b| f(a) == f(b)),
        ("ne.f32", |a, b| f(a) < f(b) || f(a) > f(b)),
        ("lt.f32", |a, b| f(a) < f(b)),
        ("ge.f32", |a, b| f(a) >= f(b)),
        ("neu.f32", |a, b| f(a) != f(b)),
        ("equ.f32", |a, b| f(a) == f(b) || f(a).is_nan() || f(b).is_nan()),
        ("ltu.f32", |a, b| f(a) < f(b) || f(a).is_nan() || f(b).is_nan()),
        ("leu.f32", |a, b| f(a) <= f(b) || f(a).is_nan() || f(b).is_nan()),
        ("gtu.f32", |a, b| f(a) > f(b) || f(a).is_nan() || f(b).is_nan()),
        ("geu.f32", |a, b| f(a) >= f(b) || f(a).is_nan() || f(b).is_nan()),
        ("num.f32", |a, b| !f(a).is_nan() && !f(b).is_nan()),
        ("nan.f32", |a, b| f(a).is_nan() || f(b).is_nan()),
        ("lt.s32", |a, b| (a as i32) < b as i32),
        ("lt.u32", |a, b| a < b),
        ("hs.u32", |a, b| a >= b),
        ("eq.b32", |a, b| a == b),
        ("ne.s32", |a, b| a != b),
        ("gt.s32", |a, b| a as i32 > b as i32),
        ("le.u32", |a, b| a <= b),
        ("gt.u32", |a, b| a > b),
    ];
    for (relation, want) in cases {
        let body =
            format!("setp.{relation} %p1|%p2, %r2, %r3; selp.b32 %r5, 1, 0, %p1; @%p2 or.b32 %r5, %r5, 2;");
        check(&body, &pairs(), |a, b, _| if want(a, b) { 1 } else { 2 });
    }
    let combined = "setp.ne.b32 %p3, %r3, 0; setp.lt.and.s32 %p1, %r2, 0, !%p3; selp.b32 %r5, 1, 0, %p1;";
    check(combined, &pairs(), |a, b, _| u32::from((a as i32) < 0 && b == 0));
}

#[test]
fn threads_that_part_meet_again() {
    // Each thread counts down from its number, then all exchange.
    let body = "mov.b32 %r2, 0; mov.b32 %r3, %r1;
        $LOOP: setp.eq.u32 %p1, %r3, 0; @%p1 bra $DONE;
        add.s32 %r2, %r2, %r3; sub.s32 %r3, %r3, 1; bra.uni $LOOP;
        $DONE: shfl.sync.idx.b32 %r4, %r2, 31, 31, -1;
        st.global.u32 [%rd2], %r4;";
    assert_eq!(run(body, &[0; 64], 64)[..33], [vec![496; 32], vec![2016]].concat());
}

#[test]
fn tables_of_branches() {
    let body = "$T: .branchtargets $A, $B, $A; brx.idx %r1, $T;
        $A: mov.b32 %r2, 10; bra.uni $C; $B: mov.b32 %r2, 20; $C: st.global.u32 [%rd2], %r2;";
    assert_eq!(run(body, &[0; 3], 3), [10, 20, 10]);
}

#[test]
fn atomic_operations() {
    for (operation, start, want) in [
        ("add.u32", 5, 5 + 496),
        ("min.u32", 5, 0),
        ("min.s32", u32::MAX, u32::MAX),
        ("max.s32", u32::MAX, 31),
        ("or.b32", 64, 95),
        ("exch.b32", 7, 31),
    ] {
        let body = format!("atom.global.{operation} %r2, [%rd1], %r1;");
        assert_eq!(run(&body, &[start], 32), [want], "{operation}");
    }
    let compare =
        "atom.global.cas.b32 %r2, [%rd1], %r1, 9; setp.eq.u32 %p1, %r1, 3; @%p1 st.global.u32 [%rd1+4], %r2;";
    assert_eq!(run(compare, &[3, 0], 4), [9, 3]);
    assert_eq!(run("red.global.add.f32 [%rd1], 0f3F800000;", &[0], 32), [32f32.to_bits()]);
}
