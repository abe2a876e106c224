//! Device memory: allocations whose addresses are never given out twice.

mod shadow;
mod validity;

pub(crate) use shadow::{Clock, Conflict, SEVERAL, Shadow, Touch};

use crate::fault::FaultKind;
use validity::Validity;

/// The address of the first allocation: far from anything that a host address or a small number could be.
const FIRST: u64 = 0x7_0000_0000;
/// Every allocation starts at a multiple of this, as a driver's do.
const ALIGNMENT: u64 = 256;
/// Bytes between allocations that belong to none.
const GAP: u64 = 4096;

/// Device memory.
#[derive(Debug, Default)]
pub struct Memory {
    /// By address.
    allocations: Vec<Allocation>,
    live_bytes: u64,
    time: u32,
}

#[derive(Debug)]
struct Allocation {
    start: u64,
    length: u64,
    /// Nothing when it was freed.
    contents: Option<Contents>,
}

impl Allocation {
    /// Whether all of a stretch lies in it, of whatever address and length.
    #[inline(always)]
    fn has(&self, address: u64, bytes: u64) -> bool {
        let room = address.checked_sub(self.start).and_then(|offset| self.length.checked_sub(offset));
        room.is_some_and(|room| bytes <= room)
    }
}

#[derive(Debug)]
struct Contents {
    bytes: Vec<u8>,
    valid: Validity,
    shadow: Shadow,
}

/// An aligned stretch of up to 16 bytes that a thread touches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    pub(crate) address: u64,
    pub(crate) bytes: u64,
}

/// Who touches memory, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Toucher {
    /// The thread's number in its block, or [`SEVERAL`].
    pub(crate) thread: u16,
    pub(crate) clock: Clock,
}

impl Memory {
    /// Memory with nothing in it.
    #[must_use]
    pub fn new() -> Memory {
        Memory::default()
    }

    /// Reserves `bytes` bytes with undefined contents; their address.
    ///
    /// # Panics
    /// When the host has not so many: who asks for it checks what it was told.
    pub fn allocate(&mut self, bytes: usize) -> u64 {
        let end = self.allocations.last().map_or(FIRST, |a| a.start + a.length + GAP);
        let start = end.next_multiple_of(ALIGNMENT);
        // Zeros cost nothing until they are used; what was never written is caught when it is read.
        let contents =
            Contents { bytes: vec![0; bytes], valid: Validity::none(bytes), shadow: Shadow::default() };
        self.allocations.push(Allocation { start, length: bytes as u64, contents: Some(contents) });
        self.live_bytes += bytes as u64;
        start
    }

    /// Frees the allocation that starts at an address.
    ///
    /// # Errors
    /// When none starts there, or it is freed already.
    pub fn free(&mut self, address: u64) -> Result<(), FaultKind> {
        let found = self.allocations.binary_search_by_key(&address, |a| a.start);
        let Some(allocation) = found.ok().map(|i| &mut self.allocations[i]) else {
            return Err(self.nothing(address, 0));
        };
        if allocation.contents.take().is_none() {
            return Err(FaultKind::UseAfterFree { address, bytes: 0, length: allocation.length });
        }
        self.live_bytes -= allocation.length;
        Ok(())
    }

    /// Allocations that were not freed, and their bytes.
    #[must_use]
    pub fn live(&self) -> (usize, u64) {
        (self.allocations.iter().filter(|a| a.contents.is_some()).count(), self.live_bytes)
    }

    /// Copies bytes from the host.
    ///
    /// # Errors
    /// When the bytes are not all in one allocation.
    pub fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), FaultKind> {
        let (contents, at) = self.range(address, bytes.len())?;
        contents.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        contents.valid.set_range(at, bytes.len());
        Ok(())
    }

    /// Sets bytes to `count` copies of a pattern.
    ///
    /// # Errors
    /// When the bytes are not all in one allocation.
    pub fn fill(&mut self, address: u64, pattern: &[u8], count: usize) -> Result<(), FaultKind> {
        let bytes = pattern.len().saturating_mul(count);
        let (contents, at) = self.range(address, bytes)?;
        let target = &mut contents.bytes[at..at + bytes];
        match *pattern {
            [byte] => target.fill(byte),
            _ => target.chunks_exact_mut(pattern.len().max(1)).for_each(|to| to.copy_from_slice(pattern)),
        }
        contents.valid.set_range(at, bytes);
        Ok(())
    }

    /// Copies bytes to the host.
    ///
    /// # Errors
    /// When the bytes are not all in one allocation, or one of them was never written.
    pub fn read(&mut self, address: u64, target: &mut [u8]) -> Result<(), FaultKind> {
        target.copy_from_slice(self.bytes(address, target.len())?);
        Ok(())
    }

    /// Bytes as they lie there, with the errors of [`Memory::read`].
    pub(crate) fn bytes(&mut self, address: u64, bytes: usize) -> Result<&[u8], FaultKind> {
        let (contents, at) = self.range(address, bytes)?;
        if let Some(missing) = contents.valid.first_missing(at, bytes) {
            return Err(unwritten(address + (missing - at) as u64));
        }
        Ok(&contents.bytes[at..at + bytes])
    }

    /// The time at which a launch begins.
    pub(crate) fn begin(&mut self) -> Clock {
        if self.time > u32::MAX / 2 {
            self.time = 0;
            self.allocations.iter_mut().filter_map(|a| a.contents.as_mut()).for_each(|c| c.shadow.clear());
        }
        self.time += 1;
        Clock { launch: self.time, block: self.time, now: self.time }
    }

    /// Ends a launch that came to this time.
    pub(crate) fn end(&mut self, clock: Clock) {
        self.time = clock.now;
    }

    /// Touches memory for a kernel: its bytes, if they are there, and nobody else touches them.
    #[inline(always)]
    pub(crate) fn touch(
        &mut self,
        Stretch { address, bytes }: Stretch,
        touch: Touch,
        toucher: Toucher,
        hint: &mut usize,
    ) -> Result<&mut [u8], FaultKind> {
        let inside = |a: &Allocation| a.contents.is_some() && a.has(address, bytes);
        if !self.allocations.get(*hint).is_some_and(inside) {
            *hint = self.find(address, bytes)?;
        }
        let Allocation { start, contents: Some(contents), .. } = &mut self.allocations[*hint] else {
            unreachable!("found with contents")
        };
        let offset = address - *start;
        if let Err(conflict) = contents.shadow.touch(offset, bytes, touch, toucher.thread, toucher.clock) {
            return Err(race("global", address, touch, conflict));
        }
        let (offset, bytes) = (offset as usize, bytes as usize);
        if touch == Touch::Write {
            contents.valid.set(offset, bytes);
        } else if !contents.valid.has(offset, bytes) {
            return Err(unwritten(address));
        }
        Ok(&mut contents.bytes[offset..offset + bytes])
    }

    /// The allocation that has all of a stretch.
    #[cold]
    fn find(&self, address: u64, bytes: u64) -> Result<usize, FaultKind> {
        let index = self.allocations.partition_point(|a| a.start <= address).wrapping_sub(1);
        match self.allocations.get(index) {
            Some(a) if a.has(address, bytes) => {
                let freed = FaultKind::UseAfterFree { address, bytes, length: a.length };
                a.contents.as_ref().map(|_| index).ok_or(freed)
            }
            _ => Err(self.nothing(address, bytes)),
        }
    }

    fn range(&mut self, address: u64, bytes: usize) -> Result<(&mut Contents, usize), FaultKind> {
        let index = self.find(address, bytes as u64)?;
        let allocation = &mut self.allocations[index];
        let at = (address - allocation.start) as usize;
        match &mut allocation.contents {
            Some(contents) => Ok((contents, at)),
            None => unreachable!("found with contents"),
        }
    }

    #[cold]
    fn nothing(&self, address: u64, bytes: u64) -> FaultKind {
        let before = self.allocations.iter().rfind(|a| a.start <= address);
        let nearest = match before {
            None => "no allocation is that low".to_string(),
            Some(a) => {
                let (offset, freed) = (address - a.start, if a.contents.is_some() { "" } else { "freed " });
                format!("that is {offset} bytes into a {freed}allocation of {}", a.length)
            }
        };
        FaultKind::OutOfBounds { space: "global", address, bytes, nearest }
    }
}

fn unwritten(address: u64) -> FaultKind {
    FaultKind::Uninitialised { what: format!("global memory at {address:#x}") }
}

#[cold]
pub(crate) fn race(space: &'static str, address: u64, touch: Touch, conflict: Conflict) -> FaultKind {
    let who = match conflict.thread {
        Some(thread) => format!("by thread {thread}"),
        None => "by several threads".to_string(),
    };
    let block = if conflict.other_block { " of another block" } else { "" };
    let other = format!("{} {who}{block}", conflict.touch.name());
    FaultKind::Race { space, address, this: touch.name(), other }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_never_given_out_twice() {
        let mut memory = Memory::new();
        let a = memory.allocate(10);
        memory.free(a).unwrap();
        let b = memory.allocate(10);
        assert!(b >= a + 10 && b.is_multiple_of(ALIGNMENT));
        assert_eq!(memory.live(), (1, 10));
        assert_eq!(memory.free(a), Err(FaultKind::UseAfterFree { address: a, bytes: 0, length: 10 }));
        assert!(matches!(memory.free(b + 1), Err(FaultKind::OutOfBounds { .. })));
    }

    #[test]
    fn the_host_meets_the_same_checks() {
        let mut memory = Memory::new();
        let a = memory.allocate(8);
        memory.write(a, &[1, 2, 3, 4]).unwrap();
        let mut bytes = [0; 4];
        memory.read(a, &mut bytes).unwrap();
        assert_eq!(bytes, [1, 2, 3, 4]);
        assert_eq!(memory.read(a + 1, &mut bytes), Err(unwritten(a + 4)), "a byte never written");
        memory.fill(a + 4, &[9], 4).unwrap();
        memory.read(a + 4, &mut bytes).unwrap();
        assert_eq!(bytes, [9; 4]);
        assert!(matches!(memory.write(a + 5, &bytes), Err(FaultKind::OutOfBounds { .. })));
        memory.free(a).unwrap();
        assert!(matches!(memory.fill(a, &[0], 1), Err(FaultKind::UseAfterFree { .. })));
    }
}
