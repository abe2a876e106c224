//! Map programs as kernels run them: loads before the first use, registers that are given to the next value
//! as soon as the last reader is done, stores at the end, when everything has been loaded that they may
//! overwrite.

use super::block::ParameterBlock;
use crate::program::MapProgram;
use minutia_kernels::{
    abi::{REGISTER, code},
    map::Code,
};

/// Where an input of a program comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InputSource {
    /// An access at this position of the block.
    Access(u32),
    /// Rows at this position of the block.
    Rows(u32),
    /// Register 0, which the kernel wrote. Only input 0 may be.
    Given,
}

/// A program whose values have their places.
pub(super) struct MapCode<'a> {
    program: &'a MapProgram,
    actions: Vec<Action>,
    outputs: Vec<ValuePlace>,
    registers: u32,
}

enum Action {
    Load { input: usize, to: u32 },
    Compute { code: Code, to: u32, from: [ValuePlace; 3] },
}

/// Where a value is.
#[derive(Clone, Copy)]
enum ValuePlace {
    Register(u32),
    Constant(usize),
}

impl<'a> MapCode<'a> {
    /// Places the values of a program. If `given`, input 0 is in register 0.
    pub(super) fn new(program: &'a MapProgram, given: bool) -> MapCode<'a> {
        let mut placing = Placing::new(program);
        if given {
            placing.values[0] = Some(ValuePlace::Register(placing.take()));
            placing.release(0, None);
        }
        let first_result = program.inputs() + program.constants().len();
        for (i, instruction) in program.instructions().iter().enumerate() {
            let operands = instruction.operands.map(|v| v.index());
            let from = operands.map(|v| placing.find(v));
            // Operands are read before the result is written, which may thus take the place of one.
            for (n, &v) in operands.iter().enumerate() {
                if !operands[..n].contains(&v) {
                    placing.release(v, Some(i));
                }
            }
            let to = placing.take();
            placing.values[first_result + i] = Some(ValuePlace::Register(to));
            placing.release(first_result + i, None);
            placing.actions.push(Action::Compute { code: instruction.code, to, from });
        }
        let outputs = program.outputs().iter().map(|v| placing.find(v.index())).collect();
        MapCode { program, actions: placing.actions, outputs, registers: placing.registers }
    }

    /// Bytes of registers that each thread needs.
    pub(super) fn bytes(&self) -> u32 {
        self.registers * REGISTER
    }

    /// Adds the program to a block for blocks of so many threads: its position, and its outputs as operands.
    /// Outputs are stored where `sinks`, accesses at positions of the block, say; the first outputs come
    /// first.
    pub(super) fn write(
        &self,
        block: &mut ParameterBlock,
        threads: u32,
        sources: &[InputSource],
        sinks: &[u32],
    ) -> (u32, Vec<u32>) {
        let constants = block.position();
        for &constant in self.program.constants() {
            block.part(constant);
        }
        let operand = |value: ValuePlace| match value {
            ValuePlace::Register(r) => r * threads,
            ValuePlace::Constant(i) => code::CONSTANT | (constants + i as u32),
        };
        block.align();
        let position = block.position();
        let mut put = |code: u32, values: usize, to: u32, operands: [u32; 3]| {
            for word in code::encode(code, values as u32, to * threads, operands) {
                block.part(word);
            }
        };
        for action in &self.actions {
            match *action {
                Action::Load { input, to } => match sources[input] {
                    InputSource::Access(access) => put(code::LOAD, 0, to, [access, 0, 0]),
                    InputSource::Rows(rows) => put(code::LOAD_ROW, 0, to, [rows, 0, 0]),
                    InputSource::Given => {}
                },
                Action::Compute { code, to, from } => {
                    put(code as u32, code.arity(), to, from.map(operand));
                }
            }
        }
        let outputs: Vec<u32> = self.outputs.iter().map(|&value| operand(value)).collect();
        for (&output, &sink) in outputs.iter().zip(sinks) {
            put(code::STORE, 1, 0, [output, sink, 0]);
        }
        // Kernels read one instruction ahead.
        put(code::END, 0, 0, [0; 3]);
        put(code::END, 0, 0, [0; 3]);
        (position, outputs)
    }
}

/// A program whose values are being placed.
struct Placing {
    /// By value: none until it has been loaded or computed.
    values: Vec<Option<ValuePlace>>,
    /// By value: the last instruction that reads it; `usize::MAX` for outputs, none where nothing does.
    last_uses: Vec<Option<usize>>,
    actions: Vec<Action>,
    free: Vec<u32>,
    registers: u32,
}

impl Placing {
    fn new(program: &MapProgram) -> Placing {
        let first_result = program.inputs() + program.constants().len();
        let count = first_result + program.instructions().len();
        let mut values = vec![None; count];
        for i in 0..program.constants().len() {
            values[program.inputs() + i] = Some(ValuePlace::Constant(i));
        }
        let mut last_uses = vec![None; count];
        for (i, instruction) in program.instructions().iter().enumerate() {
            instruction.operands.iter().for_each(|v| last_uses[v.index()] = Some(i));
        }
        program.outputs().iter().for_each(|v| last_uses[v.index()] = Some(usize::MAX));
        Placing { values, last_uses, actions: Vec::new(), free: Vec::new(), registers: 0 }
    }

    fn take(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.registers += 1;
            self.registers - 1
        })
    }

    /// Frees the register of a value that is last used here.
    fn release(&mut self, value: usize, here: Option<usize>) {
        if let Some(ValuePlace::Register(register)) = self.values[value]
            && self.last_uses[value] == here
        {
            self.free.push(register);
        }
    }

    /// Where a value is; an input is loaded when it is first asked for.
    fn find(&mut self, value: usize) -> ValuePlace {
        if let Some(place) = self.values[value] {
            return place;
        }
        let to = self.take();
        self.actions.push(Action::Load { input: value, to });
        *self.values[value].insert(ValuePlace::Register(to))
    }
}
