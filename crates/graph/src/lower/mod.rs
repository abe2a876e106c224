//! Lowering: from operations to primitives over values, before anything is placed in memory.
//!
//! The result is a list of [`Primitive`]s whose buffer numbers are *values*, each written once. Transposing,
//! slicing, broadcasting and most reshaping cost nothing: they make another [`View`] of the same value.

pub(crate) mod along;
mod known;
pub(crate) mod layout;
mod rows;
mod view;
mod windows;

use crate::{DType, build::node::NodeId};
use known::Known;
use minutia_kernels::map::Code;
use minutia_tensor::{
    MemoryLayout, Shape, Tensor,
    program::{
        Access, ArgReduce, Distribution, Gemm, Map, MapBuilder, MapProgram, Operand, Primitive, Random,
        Reduce, ReduceOp, Value,
    },
};
pub(crate) use view::View;
pub(crate) use windows::Spread;

/// Where a value comes from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// A primitive of this run.
    Computed,
    Constant(Tensor),
    /// The placeholder.
    Feed(NodeId),
    /// Index of the variable; the value at the beginning of the run.
    Variable(usize),
    /// How often a random node ran.
    Counter(NodeId),
    /// In the body of a loop: a value of the plan around it, by its number. There, a variable is one of the
    /// loop.
    Outer(usize),
}

impl PartialEq for Source {
    /// Constants by their bits: as numbers 0 equals -0, and yet 1/x tells them apart; a NaN would equal
    /// nothing.
    fn eq(&self, other: &Source) -> bool {
        match (self, other) {
            (Source::Computed, Source::Computed) => true,
            (Source::Constant(a), Source::Constant(b)) => {
                a.dtype() == b.dtype() && a.dims() == b.dims() && a.as_bytes() == b.as_bytes()
            }
            (Source::Feed(a), Source::Feed(b)) | (Source::Counter(a), Source::Counter(b)) => a == b,
            (Source::Variable(a), Source::Variable(b)) | (Source::Outer(a), Source::Outer(b)) => a == b,
            _ => false,
        }
    }
}

/// A value of the program.
#[derive(Clone, Debug)]
pub(crate) struct ValueInfo {
    pub source: Source,
    pub dtype: DType,
    pub dims: Vec<usize>,
    pub bytes: usize,
    /// The bits of its elements, when it is a constant of equal elements.
    pub splat: Option<u32>,
}

/// A primitive, and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub step: Primitive,
    /// The nodes that it computes.
    pub nodes: Vec<NodeId>,
    /// What was fused to make it.
    pub fused: Vec<&'static str>,
}

impl Planned {
    pub fn new(step: Primitive, nodes: Vec<NodeId>) -> Planned {
        Planned { step, nodes, fused: Vec::new() }
    }
}

/// Collects primitives.
#[derive(Default)]
pub(crate) struct Lowering {
    /// How the device wants tensors to lie.
    pub layout: MemoryLayout,
    pub values: Vec<ValueInfo>,
    pub primitives: Vec<Planned>,
    /// Where equal steps and values are looked for.
    known: Known,
    /// The newest value of each variable that the run assigns.
    pub variable_writes: std::collections::BTreeMap<usize, View>,
    /// The node that is being lowered, its stream of random numbers.
    pub node: NodeId,
    pub key: u64,
    /// The extents of what is fed, if the node is a placeholder.
    pub fed: Vec<usize>,
    /// The variable, if the node is one.
    pub variable: usize,
}

impl Lowering {
    pub fn new(layout: MemoryLayout) -> Lowering {
        Lowering { layout, ..Lowering::default() }
    }

    /// Strides and bytes of a value from this source. A variable is padded in whatever plan it takes part;
    /// what a run computes may become so when all its steps are known.
    fn lies(&self, source: &Source, dtype: DType, dims: &[usize]) -> (Vec<usize>, usize) {
        let variable = matches!(source, Source::Variable(_));
        layout::padded(if variable { self.layout } else { MemoryLayout::dense() }, dtype, dims)
    }

    fn value(&mut self, source: Source, dtype: DType, dims: &[usize]) -> View {
        let buffer = self.values.len();
        let (strides, bytes) = self.lies(&source, dtype, dims);
        let dims = dims.to_vec();
        self.known.insert(&source, buffer);
        self.values.push(ValueInfo { source, dtype, dims: dims.clone(), bytes, splat: None });
        View { operand: Operand { buffer, offset: 0, dtype }, dims, strides }
    }

    /// The value of this source, made once.
    pub fn source(&mut self, source: Source, dtype: DType, dims: &[usize]) -> View {
        match self.found(&source) {
            Some(buffer) => {
                let strides = self.lies(&source, dtype, dims).0;
                View { operand: Operand { buffer, offset: 0, dtype }, dims: dims.to_vec(), strides }
            }
            None => self.value(source, dtype, dims),
        }
    }

    /// The value of this source, if there is one.
    pub fn found(&self, source: &Source) -> Option<usize> {
        self.known.source(source, |value| self.values[value].source == *source)
    }

    /// A constant; equal elements are kept as one.
    pub fn constant(&mut self, tensor: &Tensor) -> View {
        let bytes = tensor.as_bytes();
        let size = tensor.dtype().size();
        let first = bytes.get(..size);
        let splat = first.filter(|f| bytes.chunks_exact(size).all(|c| c == *f)).map(|f| match *f {
            [a, b, c, d] => u32::from_ne_bytes([a, b, c, d]),
            _ => f[0].into(),
        });
        match splat {
            Some(bits) => self.splat(bits, tensor.dtype(), tensor.dims()),
            None => self.source(Source::Constant(tensor.clone()), tensor.dtype(), tensor.dims()),
        }
    }

    /// A constant of equal elements.
    pub fn splat(&mut self, bits: u32, dtype: DType, dims: &[usize]) -> View {
        let buffer = *self.known.splats.entry((bits, dtype.size())).or_insert_with(|| {
            let tensor = match dtype {
                DType::F32 => Tensor::scalar(f32::from_bits(bits)),
                DType::I32 => Tensor::scalar(bits as i32),
                DType::Bool => Tensor::scalar(bits != 0),
                DType::U8 => Tensor::scalar(bits as u8),
            };
            let splat = Some(bits);
            let (source, dims) = (Source::Constant(tensor), Vec::new());
            self.values.push(ValueInfo { source, dtype, dims, bytes: dtype.size(), splat });
            self.values.len() - 1
        });
        View {
            operand: Operand { buffer, offset: 0, dtype },
            dims: dims.to_vec(),
            strides: vec![0; dims.len()],
        }
    }

    pub fn scalar(&mut self, x: f32) -> View {
        self.splat(x.to_bits(), DType::F32, &[])
    }

    /// Appends a step, unless it would do nothing: what it writes has no elements, and needs no primitive.
    fn push(&mut self, step: Primitive) {
        if !step.is_idle() {
            self.primitives.push(Planned::new(step, vec![self.node]));
        }
    }

    /// Appends a step that writes a new value, or finds the step that has computed it already.
    fn emit(&mut self, dtype: DType, dims: &[usize], step: impl Fn(Access) -> Primitive) -> View {
        let key = step(nowhere(dtype));
        if let Some(&(primitive, buffer)) = self.known.steps.get(&key) {
            self.primitives[primitive].nodes.push(self.node);
            let operand = Operand { buffer, offset: 0, dtype };
            return View { operand, dims: dims.to_vec(), strides: Shape::from(dims).strides() };
        }
        let view = self.value(Source::Computed, dtype, dims);
        if !key.is_idle() {
            self.known.steps.insert(key, (self.primitives.len(), view.operand.buffer));
        }
        self.push(step(view.access()));
        view
    }

    /// Elementwise over inputs that broadcast.
    pub fn map(
        &mut self,
        dtype: DType,
        inputs: &[View],
        build: impl FnOnce(&mut MapBuilder, &[Value]) -> Value,
    ) -> View {
        let dims = broadcast_dims(inputs);
        self.map_over(dtype, &dims, inputs, build)
    }

    /// Elementwise over inputs that broadcast to `dims`. Constants of equal elements become part of the
    /// program.
    pub fn map_over(
        &mut self,
        dtype: DType,
        dims: &[usize],
        inputs: &[View],
        build: impl FnOnce(&mut MapBuilder, &[Value]) -> Value,
    ) -> View {
        let mut accesses: Vec<Access> = Vec::new();
        let splats: Vec<Option<u32>> = inputs.iter().map(|v| self.values[v.operand.buffer].splat).collect();
        let mut places = Vec::new();
        for (input, splat) in inputs.iter().zip(&splats) {
            let access = input.broadcast(dims).access();
            places.push(match (splat, accesses.iter().position(|a| *a == access)) {
                (Some(_), _) => 0,
                (None, Some(i)) => i,
                (None, None) => {
                    accesses.push(access);
                    accesses.len() - 1
                }
            });
        }
        let mut m = MapBuilder::new(accesses.len());
        let values: Vec<Value> = splats
            .iter()
            .zip(&places)
            .map(|(splat, &i)| match splat {
                Some(bits) => m.constant_bits(*bits),
                None => m.input(i),
            })
            .collect();
        let result = build(&mut m, &values);
        let program = m.finish(&[result]);
        if accesses.is_empty() {
            return self.splat(program.eval(&[])[0], dtype, dims);
        }
        // What leaves a tensor as it is, such as a multiplication by 1, is the tensor.
        if program.is_identity()
            && let Some(same) = inputs.iter().zip(&splats).find_map(|(i, splat)| splat.is_none().then_some(i))
            && same.dims == dims
            && same.dtype() == dtype
            && same.is_contiguous()
        {
            return same.clone();
        }
        self.emit(dtype, dims, |output| {
            Primitive::Map(Map {
                dims: dims.to_vec(),
                inputs: accesses.clone(),
                program: program.clone(),
                outputs: vec![output],
            })
        })
    }

    /// One operation of the instruction set.
    pub fn code(&mut self, code: Code, dtype: DType, inputs: &[View]) -> View {
        self.map(dtype, inputs, |m, v| m.apply(code, v))
    }

    /// The same elements in a new value, one after the other.
    pub fn copy(&mut self, view: &View) -> View {
        let (dtype, dims) = (view.dtype(), &view.dims);
        let step = |output: Access| {
            let (inputs, program) = (vec![view.access()], MapProgram::identity());
            Primitive::Map(Map { dims: dims.clone(), inputs, program, outputs: vec![output] })
        };
        let copied = self.value(Source::Computed, dtype, dims);
        let (next, key) = (self.primitives.len(), step(nowhere(dtype)));
        if !key.is_idle() {
            self.known.steps.entry(key).or_insert((next, copied.operand.buffer));
        }
        self.push(step(copied.access()));
        copied
    }

    /// The same elements, one after the other; copies only where they are not.
    pub fn contiguous(&mut self, view: &View) -> View {
        if view.is_contiguous() { view.clone() } else { self.copy(view) }
    }

    pub fn reshape(&mut self, view: &View, dims: &[usize]) -> View {
        let splat = self.values[view.operand.buffer].splat;
        if let Some(bits) = splat {
            return self.splat(bits, view.dtype(), dims);
        }
        let view = self.contiguous(view);
        View { operand: view.operand, dims: dims.to_vec(), strides: Shape::from(dims).strides() }
    }

    /// Several views side by side in one new value; `at` gives the first index of each.
    pub fn assemble(
        &mut self,
        dtype: DType,
        dims: &[usize],
        fill: Option<u32>,
        parts: &[(Vec<usize>, View)],
    ) -> View {
        let whole = self.value(Source::Computed, dtype, dims);
        if let Some(bits) = fill {
            self.write(&whole, None, MapProgram::fill(bits));
        }
        for (begin, part) in parts {
            let target = whole.slice(begin, &part.dims);
            self.write(&target, Some(part), MapProgram::identity());
        }
        whole
    }

    /// A new value that [`Lowering::map_into`] is to write all of.
    pub fn unwritten(&mut self, dtype: DType, dims: &[usize]) -> View {
        self.value(Source::Computed, dtype, dims)
    }

    /// Elementwise over inputs of the extents of `target`, which is part of a value.
    pub fn map_into(
        &mut self,
        target: &View,
        inputs: &[View],
        build: impl FnOnce(&mut MapBuilder, &[Value]) -> Value,
    ) {
        let mut m = MapBuilder::new(inputs.len());
        let values: Vec<Value> = (0..inputs.len()).map(|i| m.input(i)).collect();
        let result = build(&mut m, &values);
        self.push(Primitive::Map(Map {
            dims: target.dims.clone(),
            inputs: inputs.iter().map(View::access).collect(),
            program: m.finish(&[result]),
            outputs: vec![target.access()],
        }));
    }

    /// Fills part of a value with these bits.
    pub fn fill_into(&mut self, target: &View, bits: u32) {
        self.write(target, None, MapProgram::fill(bits));
    }

    fn write(&mut self, target: &View, input: Option<&View>, program: MapProgram) {
        let inputs = input.iter().map(|v| v.access()).collect();
        self.push(Primitive::Map(Map {
            dims: target.dims.clone(),
            inputs,
            program,
            outputs: vec![target.access()],
        }));
    }

    /// Reduces over some axes, which vanish.
    pub fn reduce(&mut self, op: ReduceOp, view: &View, axes: &[usize]) -> View {
        let kept: Vec<usize> = (0..view.dims.len()).filter(|a| !axes.contains(a)).collect();
        let nest = view.transpose(&[&kept[..], axes].concat());
        let (dims, reduced) = nest.dims.split_at(kept.len());
        let dtype = view.dtype();
        self.emit(dtype, dims, |output| {
            Primitive::Reduce(Reduce {
                op,
                dtype,
                dims: dims.to_vec(),
                reduced: reduced.to_vec(),
                inputs: vec![nest.access()],
                program: MapProgram::identity(),
                epilogue_inputs: Vec::new(),
                epilogue: MapProgram::identity(),
                outputs: vec![output],
            })
        })
    }

    /// Lowest index of the extremum along an axis, which vanishes.
    pub fn arg_reduce(&mut self, largest: bool, view: &View, axis: usize) -> View {
        let mut order: Vec<usize> = (0..view.dims.len()).filter(|&a| a != axis).collect();
        order.push(axis);
        let nest = view.transpose(&order);
        let dims = nest.dims[..order.len() - 1].to_vec();
        let length = view.dims[axis];
        self.emit(DType::I32, &dims, |output| {
            Primitive::ArgReduce(ArgReduce {
                largest,
                dims: dims.clone(),
                length,
                input: nest.access(),
                output,
            })
        })
    }

    /// Product of two matrices.
    pub fn gemm(&mut self, a: &View, b: &View) -> View {
        let (m, k, n) = (a.dims[0], a.dims[1], b.dims[1]);
        // A constant is transposed once, when the plan is compiled, rather than at every run.
        let constant = matches!(self.values[b.operand.buffer].source, Source::Constant(_));
        let b = &if constant && b.strides[1] != 1 { self.contiguous(b) } else { b.clone() };
        self.emit(DType::F32, &[m, n], |output| {
            Primitive::Gemm(Gemm {
                batch: Vec::new(),
                rows: vec![m],
                n,
                depth: vec![k],
                a: a.access(),
                b: b.access(),
                epilogue_inputs: Vec::new(),
                epilogue: MapProgram::identity(),
                outputs: vec![output],
            })
        })
    }

    /// Makes `view` the newest value of a variable; it must be a value of its own, complete and in order.
    pub fn assign(&mut self, variable: usize, view: &View) -> View {
        let whole =
            self.values[view.operand.buffer].bytes == view.elements().saturating_mul(view.dtype().size());
        let fresh = self.values[view.operand.buffer].source == Source::Computed
            && !self.variable_writes.values().any(|c| c.operand.buffer == view.operand.buffer);
        let value = if fresh && whole && view.is_contiguous() { view.clone() } else { self.copy(view) };
        self.variable_writes.insert(variable, value.clone());
        value
    }

    /// Random numbers of the node that is being lowered.
    pub fn random(&mut self, distribution: Distribution, dims: &[usize]) -> View {
        let counter = self.source(Source::Counter(self.node), DType::I32, &[]).operand;
        let view = self.value(Source::Computed, DType::F32, dims);
        let (key, count, output) = (self.key, view.elements(), view.operand);
        self.push(Primitive::Random(Random { distribution, key, counter, count, output }));
        view
    }
}

/// The output of a step that is only looked for.
fn nowhere(dtype: DType) -> Access {
    Access { operand: Operand { buffer: usize::MAX, offset: 0, dtype }, strides: Vec::new() }
}

/// The extents that all broadcast to. Shape inference has made sure that they do, as far as extents were
/// known.
fn broadcast_dims(inputs: &[View]) -> Vec<usize> {
    let rank = inputs.iter().map(|v| v.dims.len()).max().unwrap_or(0);
    (0..rank)
        .map(|axis| {
            let own = |v: &View| (axis + v.dims.len()).checked_sub(rank).map_or(1, |a| v.dims[a]);
            inputs.iter().map(own).find(|&d| d != 1).unwrap_or(1)
        })
        .collect()
}
