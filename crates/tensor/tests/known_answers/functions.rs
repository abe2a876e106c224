//! The scalar instructions of map programs.

use crate::{buffer, common::dense, results, room};
use minutia_kernels::{
    map::{Code, eval},
    math::canonical_bits,
    rng::Stream,
};
use minutia_tensor::{
    DType,
    program::{Map, MapBuilder, Primitive},
};
use minutia_test_support::known_answers::{compare, digests, row};
use serde_json::{Map as Object, Value, json};

/// Where functions change their ways: zeros, subnormals, ones, halves, infinities, NaN, and the neighbours of
/// each bound in their definitions.
const EDGES: [u32; 72] = [
    0x0000_0000,
    0x8000_0000,
    0x0000_0001,
    0x8000_0001,
    0x0040_0000,
    0x007f_ffff,
    0x807f_ffff,
    0x0080_0000,
    0x8080_0000,
    0x0080_0001,
    0x3380_0000,
    0xb300_0000,
    0x3f7f_ffff,
    0x3f80_0000,
    0x3f80_0001,
    0xbf7f_ffff,
    0xbf80_0000,
    0xbf80_0001,
    0x3f00_0000,
    0xbf00_0000,
    0x3fc0_0000,
    0xbfc0_0000,
    0x4020_0000,
    0xc020_0000,
    0x4000_0000,
    0xc000_0000,
    0x4040_0000,
    0x7f7f_ffff,
    0xff7f_ffff,
    0x7f80_0000,
    0xff80_0000,
    0x7fc0_0000,
    // exp: the largest and the least result, subnormal results, and the bounds.
    0x42b1_7217,
    0x42b1_7218,
    0x42b2_0000,
    0x42b2_0001,
    0xc2ae_ac50,
    0xc2cf_f1b5,
    0xc2d2_0000,
    0xc2d2_0001,
    // tanh and erf.
    0x3f1f_ffff,
    0x3f20_0000,
    0xbf20_0000,
    0x4120_0000,
    0x3f6b_851e,
    0x3f6b_851f,
    0xbf6b_851f,
    0x407c_cccc,
    0x407c_cccd,
    // expm1 and log1p.
    0x3a83_126e,
    0x3a83_126f,
    0xba83_126f,
    // ln: the roots of 1/2 and 2.
    0x3f35_04f2,
    0x3f35_04f3,
    0x3fb5_04f3,
    0x3fb5_04f4,
    // sin and cos: right angles, and large ones.
    0x3f49_0fda,
    0x3f49_0fdb,
    0xbf49_0fdb,
    0x3fc9_0fdb,
    0x4049_0fdb,
    0xc0c9_0fdb,
    0x47c3_5000,
    0x6e00_0000,
    // Integers.
    0x4aff_fffe,
    0x4aff_ffff,
    0x4b00_0001,
    0xcb00_0000,
    0x4eff_ffff,
    0x4f00_0000,
    0xcf00_0000,
    0xcf00_0001,
];

/// Of these every pair is an operand.
const PAIRED: [u32; 13] = [
    0x0000_0000,
    0x8000_0000,
    0x3f80_0000,
    0xbf80_0000,
    0xc040_0000,
    0x3f00_0000,
    0xbfc0_0000,
    0x7f80_0000,
    0xff80_0000,
    0x7fc0_0000,
    0x0000_0001,
    0x7f7f_ffff,
    0x4b00_0001,
];

const INTEGERS: [u32; 9] = [0, 1, 2, 7, 0x0100_0001, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0xffff_fff9];

/// Sums that `f64` would round twice, subnormal ones, signs of zeros, and the largest numbers.
const MULTIPLIED: [[u32; 3]; 16] = [
    [0x9700_0800, 0x1cff_f001, 0x0001_0002],
    [0x1a00_0001, 0x19ff_fffe, 0x0040_0001],
    [0xc110_6136, 0x3cfb_fb79, 0xbed6_e28b],
    [0x3f80_0001, 0x3f80_0001, 0xa680_0000],
    [0x3f80_0000, 0x3380_0000, 0x3f80_0000],
    [0x3f80_0001, 0x3380_0000, 0x3f80_0000],
    [0x0000_0000, 0x8000_0000, 0x8000_0000],
    [0x0000_0000, 0x8000_0000, 0x0000_0000],
    [0x3f80_0000, 0xbf80_0000, 0x3f80_0000],
    [0x8000_0001, 0x0000_0001, 0x8000_0000],
    [0x8000_0001, 0x0000_0001, 0x0000_0000],
    [0x7f7f_ffff, 0x3f80_0000, 0x7300_0000],
    [0x7f7f_ffff, 0x3f80_0000, 0x72ff_ffff],
    [0x7f80_0000, 0x0000_0000, 0x3f80_0000],
    [0x7f80_0000, 0x3f80_0000, 0xff80_0000],
    [0x7f7f_ffff, 0x7f7f_ffff, 0xff80_0000],
];

/// Operands of any bits, and such as programs have them.
const DRAWN: u64 = 12;
/// Results behind digests: of drawn operands, of such from -4 to 4, and of every 9973rd pattern.
const MANY: u64 = 65_536;
const NEAR: u64 = 262_144;
const STEP: usize = 9973;

fn stream(code: Code) -> Stream {
    Stream::new(0, &format!("contract/{}", code.name()))
}

/// The operands that an instruction is listed with.
fn operands(code: Code) -> Vec<Vec<u32>> {
    let (types, _) = code.signature();
    let pairs = |of: &[u32]| of.iter().flat_map(|&a| of.iter().map(move |&b| vec![a, b])).collect();
    let mut rows: Vec<Vec<u32>> = match types {
        ["f32"] => EDGES.iter().map(|&a| vec![a]).collect(),
        ["f32", "f32"] => pairs(&PAIRED),
        ["f32", ..] => MULTIPLIED.iter().map(|row| row.to_vec()).collect(),
        ["i32"] => INTEGERS.iter().map(|&a| vec![a]).collect(),
        ["i32", "i32"] => pairs(&INTEGERS),
        _ => INTEGERS.iter().map(|&a| vec![a, 0x3f80_0000, 0xbf80_0000]).collect(),
    };
    let (stream, arity) = (stream(code), types.len());
    let word = |i, run: usize| stream.word(run as u32, i);
    let normal = |i, run: usize| (8.0 * stream.normal(run as u32, i)).to_bits();
    rows.extend((0..DRAWN).map(|i| (0..arity).map(|run| word(i, run)).collect::<Vec<_>>()));
    if types[0] == "f32" {
        rows.extend((0..DRAWN).map(|i| (0..arity).map(|run| normal(i, run)).collect::<Vec<_>>()));
    }
    if code == Code::Fma {
        rows.extend((0..DRAWN).map(|i| halfway(&stream, i)));
    }
    rows
}

/// Factors, and a term so much smaller or larger than their product that half a unit decides.
fn halfway(stream: &Stream, i: u64) -> Vec<u32> {
    let near = |run: u32, exponent: u32| {
        let word = stream.word(run, i);
        let fraction =
            if word & 0x0040_0000 == 0 { 1 << (word & 15) } else { 0x7f_ffff ^ (1 << (word & 15)) };
        f32::from_bits(word & 0x8000_0000 | exponent << 23 | fraction)
    };
    let (a, b) = (near(10, 120), near(11, 130));
    let c = near(12, if i.is_multiple_of(2) { 123 - 24 } else { 123 + 24 });
    vec![a.to_bits(), b.to_bits(), c.to_bits()]
}

/// The result of the scalar reference.
fn result(code: Code, operands: &[u32]) -> u32 {
    let mut three = [0; 3];
    three[..operands.len()].copy_from_slice(operands);
    let word = eval(code, three);
    if code.signature().1 == "f32" { canonical_bits(f32::from_bits(word)) } else { word }
}

/// What a file says of an instruction; devices must give what it lists, too.
fn answers(code: Code) -> Value {
    let rows = operands(code);
    let arity = code.arity();
    let listed: Vec<u32> = rows.iter().map(|row| result(code, row)).collect();

    let mut m = MapBuilder::new(arity);
    let inputs: Vec<_> = (0..arity).map(|i| m.input(i)).collect();
    let y = m.apply(code, &inputs);
    let mut buffers: Vec<_> =
        (0..arity).map(|i| buffer(&rows.iter().map(|row| row[i]).collect::<Vec<_>>())).collect();
    buffers.push(room(rows.len()));
    let dims = [rows.len()];
    let step = Primitive::Map(Map {
        dims: dims.into(),
        inputs: (0..arity).map(|i| dense(i, &dims)).collect(),
        program: m.finish(&[y]),
        outputs: vec![dense(arity, &dims)],
    });
    let ran = results(code.name(), step, &buffers, (arity, DType::F32));
    // Words of integers that are NaNs as floats are compared as such.
    let differs = (0..rows.len()).find(|&i| ran[i] != canonical_bits(f32::from_bits(listed[i])));
    assert_eq!(differs.map(|i| row(code.name(), &rows[i], &[ran[i], listed[i]])), None);

    let stream = stream(code);
    let drawn = |i: u64| (0..arity).map(|run| stream.word(run as u32, i)).collect::<Vec<_>>();
    let drawn: Vec<u32> = (0..MANY).map(|i| result(code, &drawn(i))).collect();
    let text: Vec<String> = rows.iter().zip(&listed).map(|(row_, &y)| row("", row_, &[y])).collect();
    let mut value = json!({ "listed": text, "drawn": digests(&drawn, 16_384) });
    if code.signature().0.iter().all(|&name| name == "f32") {
        let near = |run: usize, i| (8.0 * stream.uniform(10 + run as u32, i) - 4.0).to_bits();
        let near = |i| result(code, &(0..arity).map(|run| near(run, i)).collect::<Vec<_>>());
        let count = if arity == 1 { NEAR } else { MANY };
        value["near"] = digests(&(0..count).map(near).collect::<Vec<_>>(), 32_768);
    }
    if code.signature().0 == ["f32"] {
        let patterns: Vec<u32> =
            (0..=u32::MAX).step_by(STEP).map(|pattern| result(code, &[pattern])).collect();
        value["patterns"] = digests(&patterns, 27_000);
    }
    value
}

#[test]
fn scalar_instructions() {
    let functions: Object<String, Value> =
        Code::ALL.iter().map(|&code| (code.name().to_string(), answers(code))).collect();
    compare("functions.json", &json!({ "functions": functions }));
}
