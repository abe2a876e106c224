//! Which bytes of the arena are taken, and when.

use super::effort::spend;
use std::collections::{BTreeMap, BTreeSet};

/// Ranges of bytes, each taken for some span of time.
///
/// Time is halved again and again; a span is the few halves that make it up. Each half knows what is taken
/// all through it, and what is taken somewhere within it, so that neither asking nor taking goes through all
/// that lies there.
pub(super) struct Shelf {
    /// Moments, rounded up to a power of two.
    moments: usize,
    /// Of each half, whose own halves are twice its number and the next: what was taken for exactly this
    /// half.
    through: Vec<Ranges>,
    /// What was taken for it or for any part of it.
    within: Vec<Ranges>,
    /// The lowest range whose span begins, and the lowest whose span ends, somewhere in each half.
    begins: Vec<usize>,
    ends: Vec<usize>,
    /// What was taken last.
    latest: Option<Taken>,
}

/// A range of bytes that is taken for a span.
struct Taken {
    span: (usize, usize),
    offset: usize,
    bytes: usize,
}

impl Shelf {
    /// Nothing is taken at any of so many moments.
    pub fn new(moments: usize) -> Shelf {
        let moments = moments.next_power_of_two();
        let empty = || (0..2 * moments).map(|_| Ranges::default()).collect();
        let nowhere = || vec![usize::MAX; 2 * moments];
        let (through, within, begins, ends) = (empty(), empty(), nowhere(), nowhere());
        Shelf { moments, through, within, begins, ends, latest: None }
    }

    /// Takes the lowest range of so many bytes that is free during a span, both of whose moments belong to
    /// it, and returns its offset.
    pub fn take(&mut self, span: (usize, usize), bytes: usize) -> usize {
        let halves = self.halves(span);
        let wholes = wholes(&halves);
        let taken = halves.iter().map(|&half| &self.within[half]);
        let taken: Vec<&Ranges> = taken.chain(wholes.iter().map(|&whole| &self.through[whole])).collect();
        let mut offset = self.least(span, bytes);
        while let Some(free) = taken.iter().find_map(|r| r.next_free(offset, offset.saturating_add(bytes))) {
            offset = free;
        }
        let range = (offset, offset.saturating_add(bytes));
        for &half in &halves {
            self.through[half].insert(range);
            self.within[half].insert(range);
        }
        for whole in wholes {
            self.within[whole].insert(range);
        }
        for (lows, moment) in [(&mut self.begins, span.0), (&mut self.ends, span.1)] {
            let own = std::iter::successors(Some(self.moments + moment), |half| Some(half / 2));
            own.take_while(|&half| half > 0).for_each(|half| lows[half] = lows[half].min(offset));
        }
        self.latest = Some(Taken { span, offset, bytes });
        offset
    }

    /// An offset below which no range of this size is free. What kept the latest range of this size from
    /// lower offsets keeps this one from them too, but for what ended before this span began, or begins after
    /// this span's end.
    fn least(&self, (first, last): (usize, usize), bytes: usize) -> usize {
        let Some(Taken { span, offset, .. }) =
            self.latest.as_ref().filter(|t| t.bytes == bytes && t.span.0 <= first)
        else {
            return 0;
        };
        let low = |lows: &[usize], from: usize, to: usize| {
            let halves = if from <= to { self.halves((from, to)) } else { Vec::new() };
            halves.iter().map(|&half| lows[half]).min().unwrap_or(usize::MAX)
        };
        let ended = if first > 0 { low(&self.ends, span.0, first - 1) } else { usize::MAX };
        let gone = ended.min(low(&self.begins, last + 1, span.1));
        (*offset).min(gone.saturating_sub(bytes))
    }

    /// The largest halves that make up a span.
    fn halves(&self, (first, last): (usize, usize)) -> Vec<usize> {
        let (mut low, mut high) = (self.moments + first, self.moments + last + 1);
        let mut halves = Vec::new();
        while low < high {
            if low % 2 == 1 {
                halves.push(low);
                low += 1;
            }
            if high % 2 == 1 {
                high -= 1;
                halves.push(high);
            }
            (low, high) = (low / 2, high / 2);
        }
        halves
    }
}

/// All that these halves are part of.
fn wholes(halves: &[usize]) -> BTreeSet<usize> {
    let mut wholes = BTreeSet::new();
    for half in halves {
        let own = std::iter::successors(Some(half / 2), |whole| Some(whole / 2));
        own.take_while(|&whole| whole > 0 && wholes.insert(whole)).for_each(drop);
    }
    wholes
}

/// Ranges that neither overlap nor touch, by their begin.
#[derive(Default)]
struct Ranges(BTreeMap<usize, usize>);

impl Ranges {
    /// Where the last range ends that a range from `begin` to `end` would overlap.
    fn next_free(&self, begin: usize, end: usize) -> Option<usize> {
        spend(1);
        let (_, &taken) = self.0.range(..end).next_back()?;
        (taken > begin).then_some(taken)
    }

    fn insert(&mut self, (mut begin, mut end): (usize, usize)) {
        while let Some((&other, &other_end)) = self.0.range(..=end).next_back().filter(|r| *r.1 >= begin) {
            self.0.remove(&other);
            (begin, end) = (begin.min(other), end.max(other_end));
        }
        self.0.insert(begin, end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minutia_kernels::rng::Generator;
    use std::cmp::Reverse;

    #[test]
    fn the_lowest_free_range_is_that_of_a_search_through_all() {
        let mut generator = Generator::new(3, "shelf");
        // As they come, or in the order in which places are sought: by size, then by begin.
        for (moments, in_order) in [1, 2, 5, 64, 100].into_iter().flat_map(|m| [(m, false), (m, true)]) {
            let mut shelf = Shelf::new(moments);
            let mut taken: Vec<((usize, usize), (usize, usize))> = Vec::new();
            let mut wanted: Vec<_> = (0..300)
                .map(|_| {
                    let mut below = |n: usize| generator.below(n as u32) as usize;
                    let (a, b, bytes) = (below(moments), below(moments), 1 + below(9));
                    (Reverse(bytes), (a.min(b), a.max(b)))
                })
                .collect();
            if in_order {
                wanted.sort_unstable();
            }
            for (Reverse(bytes), span) in wanted {
                let mut busy: Vec<(usize, usize)> =
                    taken.iter().filter(|(s, _)| s.0 <= span.1 && span.0 <= s.1).map(|t| t.1).collect();
                busy.sort_unstable();
                let offset = busy.iter().fold((0, false), |(offset, done), &(begin, end)| {
                    if done || offset + bytes <= begin { (offset, true) } else { (offset.max(end), false) }
                });
                assert_eq!(shelf.take(span, bytes), offset.0, "{bytes} bytes for {span:?} among {taken:?}");
                taken.push((span, (offset.0, offset.0 + bytes)));
            }
        }
    }
}
