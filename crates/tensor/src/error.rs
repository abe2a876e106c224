use crate::{DType, Shape};
use std::{convert::Infallible, path::PathBuf};

/// What can go wrong with tensors, programs and devices.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The number of values is not the shape's.
    #[error("shape {shape} holds {} values, but {found} were given", shape.elements())]
    ElementCount {
        /// The shape asked for.
        shape: Shape,
        /// How many values came.
        found: usize,
    },
    /// Lists in lists are not equally long.
    #[error(
        "nested lists make no tensor: along axis {axis} the list at {position:?} has {found}, those before it have {expected} elements"
    )]
    Ragged {
        /// The axis along which the lists lie, from 0.
        axis: usize,
        /// Where the first of another length is: its index in the outermost list, then in the next.
        position: Vec<usize>,
        /// How many elements those before it have.
        expected: usize,
        /// How many elements it has.
        found: usize,
    },
    /// A tensor was read as another type than it has.
    #[error("this tensor holds {found}, not {expected}; cast it in the graph, or ask for {found}")]
    DType {
        /// The type asked for.
        expected: DType,
        /// The type it has.
        found: DType,
    },
    /// A single value was asked of a tensor that has another number.
    #[error("a single value was asked of a tensor of shape {shape}, which holds {}", shape.elements())]
    NotScalar {
        /// The tensor's shape.
        shape: Shape,
    },
    /// An environment variable or option has a value that it does not take.
    #[error("{name}={value:?}: expected {expected}")]
    Option {
        /// The variable or option.
        name: &'static str,
        /// What it was set to.
        value: String,
        /// What it takes.
        expected: &'static str,
    },
    /// The CPU lacks the instructions that were asked for.
    #[error("MINUTIA_SIMD={asked}: this CPU does not have these instructions; it has {available}")]
    Simd {
        /// The level asked for.
        asked: &'static str,
        /// What there is.
        available: String,
    },
    /// A program touches what it must not: a defect of whoever built it.
    #[error("step {step} of a program is invalid: {reason}")]
    Program {
        /// Index of the step.
        step: usize,
        /// What is wrong.
        reason: String,
    },
    /// A step of a program is larger than a GPU's kernels can count.
    #[error(
        "step {step} of a program has {found} {what}, and the kernels for GPUs take at most {most}; run it on the CPU, or split it"
    )]
    Capacity {
        /// Index of the step.
        step: usize,
        /// What there are too many of.
        what: &'static str,
        /// How many.
        found: usize,
        /// How many kernels take.
        most: usize,
    },
    /// A program was run over a memory that does not have what it declares, or a slot was read or written
    /// beyond its end.
    #[error("slot {slot} of the memory has {found} bytes, not the {expected} that are needed")]
    Binding {
        /// Index into the bindings; for direct access to a memory, the slot's number.
        slot: usize,
        /// Bytes there are.
        found: usize,
        /// Bytes declared.
        expected: usize,
    },
    /// A slot that is to be written is shared with the host and read-only.
    #[error(
        "slot {slot} of the memory is a host tensor and cannot be written; allocate one and copy it there"
    )]
    ReadOnly {
        /// Index into the bindings; for direct access to a memory, the slot's number.
        slot: usize,
    },
    /// Two buffers of a program were given the same slot, and the program writes one of them.
    #[error(
        "buffers {slot} and {other} of a program are the same slot, and the program writes it; give it two"
    )]
    Aliased {
        /// Index into the bindings: the written buffer.
        slot: usize,
        /// Index into the bindings: the other one.
        other: usize,
    },
    /// A gather met an index outside its table.
    #[error("{name}: index {index} at position {position} is outside the table's {rows} rows")]
    IndexOutOfRange {
        /// The step that gathers.
        step: usize,
        /// Its [`name`](crate::program::Program::name).
        name: String,
        /// Position among the indices.
        position: usize,
        /// The index.
        index: i32,
        /// Rows there are.
        rows: usize,
    },
    /// A loop that only its predicate ends went on for more than `i32::MAX` iterations.
    #[error(
        "{name} does not end: its predicate is still true after {iterations} iterations; give it a number of iterations, `maximum_iterations`"
    )]
    EndlessLoop {
        /// The step.
        step: usize,
        /// Its [`name`](crate::program::Program::name).
        name: String,
        /// Iterations so far.
        iterations: usize,
    },
    /// The device has not enough memory.
    #[error("cannot allocate {bytes} bytes")]
    OutOfMemory {
        /// Bytes asked for.
        bytes: usize,
    },
    /// There is no such GPU, or none that can be used.
    #[error("no CUDA device {ordinal}: {reason}")]
    NoDevice {
        /// Which one was asked for, counted from 0.
        ordinal: usize,
        /// Why there is none, and what to do about it.
        reason: String,
    },
    /// The driver that `MINUTIA_CUDA_DRIVER` or [`use_driver`](crate::cuda::use_driver) names cannot be
    /// opened.
    #[error("{reason}; name the driver's library in MINUTIA_CUDA_DRIVER, or unset it to use the system's")]
    Driver {
        /// The library, and why it cannot be opened.
        reason: String,
    },
    /// Another driver than the one that is in use was chosen.
    #[error("{} cannot be used as the CUDA driver: another is in use; choose before any GPU is asked for", path.display())]
    DriverChosen {
        /// The library.
        path: PathBuf,
    },
    /// The GPU or its driver failed.
    #[error(transparent)]
    Cuda(#[from] Box<CudaFailure>),
    /// A program was run over the memory of another device than the one that it was compiled for.
    #[error("a program for {program} cannot run over memory of {memory}; make both with the same device")]
    WrongDevice {
        /// The program's device.
        program: String,
        /// The memory's device.
        memory: String,
    },
}

impl Error {
    /// The step of the program that failed, where it is known.
    #[must_use]
    pub fn step(&self) -> Option<usize> {
        match self {
            Error::Program { step, .. }
            | Error::Capacity { step, .. }
            | Error::EndlessLoop { step, .. }
            | Error::IndexOutOfRange { step, .. } => Some(*step),
            Error::Cuda(failure) => failure.step,
            _ => None,
        }
    }
}

/// What never fails does not fail with this either: for code that takes both.
impl From<Infallible> for Error {
    fn from(never: Infallible) -> Error {
        match never {}
    }
}

/// What a GPU or its driver failed at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{action}: {function} gave {error} (driver for CUDA {driver}, kernels in PTX {ptx}); {cure}")]
pub struct CudaFailure {
    /// What was being done, with the kernels that may have failed and their steps.
    pub action: String,
    /// The step of the program whose kernel failed, where it is known.
    pub step: Option<usize>,
    /// The driver's function.
    pub function: &'static str,
    /// The driver's error.
    pub error: String,
    /// The newest CUDA version that the driver knows.
    pub driver: String,
    /// The PTX version of the kernels.
    pub ptx: &'static str,
    /// What to do about it.
    pub cure: &'static str,
}
