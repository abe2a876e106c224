//! A counter-based generator: element `i` of a stream is a pure function of (seed, stream name, run, i).
//!
//! Philox4x32-10 (Salmon et al., *Parallel random numbers: as easy as 1, 2, 3*, SC 2011). Nothing is carried
//! from one number to the next, so any device may draw any part of a stream in any order.

use crate::math::{self, Fma, Portable};
use core::marker::PhantomData;

/// The key of a stream: a seed and a name, hashed together. Its numbers are computed with the multiply-add
/// `F`, which changes no bit of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream<F = Portable> {
    key: [u32; 2],
    fma: PhantomData<F>,
}

impl Stream {
    /// The stream called `name` under `seed`.
    #[inline]
    #[must_use]
    pub fn new(seed: u64, name: &str) -> Stream {
        // FNV-1a over the name, then SplitMix64's finaliser to spread (seed, name) over the key.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in name.bytes() {
            hash = (hash ^ byte as u64).wrapping_mul(0x0000_0100_0000_01b3);
        }
        let mut z = hash ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Stream::from_key(z ^ (z >> 31))
    }

    /// The stream with a ready-made key, as [`Stream::key`] gives it.
    #[inline]
    #[must_use]
    pub fn from_key(key: u64) -> Stream {
        Stream { key: [key as u32, (key >> 32) as u32], fma: PhantomData }
    }

    /// The same stream, computed with another multiply-add.
    #[inline(always)]
    #[must_use]
    pub fn with<F: Fma>(self) -> Stream<F> {
        Stream { key: self.key, fma: PhantomData }
    }
}

impl<F: Fma> Stream<F> {
    /// The key as one number, for backends that pass it to a device.
    #[inline]
    #[must_use]
    pub fn key(self) -> u64 {
        self.key[0] as u64 | (self.key[1] as u64) << 32
    }

    /// The four words at a counter.
    #[inline(always)]
    #[must_use]
    pub fn block(self, counter: [u32; 4]) -> [u32; 4] {
        let [mut a, mut b, mut c, mut d] = counter;
        let [mut k0, mut k1] = self.key;
        let mut round = 0;
        while round < 10 {
            let p = a as u64 * 0xd251_1f53;
            let q = c as u64 * 0xcd9e_8d57;
            (a, b, c, d) = ((q >> 32) as u32 ^ b ^ k0, q as u32, (p >> 32) as u32 ^ d ^ k1, p as u32);
            k0 = k0.wrapping_add(0x9e37_79b9);
            k1 = k1.wrapping_add(0xbb67_ae85);
            round += 1;
        }
        [a, b, c, d]
    }

    /// Word `i` of run `run`.
    #[inline(always)]
    #[must_use]
    pub fn word(self, run: u32, i: u64) -> u32 {
        let [first, second] = self.pair(i, 0, run);
        if i.is_multiple_of(2) { first } else { second }
    }

    /// Element `i` of run `run`, uniform in `[0, 1)` with 24 bits.
    #[inline(always)]
    #[must_use]
    pub fn uniform(self, run: u32, i: u64) -> f32 {
        unit(self.word(run, i))
    }

    /// Element `i` of run `run`, standard normal (Box and Muller, 1958): neighbours `2j`, `2j + 1` share a
    /// pair of words.
    #[inline(always)]
    #[must_use]
    pub fn normal(self, run: u32, i: u64) -> f32 {
        self.normal_at(i, 0, run)
    }

    /// Element `i` of run `run`, standard normal conditioned on `|z| <= 2`: draws again until it fits.
    #[inline(always)]
    #[must_use]
    pub fn truncated_normal(self, run: u32, i: u64) -> f32 {
        let mut attempt = 0;
        loop {
            let z = self.normal_at(i, attempt, run);
            if z.abs() <= 2.0 {
                return z;
            }
            attempt += 1;
        }
    }

    /// The two words that element `i` and its neighbour are made of. They are chosen rather than indexed: a
    /// GPU would put an array that is indexed into slow memory.
    #[inline(always)]
    fn pair(self, i: u64, attempt: u32, run: u32) -> [u32; 2] {
        let [a, b, c, d] = self.block([(i / 4) as u32, ((i / 4) >> 32) as u32, attempt, run]);
        if i % 4 < 2 { [a, b] } else { [c, d] }
    }

    #[inline(always)]
    fn normal_at(self, i: u64, attempt: u32, run: u32) -> f32 {
        let [first, second] = self.pair(i, attempt, run);
        // (0, 1]: the logarithm stays finite.
        let u = 1.0 - unit(first);
        let radius = math::sqrt(-2.0 * math::ln::<F>(u));
        let (s, c) = math::sin_cos_turns::<F>(unit(second));
        radius * if i.is_multiple_of(2) { c } else { s }
    }
}

#[inline(always)]
fn unit(word: u32) -> f32 {
    (word >> 8) as f32 * (1.0 / 16_777_216.0)
}

/// Draws from a [`Stream`] one after the other.
///
/// The state is a position, so it can be saved and restored exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generator {
    stream: Stream,
    position: u64,
}

impl Generator {
    /// A generator at the start of stream `name` under `seed`.
    #[inline]
    #[must_use]
    pub fn new(seed: u64, name: &str) -> Generator {
        Generator { stream: Stream::new(seed, name), position: 0 }
    }

    /// How many draws were made.
    #[inline]
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Continues at a position that [`Generator::position`] gave.
    #[inline]
    pub fn set_position(&mut self, position: u64) {
        self.position = position;
    }

    #[inline]
    fn advance(&mut self) -> u64 {
        self.position += 1;
        self.position - 1
    }

    /// 32 random bits.
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        let i = self.advance();
        self.stream.word(0, i)
    }

    /// Uniform in `[0, 1)`.
    #[inline]
    pub fn uniform(&mut self) -> f32 {
        unit(self.next_u32())
    }

    /// Standard normal.
    #[inline]
    pub fn normal(&mut self) -> f32 {
        let i = self.advance();
        self.stream.normal(1, i)
    }

    /// Uniform in `0..n`, without bias (Lemire, 2019); 0 when `n` is 0.
    #[inline]
    pub fn below(&mut self, n: u32) -> u32 {
        if n == 0 {
            return 0;
        }
        let threshold = n.wrapping_neg() % n;
        loop {
            let product = self.next_u32() as u64 * n as u64;
            if product as u32 >= threshold {
                return (product >> 32) as u32;
            }
        }
    }

    /// Shuffles in place (Fisher and Yates). At most `u32::MAX` items.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u32 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// Known answers of the reference implementation (Random123, `kat_vectors`).
    #[test]
    fn philox_known_answers() {
        let rows = [
            ([0, 0], [0; 4], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            ([u32::MAX; 2], [u32::MAX; 4], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
            (
                [0xa409_3822, 0x299f_31d0],
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ];
        for (key, counter, want) in rows {
            let stream = Stream::from_key(key[0] as u64 | (key[1] as u64) << 32);
            assert_eq!(stream.block(counter), want);
        }
    }

    #[test]
    fn moments_of_the_distributions() {
        let stream = Stream::new(1, "moments");
        let n = 100_000;
        let moments = |f: &dyn Fn(u64) -> f32| {
            let mean = (0..n).map(|i| f(i) as f64).sum::<f64>() / n as f64;
            (mean, (0..n).map(|i| (f(i) as f64 - mean).powi(2)).sum::<f64>() / n as f64)
        };
        let rows: [(&str, (f64, f64), f64, f64); 3] = [
            ("uniform", moments(&|i| stream.uniform(0, i)), 0.5, 1.0 / 12.0),
            ("normal", moments(&|i| stream.normal(0, i)), 0.0, 1.0),
            ("truncated", moments(&|i| stream.truncated_normal(0, i)), 0.0, 0.7737),
        ];
        for (name, (mean, variance), want_mean, want_variance) in rows {
            assert!((mean - want_mean).abs() < 0.01, "{name}: mean {mean}");
            assert!((variance - want_variance).abs() < 0.02, "{name}: variance {variance}");
        }
    }

    #[test]
    fn streams_runs_and_neighbours_differ() {
        let (a, b) = (Stream::new(1, "a"), Stream::new(1, "b"));
        assert_ne!(a.word(0, 0), b.word(0, 0), "names");
        assert_ne!(a.word(0, 0), Stream::new(2, "a").word(0, 0), "seeds");
        assert_ne!(a.normal(0, 0), a.normal(1, 0), "runs");
        assert_ne!(a.normal(0, 0), a.normal(0, 1), "elements");
        assert_eq!(Stream::from_key(a.key()), a);
    }

    #[test]
    fn shuffles_are_permutations_and_resume() {
        let mut generator = Generator::new(3, "shuffle");
        let mut items: Vec<u32> = (0..1000).collect();
        generator.shuffle(&mut items);
        let position = generator.position();
        let next = generator.next_u32();
        generator.set_position(position);
        assert_eq!(generator.next_u32(), next);
        assert_ne!(items, (0..1000).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..1000).collect::<Vec<_>>());
        assert!((0..1000).all(|_| generator.below(7) < 7));
    }
}
