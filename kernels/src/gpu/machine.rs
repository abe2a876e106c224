//! Runs map programs. All threads of a block execute the same instruction at the same time, each on a group
//! of four elements, whose values lie in shared memory: neighbouring threads use neighbouring banks.

use super::{
    execute::execute,
    sys::{self, Global, Shared},
};
use crate::abi::{
    Divisor, Element, REGISTER, Words, code,
    layout::{Nest, Operand, Place, Rows},
};

/// Values of the four elements of a group.
pub type Group = [u32; 4];

/// One value for each element of a group.
#[inline(always)]
pub fn each<T>(mut f: impl FnMut(usize) -> T) -> [T; 4] {
    [f(0), f(1), f(2), f(3)]
}

/// The elements of a nest that a thread computes side by side.
#[derive(Clone, Copy)]
pub struct Elements {
    /// Their numbers in the nest.
    pub numbers: Group,
    /// Which of them there are. The others are neither loaded nor stored: where a program overwrites its
    /// input, their element may be another thread's.
    pub live: [bool; 4],
}

/// What a kernel was given, and its thread's registers.
#[derive(Clone, Copy)]
pub struct Machine {
    block: Global,
    buffers: Global,
    registers: Shared,
}

impl Machine {
    /// With registers that begin so many bytes into shared memory.
    #[inline(always)]
    pub fn new(block: Global, buffers: Global, registers: u32) -> Machine {
        let own = registers.wrapping_add(sys::thread().wrapping_mul(REGISTER));
        Machine { block, buffers, registers: sys::shared().at(own) }
    }

    /// Reads a part of the block.
    ///
    /// # Safety
    /// The block must have such a part at this position.
    #[inline(always)]
    pub unsafe fn part<T: Words>(&self, mut position: u32) -> T {
        T::decode(&mut || {
            // SAFETY: the caller's promise.
            let word = unsafe { self.word(position) };
            position = position.wrapping_add(1);
            word
        })
    }

    /// # Safety
    /// The block must have a word at this position.
    #[inline(always)]
    unsafe fn word(&self, position: u32) -> u32 {
        // SAFETY: the caller's promise; nobody writes blocks while kernels run.
        unsafe { self.block.at(position as u64 * 4).word() }
    }

    /// Where something lies.
    ///
    /// # Safety
    /// The place's buffer must be in the table.
    #[inline(always)]
    pub unsafe fn address(&self, place: Place) -> Global {
        // SAFETY: the caller's promise; nobody writes the table while kernels run.
        let start = unsafe { self.buffers.at(place.buffer as u64 * 8).long() };
        Global(start.wrapping_add(place.offset))
    }

    /// A register of this thread, by its name in code.
    #[inline(always)]
    pub fn register(&self, name: u32) -> Shared {
        self.registers.at(name.wrapping_mul(REGISTER))
    }

    /// Reads an operand of an instruction.
    ///
    /// # Safety
    /// It must be a constant of the block or a register that was written.
    #[inline(always)]
    pub unsafe fn read(&self, operand: u32) -> Group {
        // SAFETY: the caller's promise.
        unsafe {
            if operand & code::CONSTANT != 0 {
                let value = self.word(operand & !code::CONSTANT);
                [value; 4]
            } else {
                self.register(operand).words()
            }
        }
    }

    /// Runs the program at `position` for some elements of the nest at `nest`.
    ///
    /// # Safety
    /// The block must be one that the host encoded for a checked program, and this thread must have as many
    /// registers as the program names; register 0 must be written if the program reads it first.
    #[inline(always)]
    pub unsafe fn run(&self, position: u32, nest: u32, elements: Elements) {
        let mut at = self.block.at(position as u64 * 4);
        // SAFETY: the caller's promise; a group of words can be read after the last instruction.
        unsafe {
            let mut next = at.words();
            loop {
                let [head, a, b, c] = next;
                at = at.at(16);
                next = at.words();
                let (code, values, to) = code::decode(head);
                let result = match code {
                    code::END => return,
                    code::STORE => {
                        self.store(b, nest, elements, self.read(a));
                        continue;
                    }
                    code::LOAD => self.load(a, nest, elements),
                    code::LOAD_ROW => self.load_row(a, elements),
                    code => {
                        let a = self.read(a);
                        let b = if values > 1 { self.read(b) } else { [0; 4] };
                        let c = if values > 2 { self.read(c) } else { [0; 4] };
                        execute(code, a, b, c)
                    }
                };
                self.register(to).set_words(result);
            }
        }
    }

    /// # Safety
    /// As [`Machine::run`].
    #[inline(always)]
    unsafe fn load(&self, access: u32, nest: u32, elements: Elements) -> Group {
        // SAFETY: the caller's promise.
        unsafe {
            let operand: Operand = self.part(access);
            let start = self.address(operand.place);
            let offsets = self.offsets(nest, access, elements.numbers);
            load(start, operand.element, offsets, elements.live)
        }
    }

    /// Stores the live elements of an access.
    ///
    /// # Safety
    /// As [`Machine::run`].
    #[inline(always)]
    pub unsafe fn store(&self, access: u32, nest: u32, elements: Elements, values: Group) {
        // SAFETY: the caller's promise; outputs do not overlap, so that no other thread touches these
        // elements.
        unsafe {
            let operand: Operand = self.part(access);
            let start = self.address(operand.place);
            let offsets = self.offsets(nest, access, elements.numbers);
            each(|i| {
                if elements.live[i] {
                    match operand.element {
                        WORD => start.at(offsets[i] << 2).set_word(values[i]),
                        TRUTH => start.at(offsets[i]).set_byte((values[i] != 0) as u32),
                        _ => start.at(offsets[i]).set_byte(values[i]),
                    }
                }
            });
        }
    }

    /// # Safety
    /// As [`Machine::run`].
    #[inline(always)]
    unsafe fn load_row(&self, rows: u32, elements: Elements) -> Group {
        // SAFETY: the caller's promise; the row numbers were checked.
        unsafe {
            let rows: Rows = self.part(rows);
            let (table, list) = (self.address(rows.table.place), self.address(rows.numbers));
            let offsets = each(|i| {
                let (position, column) = rows.width.split(elements.numbers[i]);
                let row = if elements.live[i] { list.at(position as u64 * 4).word() } else { 0 };
                row as u64 * rows.width.divisor as u64 + column as u64
            });
            load(table, rows.table.element, offsets, elements.live)
        }
    }

    /// The distances of elements of a nest from the access's first one, in elements.
    ///
    /// # Safety
    /// As [`Machine::run`].
    #[inline(always)]
    pub unsafe fn offsets(&self, nest: u32, access: u32, mut numbers: Group) -> [u64; 4] {
        let (mut loops, mut strides) = (nest.wrapping_add(Nest::WORDS), access.wrapping_add(Operand::WORDS));
        let mut offsets = [0; 4];
        // SAFETY: the caller's promise.
        unsafe {
            let mut inner = self.part::<Nest>(nest).loops.wrapping_sub(1);
            while inner != 0 {
                let (extent, stride) = (self.part::<Divisor>(loops), self.word(strides));
                for i in 0..4 {
                    let (outer, index) = extent.split(numbers[i]);
                    offsets[i] += index as u64 * stride as u64;
                    numbers[i] = outer;
                }
                loops = loops.wrapping_add(Divisor::WORDS);
                strides = strides.wrapping_add(1);
                inner -= 1;
            }
            let stride = self.word(strides);
            each(|i| offsets[i].wrapping_add(numbers[i] as u64 * stride as u64))
        }
    }
}

const WORD: u32 = Element::Word as u32;
const TRUTH: u32 = Element::Truth as u32;

/// The elements at these offsets; 0 for those that are not live.
///
/// # Safety
/// The live elements must be there.
#[inline(always)]
unsafe fn load(start: Global, element: u32, offsets: [u64; 4], live: [bool; 4]) -> Group {
    // SAFETY: the caller's promise.
    unsafe {
        match element {
            WORD => each(|i| if live[i] { start.at(offsets[i] << 2).word() } else { 0 }),
            TRUTH => each(|i| (live[i] && start.at(offsets[i]).byte() != 0) as u32),
            _ => each(|i| if live[i] { start.at(offsets[i]).byte() } else { 0 }),
        }
    }
}
