//! Map programs as the kernels run them.
//!
//! An instruction is four words. The first holds the code in its low eight bits, the number of operands in
//! the next four, and in its upper half the register that takes the result. The others are operands:
//! registers, constants, or positions of accesses. After [`END`] four more words must be readable.
//!
//! A register is named by its distance from the thread's first one in units of [`REGISTER`](super::REGISTER)
//! bytes, that is, by its number times the threads of a block. What a kernel computed before the program runs
//! is in register 0.

use crate::map::Code;

/// Ends the program.
pub const END: u32 = 0xff;
/// Loads the element of the access at the first operand's position.
pub const LOAD: u32 = 0xfe;
/// Loads the element of the rows at the first operand's position.
pub const LOAD_ROW: u32 = 0xfd;
/// Stores the first operand as the element of the access at the second's position.
pub const STORE: u32 = 0xfc;
const FIRST_SPECIAL: u32 = STORE;

/// Marks an operand that is a constant; the other bits are the position of its word.
pub const CONSTANT: u32 = 1 << 31;

/// Number of instructions of the set below the special ones, so that they cannot meet.
const _: () = assert!((Code::ALL.len() as u32) < FIRST_SPECIAL);

/// An instruction: code (of [`Code`] or one of those above), how many of the operands are values, register of
/// the result, operands.
#[inline]
#[must_use]
pub const fn encode(code: u32, values: u32, to: u32, operands: [u32; 3]) -> [u32; 4] {
    [code | values << 8 | to << 16, operands[0], operands[1], operands[2]]
}

/// Code, number of values and register of an instruction's first word.
#[inline(always)]
#[must_use]
pub const fn decode(word: u32) -> (u32, u32, u32) {
    (word & 0xff, word >> 8 & 0xf, word >> 16)
}
