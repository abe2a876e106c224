//! Writing plans.

use super::{DTYPES, ResultPlace, RunPlan, Source, SourcedProgram, kind};
use minutia_tensor::{
    DType,
    program::{Access, Distribution, MapProgram, Operand, Primitive, ReduceOp},
};

/// The bytes of a file of plans.
///
/// # Errors
/// The name of a primitive that a page's models do not use, for which there is no form.
pub(crate) fn write(runs: &[RunPlan]) -> Result<Vec<u8>, &'static str> {
    let mut bytes = PlanWriter(Vec::new());
    bytes.number(runs.len());
    for RunPlan { name, setup, main, results } in runs {
        bytes.text(name);
        bytes.program(setup)?;
        bytes.program(main)?;
        bytes.list(results, |bytes, ResultPlace { source, offset, elements }| {
            bytes.source(source);
            bytes.number(*offset);
            bytes.number(*elements);
        });
    }
    Ok(bytes.0)
}

struct PlanWriter(Vec<u8>);

impl PlanWriter {
    fn number(&mut self, number: usize) {
        let mut rest = number as u64;
        while rest >= 0x80 {
            self.0.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.0.push(rest as u8);
    }

    fn flag(&mut self, flag: bool) {
        self.0.push(u8::from(flag));
    }

    fn text(&mut self, text: &str) {
        self.number(text.len());
        self.0.extend(text.as_bytes());
    }

    fn list<T>(&mut self, items: &[T], mut item: impl FnMut(&mut PlanWriter, &T)) {
        self.number(items.len());
        items.iter().for_each(|i| item(self, i));
    }

    fn numbers(&mut self, numbers: &[usize]) {
        self.list(numbers, |bytes, &number| bytes.number(number));
    }

    fn dtype(&mut self, dtype: DType) {
        let place = DTYPES.iter().position(|&other| other == dtype);
        self.0.push(place.expect("all types are listed") as u8);
    }

    fn source(&mut self, source: &Source) {
        let (tag, name) = match source {
            Source::Arena => return self.0.push(0),
            Source::Persistent => return self.0.push(1),
            Source::Constant(constant) => {
                self.0.push(2);
                self.number(constant.len());
                return self.0.extend(constant);
            }
            Source::Feed(name) => (3, name),
            Source::Variable(name) => (4, name),
            Source::RandomRuns(name) => (5, name),
        };
        self.0.push(tag);
        self.text(name);
    }

    /// Without the names of its steps.
    fn program(&mut self, SourcedProgram { program, sources }: &SourcedProgram) -> Result<(), &'static str> {
        self.number(sources.len());
        for (source, spec) in sources.iter().zip(&program.buffers) {
            self.source(source);
            self.number(spec.bytes);
            self.flag(spec.written);
        }
        self.number(program.steps.len());
        for (i, step) in program.steps.iter().enumerate() {
            self.flag(program.temporary.get(i).copied().unwrap_or(false));
            self.primitive(step)?;
        }
        Ok(())
    }

    fn primitive(&mut self, primitive: &Primitive) -> Result<(), &'static str> {
        match primitive {
            Primitive::Map(s) => {
                self.0.push(kind::MAP);
                self.numbers(&s.dims);
                self.accesses(&s.inputs);
                self.map(&s.program);
                self.accesses(&s.outputs);
            }
            Primitive::Reduce(s) => {
                self.0.push(kind::REDUCE);
                self.0.push(match s.op {
                    ReduceOp::Sum => 0,
                    ReduceOp::Prod => 1,
                    ReduceOp::Max => 2,
                    ReduceOp::Min => 3,
                });
                self.dtype(s.dtype);
                self.numbers(&s.dims);
                self.numbers(&s.reduced);
                self.accesses(&s.inputs);
                self.map(&s.program);
                self.accesses(&s.epilogue_inputs);
                self.map(&s.epilogue);
                self.accesses(&s.outputs);
            }
            Primitive::ArgReduce(s) => {
                self.0.push(kind::ARG_REDUCE);
                self.flag(s.largest);
                self.numbers(&s.dims);
                self.number(s.length);
                self.access(&s.input);
                self.access(&s.output);
            }
            Primitive::Gemm(s) => {
                self.0.push(kind::GEMM);
                self.numbers(&s.batch);
                self.numbers(&s.rows);
                self.number(s.n);
                self.numbers(&s.depth);
                self.access(&s.a);
                self.access(&s.b);
                self.accesses(&s.epilogue_inputs);
                self.map(&s.epilogue);
                self.accesses(&s.outputs);
            }
            Primitive::GatherRows(s) => {
                self.0.push(kind::GATHER_ROWS);
                self.operand(&s.table);
                self.numbers(&[s.rows, s.width, s.count]);
                self.operand(&s.indices);
                self.map(&s.program);
                self.operand(&s.output);
            }
            Primitive::Random(s) => {
                self.0.push(kind::RANDOM);
                self.0.push(match s.distribution {
                    Distribution::Uniform => 0,
                    Distribution::Normal => 1,
                    Distribution::TruncatedNormal => 2,
                });
                self.operand(&s.counter);
                self.number(s.count);
                self.operand(&s.output);
            }
            other => return Err(other.name()),
        }
        Ok(())
    }

    fn operand(&mut self, operand: &Operand) {
        self.number(operand.buffer);
        self.number(operand.offset);
        self.dtype(operand.dtype);
    }

    fn access(&mut self, access: &Access) {
        self.operand(&access.operand);
        self.numbers(&access.strides);
    }

    fn accesses(&mut self, accesses: &[Access]) {
        self.list(accesses, |bytes, access| bytes.access(access));
    }

    fn map(&mut self, program: &MapProgram) {
        self.number(program.inputs());
        self.list(program.constants(), |bytes, constant| bytes.0.extend(constant.to_le_bytes()));
        self.list(program.instructions(), |bytes, instruction| {
            bytes.0.push(instruction.code as u8);
            for operand in &instruction.operands[..instruction.code.arity()] {
                bytes.number(operand.index());
            }
        });
        self.list(program.outputs(), |bytes, output| bytes.number(output.index()));
    }
}
