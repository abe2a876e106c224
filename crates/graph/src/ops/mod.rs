//! The operations. One file holds all of an operation: documentation, shape rule, gradient (with the
//! operations that only gradients use), lowering and samples; an elementwise operation is a row in its
//! family's file.

pub(crate) mod activations;
pub(crate) mod add_n;
pub(crate) mod arg_reduce;
pub(crate) mod arg_sort;
pub(crate) mod binary;
pub(crate) mod blocks;
mod by_name;
pub(crate) mod candidates;
pub(crate) mod cast;
pub(crate) mod comparison;
pub(crate) mod concat;
pub(crate) mod cond;
pub(crate) mod constant;
pub(crate) mod conv2d;
pub(crate) mod cumsum;
pub(crate) mod depthwise;
pub(crate) mod dims;
pub(crate) mod division;
pub(crate) mod dropout;
pub(crate) mod einsum;
pub(crate) mod first_positions;
pub(crate) mod gather;
pub(crate) mod gather_nd;
pub(crate) mod identity;
pub(crate) mod like;
pub(crate) mod logical_reduce;
pub(crate) mod losses;
pub(crate) mod matmul;
pub(crate) mod multinomial;
pub(crate) mod no_op;
pub(crate) mod normalization;
pub(crate) mod one_hot;
pub(crate) mod pad;
pub(crate) mod patches;
pub(crate) mod phases;
pub(crate) mod placeholder;
pub(crate) mod pool;
pub(crate) mod prod_gradient;
pub(crate) mod random;
pub(crate) mod range;
pub(crate) mod reduce;
pub(crate) mod reshape;
pub(crate) mod reverse;
pub(crate) mod roll;
pub(crate) mod scan;
pub(crate) mod segments;
pub(crate) mod select;
pub(crate) mod shape;
pub(crate) mod size;
pub(crate) mod slice;
pub(crate) mod softmax;
pub(crate) mod split;
pub(crate) mod stack;
pub(crate) mod strided_slice;
pub mod table;
pub(crate) mod take_along;
pub(crate) mod tile;
pub(crate) mod transpose;
pub(crate) mod unary;
pub(crate) mod update_rows;
pub(crate) mod variable;
pub(crate) mod while_loop;
pub(crate) mod window;

use crate::{
    DType, Error, Graph, OpError, Output, PartialShape, Signature, SourceLine, conformance::Sample, lower::*,
};
use std::sync::Arc;

/// What an operation is made of. It has no default bodies: an operation without a gradient says why.
pub(crate) trait Op {
    /// TensorFlow's name.
    fn name(&self) -> &'static str;
    /// Type and shape of the result.
    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch>;
    /// The gradient with respect to each input, as graph algebra; `None` where it is zero everywhere.
    fn gradient(&self, at: &Gradient) -> Gradients;
    /// The primitives that compute it.
    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View;
    /// For the table of operations: each name that the operation has, and what builds it, separated by
    /// spaces.
    fn builders() -> &'static [(&'static str, &'static str)];
    /// Inputs that the conformance suite uses.
    fn samples() -> Vec<Sample>;
}

/// The gradients of an operation's inputs, or why there are none.
pub(crate) type Gradients = Result<Vec<Option<Output>>, String>;

/// Where a gradient is taken: the operation's inputs, its result, and the gradient of the result.
pub(crate) struct Gradient {
    pub inputs: Vec<Output>,
    pub output: Output,
    pub grad: Output,
}

/// Inputs that an operation does not take.
#[derive(Debug)]
pub(crate) struct Mismatch {
    detail: String,
    hint: Option<String>,
}

impl Mismatch {
    pub fn new(detail: impl Into<String>) -> Mismatch {
        Mismatch { detail: detail.into(), hint: None }
    }

    pub fn hint(self, hint: impl Into<String>) -> Mismatch {
        Mismatch { hint: Some(hint.into()), ..self }
    }

    pub fn at(
        self,
        op: &'static str,
        name: String,
        inputs: Vec<(String, Signature)>,
        place: SourceLine,
    ) -> Error {
        Error::Op(Arc::new(OpError { op, name, detail: self.detail, inputs, place, hint: self.hint }))
    }
}

/// Declares all that goes over every operation.
macro_rules! register_ops {
    ($($file:ident::$op:ident),* $(,)?; $($composition:ident),* $(,)?) => {
        /// Any operation.
        #[derive(Clone, Debug, PartialEq)]
        pub(crate) enum AnyOp { $($op($file::$op)),* }

        by_name::named_values! { AnyOp { $($op($file::$op)),* } }

        $(impl From<$file::$op> for AnyOp {
            fn from(op: $file::$op) -> AnyOp {
                AnyOp::$op(op)
            }
        })*

        impl AnyOp {
            pub fn name(&self) -> &'static str {
                match self { $(AnyOp::$op(op) => op.name()),* }
            }
            pub fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
                match self { $(AnyOp::$op(op) => op.infer(inputs)),* }
            }
            pub fn gradient(&self, at: &Gradient) -> Gradients {
                match self { $(AnyOp::$op(op) => op.gradient(at)),* }
            }
            pub fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
                match self { $(AnyOp::$op(op) => op.lower(l, inputs)),* }
            }
            /// Whether it draws random numbers: its name decides which, and sessions count its runs.
            pub fn is_random(&self) -> bool {
                matches!(self, AnyOp::Random(_) | AnyOp::RandomLike(_))
            }
        }

        /// Each operation's name, and what builds it.
        pub(crate) fn builders() -> Vec<(&'static str, &'static str)> {
            [$($file::$op::builders()),*].concat()
        }

        /// TensorFlow's name of each composition, and what builds it.
        pub(crate) fn compositions() -> Vec<(&'static str, &'static str)> {
            [$($composition::BUILDERS),*].concat()
        }

        /// The samples of every operation, by registered operation, and of compositions by their file.
        pub(crate) fn samples() -> Vec<(&'static str, Vec<Sample>)> {
            vec![
                $((stringify!($op), $file::$op::samples()),)*
                $((stringify!($composition), $composition::samples())),*
            ]
        }
    };
}

register_ops! {
    arg_reduce::ArgReduce,
    arg_sort::ArgSort,
    binary::Binary,
    cast::Cast,
    comparison::Comparison,
    concat::Concat,
    concat::ConcatPart,
    constant::Constant,
    conv2d::Conv2d,
    conv2d::Conv2dFilterGradient,
    conv2d::Conv2dInputGradient,
    depthwise::DepthwiseConv2d,
    cumsum::Cumsum,
    dims::Dims,
    division::Division,
    einsum::Einsum,
    first_positions::FirstPositions,
    gather::Gather,
    gather::GatherGradient,
    gather_nd::GatherNd,
    gather_nd::GatherNdGradient,
    no_op::NoOp,
    like::Like,
    matmul::MatMul,
    one_hot::OneHot,
    one_hot::OneHotLike,
    placeholder::Placeholder,
    pool::PickFromWindows,
    pool::Pool,
    pool::Unpool,
    prod_gradient::ProdGradient,
    pad::Pad,
    pad::MirrorPad,
    pad::MirrorPadGradient,
    random::Random,
    random::RandomLike,
    range::Range,
    reduce::Reduce,
    reshape::Reshape,
    reverse::Reverse,
    roll::Roll,
    select::Select,
    shape::ShapeOf,
    size::Size,
    slice::Slice,
    slice::SliceGradient,
    softmax::Softmax,
    split::SplitPart,
    split::SplitGradient,
    strided_slice::StridedSlice,
    strided_slice::StridedSliceGradient,
    take_along::TakeAlong,
    take_along::TakeAlongGradient,
    tile::Tile,
    tile::TileGradient,
    identity::Identity,
    transpose::Transpose,
    segments::UnsortedSegmentSum,
    segments::UnsortedSegmentExtremum,
    unary::Unary,
    update_rows::UpdateRows,
    variable::Assign,
    variable::VariableOp,
    variable::ReadVariable,
    while_loop::LoopResult,
    while_loop::LoopStack,
    while_loop::LoopVariable,
    while_loop::While;
    activations,
    add_n,
    arg_sort,
    blocks,
    dropout,
    logical_reduce,
    candidates,
    cond,
    losses,
    multinomial,
    normalization,
    patches,
    range,
    scan,
    shape,
    stack,
}

/// A list of `n` inputs, or a mismatch. Serialised graphs may hold any number.
pub(crate) fn arity<const N: usize>(inputs: &[Signature]) -> Result<&[Signature; N], Mismatch> {
    inputs.try_into().map_err(|_| Mismatch::new(format!("takes {N} inputs, not {}", inputs.len())))
}

/// Requires one of the types.
pub(crate) fn expect_dtype(found: DType, allowed: &[DType]) -> Result<(), Mismatch> {
    if allowed.contains(&found) {
        return Ok(());
    }
    let names: Vec<String> = allowed.iter().map(DType::to_string).collect();
    Err(Mismatch::new(format!("takes {}, not {found}", names.join(" or "))).hint("cast it first"))
}

/// The axis counted from the front, when it exists.
pub(crate) fn axis_of(axis: isize, rank: usize) -> Result<usize, Mismatch> {
    let counted = if axis < 0 { axis + rank as isize } else { axis };
    if (0..rank as isize).contains(&counted) {
        return Ok(counted as usize);
    }
    Err(Mismatch::new(format!("axis {axis} does not exist in a tensor of rank {rank}")))
}

/// The broadcast shape of all inputs.
pub(crate) fn broadcast(inputs: &[&Signature]) -> Result<PartialShape, Mismatch> {
    let mut shape = PartialShape::scalar();
    for input in inputs {
        shape = shape.broadcast(&input.shape).map_err(|(a, b)| {
            let text = |d: Option<usize>| d.map_or("?".to_string(), |d| d.to_string());
            Mismatch::new(format!(
                "shapes do not broadcast: {} (axis {a}) against {} (axis {b})",
                text(shape[a]),
                text(input.shape[b])
            ))
            .hint("two extents must be equal, or one of them 1; shapes are aligned at the last axis")
        })?;
    }
    Ok(shape)
}

impl Output {
    /// A node that remembers why a function does not take this and other tensors. It is called as the
    /// operation would be: `op` names it.
    #[track_caller]
    pub(crate) fn refuse(&self, op: &'static str, others: &[&Output], mismatch: Mismatch) -> Output {
        if let Err(error) = [self].iter().chain(others).try_for_each(|input| input.check()) {
            return self.graph.invalid(error);
        }
        let name = self.graph.lock().scoped(op);
        let inputs = [self].iter().chain(others).map(|input| (input.name(), input.signature())).collect();
        self.graph.invalid(mismatch.at(op, name, inputs, SourceLine::caller()))
    }

    /// Adds a node with this output as the first input.
    #[track_caller]
    pub(crate) fn apply(&self, op: impl Into<AnyOp>, others: &[&Output]) -> Output {
        let mut inputs = vec![self];
        inputs.extend(others);
        self.graph.add(op, &inputs)
    }
}

/// Keeps the signature of helpers short.
pub(crate) type MapExpression = fn(
    &mut minutia_tensor::program::MapBuilder,
    &[minutia_tensor::program::Value],
) -> minutia_tensor::program::Value;
