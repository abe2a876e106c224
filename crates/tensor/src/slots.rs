//! Numbered places, whose numbers are given out again when they are free.

use crate::Slot;
use std::sync::atomic::{AtomicU64, Ordering};

/// What lies in the slots of a memory.
#[derive(Debug)]
pub(crate) struct Slots<T> {
    entries: Vec<Option<T>>,
    free: Vec<usize>,
    stamp: u64,
}

impl<T> Default for Slots<T> {
    fn default() -> Slots<T> {
        Slots { entries: Vec::new(), free: Vec::new(), stamp: next_stamp() }
    }
}

fn next_stamp() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl<T> Slots<T> {
    /// Unlike that of any other state of any memory: addresses taken under the same stamp are still valid.
    pub(crate) fn stamp(&self) -> u64 {
        self.stamp
    }

    pub(crate) fn insert(&mut self, entry: T) -> Slot {
        self.stamp = next_stamp();
        match self.free.pop() {
            Some(i) => {
                self.entries[i] = Some(entry);
                Slot(i)
            }
            None => {
                self.entries.push(Some(entry));
                Slot(self.entries.len() - 1)
            }
        }
    }

    pub(crate) fn get(&self, slot: Slot) -> Option<&T> {
        self.entries.get(slot.0)?.as_ref()
    }

    /// Access to what is in a slot without leave to put it elsewhere; see [`Slots::replace`].
    pub(crate) fn get_mut(&mut self, slot: Slot) -> Option<&mut T> {
        self.entries.get_mut(slot.0)?.as_mut()
    }

    /// Puts something else into a slot that is not free.
    pub(crate) fn replace(&mut self, slot: Slot, entry: T) {
        if let Some(place) = self.get_mut(slot) {
            *place = entry;
            self.stamp = next_stamp();
        }
    }

    /// Frees a slot, if it is not free.
    pub(crate) fn remove(&mut self, slot: Slot) {
        if let Some(entry) = self.entries.get_mut(slot.0)
            && entry.take().is_some()
        {
            self.free.push(slot.0);
            self.stamp = next_stamp();
        }
    }
}
