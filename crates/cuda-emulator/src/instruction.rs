//! Instructions with everything looked up: what a warp executes.
//!
//! Registers are numbers into a warp's register file, which has predicates, words and longs. Constants and
//! special registers lie in it too, so that every operand is read in one way. A register of 16 bits is a word
//! whose upper half is zero.

use std::sync::Arc;

/// A register by its number among those of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Register {
    Word(u32),
    Long(u32),
}

/// An instruction and what it depends on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Instruction {
    pub(crate) guard: Option<Guard>,
    pub(crate) op: Op,
}

/// The predicate that must hold, or must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Guard {
    pub(crate) predicate: u32,
    pub(crate) wanted: bool,
}

/// What an instruction does. In the lists of registers the result comes first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Op {
    Unary(Unary, u32, u32),
    UnaryLong(Unary, u32, u32),
    Binary(Binary, u32, [u32; 2]),
    BinaryLong(Binary, u32, [u32; 2]),
    /// Arithmetic of 16 bits.
    BinaryHalf(Binary, u32, [u32; 2]),
    Ternary(Ternary, u32, [u32; 3]),
    TernaryLong(Ternary, u32, [u32; 3]),
    /// The field's value, the word to put it in, first bit, number of bits.
    InsertBits(u32, [u32; 4]),
    /// A shift of a long by a word.
    ShiftLong(Shift, u32, [u32; 2]),
    /// The full product of words, to which a long may be added.
    Wide {
        signed: bool,
        to: u32,
        factors: [u32; 2],
        addend: Option<u32>,
    },
    Narrow(Narrow, u32, u32),
    Widen(Widen, u32, u32),
    /// A long of two words, the lower one first.
    Pack(u32, [u32; 2]),
    /// The lower and the upper word of a long; either may be unwanted.
    Unpack([Option<u32>; 2], u32),
    /// A word of two halves, the lower one first.
    PackHalves(u32, [u32; 2]),
    UnpackHalves([Option<u32>; 2], u32),
    Compare {
        comparison: Comparison,
        to: u32,
        inverse: Option<u32>,
        operands: [Register; 2],
        with: Option<With>,
    },
    Select {
        to: Register,
        operands: [Register; 2],
        predicate: Predicate,
    },
    /// Of predicates.
    Logic(Logic, u32, [Predicate; 2]),
    Load(Access),
    Store(Access),
    Atomic {
        atomic: Atomic,
        to: Option<Register>,
        address: Address,
        operands: [Option<Register>; 2],
        bytes: u32,
    },
    Shuffle {
        mode: Shuffle,
        to: u32,
        valid: Option<u32>,
        operands: [u32; 4],
    },
    /// All threads of the block meet.
    Barrier,
    Branch(usize),
    /// A branch to the place in a table that a word gives.
    BranchTable(u32, Arc<[usize]>),
    Exit,
    /// Reached where the compiler thought nothing could come.
    Trap,
    /// Gives a register any value.
    AnyValue(Option<Register>, u32),
}

/// A predicate, or its opposite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Predicate {
    pub(crate) register: u32,
    pub(crate) negated: bool,
}

/// What a comparison's result is combined with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct With {
    pub(crate) logic: Logic,
    pub(crate) predicate: Predicate,
}

/// Operations on one value, which give one of the same size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unary {
    Copy,
    Not,
    Negate,
    Absolute,
    LeadingZeros,
    CountOnes,
    Reverse,
    /// The low bits as a number.
    Zero8,
    Zero16,
    Sign8,
    /// The same, cut to 16 bits.
    Sign8Half,
    Sign16,
    NegateFloat,
    AbsoluteFloat,
    SquareRoot,
    Reciprocal,
    /// To a whole number, as a float.
    Round(Rounding),
    FloatOfSigned,
    FloatOfUnsigned,
    SignedOfFloat(Rounding),
    UnsignedOfFloat(Rounding),
}

/// How a float becomes a whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rounding {
    Even,
    Zero,
    Down,
    Up,
}

/// Operations on two values, which give one of the same size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binary {
    Add,
    Subtract,
    Multiply,
    HighSigned,
    HighUnsigned,
    DivideSigned,
    DivideUnsigned,
    RemainderSigned,
    RemainderUnsigned,
    MinSigned,
    MinUnsigned,
    MaxSigned,
    MaxUnsigned,
    And,
    Or,
    Xor,
    Shift(Shift),
    AddFloat,
    SubtractFloat,
    MultiplyFloat,
    DivideFloat,
    MinFloat,
    MaxFloat,
    /// Gives NaN where either is.
    MinFloatNan,
    MaxFloatNan,
    CopySign,
}

/// Shifts; a distance past the end shifts everything out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shift {
    Left,
    RightSigned,
    RightUnsigned,
}

/// Operations on three values, which give one of the same size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ternary {
    MultiplyAdd,
    HighAddSigned,
    HighAddUnsigned,
    FusedMultiplyAdd,
    /// Bytes of two words, picked by a third.
    Permute,
    FunnelLeft {
        wrap: bool,
    },
    FunnelRight {
        wrap: bool,
    },
    /// Any function of three bits, as its table of truth.
    Lookup(u8),
    BitsUnsigned,
    BitsSigned,
}

/// From a long to a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Narrow {
    Low,
    Low16,
    Low8,
    Sign8,
    Sign16,
    FloatOfSigned,
    FloatOfUnsigned,
    CountOnes,
    LeadingZeros,
    FloatOfDouble,
    SignedOfDouble(Rounding),
    UnsignedOfDouble(Rounding),
}

/// From a word to a long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Widen {
    Unsigned,
    Signed,
    Unsigned8,
    Signed8,
    Unsigned16,
    Signed16,
    SignedOfFloat(Rounding),
    UnsignedOfFloat(Rounding),
    DoubleOfFloat,
    DoubleOfSigned,
    DoubleOfUnsigned,
}

/// A comparison and the type it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Comparison {
    pub(crate) relation: Relation,
    pub(crate) of: Compared,
}

/// What a comparison asks. The `unordered` ones hold for NaN too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    UnorderedEqual,
    UnorderedNotEqual,
    UnorderedLess,
    UnorderedLessEqual,
    UnorderedGreater,
    UnorderedGreaterEqual,
    /// Neither is NaN.
    Numbers,
    /// Either is NaN.
    Nan,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compared {
    Signed16,
    Signed,
    Unsigned,
    Float,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Logic {
    And,
    Or,
    Xor,
}

/// The memory of an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Space {
    Global,
    Shared,
    Parameter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) space: Space,
    pub(crate) base: Register,
    pub(crate) offset: i64,
}

/// A load or a store.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Access {
    pub(crate) address: Address,
    /// Bytes of an element.
    pub(crate) bytes: u32,
    /// Whether a loaded element is extended by its sign.
    pub(crate) signed: bool,
    pub(crate) registers: Box<[Register]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Atomic {
    Add,
    AddFloat,
    MinSigned,
    MinUnsigned,
    MaxSigned,
    MaxUnsigned,
    And,
    Or,
    Xor,
    Exchange,
    CompareExchange,
}

/// Whose value a shuffle takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shuffle {
    Butterfly,
    Up,
    Down,
    Index,
}
