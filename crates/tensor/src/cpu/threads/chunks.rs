//! How steps are cut into parts that threads run side by side.

use std::{cell::UnsafeCell, ops::Range};

/// A part takes at least this long, in units of an addition in the first-level cache; a thread takes about
/// as long to wake as a few thousand of them.
const SMALLEST_PART: usize = 40_000;
/// Parts for each thread: more than one, so that a thread which starts late does not hold up the rest.
const PARTS_A_THREAD: usize = 2;

/// Into how many parts to cut work of this cost.
pub(in crate::cpu) fn parts(threads: usize, cost: usize) -> usize {
    if threads < 2 {
        return 1;
    }
    let pays = (cost / SMALLEST_PART).clamp(1, threads * PARTS_A_THREAD);
    // No thread takes more parts than another.
    if pays < threads { pays } else { pays / threads * threads }
}

/// Part `i` of `parts` of `n` items, with cuts at multiples of `grain`.
pub(in crate::cpu) fn part(n: usize, grain: usize, parts: usize, i: usize) -> Range<usize> {
    let grains = n.div_ceil(grain);
    let cut = |i: usize| (grains / parts * i + (grains % parts).min(i)) * grain;
    cut(i).min(n)..cut(i + 1).min(n)
}

/// A value for each part.
#[derive(Debug)]
pub(in crate::cpu) struct PerPart<T>(Box<[UnsafeCell<T>]>);

// SAFETY: `get` hands a value to one part at a time by its contract; raw pointers inside point to scratch
// that belongs to the part, or to buffers whose outputs parts split between them.
unsafe impl<T> Sync for PerPart<T> {}
// SAFETY: likewise.
unsafe impl<T> Send for PerPart<T> {}

impl<T> PerPart<T> {
    pub(in crate::cpu) fn new(values: impl IntoIterator<Item = T>) -> PerPart<T> {
        PerPart(values.into_iter().map(UnsafeCell::new).collect())
    }

    /// The value of a part.
    ///
    /// # Safety
    /// Nothing else may use this part's value meanwhile.
    #[allow(clippy::mut_from_ref)]
    pub(in crate::cpu) unsafe fn get(&self, part: usize) -> &mut T {
        // SAFETY: the caller's promise.
        unsafe { &mut *self.0[part].get() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_everything_once() {
        for n in [0, 1, 15, 16, 17, 100, 1000] {
            for grain in [1, 16] {
                for parts in 1..6 {
                    let mut end = 0;
                    for i in 0..parts {
                        let range = part(n, grain, parts, i);
                        assert_eq!(range.start, end, "{n} items, {parts} parts of grain {grain}");
                        end = range.end;
                    }
                    assert_eq!(end, n, "{n} items, {parts} parts of grain {grain}");
                }
            }
        }
    }

    #[test]
    fn small_work_stays_whole() {
        assert_eq!((parts(8, 1000), parts(1, usize::MAX), parts(2, usize::MAX)), (1, 1, 4));
        assert_eq!(
            (parts(2, 3 * SMALLEST_PART), parts(4, 3 * SMALLEST_PART)),
            (2, 3),
            "evenly, if all have one"
        );
    }
}
