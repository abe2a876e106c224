//! Which slots of which memory a program's buffers are.

use crate::{Error, Slot, program::BufferSpec};

/// A buffer as a program sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound<A> {
    /// Where it starts.
    pub(crate) address: A,
    pub(crate) bytes: usize,
    pub(crate) writable: bool,
}

/// The buffers of a program with the addresses that they had last.
#[derive(Debug)]
pub(crate) struct Bindings<A> {
    specs: Vec<BufferSpec>,
    addresses: Vec<A>,
    slots: Vec<Slot>,
    /// The buffers by their slots, kept so that looking for two in one slot allocates nothing.
    by_slot: Vec<usize>,
    /// The state of the memory that the addresses were taken from.
    stamp: Option<u64>,
}

impl<A: Copy> Bindings<A> {
    /// Buffers that are nowhere yet, as `nowhere` says.
    pub(crate) fn new(specs: &[BufferSpec], nowhere: A) -> Bindings<A> {
        Bindings {
            specs: specs.to_vec(),
            addresses: vec![nowhere; specs.len()],
            slots: Vec::with_capacity(specs.len()),
            by_slot: (0..specs.len()).collect(),
            stamp: None,
        }
    }

    /// Where the buffers start.
    pub(crate) fn addresses(&self) -> &[A] {
        &self.addresses
    }

    /// Takes the addresses from a memory, unless they are known to be the same; whether it did. Allocates
    /// nothing.
    ///
    /// # Errors
    /// As [`Executable::run`](crate::Executable::run).
    #[inline]
    pub(crate) fn update(
        &mut self,
        slots: &[Slot],
        stamp: u64,
        find: impl Fn(Slot) -> Option<Bound<A>>,
    ) -> Result<bool, Error> {
        let same_slots = slots.get(..self.slots.len()) == Some(&self.slots);
        if self.stamp == Some(stamp) && same_slots {
            return Ok(false);
        }
        self.take(slots, stamp, same_slots, find).map(|()| true)
    }

    /// Takes the addresses from a memory, of the same slots as before or of others.
    fn take(
        &mut self,
        slots: &[Slot],
        stamp: u64,
        same_slots: bool,
        find: impl Fn(Slot) -> Option<Bound<A>>,
    ) -> Result<(), Error> {
        let known_to_differ = self.stamp.take().is_some() && same_slots;
        self.slots.clear();
        for (i, spec) in self.specs.iter().enumerate() {
            let bound = slots.get(i).and_then(|&slot| find(slot));
            let found = bound.map_or(0, |b| b.bytes);
            let Some(bound) = bound.filter(|b| b.bytes >= spec.bytes) else {
                return Err(Error::Binding { slot: i, found, expected: spec.bytes });
            };
            if spec.written && !bound.writable {
                return Err(Error::ReadOnly { slot: i });
            }
            self.addresses[i] = bound.address;
        }
        if !known_to_differ {
            self.distinct(slots)?;
        }
        self.slots.extend_from_slice(&slots[..self.specs.len()]);
        self.stamp = Some(stamp);
        Ok(())
    }

    /// Written buffers must share a slot with none: the program was checked as if all buffers were apart.
    fn distinct(&mut self, slots: &[Slot]) -> Result<(), Error> {
        let specs = &self.specs;
        // Of those in one slot, a written one comes first.
        self.by_slot.sort_unstable_by_key(|&i| (slots[i], !specs[i].written, i));
        match self.by_slot.windows(2).find(|w| slots[w[0]] == slots[w[1]] && specs[w[0]].written) {
            Some(w) => Err(Error::Aliased { slot: w[0], other: w[1] }),
            None => Ok(()),
        }
    }
}
