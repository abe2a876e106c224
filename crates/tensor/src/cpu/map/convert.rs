//! Moves elements between memory, of any type and stride, and blocks of 32-bit words.

use crate::{
    DType,
    cpu::{
        map::instructions::LANES,
        simd::{Level, by_level},
    },
};

/// Words that a block must have beyond those it is filled with: fills write whole groups of lanes.
pub(in crate::cpu) const PADDING: usize = LANES;

/// Reads one element as a word: a `bool` as 0 or 1, a `u8` as an integer.
///
/// # Safety
/// `from` must be good for the type's size; it need not be aligned.
#[inline(always)]
pub(in crate::cpu) unsafe fn load(dtype: DType, from: *const u8) -> u32 {
    // SAFETY: the caller's promise.
    unsafe {
        match dtype {
            DType::F32 | DType::I32 => from.cast::<u32>().read_unaligned(),
            DType::Bool => (*from != 0) as u32,
            DType::U8 => *from as u32,
        }
    }
}

/// Writes a word as one element: a `bool` is whether it differs from 0, a `u8` its low eight bits.
///
/// # Safety
/// `to` must be good for the type's size; it need not be aligned.
#[inline(always)]
unsafe fn store(dtype: DType, word: u32, to: *mut u8) {
    // SAFETY: the caller's promise.
    unsafe {
        match dtype {
            DType::F32 | DType::I32 => to.cast::<u32>().write_unaligned(word),
            DType::Bool => *to = (word != 0) as u8,
            DType::U8 => *to = word as u8,
        }
    }
}

/// Writes a word [`LANES`] times or more, until `n` are written.
///
/// # Safety
/// `to` must be good for `n + PADDING` words.
#[inline(always)]
pub(in crate::cpu) unsafe fn fill(word: u32, to: *mut u32, n: usize) {
    let mut at = 0;
    while at < n {
        // SAFETY: at most LANES - 1 words beyond n.
        unsafe { to.add(at).cast::<[u32; LANES]>().write_unaligned([word; LANES]) };
        at += LANES;
    }
}

by_level! {
    fn widen(from: *const u8, to: *mut u32, n: usize) {
        for i in 0..n {
            // SAFETY: the caller gives n bytes and n words.
            unsafe { *to.add(i) = *from.add(i) as u32 };
        }
    }
}

by_level! {
    fn widen_truth(from: *const u8, to: *mut u32, n: usize) {
        for i in 0..n {
            // SAFETY: the caller gives n bytes and n words.
            unsafe { *to.add(i) = (*from.add(i) != 0) as u32 };
        }
    }
}

by_level! {
    fn narrow(from: *const u32, to: *mut u8, n: usize) {
        for i in 0..n {
            // SAFETY: the caller gives n words and n bytes.
            unsafe { *to.add(i) = *from.add(i) as u8 };
        }
    }
}

by_level! {
    fn narrow_truth(from: *const u32, to: *mut u8, n: usize) {
        for i in 0..n {
            // SAFETY: the caller gives n words and n bytes.
            unsafe { *to.add(i) = (*from.add(i) != 0) as u8 };
        }
    }
}

/// Loops that load and store neighbouring elements of one type.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Conversion {
    dtype: DType,
    widen: unsafe fn(*const u8, *mut u32, usize),
    narrow: unsafe fn(*const u32, *mut u8, usize),
}

impl Conversion {
    pub(in crate::cpu) fn new(level: Level, dtype: DType) -> Conversion {
        let (widen, narrow) = match dtype {
            DType::Bool => (widen_truth::at(level), narrow_truth::at(level)),
            _ => (widen::at(level), narrow::at(level)),
        };
        Conversion { dtype, widen, narrow }
    }

    pub(in crate::cpu) fn size(&self) -> usize {
        self.dtype.size()
    }

    /// The element at `from`.
    ///
    /// # Safety
    /// As for [`load`].
    #[inline(always)]
    pub(in crate::cpu) unsafe fn one(&self, from: *const u8) -> u32 {
        // SAFETY: the caller's promise.
        unsafe { load(self.dtype, from) }
    }

    /// Loads `n` elements that lie `stride` elements apart.
    ///
    /// # Safety
    /// `from` must be good for them, `to` for `n + PADDING` words; they must not overlap.
    #[inline(always)]
    pub(in crate::cpu) unsafe fn load(&self, from: *const u8, stride: usize, to: *mut u32, n: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            match (stride, self.size()) {
                (0, _) => fill(self.one(from), to, n),
                (1, 1) => (self.widen)(from, to, n),
                (1, _) => copy_words(from, to, n),
                (_, size) => {
                    for i in 0..n {
                        *to.add(i) = self.one(from.add(i * stride * size));
                    }
                }
            }
        }
    }

    /// Stores `n` words `stride` elements apart.
    ///
    /// # Safety
    /// `to` must be good for them, `from` for `n` words; they must not overlap.
    #[inline(always)]
    pub(in crate::cpu) unsafe fn store(&self, from: *const u32, to: *mut u8, stride: usize, n: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            match (stride, self.size()) {
                (1, 1) => (self.narrow)(from, to, n),
                (1, _) => copy_words(from.cast(), to.cast(), n),
                (_, size) => {
                    for i in 0..n {
                        store(self.dtype, *from.add(i), to.add(i * stride * size));
                    }
                }
            }
        }
    }
}

/// Copies words, few of them faster than a call of `memcpy` would.
///
/// # Safety
/// Both must be good for `n` words, aligned or not, and must not overlap.
#[inline(always)]
pub(in crate::cpu) unsafe fn copy_words(from: *const u8, to: *mut u32, n: usize) {
    /// Copies the first and the last `K` of `n` words, which may overlap.
    ///
    /// # Safety
    /// As for [`copy_words`]; `K` must be at most `n`.
    #[inline(always)]
    unsafe fn ends<const K: usize>(from: *const u8, to: *mut u32, n: usize) {
        // SAFETY: `K <= n`.
        unsafe {
            let first = from.cast::<[u32; K]>().read_unaligned();
            let last = from.add((n - K) * 4).cast::<[u32; K]>().read_unaligned();
            to.cast::<[u32; K]>().write_unaligned(first);
            to.add(n - K).cast::<[u32; K]>().write_unaligned(last);
        }
    }
    // SAFETY: the caller's promise.
    unsafe {
        match n {
            0 => {}
            1 => ends::<1>(from, to, n),
            2..4 => ends::<2>(from, to, n),
            4..8 => ends::<4>(from, to, n),
            8..=16 => ends::<8>(from, to, n),
            _ => std::ptr::copy_nonoverlapping(from, to.cast(), n * 4),
        }
    }
}
