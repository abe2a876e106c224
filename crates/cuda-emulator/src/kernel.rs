//! Modules and kernels, ready to run.

use crate::{
    decode,
    instruction::Instruction,
    ptx::{self, ParseError, limits},
};
use std::sync::Arc;

/// A module: kernels and variables of device memory.
#[derive(Clone, Debug)]
pub struct Module {
    pub(crate) kernels: Vec<Kernel>,
    pub(crate) variables: Vec<ptx::Variable>,
    version: String,
    text: Arc<str>,
}

impl Module {
    /// Reads PTX.
    ///
    /// # Errors
    /// [`ParseError`] names the first line that is wrong, or that uses what the interpreter does not know.
    pub fn parse(text: &str) -> Result<Module, ParseError> {
        let source = ptx::parse(text)?;
        let kernels = decode::kernels(&source)?;
        let variables = source.variables.into_iter().filter(|v| v.storage == ptx::Storage::Global).collect();
        Ok(Module { kernels, variables, version: source.version, text: text.into() })
    }

    /// The PTX version that the text states.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The names of the kernels, in the text's order.
    pub fn kernels(&self) -> impl Iterator<Item = &str> {
        self.kernels.iter().map(|kernel| kernel.name.as_str())
    }

    /// What a line says, which is counted from 1.
    pub(crate) fn line(&self, line: u32) -> &str {
        self.text.lines().nth(line.saturating_sub(1) as usize).unwrap_or_default().trim()
    }

    /// Bytes of memory that the variables take.
    pub(crate) fn variable_bytes(&self) -> u64 {
        self.variables.iter().filter_map(|variable| variable.bytes).sum::<usize>() as u64
    }

    /// A kernel's position.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.kernels.iter().position(|kernel| kernel.name == name)
    }
}

/// A kernel.
#[derive(Clone, Debug)]
pub(crate) struct Kernel {
    pub(crate) name: String,
    /// Offset and bytes of each parameter.
    pub(crate) parameters: Vec<(usize, usize)>,
    pub(crate) parameter_bytes: usize,
    pub(crate) max_threads: Option<[u32; 3]>,
    /// Shared memory that the kernel declares; what the launch asks for comes after it.
    pub(crate) shared_bytes: usize,
    pub(crate) code: Vec<Instruction>,
    /// For each instruction its line.
    pub(crate) lines: Vec<u32>,
    pub(crate) registers: Registers,
}

/// What a warp's register file holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registers {
    /// Names, for messages.
    pub(crate) predicates: Vec<String>,
    pub(crate) words: Vec<String>,
    pub(crate) longs: Vec<String>,
    /// Words that have a value from the start.
    pub(crate) word_constants: Vec<(u32, Constant)>,
    pub(crate) long_constants: Vec<(u32, Constant)>,
}

impl Registers {
    /// Refuses more registers than a kernel may have.
    pub(crate) fn check(&self) -> Result<(), String> {
        let count = self.predicates.len() + self.words.len() + self.longs.len();
        match count <= limits::REGISTERS {
            true => Ok(()),
            false => Err(format!("more than {} registers, constants included", limits::REGISTERS)),
        }
    }
}

/// Where the value of a register comes from that is never written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Constant {
    Value(u64),
    /// The address of a variable, by its number among the module's.
    Variable(usize),
    /// The thread's position in the block, along an axis.
    Thread(u8),
    Threads(u8),
    Block(u8),
    Blocks(u8),
    Lane,
    Warp,
}
