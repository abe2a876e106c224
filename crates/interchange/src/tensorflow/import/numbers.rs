//! Whole numbers that are computed while a graph is read: extents, axes, begins and ends of slices.
//!
//! TensorFlow's gradients compute shapes with ordinary nodes. What these give is found here, as far as it
//! follows from constants and shapes; an extent that the feeds decide is known as "that axis of that tensor".

use super::node::Refusal;
use minutia_graph::{Graph, Output, Tensor};

/// A whole number of a shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Number {
    /// Known now.
    Known(i64),
    /// The extent of a tensor's axis.
    Extent(Output, usize),
    /// Any `i32` scalar.
    Computed(Output),
}

/// A tensor of such numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbers {
    pub dims: Vec<usize>,
    pub elements: Vec<Number>,
}

/// More numbers than this are no shape, and stay a tensor.
pub const MOST: usize = 256;

impl Number {
    /// As an `i32` scalar.
    pub fn output(&self, graph: &Graph) -> Result<Output, Refusal> {
        Ok(match self {
            Number::Known(number) => graph.constant(as_i32(*number)?),
            Number::Extent(output, axis) => graph.shape(output).slice([*axis], [1]).reshape(()),
            Number::Computed(output) => output.clone(),
        })
    }

    /// A function of two numbers, which `here` finds where both are known, and `there` builds else.
    pub fn with(
        &self,
        other: &Number,
        here: fn(i64, i64) -> Option<i64>,
        there: fn(&Output, &Output) -> Output,
    ) -> Result<Number, Refusal> {
        if let (Number::Known(a), Number::Known(b)) = (self, other) {
            let known = here(*a, *b).map(Number::Known);
            return known.ok_or_else(|| Refusal::new(format!("has no whole result of {a} and {b}")));
        }
        let graph = self.graph().or(other.graph()).expect("what is not known is of a graph").clone();
        Ok(Number::Computed(there(&self.output(&graph)?, &other.output(&graph)?)))
    }

    /// The product of two numbers.
    pub fn times(&self, other: &Number) -> Result<Number, Refusal> {
        match (self, other) {
            (Number::Known(1), number) | (number, Number::Known(1)) => Ok(number.clone()),
            _ => self.with(other, i64::checked_mul, |a, b| a * b),
        }
    }

    fn graph(&self) -> Option<&Graph> {
        match self {
            Number::Known(_) => None,
            Number::Extent(output, _) | Number::Computed(output) => Some(output.graph()),
        }
    }
}

impl Numbers {
    pub fn scalar(number: Number) -> Numbers {
        Numbers { dims: Vec::new(), elements: vec![number] }
    }

    pub fn vector(elements: Vec<Number>) -> Numbers {
        Numbers { dims: vec![elements.len()], elements }
    }

    pub fn known(numbers: impl IntoIterator<Item = i64>) -> Numbers {
        Numbers::vector(numbers.into_iter().map(Number::Known).collect())
    }

    /// All numbers, where all are known.
    pub fn all_known(&self) -> Option<Vec<i64>> {
        let known = |number: &Number| if let Number::Known(n) = number { Some(*n) } else { None };
        self.elements.iter().map(known).collect()
    }

    /// The one number of a scalar, or of a list of one.
    pub fn single(&self) -> Option<&Number> {
        if let [one] = &self.elements[..] { Some(one) } else { None }
    }

    /// As an `i32` tensor.
    pub fn output(&self, graph: &Graph) -> Result<Output, Refusal> {
        if let Some(known) = self.all_known() {
            let known = known.into_iter().map(as_i32).collect::<Result<Vec<i32>, _>>()?;
            return Ok(graph.constant(Tensor::from_vec(self.dims.clone(), known).map_err(Refusal::of)?));
        }
        if let ([], [one]) = (&self.dims[..], &self.elements[..]) {
            return one.output(graph);
        }
        if let (1, Some(whole)) = (self.dims.len(), self.shape_of()) {
            return Ok(graph.shape(whole));
        }
        let one = |number: &Number| Ok(number.output(graph)?.reshape([1]));
        let parts = self.elements.iter().map(one).collect::<Result<Vec<Output>, Refusal>>()?;
        Ok(graph.concat(&parts, 0).reshape(&self.dims[..]))
    }

    /// The tensor whose shape these numbers are, extent by extent.
    pub fn shape_of(&self) -> Option<&Output> {
        let is_named = |number: &&Number| matches!(number, Number::Extent(..));
        let Some(Number::Extent(of, _)) = self.elements.iter().find(is_named) else { return None };
        let shape = of.shape();
        let is_extent = |(axis, number): (usize, &Number)| match number {
            Number::Known(n) => shape[axis].and_then(|extent| i64::try_from(extent).ok()) == Some(*n),
            Number::Extent(other, of_axis) => other == of && *of_axis == axis,
            Number::Computed(_) => false,
        };
        let same = shape.len() == self.elements.len();
        (same && self.elements.iter().enumerate().all(is_extent)).then_some(of)
    }

    /// The numbers as extents that are all known.
    pub fn extents(&self) -> Option<Vec<usize>> {
        self.all_known()?.into_iter().map(|n| usize::try_from(n).ok()).collect()
    }

    /// A tensor of this shape, of whose elements nothing is to be read: its shape is all that operations
    /// such as [`Output::broadcast_like`] ask it for, so that it is never computed.
    pub fn carrier(&self, graph: &Graph) -> Result<Output, Refusal> {
        if let Some(extents) = self.extents() {
            return Ok(graph.zeros(extents));
        }
        if let Some(whole) = self.shape_of() {
            return Ok(whole.clone());
        }
        let mut known = Vec::new();
        for number in &self.elements {
            known.push(match number {
                Number::Known(n) => extent(*n)?,
                Number::Extent(..) => 1,
                Number::Computed(_) => return Err(Refusal::new(COMPUTED)),
            });
        }
        let rank = known.len();
        let mut carrier = graph.zeros(known);
        for (at, number) in self.elements.iter().enumerate() {
            if let Number::Extent(of, axis) = number {
                let others: Vec<usize> = (0..of.shape().len()).filter(|other| other != axis).collect();
                let mut dims = vec![1; rank];
                dims[at] = -1_isize;
                carrier += of.zeros_like().reduce_sum(others).reshape(dims);
            }
        }
        Ok(carrier)
    }
}

const COMPUTED: &str = "takes an extent that is computed from numbers which the feeds decide";

/// An extent, which is not negative.
pub fn extent(number: i64) -> Result<usize, Refusal> {
    usize::try_from(number).map_err(|_| Refusal::new(format!("takes an extent of {number}")))
}

fn as_i32(number: i64) -> Result<i32, Refusal> {
    i32::try_from(number).map_err(|_| Refusal::new(format!("holds {number}, which no i32 holds")))
}

/// The extents of a tensor as numbers.
pub fn shape(of: &Output) -> Vec<Number> {
    let number = |(axis, extent): (usize, &Option<usize>)| match extent {
        Some(extent) => Number::Known(i64::try_from(*extent).unwrap_or(i64::MAX)),
        None => Number::Extent(of.clone(), axis),
    };
    of.shape().iter().enumerate().map(number).collect()
}
