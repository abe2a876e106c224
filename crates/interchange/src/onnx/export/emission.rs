//! What is written so far: nodes and initialisers of a model, and the graph's nodes that they come from.

use crate::onnx::{
    literal::data_type,
    messages::{AttributeProto, NodeProto, OnnxTensor, attribute_type},
};
use minutia_graph::{Attribute, DType, NodeInfo, Signature, Tensor};
use std::collections::BTreeMap;

/// A value of the model: its name.
pub type Name = String;

/// The nodes and initialisers of a model.
#[derive(Default)]
pub struct Emission {
    pub nodes: Vec<NodeProto>,
    pub initializers: Vec<OnnxTensor>,
    /// A list of integers is one initialiser, however many nodes read it.
    lists: BTreeMap<Vec<i64>, Name>,
}

/// A node of the graph while nodes of the model are made of it.
pub struct Origin<'a> {
    pub info: &'a NodeInfo,
    /// What is known of its inputs.
    pub inputs: Vec<&'a Signature>,
    pub emission: &'a mut Emission,
    /// How many values were made on the way.
    made: usize,
}

/// ONNX's number of a type.
pub fn code(dtype: DType) -> i32 {
    match dtype {
        DType::F32 => data_type::FLOAT,
        DType::I32 => data_type::INT32,
        DType::U8 => data_type::UINT8,
        DType::Bool => data_type::BOOL,
    }
}

/// A tensor as a message.
pub fn tensor(name: &str, value: &Tensor) -> OnnxTensor {
    OnnxTensor {
        dims: value.dims().iter().map(|&extent| extent as i64).collect(),
        data_type: code(value.dtype()),
        name: name.into(),
        raw_data: Some(
            crate::element::ordered(value.as_bytes(), value.dtype().size(), cfg!(target_endian = "big"))
                .into_owned(),
        ),
        ..OnnxTensor::default()
    }
}

impl Emission {
    /// The constant list of these integers.
    pub fn list(&mut self, numbers: &[i64]) -> Name {
        if let Some(name) = self.lists.get(numbers) {
            return name.clone();
        }
        // A colon is in no name of a graph.
        let name = format!("list:{}", self.lists.len());
        self.initializers.push(OnnxTensor {
            dims: vec![numbers.len() as i64],
            data_type: data_type::INT64,
            name: name.clone(),
            raw_data: Some(numbers.iter().flat_map(|number| number.to_le_bytes()).collect()),
            ..OnnxTensor::default()
        });
        self.lists.insert(numbers.to_vec(), name.clone());
        name
    }
}

impl<'a> Origin<'a> {
    pub fn new(info: &'a NodeInfo, inputs: Vec<&'a Signature>, emission: &'a mut Emission) -> Origin<'a> {
        Origin { info, inputs, emission, made: 0 }
    }

    /// The input as a value of the model.
    pub fn input(&self, index: usize) -> &'a str {
        &self.info.inputs[index]
    }

    /// The number of axes of an input.
    pub fn rank(&self, index: usize) -> usize {
        self.inputs[index].shape.len()
    }

    /// The extents of an input, where all are known.
    pub fn dims(&self, index: usize) -> Result<Vec<usize>, String> {
        let shape = &self.inputs[index].shape;
        let dims = shape.iter().copied().collect::<Option<Vec<usize>>>();
        dims.ok_or_else(|| format!("its input {index} has the shape {shape}, expected one that is known"))
    }

    /// A new name.
    fn next(&mut self) -> Name {
        self.made += 1;
        format!("{}:{}", self.info.name, self.made)
    }

    /// A constant of this node.
    pub fn constant(&mut self, value: &Tensor) -> Name {
        let name = self.next();
        self.emission.initializers.push(tensor(&name, value));
        name
    }

    /// A node on the way, and its result.
    pub fn node(&mut self, operation: &str, inputs: &[&str], attributes: Vec<AttributeProto>) -> Name {
        let name = self.next();
        self.emit(operation, inputs, attributes, name)
    }

    /// The node whose result is that of the graph's node.
    pub fn last(&mut self, operation: &str, inputs: &[&str], attributes: Vec<AttributeProto>) {
        let name = self.info.name.clone();
        self.emit(operation, inputs, attributes, name);
    }

    fn emit(
        &mut self,
        operation: &str,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
        name: Name,
    ) -> Name {
        self.emission.nodes.push(NodeProto {
            input: inputs.iter().map(|&input| input.to_string()).collect(),
            output: vec![name.clone()],
            name: name.clone(),
            op_type: operation.into(),
            attribute: attributes,
            ..NodeProto::default()
        });
        name
    }

    fn attribute(&self, name: &str) -> Result<&'a Attribute, String> {
        self.info.attributes.get(name).ok_or_else(|| format!("it does not say its {name}"))
    }

    pub fn int(&self, name: &str) -> Result<i64, String> {
        self.attribute(name)?.as_int().ok_or_else(|| format!("its {name} is no integer"))
    }

    pub fn ints(&self, name: &str) -> Result<Vec<i64>, String> {
        self.attribute(name)?.as_ints().ok_or_else(|| format!("its {name} is no list of integers"))
    }

    /// Integers of which some may be open.
    pub fn options(&self, name: &str) -> Result<Vec<Option<i64>>, String> {
        let list = self.attribute(name)?.as_list().ok_or_else(|| format!("its {name} is no list"))?;
        Ok(list.iter().map(Attribute::as_int).collect())
    }

    pub fn list(&self, name: &str) -> Result<&'a [Attribute], String> {
        self.attribute(name)?.as_list().ok_or_else(|| format!("its {name} is no list"))
    }

    pub fn flag(&self, name: &str) -> Result<bool, String> {
        match self.attribute(name)? {
            Attribute::Bool(flag) => Ok(*flag),
            _ => Err(format!("its {name} is neither yes nor no")),
        }
    }

    pub fn float(&self, name: &str) -> Result<f32, String> {
        match self.attribute(name)? {
            Attribute::Float(number) => Ok(*number),
            _ => Err(format!("its {name} is no number")),
        }
    }

    pub fn text(&self, name: &str) -> Result<&'a str, String> {
        self.attribute(name)?.as_text().ok_or_else(|| format!("its {name} is no text"))
    }

    pub fn dtype(&self, name: &str) -> Result<DType, String> {
        match self.attribute(name)? {
            Attribute::DType(dtype) => Ok(*dtype),
            _ => Err(format!("its {name} is no type")),
        }
    }

    pub fn tensor(&self, name: &str) -> Result<&'a Tensor, String> {
        match self.attribute(name)? {
            Attribute::Tensor(tensor) => Ok(tensor),
            _ => Err(format!("its {name} is no tensor")),
        }
    }
}

/// An attribute that is an integer.
pub fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        i: Some(value),
        r#type: attribute_type::INT,
        ..AttributeProto::default()
    }
}

/// An attribute that is a list of integers.
pub fn ints(name: &str, values: &[i64]) -> AttributeProto {
    let (name, ints) = (name.into(), values.to_vec());
    AttributeProto { name, ints, r#type: attribute_type::INTS, ..AttributeProto::default() }
}

/// An attribute that is a number.
pub fn float(name: &str, value: f32) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        f: Some(value),
        r#type: attribute_type::FLOAT,
        ..AttributeProto::default()
    }
}

/// An attribute that is a text.
pub fn text(name: &str, value: &str) -> AttributeProto {
    let (name, s) = (name.into(), Some(value.as_bytes().to_vec()));
    AttributeProto { name, s, r#type: attribute_type::STRING, ..AttributeProto::default() }
}
