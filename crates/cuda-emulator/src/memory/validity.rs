//! Which bytes were ever written.

/// A bit for each byte.
#[derive(Clone, Debug)]
pub(crate) struct Validity {
    bits: Vec<u64>,
}

impl Validity {
    /// Nothing of `bytes` bytes is written.
    pub(crate) fn none(bytes: usize) -> Validity {
        Validity { bits: vec![0; bytes.div_ceil(64)] }
    }

    /// Whether `bytes` bytes, at most 16 within a multiple of 16, are all written.
    #[inline(always)]
    pub(crate) fn has(&self, offset: usize, bytes: usize) -> bool {
        let mask = (1_u64 << bytes) - 1;
        self.bits[offset / 64] >> (offset % 64) & mask == mask
    }

    /// Marks up to 16 bytes within a multiple of 16.
    #[inline(always)]
    pub(crate) fn set(&mut self, offset: usize, bytes: usize) {
        self.bits[offset / 64] |= ((1_u64 << bytes) - 1) << (offset % 64);
    }

    /// Marks any range.
    pub(crate) fn set_range(&mut self, offset: usize, bytes: usize) {
        let mut at = offset;
        let end = offset + bytes;
        while at < end {
            let (bit, left) = (at % 64, end - at);
            let count = left.min(64 - bit);
            self.bits[at / 64] |= (u64::MAX >> (64 - count)) << bit;
            at += count;
        }
    }

    /// The first byte of a range that was never written.
    pub(crate) fn first_missing(&self, offset: usize, bytes: usize) -> Option<usize> {
        (offset..offset + bytes).find(|&i| self.bits[i / 64] >> (i % 64) & 1 == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_marked_exactly() {
        for (start, length) in [(0, 200), (3, 61), (63, 2), (64, 64), (5, 0), (100, 1)] {
            let mut validity = Validity::none(200);
            validity.set_range(start, length);
            let marked = |i| validity.first_missing(i, 1).is_none();
            for i in 0..200 {
                assert_eq!(marked(i), (start..start + length).contains(&i), "byte {i} of {start}+{length}");
            }
        }
        let mut validity = Validity::none(32);
        validity.set(16, 4);
        assert!(validity.has(16, 4) && !validity.has(16, 8) && !validity.has(12, 4));
    }
}
