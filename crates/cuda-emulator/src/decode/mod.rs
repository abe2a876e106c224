//! From statements to instructions. What is not known here is an error that names it, never a guess.

mod arithmetic;
mod control;
mod convert;
mod memory;
mod moves;
mod operands;
mod types;

use crate::{
    instruction::{Guard, Instruction, Op, Register},
    kernel::{Constant, Kernel, Registers},
    ptx::{ANY_VALUE, Class, Entry, Operand, ParseError, Source, Statement, Storage},
};
use std::{collections::HashMap, sync::Arc};

/// Makes a module's kernels ready.
pub(crate) fn kernels(source: &Source) -> Result<Vec<Kernel>, ParseError> {
    source.entries.iter().map(|entry| kernel(source, entry)).collect()
}

fn kernel(source: &Source, entry: &Entry) -> Result<Kernel, ParseError> {
    let mut decoder = Decoder::default();
    decoder.declare(entry)?;
    let (parameters, parameter_bytes) = decoder.parameters(entry);
    let shared_bytes = decoder.variables(source, entry);
    let code = entry.statements.iter().map(|statement| {
        let op = decoder.instruction(statement).and_then(|op| decoder.registers.check().map(|()| op));
        op.map_err(|reason| ParseError::new(statement.line, format!("kernel '{}': {reason}", entry.name)))
    });
    let code: Vec<_> = code.collect::<Result<_, _>>()?;
    if !matches!(code.last(), Some(Instruction { guard: None, op: Op::Exit | Op::Branch(_) | Op::Trap })) {
        return Err(ParseError::new(entry.line, format!("the kernel '{}' runs past its end", entry.name)));
    }
    Ok(Kernel {
        name: entry.name.clone(),
        parameters,
        parameter_bytes,
        max_threads: entry.max_threads,
        shared_bytes,
        code,
        lines: entry.statements.iter().map(|statement| statement.line).collect(),
        registers: decoder.registers,
    })
}

/// What a name stands for that is not a register.
#[derive(Clone, Copy, Debug)]
enum Symbol {
    /// A parameter, at an offset.
    Parameter(u64),
    /// A shared variable, at an offset.
    Shared(u64),
    /// A variable of the module, by its number.
    Global(usize),
    /// A label: the instruction it stands before.
    Label(usize),
}

/// What is known of a kernel while its instructions are read.
#[derive(Default)]
struct Decoder {
    registers: Registers,
    names: HashMap<String, (Class, u32)>,
    word_constants: HashMap<Constant, u32>,
    long_constants: HashMap<Constant, u32>,
    symbols: HashMap<String, Symbol>,
    tables: HashMap<String, Arc<[usize]>>,
}

impl Decoder {
    fn declare(&mut self, entry: &Entry) -> Result<(), ParseError> {
        for declaration in &entry.registers {
            let numbers = 0..declaration.count.unwrap_or(1);
            for number in numbers {
                let name = match declaration.count {
                    Some(_) => format!("{}{number}", declaration.name),
                    None => declaration.name.clone(),
                };
                let file = match declaration.class {
                    Class::Predicate => &mut self.registers.predicates,
                    Class::Half | Class::Word => &mut self.registers.words,
                    Class::Long => &mut self.registers.longs,
                };
                file.push(name.clone());
                let slot = (declaration.class, file.len() as u32 - 1);
                if self.names.insert(name.clone(), slot).is_some() {
                    let reason = format!("kernel '{}': the register '{name}' is declared twice", entry.name);
                    return Err(ParseError::new(entry.line, reason));
                }
            }
            let checked = self.registers.check();
            checked.map_err(|reason| {
                ParseError::new(entry.line, format!("kernel '{}': {reason}", entry.name))
            })?;
        }
        for (name, statement) in &entry.labels {
            if *statement == entry.statements.len() {
                let reason = format!("kernel '{}': nothing follows the label '{name}'", entry.name);
                return Err(ParseError::new(entry.line, reason));
            }
            self.symbols.insert(name.clone(), Symbol::Label(*statement));
        }
        for (name, targets) in &entry.tables {
            let find = |label: &String| {
                self.label(label).map_err(|reason| {
                    ParseError::new(entry.line, format!("kernel '{}': {reason}", entry.name))
                })
            };
            let targets = targets.iter().map(find).collect::<Result<_, _>>()?;
            self.tables.insert(name.clone(), targets);
        }
        Ok(())
    }

    /// Places parameters one behind the other; where each lies, and how long all are.
    fn parameters(&mut self, entry: &Entry) -> (Vec<(usize, usize)>, usize) {
        let mut end = 0_usize;
        let mut places = Vec::new();
        for parameter in &entry.parameters {
            let offset = end.next_multiple_of(parameter.alignment);
            self.symbols.insert(parameter.name.clone(), Symbol::Parameter(offset as u64));
            places.push((offset, parameter.bytes));
            end = offset + parameter.bytes;
        }
        (places, end)
    }

    /// Places shared variables, those of unknown length last; how long the others are.
    fn variables(&mut self, source: &Source, entry: &Entry) -> usize {
        let globals = source.variables.iter().filter(|v| v.storage == Storage::Global).enumerate();
        for (number, variable) in globals {
            self.symbols.insert(variable.name.clone(), Symbol::Global(number));
        }
        let mut end = 0_usize;
        let shared: Vec<_> = source.variables.iter().chain(&entry.variables).collect();
        for sized in [true, false] {
            for variable in &shared {
                if variable.storage == Storage::Shared && variable.bytes.is_some() == sized {
                    end = end.next_multiple_of(variable.alignment);
                    self.symbols.insert(variable.name.clone(), Symbol::Shared(end as u64));
                    end += variable.bytes.unwrap_or(0);
                }
            }
        }
        end
    }

    fn instruction(&mut self, statement: &Statement) -> Result<Instruction, String> {
        let guard = match &statement.guard {
            None => None,
            Some((name, wanted)) => Some(Guard { predicate: self.named_predicate(name)?, wanted: *wanted }),
        };
        let opcode: Vec<&str> = statement.opcode.split('.').collect();
        let op = self.op(&opcode, &statement.operands)?;
        Ok(Instruction {
            guard,
            op: op.ok_or_else(|| format!("unknown instruction '{}'", statement.opcode))?,
        })
    }

    /// The instruction of an opcode; nothing if it is unknown.
    fn op(&mut self, opcode: &[&str], operands: &[Operand]) -> Result<Option<Op>, String> {
        if opcode == [ANY_VALUE] {
            return self.any_value(operands).map(Some);
        }
        for family in
            [Decoder::arithmetic, Decoder::moves, Decoder::convert, Decoder::memory, Decoder::control]
        {
            if let Some(op) = family(self, opcode, operands)? {
                return Ok(Some(op));
            }
        }
        Ok(None)
    }

    fn any_value(&self, operands: &[Operand]) -> Result<Op, String> {
        let [Operand::Register(name)] = operands else { return Err("a register is expected".into()) };
        Ok(match self.named(name)? {
            (Class::Predicate, number) => Op::AnyValue(None, number),
            (Class::Long, number) => Op::AnyValue(Some(Register::Long(number)), 0),
            (_, number) => Op::AnyValue(Some(Register::Word(number)), 0),
        })
    }
}
