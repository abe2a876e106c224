//! Who touched memory last: how races are found, in whatever order threads run.

/// Where a launch stands. Time counts the stretches between barriers, over all blocks and launches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// When the launch began.
    pub(crate) launch: u32,
    /// When the block began.
    pub(crate) block: u32,
    pub(crate) now: u32,
}

/// How a thread touches memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Touch {
    Read,
    Write,
    Atomic,
}

impl Touch {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Touch::Read => "read",
            Touch::Write => "write",
            Touch::Atomic => "atomic operation",
        }
    }
}

/// An earlier touch that nothing orders before a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Conflict {
    pub(crate) touch: Touch,
    /// The thread's number within its block; nothing if there were several.
    pub(crate) thread: Option<u16>,
    pub(crate) other_block: bool,
}

/// The last touches of a unit of memory.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    write_time: u32,
    read_time: u32,
    writer: u16,
    reader: u16,
    atomic: bool,
    /// Blocks other than that of `read_time` have read in this launch.
    read_by_others: bool,
}

/// In place of a thread where there are several.
pub(crate) const SEVERAL: u16 = u16::MAX;

impl Cell {
    #[inline(always)]
    fn touch(&mut self, touch: Touch, thread: u16, clock: Clock) -> Result<(), Conflict> {
        if self.write_time >= clock.launch && !(touch == Touch::Atomic && self.atomic) {
            self.against_write(thread, clock)?;
        }
        if touch == Touch::Read {
            self.read(thread, clock);
            return Ok(());
        }
        if self.read_time >= clock.launch {
            self.against_read(thread, clock)?;
        }
        let again = touch == Touch::Atomic && self.atomic && self.write_time == clock.now;
        self.writer = if again && self.writer != thread { SEVERAL } else { thread };
        (self.atomic, self.write_time) = (touch == Touch::Atomic, clock.now);
        Ok(())
    }

    fn against_write(&self, thread: u16, clock: Clock) -> Result<(), Conflict> {
        let other_block = self.write_time < clock.block;
        if other_block || self.write_time == clock.now && !same(self.writer, thread) {
            let touch = if self.atomic { Touch::Atomic } else { Touch::Write };
            return Err(Conflict { touch, thread: known(self.writer), other_block });
        }
        Ok(())
    }

    fn against_read(&self, thread: u16, clock: Clock) -> Result<(), Conflict> {
        let other_block = self.read_by_others || self.read_time < clock.block;
        if other_block || self.read_time == clock.now && !same(self.reader, thread) {
            return Err(Conflict { touch: Touch::Read, thread: known(self.reader), other_block });
        }
        Ok(())
    }

    #[inline(always)]
    fn read(&mut self, thread: u16, clock: Clock) {
        if self.read_time == clock.now {
            self.reader = if self.reader == thread { thread } else { SEVERAL };
        } else {
            let this_launch = self.read_time >= clock.launch;
            self.read_by_others = this_launch && (self.read_by_others || self.read_time < clock.block);
            (self.reader, self.read_time) = (thread, clock.now);
        }
    }
}

/// Whether both are one thread.
fn same(a: u16, b: u16) -> bool {
    a == b && a != SEVERAL
}

fn known(thread: u16) -> Option<u16> {
    (thread != SEVERAL).then_some(thread)
}

/// Cells of a page.
const PAGE: usize = 1024;

/// The touches of a stretch of memory: by words until less than a word is touched, then by bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shadow {
    by_bytes: bool,
    pages: Vec<Option<Box<[Cell; PAGE]>>>,
}

impl Shadow {
    /// Notes that a thread touches `bytes` bytes from `offset` on; when the oldest of them was written last.
    /// An access of words is aligned to words.
    #[inline(always)]
    pub(crate) fn touch(
        &mut self,
        offset: u64,
        bytes: u64,
        touch: Touch,
        thread: u16,
        clock: Clock,
    ) -> Result<u32, Conflict> {
        if bytes < 4 && !self.by_bytes {
            self.split();
        }
        let unit = if self.by_bytes { 1 } else { 4 };
        let mut oldest = u32::MAX;
        for i in 0..bytes / unit {
            let cell = self.cell((offset / unit + i) as usize);
            oldest = oldest.min(cell.write_time);
            cell.touch(touch, thread, clock)?;
        }
        Ok(oldest)
    }

    #[inline(always)]
    fn cell(&mut self, index: usize) -> &mut Cell {
        let page = index / PAGE;
        if page >= self.pages.len() {
            self.pages.resize(page + 1, None);
        }
        let page = self.pages[page].get_or_insert_with(|| Box::new([Cell::default(); PAGE]));
        &mut page[index % PAGE]
    }

    #[cold]
    fn split(&mut self) {
        self.by_bytes = true;
        for page in std::mem::take(&mut self.pages) {
            for quarter in 0..4 {
                let part =
                    |cells: &[Cell; PAGE]| Box::new(std::array::from_fn(|i| cells[(quarter * PAGE + i) / 4]));
                self.pages.push(page.as_deref().map(part));
            }
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.pages.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Clock = Clock { launch: 10, block: 10, now: 10 };
    const AFTER_BARRIER: Clock = Clock { launch: 10, block: 10, now: 11 };
    const NEXT_BLOCK: Clock = Clock { launch: 10, block: 12, now: 12 };
    const NEXT_LAUNCH: Clock = Clock { launch: 13, block: 13, now: 13 };

    #[test]
    fn two_touches_race_unless_something_orders_them() {
        use Touch::{Atomic, Read, Write};
        let rows = [
            ("two reads", Read, 1, Read, 2, START, true),
            ("a write of what another read", Read, 1, Write, 2, START, false),
            ("a write of what it read itself", Read, 1, Write, 1, START, true),
            ("a read of what another wrote", Write, 1, Read, 2, START, false),
            ("two writes", Write, 1, Write, 2, START, false),
            ("two writes of one thread", Write, 1, Write, 1, START, true),
            ("two writes with a barrier between", Write, 1, Write, 2, AFTER_BARRIER, true),
            ("a read after a barrier", Write, 1, Read, 2, AFTER_BARRIER, true),
            ("two writes of the same thread of two blocks", Write, 1, Write, 1, NEXT_BLOCK, false),
            ("a read of what another block wrote", Write, 1, Read, 1, NEXT_BLOCK, false),
            ("a write of what another block read", Read, 1, Write, 1, NEXT_BLOCK, false),
            ("a write in the next launch", Write, 1, Write, 2, NEXT_LAUNCH, true),
            ("two atomic operations", Atomic, 1, Atomic, 2, NEXT_BLOCK, true),
            ("a read beside an atomic operation", Atomic, 1, Read, 2, START, false),
            ("an atomic operation beside a write", Write, 1, Atomic, 2, START, false),
            ("two reads of several threads", Read, SEVERAL, Read, SEVERAL, START, true),
            ("a read of several threads, one of which wrote", Write, 1, Read, SEVERAL, START, false),
            (
                "a read of several threads, several of which wrote",
                Atomic,
                SEVERAL,
                Read,
                SEVERAL,
                START,
                false,
            ),
        ];
        for (what, first, one, second, two, clock, fine) in rows {
            let mut shadow = Shadow::default();
            shadow.touch(8, 4, first, one, START).unwrap();
            assert_eq!(shadow.touch(8, 4, second, two, clock).is_ok(), fine, "{what}");
        }
    }

    #[test]
    fn reads_of_many_blocks_are_remembered() {
        let mut shadow = Shadow::default();
        shadow.touch(0, 4, Touch::Read, 1, START).unwrap();
        shadow.touch(0, 4, Touch::Read, 1, NEXT_BLOCK).unwrap();
        let later = Clock { now: 13, ..NEXT_BLOCK };
        let conflict = shadow.touch(0, 4, Touch::Write, 1, later).unwrap_err();
        assert_eq!(conflict, Conflict { touch: Touch::Read, thread: Some(1), other_block: true });
    }

    #[test]
    fn bytes_of_a_word_are_apart() {
        let mut shadow = Shadow::default();
        shadow.touch(4, 4, Touch::Write, 7, START).unwrap();
        shadow.touch(0, 1, Touch::Write, 1, START).unwrap();
        shadow.touch(1, 1, Touch::Write, 2, START).unwrap();
        assert!(shadow.touch(1, 1, Touch::Write, 3, START).is_err(), "the same byte");
        assert!(shadow.touch(7, 1, Touch::Read, 3, START).is_err(), "a word written before");
        assert!(shadow.touch(0, 4, Touch::Read, 1, START).is_err(), "a word with another's byte");
    }
}
