//! An order of execution that is kept while dependencies are added.

use super::effort::spend;
use std::{cell::RefCell, cmp::Reverse};

/// Each primitive's place in an order in which every primitive comes after those that it depends on.
///
/// Whether one primitive depends on another is asked again and again. The places confine the search to
/// primitives in between, and only these move when a dependency is added (Pearce and Kelly, 2006).
pub(super) struct Topology {
    place: Vec<usize>,
    /// The number of the latest search, and of the one that met each primitive last.
    searches: RefCell<(usize, Vec<usize>)>,
}

impl Topology {
    /// So many primitives, which stand in an order of execution.
    pub fn new(primitives: usize) -> Topology {
        Topology { place: (0..primitives).collect(), searches: RefCell::new((0, vec![0; primitives])) }
    }

    /// Where a primitive comes.
    pub fn place(&self, primitive: usize) -> usize {
        self.place[primitive]
    }

    /// Every primitive that is reached from `starts` in one step or more, as long as the places of all on the
    /// way are `inside`. None if `barred` is among them, if there are more than `most`, or if as many follow
    /// one primitive. What `next` lists follows a primitive.
    pub fn reach(
        &self,
        starts: &[usize],
        next: impl Fn(usize, &mut Vec<usize>),
        inside: impl Fn(usize) -> bool,
        barred: Option<usize>,
        most: usize,
    ) -> Option<Vec<usize>> {
        let searches = &mut *self.searches.borrow_mut();
        searches.0 += 1;
        let mut found = Vec::new();
        let mut open = starts.to_vec();
        let mut following = Vec::new();
        while let Some(primitive) = open.pop() {
            next(primitive, &mut following);
            spend(1 + following.len());
            if following.len() > most {
                return None;
            }
            // The first in the order is gone through next: it is the nearest to what is barred, on the way
            // back.
            following.sort_unstable_by_key(|&primitive| Reverse(self.place[primitive]));
            for primitive in following.drain(..) {
                let new = std::mem::replace(&mut searches.1[primitive], searches.0) != searches.0;
                if new && inside(self.place[primitive]) {
                    if found.len() == most || barred == Some(primitive) {
                        return None;
                    }
                    found.push(primitive);
                    open.push(primitive);
                }
            }
        }
        Some(found)
    }

    /// Exchanges the places of two primitives.
    pub fn exchange(&mut self, a: usize, b: usize) {
        self.place.swap(a, b);
    }

    /// Puts `before` before `middle`, and `after` after it, in the places that they have together. Each list
    /// is to hold all that must keep to its side among the primitives in between.
    pub fn arrange(&mut self, before: &[usize], middle: &[usize], after: &[usize]) {
        let sorted = |primitives: &[usize]| {
            let mut primitives = primitives.to_vec();
            primitives.sort_unstable_by_key(|&primitive| self.place[primitive]);
            primitives
        };
        let order = [sorted(before), sorted(middle), sorted(after)].concat();
        let mut places: Vec<usize> = order.iter().map(|&primitive| self.place[primitive]).collect();
        places.sort_unstable();
        order.iter().zip(places).for_each(|(&primitive, place)| self.place[primitive] = place);
    }
}
