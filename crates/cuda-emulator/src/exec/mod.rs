//! Launches.

mod access;
mod block;
mod evaluate;
mod file;
mod lanes;
mod longs;
mod shuffle;
mod vector;
mod warp;
mod words;

use crate::{
    fault::Fault,
    kernel::{Kernel, Module},
    memory::Memory,
};
use block::{Block, Stop, position};

/// Threads of a block that a launch may ask for.
const MAX_THREADS: u64 = 1024;
/// Threads of a block along each axis.
const MAX_BLOCK: [u32; 3] = [1024, 1024, 64];
/// Blocks along each axis.
const MAX_GRID: [u32; 3] = [i32::MAX as u32, 65_535, 65_535];
/// Bytes of shared memory of a block.
pub(crate) const MAX_SHARED: usize = 48 * 1024;
/// Instructions of warps that a launch may execute: some minutes' worth.
const MAX_INSTRUCTIONS: u64 = 1 << 34;

/// The extents of a launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extents {
    /// Blocks along each axis.
    pub grid: [u32; 3],
    /// Threads of a block along each axis.
    pub block: [u32; 3],
    /// Bytes of shared memory that each block has beyond those which the kernel declares.
    pub shared: usize,
}

/// A launch that cannot begin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LaunchError {
    /// The module has no kernel of this name.
    #[error("the module has no kernel '{name}'")]
    NoKernel {
        /// The name.
        name: String,
    },
    /// The parameters are not as long as those which the kernel declares.
    #[error("kernel '{kernel}' takes {expected} bytes of parameters, {found} were given")]
    Parameters {
        /// The kernel.
        kernel: String,
        /// Bytes declared.
        expected: usize,
        /// Bytes given.
        found: usize,
    },
    /// More blocks or threads than a device or the kernel allows, or none.
    #[error("kernel '{kernel}': no launch of {extents:?}; {limit}")]
    Extents {
        /// The kernel.
        kernel: String,
        /// What was asked for.
        extents: Extents,
        /// What is allowed.
        limit: String,
    },
    /// The kernel was stopped.
    #[error(transparent)]
    Fault(#[from] Box<Fault>),
}

/// A module whose variables are in memory.
#[derive(Debug)]
pub struct Loaded {
    module: Module,
    variables: Vec<u64>,
    most_instructions: u64,
}

impl Loaded {
    /// Puts a module's variables into memory.
    pub fn new(module: Module, memory: &mut Memory) -> Loaded {
        let place = |variable: &crate::ptx::Variable| {
            let bytes = variable.bytes.unwrap_or(0);
            let address = memory.allocate(bytes);
            let mut contents = variable.contents.clone();
            if !contents.is_empty() {
                contents.resize(bytes, 0);
            }
            let written = memory.write(address, &contents);
            written.expect("the contents are no longer than the variable");
            address
        };
        let variables = module.variables.iter().map(place).collect();
        Loaded { module, variables, most_instructions: MAX_INSTRUCTIONS }
    }

    /// Stops launches that execute more instructions of warps than so many, in place of some minutes' worth.
    #[must_use]
    pub fn with_most_instructions(self, most: u64) -> Loaded {
        Loaded { most_instructions: most.min(MAX_INSTRUCTIONS), ..self }
    }

    /// What was loaded.
    #[must_use]
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// Offset and bytes of each parameter of the kernel at a position.
    pub(crate) fn parameters(&self, kernel: usize) -> &[(usize, usize)] {
        &self.module.kernels[kernel].parameters
    }

    /// Address and bytes of a variable.
    pub(crate) fn variable(&self, name: &str) -> Option<(u64, usize)> {
        let number = self.module.variables.iter().position(|variable| variable.name == name)?;
        Some((self.variables[number], self.module.variables[number].bytes.unwrap_or(0)))
    }

    /// Takes the module's variables out of memory.
    pub fn unload(self, memory: &mut Memory) {
        for address in self.variables {
            memory.free(address).expect("a variable is freed with its module alone");
        }
    }

    /// Runs a kernel to its end.
    ///
    /// `parameters` holds the kernel's parameters one behind the other, each at a multiple of its size.
    ///
    /// # Errors
    /// [`LaunchError::Fault`] for the first fault; the others when the launch cannot begin.
    pub fn launch(
        &self,
        name: &str,
        extents: Extents,
        parameters: &[u8],
        memory: &mut Memory,
    ) -> Result<(), LaunchError> {
        let kernel =
            self.module.find(name).ok_or_else(|| LaunchError::NoKernel { name: name.to_string() })?;
        self.launch_number(kernel, extents, parameters, memory)
    }

    /// [`Loaded::launch`] of the kernel at a position.
    pub(crate) fn launch_number(
        &self,
        kernel: usize,
        extents: Extents,
        parameters: &[u8],
        memory: &mut Memory,
    ) -> Result<(), LaunchError> {
        let kernel = &self.module.kernels[kernel];
        check(kernel, extents, parameters)?;
        let launch = block::Launch {
            kernel,
            grid: extents.grid,
            threads: extents.block,
            parameters,
            variables: &self.variables,
        };
        let mut block = Block::new(launch, kernel.shared_bytes + extents.shared);
        let mut clock = memory.begin();
        let mut budget = self.most_instructions;
        let [x, y, z] = extents.grid;
        let blocks = (0..z).flat_map(|z| (0..y).flat_map(move |y| (0..x).map(move |x| [x, y, z])));
        for place in blocks {
            clock.block = clock.now;
            let result = block.run(place, memory, &mut clock, &mut budget);
            clock.now += 1;
            memory.end(clock);
            result.map_err(|stop| Box::new(fault(&self.module, kernel, extents, place, stop)))?;
        }
        Ok(())
    }
}

fn fault(module: &Module, kernel: &Kernel, extents: Extents, block: [u32; 3], stop: Stop) -> Fault {
    let line = kernel.lines[stop.place];
    Fault {
        kind: stop.kind,
        kernel: kernel.name.clone(),
        block,
        thread: position(stop.thread, extents.block),
        line,
        instruction: module.line(line).to_string(),
    }
}

fn check(kernel: &Kernel, extents: Extents, parameters: &[u8]) -> Result<(), LaunchError> {
    if parameters.len() != kernel.parameter_bytes {
        let (expected, found) = (kernel.parameter_bytes, parameters.len());
        return Err(LaunchError::Parameters { kernel: kernel.name.clone(), expected, found });
    }
    let within = |extents: [u32; 3], limit: [u32; 3]| {
        extents.iter().zip(limit).all(|(&extent, limit)| (1..=limit).contains(&extent))
    };
    let threads = extents.block.iter().fold(1_u64, |n, &extent| n.saturating_mul(extent.into()));
    let limit = if !within(extents.grid, MAX_GRID) {
        format!("a grid has from 1 to {MAX_GRID:?} blocks")
    } else if !within(extents.block, MAX_BLOCK) || threads > MAX_THREADS {
        format!("a block has from 1 to {MAX_BLOCK:?} threads, {MAX_THREADS} in all")
    } else if let Some(limit) = kernel.max_threads.filter(|&limit| !within(extents.block, limit)) {
        format!("the kernel allows {limit:?} threads")
    } else if kernel.shared_bytes.saturating_add(extents.shared) > MAX_SHARED {
        format!("a block has at most {MAX_SHARED} bytes of shared memory, {} declared", kernel.shared_bytes)
    } else {
        return Ok(());
    };
    Err(LaunchError::Extents { kernel: kernel.name.clone(), extents, limit })
}
