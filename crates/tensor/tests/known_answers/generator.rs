//! The counter-based generator.

use crate::{
    common::{assert_agrees, single},
    room,
};
use minutia_kernels::rng::{Generator, Stream};
use minutia_tensor::{
    DType,
    program::{Distribution, Operand, Primitive, Random},
};
use minutia_test_support::known_answers::{compare, digests, hex, row};
use serde_json::{Value, json};

const SEEDS: [u64; 5] = [0, 7, 11, 1 << 63, u64::MAX];
const NAMES: [&str; 5] = ["", "a", "W1/random_normal", "digits/train/0", "größe"];

/// Those of the reference implementation (Random123), and one with a large counter.
const BLOCKS: [([u32; 2], [u32; 4]); 4] = [
    ([0, 0], [0; 4]),
    ([u32::MAX; 2], [u32::MAX; 4]),
    ([0xa409_3822, 0x299f_31d0], [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344]),
    ([1, 0], [0, 1, 2, 3]),
];

const RUNS: [u32; 3] = [0, 1, u32::MAX];
const POSITIONS: [u64; 14] =
    [0, 1, 2, 3, 4, 5, 6, 7, 1000, 1001, 1 << 34, (1 << 34) + 3, u64::MAX - 1, u64::MAX];
/// Numbers behind digests.
const MANY: u64 = 100_000;

/// Two of these, 2^31 + 1 and 3 * 2^30, refuse many words.
const BELOW: [u32; 9] = [0, 1, 2, 10, 1000, 65_536, 0x8000_0001, 0xc000_0000, u32::MAX];

fn words(of: u64) -> [u32; 2] {
    [(of >> 32) as u32, of as u32]
}

fn keys() -> Vec<Value> {
    let key = |seed, name| json!({ "seed": hex(&words(seed)), "name": name, "key": hex(&words(Stream::new(seed, name).key())) });
    SEEDS.iter().flat_map(|&seed| NAMES.iter().map(move |&name| key(seed, name))).collect()
}

fn blocks() -> Vec<String> {
    let block = |(key, counter): ([u32; 2], [u32; 4])| {
        let stream = Stream::from_key(u64::from(key[0]) | u64::from(key[1]) << 32);
        row(&hex(&[key[1], key[0]]), &counter, &stream.block(counter))
    };
    BLOCKS.into_iter().map(block).collect()
}

/// Word, uniform, normal and truncated normal number of some runs and positions.
fn numbers(stream: Stream) -> Vec<String> {
    let number = |run: u32, i: u64| {
        let drawn = [stream.uniform(run, i), stream.normal(run, i), stream.truncated_normal(run, i)];
        let [uniform, normal, truncated] = drawn.map(f32::to_bits);
        let [high, low] = words(i);
        row("", &[run, high, low], &[stream.word(run, i), uniform, normal, truncated])
    };
    RUNS.iter().flat_map(|&run| POSITIONS.iter().map(move |&i| number(run, i))).collect()
}

/// Digests of many numbers, which devices draw too.
fn many(stream: Stream, run: u32) -> Value {
    let operand = |buffer, dtype| Operand { buffer, offset: 0, dtype };
    let distributions = [Distribution::Uniform, Distribution::Normal, Distribution::TruncatedNormal];
    let [uniform, normal, truncated] = distributions.map(|distribution| {
        let buffers = [run.to_ne_bytes().to_vec(), room(1000)];
        let step = Primitive::Random(Random {
            distribution,
            key: stream.key(),
            counter: operand(0, DType::I32),
            count: 1000,
            output: operand(1, DType::F32),
        });
        assert_agrees("random numbers", &single(step, &buffers, &[0, 1]), &buffers);
        let number = |i| match distribution {
            Distribution::Uniform => stream.uniform(run, i),
            Distribution::Normal => stream.normal(run, i),
            Distribution::TruncatedNormal => stream.truncated_normal(run, i),
        };
        digests(&(0..MANY).map(|i| number(i).to_bits()).collect::<Vec<_>>(), 25_000)
    });
    let word = digests(&(0..MANY).map(|i| stream.word(run, i)).collect::<Vec<_>>(), 25_000);
    json!({ "word": word, "uniform": uniform, "normal": normal, "truncated": truncated })
}

/// Twelve numbers below each bound, and the position after them.
fn below() -> Vec<String> {
    let draw = |&n: &u32| {
        let mut generator = Generator::new(7, "contract/below");
        let drawn: Vec<u32> = (0..12).map(|_| generator.below(n)).collect();
        row("", &[n], &[&drawn[..], &[generator.position() as u32]].concat())
    };
    BELOW.iter().map(draw).collect()
}

/// What one generator gives for draws of each kind in turn.
fn draws() -> Vec<String> {
    let mut generator = Generator::new(7, "contract/draws");
    let mut draw = |kind: &str| {
        let word = match kind {
            "next" => generator.next_u32(),
            "uniform" => generator.uniform().to_bits(),
            "normal" => generator.normal().to_bits(),
            _ => generator.below(10),
        };
        row(kind, &[], &[word])
    };
    let kinds = ["next", "uniform", "normal", "normal", "below", "uniform", "normal", "next", "below"];
    kinds.into_iter().map(&mut draw).collect()
}

/// Shuffles of whole numbers: all of a short one, digests of long ones.
fn shuffles() -> Value {
    let shuffled = |n: u32| {
        let mut items: Vec<u32> = (0..n).collect();
        Generator::new(7, "contract/shuffle").shuffle(&mut items);
        items
    };
    json!({
        "listed": [row("", &[1], &shuffled(1)), row("", &[20], &shuffled(20))],
        "digests": { "1000": digests(&shuffled(1000), 250), "55000": digests(&shuffled(55_000), 11_000) },
    })
}

#[test]
fn random_numbers() {
    let stream = Stream::new(7, "contract/numbers");
    let answers = json!({
        "keys": keys(),
        "blocks": blocks(),
        "numbers": numbers(stream),
        "many": many(stream, 3),
        "below": below(),
        "draws": draws(),
        "shuffles": shuffles(),
    });
    compare("generator.json", &answers);
}
