//! Reading plans.

use super::{DTYPES, ResultPlace, RunPlan, Source, SourcedProgram, kind};
use minutia_kernels::{map::Code, rng::Stream};
use minutia_tensor::{
    DType,
    program::{
        Access, ArgReduce, BufferSpec, Distribution, GatherRows, Gemm, Map, MapBuilder, MapProgram, Operand,
        Primitive, Program, Random, Reduce, ReduceOp, Value,
    },
};

type Problem = &'static str;
type Read<T> = Result<T, Problem>;

/// The plans of a file, whose random operations draw under `seed`.
///
/// # Errors
/// What is wrong with the bytes. What their programs do with memory, the device checks.
pub(crate) fn read(bytes: &[u8], seed: u64) -> Read<Vec<RunPlan>> {
    let mut bytes = PlanReader { rest: bytes, seed };
    let runs = bytes.list(|bytes| {
        Ok(RunPlan {
            name: bytes.text()?,
            setup: bytes.program()?,
            main: bytes.program()?,
            results: bytes.list(|bytes| {
                let (source, offset, elements) = (bytes.source()?, bytes.number()?, bytes.number()?);
                Ok(ResultPlace { source, offset, elements })
            })?,
        })
    })?;
    if bytes.rest.is_empty() { Ok(runs) } else { Err("something follows its end") }
}

struct PlanReader<'a> {
    rest: &'a [u8],
    seed: u64,
}

impl<'a> PlanReader<'a> {
    fn take(&mut self, count: usize) -> Read<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or("it ends too early")?;
        self.rest = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Read<u8> {
        Ok(self.take(1)?[0])
    }

    fn number(&mut self) -> Read<usize> {
        let mut number = 0_u64;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return usize::try_from(number).map_err(|_| "a number is too large");
            }
        }
        Err("a number is too large")
    }

    fn flag(&mut self) -> Read<bool> {
        Ok(self.byte()? != 0)
    }

    fn text(&mut self) -> Read<String> {
        let length = self.number()?;
        String::from_utf8(self.take(length)?.to_vec()).map_err(|_| "a name is no text")
    }

    /// A list grows as it is read: its length is believed when its items are there.
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let length = self.number()?;
        let mut items = Vec::new();
        for _ in 0..length {
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn numbers(&mut self) -> Read<Vec<usize>> {
        self.list(Self::number)
    }

    fn dtype(&mut self) -> Read<DType> {
        DTYPES.get(usize::from(self.byte()?)).copied().ok_or("there is no such type of elements")
    }

    fn source(&mut self) -> Read<Source> {
        Ok(match self.byte()? {
            0 => Source::Arena,
            1 => Source::Persistent,
            2 => {
                let length = self.number()?;
                Source::Constant(self.take(length)?.to_vec())
            }
            3 => Source::Feed(self.text()?),
            4 => Source::Variable(self.text()?),
            5 => Source::RandomRuns(self.text()?),
            _ => return Err("there is no such kind of buffer"),
        })
    }

    fn program(&mut self) -> Read<SourcedProgram> {
        let (mut sources, mut program) = (Vec::new(), Program::default());
        for _ in 0..self.number()? {
            sources.push(self.source()?);
            program.buffers.push(BufferSpec { bytes: self.number()?, written: self.flag()? });
        }
        for _ in 0..self.number()? {
            program.temporary.push(self.flag()?);
            let step = self.primitive(&sources)?;
            program.steps.push(step);
        }
        Ok(SourcedProgram { program, sources })
    }

    fn primitive(&mut self, sources: &[Source]) -> Read<Primitive> {
        Ok(match self.byte()? {
            kind::MAP => Primitive::Map(Map {
                dims: self.numbers()?,
                inputs: self.accesses()?,
                program: self.map()?,
                outputs: self.accesses()?,
            }),
            kind::REDUCE => Primitive::Reduce(Reduce {
                op: match self.byte()? {
                    0 => ReduceOp::Sum,
                    1 => ReduceOp::Prod,
                    2 => ReduceOp::Max,
                    3 => ReduceOp::Min,
                    _ => return Err("there is no such reduction"),
                },
                dtype: self.dtype()?,
                dims: self.numbers()?,
                reduced: self.numbers()?,
                inputs: self.accesses()?,
                program: self.map()?,
                epilogue_inputs: self.accesses()?,
                epilogue: self.map()?,
                outputs: self.accesses()?,
            }),
            kind::ARG_REDUCE => Primitive::ArgReduce(ArgReduce {
                largest: self.flag()?,
                dims: self.numbers()?,
                length: self.number()?,
                input: self.access()?,
                output: self.access()?,
            }),
            kind::GEMM => Primitive::Gemm(Gemm {
                batch: self.numbers()?,
                rows: self.numbers()?,
                n: self.number()?,
                depth: self.numbers()?,
                a: self.access()?,
                b: self.access()?,
                epilogue_inputs: self.accesses()?,
                epilogue: self.map()?,
                outputs: self.accesses()?,
            }),
            kind::GATHER_ROWS => {
                let (table, extents) = (self.operand()?, self.numbers()?);
                let [rows, width, count] = extents[..] else { return Err("a gather has three extents") };
                Primitive::GatherRows(GatherRows {
                    table,
                    rows,
                    width,
                    count,
                    indices: self.operand()?,
                    program: self.map()?,
                    output: self.operand()?,
                })
            }
            kind::RANDOM => {
                let distribution = match self.byte()? {
                    0 => Distribution::Uniform,
                    1 => Distribution::Normal,
                    2 => Distribution::TruncatedNormal,
                    _ => return Err("there is no such distribution"),
                };
                let counter = self.operand()?;
                let Some(Source::RandomRuns(name)) = sources.get(counter.buffer) else {
                    return Err("random numbers are drawn by no operation");
                };
                let key = Stream::new(self.seed, name).key();
                let (count, output) = (self.number()?, self.operand()?);
                Primitive::Random(Random { distribution, key, counter, count, output })
            }
            _ => return Err("there is no such primitive"),
        })
    }

    fn operand(&mut self) -> Read<Operand> {
        Ok(Operand { buffer: self.number()?, offset: self.number()?, dtype: self.dtype()? })
    }

    fn access(&mut self) -> Read<Access> {
        Ok(Access { operand: self.operand()?, strides: self.numbers()? })
    }

    fn accesses(&mut self) -> Read<Vec<Access>> {
        self.list(Self::access)
    }

    fn map(&mut self) -> Read<MapProgram> {
        const UNKNOWN: Problem = "a map program uses a value that it does not have";
        let inputs = self.number()?;
        if inputs > self.rest.len() {
            return Err("a map program has too many inputs");
        }
        let mut map = MapBuilder::new(inputs);
        let mut values: Vec<Value> = (0..inputs).map(|i| map.input(i)).collect();
        let constants = self.list(|bytes| {
            let word = bytes.take(4)?;
            Ok(u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
        })?;
        values.extend(constants.into_iter().map(|bits| map.constant_bits(bits)));
        for _ in 0..self.number()? {
            let code = Code::ALL.get(usize::from(self.byte()?)).copied().ok_or("there is no such code")?;
            let mut operands = [values.first().copied().ok_or(UNKNOWN)?; 3];
            for operand in &mut operands[..code.arity()] {
                *operand = values.get(self.number()?).copied().ok_or(UNKNOWN)?;
            }
            values.push(map.apply(code, &operands[..code.arity()]));
        }
        let outputs = self.list(|bytes| values.get(bytes.number()?).copied().ok_or(UNKNOWN))?;
        Ok(map.finish(&outputs))
    }
}
