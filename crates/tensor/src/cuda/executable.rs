//! A program made ready for a GPU: what its kernels read, and the table of its buffers.

use super::{
    Cuda, Memory,
    context::Launch,
    encode::{Check, encode},
    memory::Block,
};
use crate::{Error, Slot, binding::Bindings, program::Program};
use minutia_kernels::abi::{Arguments, NO_FAILURE, status};

/// A program for a GPU.
#[derive(Debug)]
pub(crate) struct Executable {
    cuda: Cuda,
    bindings: Bindings<u64>,
    /// Each needs only the table's address and the block's.
    launches: Vec<Launch>,
    checks: Vec<Check>,
    /// The addresses of the buffers, as the GPU reads them.
    table: Block,
    table_bytes: Vec<u8>,
    /// What failed, where there are checks.
    status: Block,
    scratch: Option<Block>,
    _steps: Block,
}

impl Executable {
    pub(super) fn new(cuda: &Cuda, program: &Program) -> Result<Executable, Error> {
        let encoded = encode(program, cuda.0.multiprocessors())?;
        let steps = Block::of(cuda, &bytes(&encoded.words))?;
        let status = Block::of(cuda, &no_failure())?;
        let scratch = match encoded.scratch {
            0 => None,
            bytes => Some(Block::zeroed(cuda, bytes)?),
        };
        let entries = program.buffers.len() + usize::from(scratch.is_some());
        let table = Block::zeroed(cuda, entries * size_of::<u64>())?;
        let launch = |launch: &super::encode::Launch| Launch {
            kernel: launch.kernel,
            step: launch.step,
            blocks: launch.blocks,
            threads: launch.threads,
            shared: launch.shared,
            arguments: Arguments {
                step: steps.address() + (launch.block * size_of::<u32>()) as u64,
                buffers: table.address(),
                status: status.address(),
            },
        };
        Ok(Executable {
            cuda: cuda.clone(),
            bindings: Bindings::new(&program.buffers, 0),
            launches: encoded.launches.iter().map(launch).collect(),
            checks: encoded.checks,
            table_bytes: vec![0; table.bytes()],
            table,
            status,
            scratch,
            _steps: steps,
        })
    }

    /// The GPU.
    pub(crate) fn cuda(&self) -> &Cuda {
        &self.cuda
    }

    pub(crate) fn run(&mut self, memory: &mut Memory, slots: &[Slot]) -> Result<(), Error> {
        if self.bindings.update(slots, memory.stamp(), |slot| memory.bind(slot))? {
            self.write_table()?;
        }
        let entered = self.cuda.0.enter()?;
        for &launch in &self.launches {
            // SAFETY: the program was checked and encoded for these arguments, whose blocks the executable owns; the
            // buffers are as long as it declares, and those that are written are apart from all others.
            unsafe { entered.launch(launch) }?;
        }
        if self.checks.is_empty() { Ok(()) } else { self.check() }
    }

    fn write_table(&mut self) -> Result<(), Error> {
        let scratch = self.scratch.as_ref().map(Block::address);
        let addresses = self.bindings.addresses().iter().copied().chain(scratch);
        for (target, address) in self.table_bytes.chunks_exact_mut(size_of::<u64>()).zip(addresses) {
            target.copy_from_slice(&address.to_ne_bytes());
        }
        self.table.write(&self.table_bytes)
    }

    /// Waits for the kernels, and asks what they found wrong.
    fn check(&mut self) -> Result<(), Error> {
        let mut raw = [0; 4 * status::WORDS as usize];
        self.status.read(0, &mut raw)?;
        let mut words = [0; status::WORDS as usize];
        for (word, bytes) in words.iter_mut().zip(raw.as_chunks().0) {
            *word = u32::from_ne_bytes(*bytes);
        }
        let tag = words[status::TAG as usize];
        if tag == NO_FAILURE {
            return Ok(());
        }
        self.status.write(&no_failure())?;
        let Check { step, rows, .. } = self.checks[tag as usize];
        let (position, index) =
            (words[status::POSITION as usize] as usize, words[status::INDEX as usize] as i32);
        Err(Error::IndexOutOfRange { step, position, index, rows })
    }
}

fn no_failure() -> Vec<u8> {
    bytes(&[NO_FAILURE; status::WORDS as usize])
}

fn bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}
