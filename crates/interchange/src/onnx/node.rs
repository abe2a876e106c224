//! A node of the model while it becomes one of the graph: its inputs and attributes as operations ask for
//! them. An attribute that is there and that nobody asks for is refused, so that none is passed over.

use super::{
    literal::Literal,
    messages::{AttributeProto, NodeProto},
    value::{OnnxValue, ShapeEntry},
};
use minutia_graph::{DType, Graph, Output};
use std::{cell::RefCell, collections::BTreeSet};

/// A part of an operation, or why it has no equivalent.
pub type Part<T> = Result<T, String>;

/// The results of a node, or why it has no equivalent.
pub type OnnxResults = Part<Vec<OnnxValue>>;

/// A node that becomes one of the graph.
pub struct OnnxNode<'a> {
    pub graph: &'a Graph,
    proto: &'a NodeProto,
    inputs: Vec<Option<OnnxValue>>,
    /// The version of the operations.
    pub opset: i64,
    asked: RefCell<BTreeSet<&'a str>>,
}

impl<'a> OnnxNode<'a> {
    pub fn new(
        graph: &'a Graph,
        proto: &'a NodeProto,
        inputs: Vec<Option<OnnxValue>>,
        opset: i64,
    ) -> OnnxNode<'a> {
        OnnxNode { graph, proto, inputs, opset, asked: RefCell::default() }
    }

    /// An attribute that is there, but that the operation did not ask for.
    pub fn passed_over(&self) -> Option<&'a str> {
        let asked = self.asked.borrow();
        self.proto.attribute.iter().map(|a| &a.name[..]).find(|name| !asked.contains(name))
    }

    /// How many results the model uses.
    pub fn results(&self) -> usize {
        self.proto.output.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1)
    }

    /// Refuses results that are optional and have no equivalent.
    pub fn expect_results(&self, most: usize) -> Part<()> {
        match self.results() {
            found if found > most => Err(format!("uses {found} results, expected {most} at most")),
            _ => Ok(()),
        }
    }

    pub fn inputs(&self) -> usize {
        self.inputs.iter().rposition(Option::is_some).map_or(0, |last| last + 1)
    }

    /// An input that may be left out.
    pub fn value(&self, index: usize) -> Option<&OnnxValue> {
        self.inputs.get(index).and_then(Option::as_ref)
    }

    /// The node of an input that may be left out.
    pub fn optional(&self, index: usize) -> Part<Option<Output>> {
        let output =
            |value: &OnnxValue| value.output(self.graph).map_err(|why| format!("input {index} {why}"));
        self.value(index).map(output).transpose()
    }

    /// The node of an input.
    pub fn input(&self, index: usize) -> Part<Output> {
        self.optional(index)?.ok_or_else(|| format!("has no input {index}"))
    }

    /// The nodes of all inputs.
    pub fn all(&self) -> Part<Vec<Output>> {
        (0..self.inputs()).map(|index| self.input(index)).collect()
    }

    /// An input that must be known before the run, if it is there.
    pub fn known(&self, index: usize) -> Part<Option<&Literal>> {
        let literal = |value: &'_ OnnxValue| value.as_literal().is_none();
        match self.value(index) {
            Some(value) if literal(value) => Err(format!("has an input {index} that only the run shows")),
            value => Ok(value.and_then(OnnxValue::as_literal)),
        }
    }

    /// Integers that must be known before the run: an input.
    pub fn integers_of(&self, index: usize) -> Part<Option<Vec<i64>>> {
        let integers = |literal: &Literal| literal.integers();
        let wrong = || format!("has an input {index} that is no integers");
        self.known(index)?.map(|literal| integers(literal).ok_or_else(wrong)).transpose()
    }

    /// One integer that must be known before the run: an input.
    pub fn integer_of(&self, index: usize) -> Part<Option<i64>> {
        match self.integers_of(index)?.as_deref() {
            None => Ok(None),
            Some([one]) => Ok(Some(*one)),
            Some(more) => Err(format!("has {} numbers as input {index}, expected 1", more.len())),
        }
    }

    /// One `f32` or integer that must be known before the run: an input.
    pub fn float_of(&self, index: usize) -> Part<Option<f32>> {
        let Some(literal) = self.known(index)? else { return Ok(None) };
        let number = match literal.floats() {
            Some(floats) => floats.first().copied(),
            None => literal.integers().and_then(|x| x.first().map(|&x| x as f32)),
        };
        let number = number.filter(|_| product(literal.dims()) == Ok(1));
        number.map(Some).ok_or_else(|| format!("has an input {index} that is no number"))
    }

    /// A list of extents: an input of which some elements may be what the feeds decide.
    pub fn extents_of(&self, index: usize) -> Part<Vec<ShapeEntry>> {
        let value = self.value(index).ok_or_else(|| format!("has no input {index}"))?;
        value.as_extents().ok_or_else(|| format!("has an input {index}, a shape, that only the run shows"))
    }

    fn attribute(&self, name: &'a str) -> Option<&'a AttributeProto> {
        self.asked.borrow_mut().insert(name);
        self.proto.attribute.iter().find(|attribute| attribute.name == name)
    }

    pub fn int(&self, name: &'a str, otherwise: i64) -> Part<i64> {
        let Some(attribute) = self.attribute(name) else { return Ok(otherwise) };
        attribute.i.ok_or_else(|| format!("has an attribute {name} that is no integer"))
    }

    pub fn flag(&self, name: &'a str, otherwise: bool) -> Part<bool> {
        Ok(self.int(name, otherwise.into())? != 0)
    }

    pub fn float(&self, name: &'a str, otherwise: f32) -> Part<f32> {
        let Some(attribute) = self.attribute(name) else { return Ok(otherwise) };
        attribute.f.ok_or_else(|| format!("has an attribute {name} that is no float"))
    }

    pub fn ints(&self, name: &'a str) -> Part<Option<Vec<i64>>> {
        Ok(self.attribute(name).map(|attribute| attribute.ints.clone()))
    }

    pub fn text(&self, name: &'a str, otherwise: &'a str) -> Part<&'a str> {
        let Some(attribute) = self.attribute(name) else { return Ok(otherwise) };
        let bytes =
            attribute.s.as_deref().ok_or_else(|| format!("has an attribute {name} that is no text"))?;
        std::str::from_utf8(bytes).map_err(|_| format!("has an attribute {name} that is no UTF-8"))
    }

    pub fn raw(&self, name: &'a str) -> Option<&'a AttributeProto> {
        self.attribute(name)
    }

    /// Refuses an attribute that has another value than this one.
    pub fn expect_int(&self, name: &'a str, expected: i64) -> Part<()> {
        match self.int(name, expected)? {
            found if found == expected => Ok(()),
            found => Err(format!("has the attribute {name}={found}, expected {expected}")),
        }
    }

    /// Axes, which older versions have as an attribute and newer ones as an input.
    pub fn axes(&self, name: &'a str, input: usize) -> Part<Option<Vec<i64>>> {
        match self.ints(name)? {
            Some(axes) => Ok(Some(axes)),
            None => self.integers_of(input),
        }
    }
}

/// An axis of a tensor of this rank, counted from the first.
pub fn axis_of(axis: i64, rank: usize) -> Part<usize> {
    let size = i64::try_from(rank).map_err(|_| "has too many axes")?;
    let counted = if axis < 0 { axis.saturating_add(size) } else { axis };
    let counted = usize::try_from(counted).ok().filter(|&counted| counted < rank);
    counted.ok_or_else(|| format!("names axis {axis} of a tensor of rank {rank}"))
}

/// A number that counts something.
pub fn count(number: i64, what: &str) -> Part<usize> {
    usize::try_from(number).map_err(|_| format!("has {number} as {what}, expected 0 or more"))
}

/// Numbers that count something.
pub fn counts(numbers: &[i64], what: &str) -> Part<Vec<usize>> {
    numbers.iter().map(|&number| count(number, what)).collect()
}

/// The elements of a tensor of these extents.
pub fn product(dims: &[usize]) -> Part<usize> {
    if dims.contains(&0) {
        return Ok(0);
    }
    let elements = dims.iter().try_fold(1_usize, |n, &extent| n.checked_mul(extent));
    elements.ok_or_else(|| format!("has the extents {dims:?}, more than a tensor has"))
}

/// The extents of a tensor, which must be known before the run.
pub fn static_shape(x: &Output) -> Part<Vec<usize>> {
    x.check().map_err(|error| error.to_string())?;
    let shape = x.shape();
    let known = shape.iter().copied().collect::<Option<Vec<usize>>>();
    known.ok_or_else(|| format!("has an input of shape {shape}, expected one that is known before the run"))
}

/// The one result of a node.
pub fn one(output: Output) -> OnnxResults {
    Ok(vec![output.into()])
}

/// Refuses a type, with the ones that are taken.
pub fn expect_dtype(x: &Output, expected: &[DType]) -> Part<()> {
    if expected.contains(&x.dtype()) {
        return Ok(());
    }
    Err(format!("has an input of type {}, expected {expected:?}", x.dtype()))
}
