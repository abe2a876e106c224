//! A node while it is written.

use super::{
    super::messages::NodeDef,
    Export, Written,
    proto::{self, Named},
};
use minutia_graph::{Attribute, DType, NodeInfo, Signature, Tensor};

/// The node that is being written, and all before it.
pub struct Site<'a, 'e> {
    export: &'e mut Export<'a>,
    pub node: &'a NodeInfo,
}

impl<'a, 'e> Site<'a, 'e> {
    pub fn new(export: &'e mut Export<'a>, node: &'a NodeInfo) -> Site<'a, 'e> {
        Site { export, node }
    }

    pub fn export(&mut self) -> &mut Export<'a> {
        self.export
    }

    /// The tensor that is an input: of a variable its value at the beginning of the run.
    pub fn input(&self, index: usize) -> String {
        let name = &self.node.inputs[index];
        self.export.reads.get(&name[..]).unwrap_or(name).clone()
    }

    pub fn inputs(&self) -> Vec<String> {
        (0..self.node.inputs.len()).map(|index| self.input(index)).collect()
    }

    /// The node that gives an input.
    pub fn giver(&self, index: usize) -> &'a NodeInfo {
        &self.export.nodes[self.export.index[&self.node.inputs[index][..]]]
    }

    /// Type and shape of an input.
    pub fn signature(&self, index: usize) -> &'a Signature {
        &self.giver(index).signature
    }

    pub fn rank(&self, index: usize) -> usize {
        self.signature(index).shape.len()
    }

    /// The type of the first input, or of the result where there is none.
    pub fn dtype(&self) -> DType {
        let of = if self.node.inputs.is_empty() { &self.node.signature } else { self.signature(0) };
        of.dtype
    }

    /// The extents of an input, where all are known.
    pub fn extents(&self, index: usize) -> Option<Vec<i64>> {
        self.signature(index).shape.iter().map(|extent| i64::try_from((*extent)?).ok()).collect()
    }

    pub fn attribute(&self, name: &str) -> Result<&'a Attribute, String> {
        self.node.attributes.get(name).ok_or_else(|| format!("it has no {name}"))
    }

    pub fn int(&self, name: &str) -> Result<i64, String> {
        self.attribute(name)?.as_int().ok_or_else(|| format!("its {name} is no number"))
    }

    pub fn ints(&self, name: &str) -> Result<Vec<i64>, String> {
        self.attribute(name)?.as_ints().ok_or_else(|| format!("its {name} are no numbers"))
    }

    pub fn flag(&self, name: &str) -> bool {
        self.node.attributes.get(name) == Some(&Attribute::Bool(true))
    }

    pub fn float(&self, name: &str) -> Result<f32, String> {
        match self.attribute(name)? {
            Attribute::Float(value) => Ok(*value),
            _ => Err(format!("its {name} is no float")),
        }
    }

    pub fn text(&self, name: &str) -> Result<&'a str, String> {
        self.attribute(name)?.as_text().ok_or_else(|| format!("its {name} is no word"))
    }

    /// The axis that an attribute names, from the front.
    pub fn axis(&self, name: &str, rank: usize) -> Result<usize, String> {
        let axis = self.int(name)?;
        let axis = if axis < 0 { axis + rank as i64 } else { axis };
        usize::try_from(axis).map_err(|_| format!("its {name} is outside"))
    }

    /// A constant below the node's name.
    pub fn constant(&mut self, name: &str, value: &Tensor) -> String {
        let attributes = [proto::dtype("dtype", value.dtype()), proto::tensor("value", value)];
        self.helper(name, "Const", Vec::new(), &attributes)
    }

    /// A list of integers below the node's name.
    pub fn numbers(&mut self, name: &str, values: &[i64]) -> Result<String, String> {
        let value = list(name, values)?;
        Ok(self.constant(name, &value))
    }

    /// One integer below the node's name.
    pub fn number(&mut self, name: &str, value: i64) -> Result<String, String> {
        let value = i32::try_from(value).map_err(|_| format!("its {name} {value} exceeds i32"))?;
        Ok(self.constant(name, &Tensor::scalar(value)))
    }

    /// The shape of an input as a tensor.
    pub fn shape(&mut self, index: usize) -> Result<String, String> {
        match self.extents(index) {
            Some(extents) => self.numbers("shape", &extents),
            None => {
                let (input, dtype) = (self.input(index), self.signature(index).dtype);
                Ok(self.helper("Shape", "Shape", vec![input], &[proto::dtype("T", dtype)]))
            }
        }
    }

    /// The extent of an input along an axis, as a tensor.
    pub fn extent(&mut self, index: usize, axis: usize) -> Result<String, String> {
        if let Some(extent) = self.signature(index).shape[axis] {
            return self.number("extent", i64::try_from(extent).unwrap_or(i64::MAX));
        }
        let shape = self.shape(index)?;
        let (place, zero) = (self.number("axis", axis as i64)?, self.number("first", 0)?);
        Ok(self.helper("extent", "GatherV2", vec![shape, place, zero], &gather(DType::I32)))
    }

    /// A node below the node's name, and its name.
    pub fn helper(&mut self, name: &str, op: &str, inputs: Vec<String>, attributes: &[Named]) -> String {
        let name = self.export.free(&format!("{}/{name}", self.node.name));
        self.push(name.clone(), op, inputs, attributes.to_vec());
        name
    }

    /// The node itself: it has its name and its control dependencies.
    pub fn finish(&mut self, op: &str, inputs: Vec<String>, attributes: &[Named]) -> Written {
        let mut inputs = inputs;
        for control in self.node.control.iter().map(|name| format!("^{name}")) {
            if !inputs.contains(&control) {
                inputs.push(control);
            }
        }
        let mut attributes = attributes.to_vec();
        if op != "NoOp" {
            attributes.push(proto::output_shapes(&self.node.signature.shape));
        }
        self.push(self.node.name.clone(), op, inputs, attributes);
        Ok(())
    }

    fn push(&mut self, name: String, op: &str, input: Vec<String>, attributes: Vec<Named>) {
        let attr = attributes.into_iter().map(proto::entry).collect();
        self.export.out.push(NodeDef { name, op: op.to_string(), input, device: String::new(), attr });
    }
}

impl Export<'_> {
    /// A name that nobody has, like this one.
    pub fn free(&mut self, name: &str) -> String {
        let numbered = (1..).map(|number| format!("{name}_{number}"));
        let free = std::iter::once(name.to_string()).chain(numbered).find(|name| !self.names.contains(name));
        let free = free.unwrap_or_default();
        self.names.insert(free.clone());
        free
    }
}

/// A list of `i32`.
pub fn list(name: &str, values: &[i64]) -> Result<Tensor, String> {
    let small = |&value: &i64| i32::try_from(value).map_err(|_| format!("its {name} {value} exceeds i32"));
    Ok(Tensor::from(values.iter().map(small).collect::<Result<Vec<i32>, _>>()?))
}

/// The types of a `GatherV2` of this type by `i32`.
pub fn gather(dtype: DType) -> [Named; 3] {
    [proto::dtype("Tparams", dtype), proto::dtype("Tindices", DType::I32), proto::dtype("Taxis", DType::I32)]
}
