//! A program made ready for a GPU: what its kernels read, and the table of its buffers.

use super::{
    Cuda, Memory,
    encode::{Encoded, encode},
    memory::DeviceBlock,
    queue::Launch,
    record::RowCheck,
};
use crate::{
    Error, Slot,
    backend::BackendExecutable,
    binding::Bindings,
    program::{Numbering, Program},
};
use minutia_kernels::abi::Arguments;

/// A program for a GPU.
#[derive(Debug)]
pub(crate) struct Executable {
    cuda: Cuda,
    bindings: Bindings<u64>,
    launches: Vec<Launch>,
    /// Whether any of them may write the record.
    may_fail: bool,
    /// The addresses of the buffers, as the GPU reads them.
    table: DeviceBlock,
    table_bytes: Vec<u8>,
    scratch: Option<DeviceBlock>,
    steps: DeviceBlock,
}

impl Executable {
    pub(super) fn new(cuda: &Cuda, program: &Program, numbering: Numbering) -> Result<Executable, Error> {
        let encoded = encode(program, cuda.0.multiprocessors()).map_err(|error| match error {
            Error::Capacity { step, what, found, most } => {
                Error::Capacity { step: numbering.of(step), what, found, most }
            }
            other => other,
        });
        let Encoded { mut words, launches, scratch, checks } = encoded?;
        for check in &checks {
            let (step, rows, name) = (numbering.of(check.step), check.rows, program.name(check.step));
            words[check.word] = cuda.0.checks().add(RowCheck { step, name, rows });
        }
        let steps = DeviceBlock::of(cuda, &bytes(&words))?;
        let scratch = match scratch {
            0 => None,
            bytes => Some(DeviceBlock::zeroed(cuda, bytes)?),
        };
        let entries = program.buffers.len() + usize::from(scratch.is_some());
        let table = DeviceBlock::zeroed(cuda, entries * size_of::<u64>())?;
        let launch = |launch: &super::encode::EncodedLaunch| Launch {
            kernel: launch.kernel,
            step: numbering.of(launch.step),
            blocks: launch.blocks,
            threads: launch.threads,
            shared: launch.shared,
            arguments: Arguments {
                step: steps.address() + (launch.block * size_of::<u32>()) as u64,
                buffers: table.address(),
                // Known when there is a memory.
                status: 0,
            },
        };
        Ok(Executable {
            cuda: cuda.clone(),
            bindings: Bindings::new(&program.buffers, 0),
            launches: launches.iter().map(launch).collect(),
            may_fail: !checks.is_empty(),
            table_bytes: vec![0; table.bytes()],
            table,
            scratch,
            steps,
        })
    }

    fn write_table(&mut self) -> Result<(), Error> {
        let scratch = self.scratch.as_ref().map(DeviceBlock::address);
        let addresses = self.bindings.addresses().iter().copied().chain(scratch);
        for (target, address) in self.table_bytes.chunks_exact_mut(size_of::<u64>()).zip(addresses) {
            target.copy_from_slice(&address.to_ne_bytes());
        }
        self.table.write(&self.table_bytes)
    }
}

impl BackendExecutable for Executable {
    type Memory = Memory;

    fn bytes(&self) -> usize {
        self.table.bytes() + self.steps.bytes() + self.scratch.as_ref().map_or(0, DeviceBlock::bytes)
    }

    fn compiled_for(&self) -> String {
        self.cuda.to_string()
    }

    fn runs_over(&self, memory: &Memory) -> bool {
        self.cuda.is(memory.cuda())
    }

    /// Launches the kernels, which run while the host goes on. What they find wrong is told by the next
    /// access to the memory.
    fn run(&mut self, memory: &mut Memory, slots: &[Slot]) -> Result<(), Error> {
        if self.bindings.update(slots, memory.stamp(), |slot| memory.bind(slot))? {
            self.write_table()?;
            let status = memory.record()?.address();
            self.launches.iter_mut().for_each(|launch| launch.arguments.status = status);
        }
        let entered = self.cuda.0.enter()?;
        for &launch in &self.launches {
            // SAFETY: the program was checked and encoded for these arguments, whose blocks the executable
            // owns; the buffers are as long as it declares, and those that are written are apart from all
            // others.
            unsafe { entered.launch(launch) }?;
        }
        if self.may_fail {
            memory.record()?.expect();
        }
        Ok(())
    }
}

fn bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}
