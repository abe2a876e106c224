use super::{Memory, reference};
use crate::{Error, Slot, program::Program};

#[derive(Debug)]
pub(crate) struct Executable {
    program: Program,
}

impl Executable {
    pub(crate) fn new(program: &Program) -> Executable {
        Executable { program: program.clone() }
    }

    pub(crate) fn run(&mut self, memory: &mut Memory, slots: &[Slot]) -> Result<(), Error> {
        let mut buffers = Vec::new();
        for (i, spec) in self.program.buffers.iter().enumerate() {
            let bound = slots.get(i).and_then(|&slot| memory.bind(slot));
            let short = |found| Error::Binding { slot: i, found, expected: spec.bytes };
            let bound = bound.ok_or(short(0))?;
            if bound.bytes < spec.bytes {
                return Err(short(bound.bytes));
            }
            if spec.written && !bound.writable {
                return Err(Error::ReadOnly { slot: i });
            }
            let mut bytes = vec![0; spec.bytes];
            memory.read(slots[i], 0, &mut bytes)?;
            buffers.push(bytes);
        }
        let result = reference::run(&self.program, &mut buffers);
        for (i, spec) in self.program.buffers.iter().enumerate() {
            if spec.written {
                memory.write(slots[i], &buffers[i])?;
            }
        }
        result
    }
}
