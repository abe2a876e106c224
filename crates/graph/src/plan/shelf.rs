//! Which bytes of the arena are taken, and when.

use std::collections::BTreeMap;

/// Ranges of bytes, each taken for some span of time.
///
/// Time is halved again and again; a span is the few halves that make it up. Each half knows what is taken all through
/// it, and what is taken somewhere within it, so that neither asking nor taking goes through all that lies there.
pub(super) struct Shelf {
    /// Moments, rounded up to a power of two.
    moments: usize,
    /// Of each half, whose own halves are twice its number and the next: what was taken for exactly this half.
    through: Vec<Ranges>,
    /// What was taken for it or for any part of it.
    within: Vec<Ranges>,
}

impl Shelf {
    /// Nothing is taken at any of so many moments.
    pub fn new(moments: usize) -> Shelf {
        let moments = moments.next_power_of_two();
        let empty = || (0..2 * moments).map(|_| Ranges::default()).collect();
        Shelf { moments, through: empty(), within: empty() }
    }

    /// The lowest offset of a free range during a span, both of whose moments belong to it; `end` says where a range
    /// would end that starts at an offset.
    pub fn lowest(&self, span: (usize, usize), end: impl Fn(usize) -> usize) -> usize {
        let mut taken: Vec<&Ranges> = Vec::new();
        for half in self.halves(span) {
            taken.push(&self.within[half]);
            taken.extend(wholes(half).map(|whole| &self.through[whole]));
        }
        let mut offset = 0;
        while let Some(free) = taken.iter().find_map(|ranges| ranges.next_free(offset, end(offset))) {
            offset = free;
        }
        offset
    }

    /// Takes a range of bytes for a span.
    pub fn take(&mut self, span: (usize, usize), range: (usize, usize)) {
        for half in self.halves(span) {
            self.through[half].insert(range);
            self.within[half].insert(range);
            wholes(half).for_each(|whole| self.within[whole].insert(range));
        }
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

/// What a half is part of.
fn wholes(half: usize) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(half / 2), |whole| Some(whole / 2)).take_while(|whole| *whole > 0)
}

/// Ranges that neither overlap nor touch, by their begin.
#[derive(Default)]
struct Ranges(BTreeMap<usize, usize>);

impl Ranges {
    /// Where the last range ends that a range from `begin` to `end` would overlap.
    fn next_free(&self, begin: usize, end: usize) -> Option<usize> {
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

    #[test]
    fn the_lowest_free_range_is_that_of_a_search_through_all() {
        let mut generator = Generator::new(3, "shelf");
        for moments in [1, 2, 5, 64, 100] {
            let mut shelf = Shelf::new(moments);
            let mut taken: Vec<((usize, usize), (usize, usize))> = Vec::new();
            for _ in 0..300 {
                let mut below = |n: usize| generator.below(n as u32) as usize;
                let (a, b, bytes) = (below(moments), below(moments), 1 + below(9));
                let span = (a.min(b), a.max(b));
                let mut busy: Vec<(usize, usize)> =
                    taken.iter().filter(|(s, _)| s.0 <= span.1 && span.0 <= s.1).map(|t| t.1).collect();
                busy.sort_unstable();
                let offset = busy.iter().fold((0, false), |(offset, done), &(begin, end)| {
                    if done || offset + bytes <= begin { (offset, true) } else { (offset.max(end), false) }
                });
                assert_eq!(shelf.lowest(span, |from| from + bytes), offset.0, "{span:?} among {taken:?}");
                shelf.take(span, (offset.0, offset.0 + bytes));
                taken.push((span, (offset.0, offset.0 + bytes)));
            }
        }
    }
}
