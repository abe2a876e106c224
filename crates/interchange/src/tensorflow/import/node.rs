//! A node while it is built: its attributes and what its inputs are here.

use super::{
    numbers::{self, Number, Numbers},
    origins::Origins,
};
use crate::tensorflow::messages::{Attribute, ListValue, NodeDef, TensorProto, TensorShape};
use minutia_graph::{DType, Graph, Operation, Output, Variable};

/// Why a node cannot be built.
#[derive(Clone, Debug)]
pub struct Refusal(pub String);

impl Refusal {
    pub fn new(reason: impl Into<String>) -> Refusal {
        Refusal(reason.into())
    }

    pub fn of(error: impl Into<minutia_graph::Error>) -> Refusal {
        Refusal(error.into().to_string())
    }
}

impl From<crate::Problem> for Refusal {
    fn from(problem: crate::Problem) -> Refusal {
        Refusal(problem.to_string())
    }
}

impl From<minutia_graph::Error> for Refusal {
    fn from(error: minutia_graph::Error) -> Refusal {
        Refusal(error.to_string())
    }
}

/// What a result of a node is here.
#[derive(Clone, Debug)]
pub enum NodeValue {
    /// A tensor.
    Tensor(Output),
    /// Whole numbers that were computed while the graph was read.
    Numbers(Numbers),
    /// The axes along which a tensor of this shape is stretched beside another, which only the feeds decide.
    Stretched(Numbers),
    /// A variable, not its value.
    Variable(Variable),
    /// A variable, and its value after an assignment.
    Assigned(Variable, Output),
}

/// What a node gives.
#[derive(Clone, Debug)]
pub enum Built {
    /// Its results.
    Results(Vec<NodeValue>),
    /// Nothing: it is run for its effect.
    Effect(Operation),
}

impl From<Output> for Built {
    fn from(output: Output) -> Built {
        Built::Results(vec![NodeValue::Tensor(output)])
    }
}

/// A result that is kept, with its tensor, or why it has none.
#[derive(Clone, Debug)]
pub struct Stored {
    pub value: NodeValue,
    pub output: Result<Output, Refusal>,
}

pub struct Node<'a> {
    pub def: &'a NodeDef,
    pub graph: &'a Graph,
    pub inputs: Vec<&'a Stored>,
    pub origins: &'a Origins,
    /// A variable's first value.
    pub initial: Option<Output>,
    /// Whether the node is the assignment of a variable's first value.
    pub is_initializer: bool,
}

impl Node<'_> {
    fn input(&self, index: usize) -> Result<&Stored, Refusal> {
        let found = self.inputs.len();
        let error = || Refusal::new(format!("takes an input {index}, but has {found} inputs"));
        self.inputs.get(index).copied().ok_or_else(error)
    }

    /// An input as a tensor.
    pub fn tensor(&self, index: usize) -> Result<Output, Refusal> {
        self.input(index)?.output.clone()
    }

    /// All inputs as tensors.
    pub fn tensors(&self) -> Result<Vec<Output>, Refusal> {
        (0..self.inputs.len()).map(|index| self.tensor(index)).collect()
    }

    pub fn value(&self, index: usize) -> Result<&NodeValue, Refusal> {
        Ok(&self.input(index)?.value)
    }

    /// An input as a variable.
    pub fn variable(&self, index: usize) -> Result<&Variable, Refusal> {
        match self.value(index)? {
            NodeValue::Variable(variable) | NodeValue::Assigned(variable, _) => Ok(variable),
            _ => Err(Refusal::new(format!("takes a variable as input {index}, which is none"))),
        }
    }

    /// An input as numbers, if it is made of them.
    pub fn numbers(&self, index: usize) -> Option<&Numbers> {
        match &self.inputs.get(index)?.value {
            NodeValue::Numbers(numbers) => Some(numbers),
            _ => None,
        }
    }

    /// An input as numbers.
    pub fn expect_numbers(&self, index: usize) -> Result<&Numbers, Refusal> {
        self.input(index)?;
        self.numbers(index).ok_or_else(|| {
            Refusal::new(format!(
                "takes as input {index} numbers that do not follow from constants and shapes"
            ))
        })
    }

    /// An input as numbers that are all known.
    pub fn known(&self, index: usize) -> Result<Vec<i64>, Refusal> {
        self.expect_numbers(index)?
            .all_known()
            .ok_or_else(|| Refusal::new(format!("takes as input {index} numbers of which the feeds decide")))
    }

    /// An input as one known number.
    pub fn known_one(&self, index: usize) -> Result<i64, Refusal> {
        match self.known(index)?[..] {
            [one] => Ok(one),
            ref all => Err(Refusal::new(format!("takes one number as input {index}, not {}", all.len()))),
        }
    }

    /// An input as known extents.
    pub fn extents(&self, index: usize) -> Result<Vec<usize>, Refusal> {
        self.known(index)?.into_iter().map(numbers::extent).collect()
    }

    /// An input as known numbers that count axes or elements.
    pub fn positions(&self, index: usize) -> Result<Vec<isize>, Refusal> {
        self.known(index)?.into_iter().map(position).collect()
    }

    pub fn axis(&self, index: usize) -> Result<isize, Refusal> {
        position(self.known_one(index)?)
    }

    /// The extents of a tensor, which may be those of others.
    pub fn shape(&self, of: &Output) -> Vec<Number> {
        self.origins.shape(of)
    }

    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.def.attr.get(name)?.value.as_ref()
    }

    pub fn flag(&self, name: &str) -> bool {
        matches!(self.attribute(name), Some(Attribute::B(true)))
    }

    pub fn int(&self, name: &str, otherwise: i64) -> i64 {
        if let Some(Attribute::I(int)) = self.attribute(name) { *int } else { otherwise }
    }

    pub fn float(&self, name: &str, otherwise: f32) -> f32 {
        if let Some(Attribute::F(float)) = self.attribute(name) { *float } else { otherwise }
    }

    pub fn text(&self, name: &str) -> &str {
        match self.attribute(name) {
            Some(Attribute::S(text)) => std::str::from_utf8(text).unwrap_or_default(),
            _ => "",
        }
    }

    pub fn list(&self, name: &str) -> Option<&ListValue> {
        if let Some(Attribute::List(list)) = self.attribute(name) { Some(list) } else { None }
    }

    pub fn ints(&self, name: &str) -> Vec<i64> {
        self.list(name).map(|list| list.i.clone()).unwrap_or_default()
    }

    pub fn constant(&self, name: &str) -> Result<&TensorProto, Refusal> {
        match self.attribute(name) {
            Some(Attribute::Tensor(tensor)) => Ok(tensor),
            _ => Err(Refusal::new(format!("lacks the attribute '{name}', a tensor"))),
        }
    }

    /// A shape, whose rank must be known; what is open is `None`.
    pub fn shape_attribute(&self, name: &str) -> Result<Vec<Option<usize>>, Refusal> {
        let fallback = || self.list("_output_shapes").and_then(|list| list.shape.first());
        let given = match self.attribute(name) {
            Some(Attribute::Shape(shape)) if !shape.unknown_rank => Some(shape),
            _ => fallback(),
        };
        let unknown =
            "has a shape of unknown rank, and ranks are known here; give the shape where it is built";
        let shape = given.filter(|shape| !shape.unknown_rank).ok_or_else(|| Refusal::new(unknown))?;
        Ok(extents(shape))
    }

    pub fn dtype(&self, name: &str) -> Result<DType, Refusal> {
        match self.attribute(name) {
            Some(Attribute::Type(code)) => {
                dtype(*code).ok_or_else(|| Refusal::new(format!("is of type {}", type_name(*code))))
            }
            _ => Err(Refusal::new(format!("lacks the attribute '{name}', a type"))),
        }
    }

    /// A type attribute that there is none of here.
    pub fn foreign_type(&self) -> Option<String> {
        self.def.attr.values().find_map(|attribute| match attribute.value {
            Some(Attribute::Type(code))
                if dtype(code).is_none() && code % REFERENCE != RESOURCE && code != 0 =>
            {
                Some(type_name(code))
            }
            _ => None,
        })
    }
}

fn extents(shape: &TensorShape) -> Vec<Option<usize>> {
    shape.dim.iter().map(|dim| usize::try_from(dim.size).ok()).collect()
}

pub fn position(number: i64) -> Result<isize, Refusal> {
    isize::try_from(number).map_err(|_| Refusal::new(format!("takes {number}, which no axis has")))
}

/// What a type of a reference has more than the type.
const REFERENCE: i32 = 100;
const RESOURCE: i32 = 20;

/// The type of a number of TensorFlow's. What is `i64` there is `i32` here.
pub fn dtype(code: i32) -> Option<DType> {
    match code % REFERENCE {
        1 => Some(DType::F32),
        3 | 9 => Some(DType::I32),
        4 => Some(DType::U8),
        10 => Some(DType::Bool),
        _ => None,
    }
}

/// TensorFlow's name of a type.
pub fn type_name(code: i32) -> String {
    const NAMES: [&str; 24] = [
        "",
        "float",
        "double",
        "int32",
        "uint8",
        "int16",
        "int8",
        "string",
        "complex64",
        "int64",
        "bool",
        "qint8",
        "quint8",
        "qint32",
        "bfloat16",
        "qint16",
        "quint16",
        "uint16",
        "complex128",
        "half",
        "resource",
        "variant",
        "uint32",
        "uint64",
    ];
    let name = usize::try_from(code % REFERENCE).ok().and_then(|code| NAMES.get(code));
    name.filter(|name| !name.is_empty()).map_or_else(|| format!("number {code}"), |name| name.to_string())
}
