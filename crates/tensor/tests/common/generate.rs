//! Random maps and reductions: shapes, layouts, types and programs.

use super::SPECIAL;
use minutia_kernels::{map::Code, rng::Generator};
use minutia_tensor::{
    DType,
    program::{
        Access, ArgSort, BufferSpec, Change, Gemm, Map, MapBuilder, MapProgram, Operand, Primitive, Program,
        Reduce, ReduceOp, Scan, ScatterAddRows, UpdateRows, Value,
    },
};

/// What a value may be used as: codes on integers must not see floats, whose NaNs differ between CPUs.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Float,
    Int,
}

/// The codes with operands of these types whose results are of this kind.
fn codes(operands: &[&str], result: Kind) -> Vec<Code> {
    let kind = |name: &str| if name == "f32" { Kind::Float } else { Kind::Int };
    let fits = |code: &Code| code.signature().0 == operands && kind(code.signature().1) == result;
    Code::ALL.iter().copied().filter(fits).collect()
}

pub struct Maker {
    generator: Generator,
    pub buffers: Vec<Vec<u8>>,
    specs: Vec<BufferSpec>,
}

impl Maker {
    pub fn new(seed: u64) -> Maker {
        Maker { generator: Generator::new(seed, "programs"), buffers: Vec::new(), specs: Vec::new() }
    }

    fn below(&mut self, n: usize) -> usize {
        self.generator.below(n as u32) as usize
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    pub fn dims(&mut self, most: usize) -> Vec<usize> {
        let rank = self.below(5);
        let mut dims = Vec::new();
        let mut total = 1;
        for _ in 0..rank {
            let mut dim = self.pick(&[1, 2, 3, 5, 10, 16, 17, 33, 64, 70, 257, 300]);
            if self.below(40) == 0 {
                dim = 0;
            }
            if total * dim <= most {
                // Buffers are as large as if no extent were 0.
                total *= dim.max(1);
                dims.push(dim);
            }
        }
        dims
    }

    /// A new buffer with an access over `dims`: loops in any order, with gaps, and where `broadcast` holds
    /// some of stride 0.
    fn access(&mut self, dims: &[usize], dtype: DType, broadcast: bool) -> Access {
        let mut axes: Vec<usize> = (0..dims.len()).collect();
        if self.below(3) == 0 {
            self.generator.shuffle(&mut axes);
        }
        let mut strides = vec![0; dims.len()];
        let mut next = if self.below(6) == 0 { 2 } else { 1 };
        let scalar = broadcast && self.below(6) == 0;
        for &axis in axes.iter().rev() {
            if scalar || broadcast && self.below(3) == 0 {
                continue;
            }
            strides[axis] = next;
            next *= dims[axis].max(1);
            if self.below(8) == 0 {
                next += 3;
            }
        }
        let last: usize = strides.iter().zip(dims).map(|(s, d)| s * d.saturating_sub(1)).sum();
        let offset = self.below(3) * dtype.size();
        let bytes = offset + (last + 1) * dtype.size();
        let data = self.data(dtype, bytes / dtype.size());
        self.buffers.push(data);
        self.specs.push(BufferSpec { bytes, written: false });
        Access { operand: Operand { buffer: self.buffers.len() - 1, offset, dtype }, strides }
    }

    fn data(&mut self, dtype: DType, n: usize) -> Vec<u8> {
        (0..n)
            .flat_map(|_| match dtype {
                DType::F32 => {
                    let x =
                        if self.below(6) == 0 { self.pick(&SPECIAL) } else { self.generator.normal() * 3.0 };
                    x.to_ne_bytes().to_vec()
                }
                DType::I32 => (self.below(200) as i32 - 100).to_ne_bytes().to_vec(),
                DType::Bool => vec![self.below(2) as u8],
                DType::U8 => vec![self.below(256) as u8],
            })
            .collect()
    }

    fn inputs(&mut self, dims: &[usize], most: usize) -> Vec<Access> {
        let dtypes = [DType::F32, DType::F32, DType::F32, DType::I32, DType::Bool, DType::U8];
        (0..self.below(most + 1))
            .map(|_| {
                let dtype = self.pick(&dtypes);
                let access = self.access(dims, dtype, true);
                // The same data may be read twice.
                if self.below(8) == 0 { access.clone() } else { access }
            })
            .collect()
    }

    /// A program over inputs of these kinds with outputs of kinds that its results have.
    fn program(&mut self, inputs: &[Kind], outputs: &[Kind]) -> MapProgram {
        let mut m = MapBuilder::new(inputs.len());
        let mut values: Vec<(Value, Kind)> =
            inputs.iter().enumerate().map(|(i, &k)| (m.input(i), k)).collect();
        values.push((m.constant(0.75), Kind::Float));
        values.push((m.constant_bits(3), Kind::Int));
        for _ in 0..self.below(10) {
            let any = |maker: &mut Maker, kind: Kind| {
                let fit: Vec<Value> = values.iter().filter(|v| v.1 == kind).map(|v| v.0).collect();
                maker.pick(&fit)
            };
            use Kind::{Float, Int};
            let (code, operands, kind) = match self.below(8) {
                0 => (self.pick(&codes(&["f32"], Float)), vec![any(self, Float)], Float),
                1 | 2 => {
                    (self.pick(&codes(&["f32"; 2], Float)), vec![any(self, Float), any(self, Float)], Float)
                }
                3 => (self.pick(&codes(&["f32"; 2], Int)), vec![any(self, Float), any(self, Float)], Int),
                4 => (self.pick(&codes(&["i32"], Int)), vec![any(self, Int)], Int),
                5 => (self.pick(&codes(&["i32"; 2], Int)), vec![any(self, Int), any(self, Int)], Int),
                6 => match self.below(3) {
                    0 => (Code::ToFloat, vec![any(self, Int)], Float),
                    1 => (Code::ToInt, vec![any(self, Float)], Int),
                    _ => (Code::Fma, vec![any(self, Float), any(self, Float), any(self, Float)], Float),
                },
                _ => {
                    let kind = self.pick(&[Float, Int]);
                    (Code::Select, vec![any(self, Int), any(self, kind), any(self, kind)], kind)
                }
            };
            values.push((m.apply(code, &operands), kind));
        }
        let outputs: Vec<Value> = outputs
            .iter()
            .map(|&kind| {
                let fit: Vec<Value> = values.iter().filter(|v| v.1 == kind).map(|v| v.0).collect();
                // Later values depend on more.
                if self.below(3) > 0 {
                    *fit.last().expect("a constant of each kind")
                } else {
                    self.pick(&fit)
                }
            })
            .collect();
        m.finish(&outputs)
    }

    /// New outputs over `dims`, some of them in place of an input.
    fn outputs(&mut self, dims: &[usize], inputs: &[Access]) -> Vec<Access> {
        let mut outputs: Vec<Access> = Vec::new();
        for _ in 0..1 + self.below(2) {
            let input = (!inputs.is_empty()).then(|| self.below(inputs.len()));
            let in_place = input.map(|i| &inputs[i]).filter(|a| {
                a.strides.iter().zip(dims).all(|(&s, &d)| s > 0 || d == 1)
                    && outputs.iter().all(|o| o.operand.buffer != a.operand.buffer)
            });
            let output = match in_place {
                Some(access) if self.below(2) == 0 => access.clone(),
                _ => {
                    let dtype = self.pick(&[DType::F32, DType::F32, DType::I32, DType::Bool, DType::U8]);
                    self.access(dims, dtype, false)
                }
            };
            self.specs[output.operand.buffer].written = true;
            outputs.push(output);
        }
        outputs
    }

    pub fn map(&mut self) -> Primitive {
        let dims = self.dims(3000);
        let inputs = self.inputs(&dims, 4);
        let outputs = self.outputs(&dims, &inputs);
        let program = self.program(&kinds(&inputs), &kinds(&outputs));
        Primitive::Map(Map { dims, inputs, program, outputs })
    }

    pub fn reduce(&mut self) -> Primitive {
        let (dims, reduced) = (self.dims(300), self.dims(60));
        let nest = [&dims[..], &reduced].concat();
        let inputs = self.inputs(&nest, 2);
        let epilogue_inputs = self.inputs(&dims, 2);
        let outputs = self.outputs(&dims, &epilogue_inputs);
        let dtype = self.pick(&[DType::F32, DType::I32]);
        let kind = kind(dtype);
        let program = self.program(&kinds(&inputs), &[kind]);
        let mut epilogue_kinds = vec![kind];
        epilogue_kinds.extend(kinds(&epilogue_inputs));
        let epilogue = self.program(&epilogue_kinds, &kinds(&outputs));
        let op = self.pick(&[ReduceOp::Sum, ReduceOp::Prod, ReduceOp::Max, ReduceOp::Min]);
        Primitive::Reduce(Reduce {
            op,
            dtype,
            dims,
            reduced,
            inputs,
            program,
            epilogue_inputs,
            epilogue,
            outputs,
        })
    }

    /// Products over several axes, of operands that may be stretched, transposed and overlap.
    pub fn product(&mut self) -> Primitive {
        let axes = |maker: &mut Maker, most: usize| -> Vec<usize> {
            (0..maker.below(most + 1)).map(|_| maker.pick(&[0, 1, 2, 3, 4, 5, 7, 2, 3])).collect()
        };
        let (batch, rows, depth) = (axes(self, 2), axes(self, 3), axes(self, 3));
        let n = self.pick(&[0, 1, 2, 15, 16, 17, 33]);
        let dims = [&batch[..], &rows, &[n]].concat();
        let a = self.access(&[&batch[..], &rows, &depth].concat(), DType::F32, true);
        let b = self.access(&[&batch[..], &depth, &[n]].concat(), DType::F32, true);
        let epilogue_inputs = self.inputs(&dims, 2);
        let outputs = self.outputs(&dims, &epilogue_inputs);
        let mut epilogue_kinds = vec![Kind::Float];
        epilogue_kinds.extend(kinds(&epilogue_inputs));
        let epilogue = self.program(&epilogue_kinds, &kinds(&outputs));
        Primitive::Gemm(Gemm { batch, rows, n, depth, a, b, epilogue_inputs, epilogue, outputs })
    }

    /// Few rows for many indices, or many for few.
    pub fn scatter_add(&mut self) -> Primitive {
        let count = self.pick(&[0, 1, 2, 3, 17, 300]);
        let rows = if count > 0 { self.pick(&[1, 2, 3, 40, 200]) } else { self.below(4) };
        let width = self.below(71);
        let updates = self.access(&[(count * width).max(1)], DType::F32, false).operand;
        let indices: Vec<i32> = (0..count).map(|_| self.below(rows) as i32).collect();
        self.buffers.push(super::int_bytes(&indices));
        self.specs.push(BufferSpec { bytes: count * 4, written: false });
        let indices = Operand { buffer: self.buffers.len() - 1, offset: 0, dtype: DType::I32 };
        let output = self.access(&[(rows * width).max(1)], DType::F32, false).operand;
        self.specs[output.buffer].written = true;
        Primitive::ScatterAddRows(ScatterAddRows { updates, indices, count, rows, width, output })
    }

    /// Running sums, or positions in an order, along an axis of any length.
    pub fn lines(&mut self) -> Primitive {
        let (dims, length) = (self.dims(300), self.pick(&[0, 1, 2, 3, 17, 70]));
        let nest = [&dims[..], &[length]].concat();
        let dtype = self.pick(&[DType::F32, DType::I32]);
        let (turned, exclusive) = (self.below(2) == 0, self.below(2) == 0);
        let input = self.access(&nest, dtype, true);
        if self.below(2) == 0 {
            let output = self.access(&nest, dtype, false);
            self.specs[output.operand.buffer].written = true;
            return Primitive::Scan(Scan { reverse: turned, exclusive, dims, length, input, output });
        }
        let mut output = self.access(&[nest.iter().product()], DType::I32, false);
        output.strides = minutia_tensor::Shape::from(&nest[..]).strides();
        self.specs[output.operand.buffer].written = true;
        Primitive::ArgSort(ArgSort { descending: turned, dims, length, input, output })
    }

    /// Changes of rows, in place or not.
    pub fn update_rows(&mut self) -> Primitive {
        let Primitive::ScatterAddRows(ScatterAddRows { updates, indices, count, rows, width, output }) =
            self.scatter_add()
        else {
            unreachable!("that is what it makes")
        };
        let strides = vec![width, 1];
        let output = Access { operand: output, strides: strides.clone() };
        let base = match self.below(2) {
            0 => output.clone(),
            _ => {
                let operand = self.access(&[(rows * width).max(1)], DType::F32, false).operand;
                Access { operand, strides }
            }
        };
        let change = self.pick(&[Change::Set, Change::Add, Change::Sub, Change::Max, Change::Min]);
        Primitive::UpdateRows(UpdateRows { change, base, updates, indices, count, rows, width, output })
    }

    pub fn finish(self, step: Primitive) -> (Program, Vec<Vec<u8>>) {
        (Program { buffers: self.specs, steps: vec![step], ..Program::default() }, self.buffers)
    }
}

fn kind(dtype: DType) -> Kind {
    if dtype == DType::F32 { Kind::Float } else { Kind::Int }
}

fn kinds(accesses: &[Access]) -> Vec<Kind> {
    accesses.iter().map(|a| kind(a.operand.dtype)).collect()
}
