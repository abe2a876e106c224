//! PTX as it is written: declarations and statements, with nothing yet known of what an opcode means.

mod lex;
pub(crate) mod limits;
mod parse;
mod statement;
mod variable;

pub(crate) use parse::parse;

/// Why a text is not taken for a module, with the place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("PTX line {line}: {reason}")]
pub struct ParseError {
    /// Line of the text, from 1.
    pub line: u32,
    /// What is wrong or unknown.
    pub reason: String,
}

impl ParseError {
    pub(crate) fn new(line: u32, reason: impl Into<String>) -> ParseError {
        ParseError { line, reason: reason.into() }
    }
}

/// A module's text, taken apart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Source {
    /// The PTX version that the text states, e.g. `6.3`.
    pub(crate) version: String,
    pub(crate) entries: Vec<Entry>,
    /// Variables of the module, in all memories.
    pub(crate) variables: Vec<Variable>,
}

/// The memory of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Storage {
    Global,
    Shared,
}

/// A variable of a module or a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) storage: Storage,
    pub(crate) alignment: usize,
    /// Nothing for an array whose length the launch decides.
    pub(crate) bytes: Option<usize>,
    /// What it starts with; bytes that are not given are zero where any are, else undefined.
    pub(crate) contents: Vec<u8>,
}

/// A kernel.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) line: u32,
    pub(crate) parameters: Vec<Parameter>,
    /// The most threads of a block along each axis that the kernel allows.
    pub(crate) max_threads: Option<[u32; 3]>,
    pub(crate) registers: Vec<RegisterDeclaration>,
    pub(crate) variables: Vec<Variable>,
    pub(crate) statements: Vec<Statement>,
    /// Labels, and the statement that each stands before.
    pub(crate) labels: Vec<(String, usize)>,
    /// Names of tables of labels, and these.
    pub(crate) tables: Vec<(String, Vec<String>)>,
}

/// A kernel's parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) bytes: usize,
    pub(crate) alignment: usize,
}

/// What a register holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Class {
    Predicate,
    Half,
    Word,
    Long,
}

impl Class {
    const ALL: [Class; 4] = [Class::Predicate, Class::Half, Class::Word, Class::Long];
}

/// A declaration of a register, or of `count` registers whose names end in numbers from 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RegisterDeclaration {
    pub(crate) class: Class,
    pub(crate) name: String,
    pub(crate) count: Option<u32>,
}

/// An instruction.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Statement {
    pub(crate) line: u32,
    /// The predicate that it depends on, and the value that this must have.
    pub(crate) guard: Option<(String, bool)>,
    /// The opcode with its modifiers, e.g. `add.rn.f32`.
    pub(crate) opcode: String,
    pub(crate) operands: Vec<Operand>,
}

/// How LLVM says in a comment that a register starts out with any value; taken for an opcode.
pub(crate) const ANY_VALUE: &str = "implicit-def:";

/// An operand.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operand {
    /// A register; a special one has its axis with it (`%tid.x`).
    Register(String),
    /// An integer, or the bits of a float.
    Number(u64),
    /// A variable, parameter, label or table.
    Symbol(String),
    /// A predicate that counts when it is false.
    Not(String),
    /// `a|p`: a result and a predicate.
    Pair(String, String),
    /// `{a, b}`.
    Vector(Vec<Operand>),
    /// `[base+offset]`.
    Address(Box<Operand>, i64),
}
