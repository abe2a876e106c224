//! Values that come from nowhere or go on as they are.

use super::OnnxRow;
use crate::onnx::{
    external::Externals,
    literal::Literal,
    node::{OnnxNode, OnnxResults, counts, one, product, static_shape},
    value::OnnxValue,
};
use minutia_graph::{DType, Output, Tensor};
use std::path::Path;

pub const ROWS: &[OnnxRow] = &[
    ("Constant", constant),
    ("ConstantOfShape", constant_of_shape),
    ("Dropout", dropout),
    ("EyeLike", eye_like),
    ("Identity", |node| Ok(vec![node.value(0).ok_or("has no input 0")?.clone()])),
    ("Range", range),
    ("Shape", |_| Err("has an input that is not known".into())),
    ("Size", |node| one(node.input(0)?.size())),
];

/// The most integers of a range that is made while a model is read.
const MOST: i64 = 1 << 12;

fn constant(node: &OnnxNode) -> OnnxResults {
    if let Some(attribute) = node.raw("value") {
        let tensor = attribute.t.as_ref().ok_or("has an attribute value that is no tensor")?;
        // A file's name in a node is not looked up: only initialisers have such.
        if tensor.data_location != 0 {
            return Err("has its elements in another file, expected an initialiser".into());
        }
        let literal = Literal::of(tensor, &mut Externals::beside(Path::new("")));
        return Ok(vec![OnnxValue::literal(literal.map_err(|problem| problem.to_string())?)]);
    }
    let numbers = |values: Vec<f32>| Literal::Tensor(Tensor::from(values));
    let literal = if node.raw("value_float").is_some() {
        Literal::Tensor(Tensor::scalar(node.float("value_float", 0.0)?))
    } else if let Some(attribute) = node.raw("value_floats") {
        numbers(attribute.floats.clone())
    } else if node.raw("value_int").is_some() {
        Literal::Long { dims: Vec::new(), values: vec![node.int("value_int", 0)?] }
    } else if let Some(integers) = node.ints("value_ints")? {
        Literal::list(integers)
    } else {
        return Err("has no value that is a dense tensor of numbers".into());
    };
    Ok(vec![OnnxValue::literal(literal)])
}

fn constant_of_shape(node: &OnnxNode) -> OnnxResults {
    let dims = counts(&node.integers_of(0)?.ok_or("has no input 0")?, "an extent")?;
    let value = match node.raw("value") {
        None => Literal::Tensor(Tensor::from([0.0_f32])),
        Some(attribute) => {
            let tensor = attribute.t.as_ref().ok_or("has an attribute value that is no tensor")?;
            let literal = Literal::of(tensor, &mut Externals::beside(Path::new("")));
            literal.map_err(|problem| problem.to_string())?
        }
    };
    if product(value.dims())? != 1 {
        return Err(format!("fills with a tensor of extents {:?}, expected one element", value.dims()));
    }
    if let (Some(integers), [length]) = (value.integers(), &dims[..])
        && *length <= MOST as usize
    {
        return Ok(vec![OnnxValue::list(vec![integers[0]; *length])]);
    }
    let tensor = value.tensor()?;
    let one_element = tensor.reshape(()).map_err(|error| error.to_string())?;
    one(node.graph.constant(one_element).broadcast_to(dims))
}

/// What leaves nothing out while a network is used.
fn dropout(node: &OnnxNode) -> OnnxResults {
    // The share that is left out while it is trained, and what that would depend on.
    node.float("ratio", 0.5)?;
    node.int("seed", 0)?;
    node.int("is_test", 1)?;
    if let Some(literal) = node.known(2)?
        && literal.tensor().is_ok_and(|tensor| tensor.value() == Ok(true))
        && node.float_of(1)?.unwrap_or(0.5) != 0.0
    {
        return Err("leaves elements out, expected training_mode to be false".into());
    }
    let x = node.input(0)?;
    let mut results = vec![x.clone().into()];
    if node.results() > 1 {
        results.push(x.equal(&x).logical_or(x.not_equal(&x)).into());
    }
    Ok(results)
}

fn eye_like(node: &OnnxNode) -> OnnxResults {
    let x = node.input(0)?;
    let dims = static_shape(&x)?;
    let [rows, columns] = dims[..] else { return Err(format!("has the shape {dims:?}, expected a matrix")) };
    let shift = node.int("k", 0)?;
    let code = i32::try_from(node.int("dtype", 0)?).unwrap_or(0);
    let dtype = if code == 0 { Some(x.dtype()) } else { crate::onnx::literal::dtype(code) };
    let dtype = dtype.filter(|dtype| *dtype != DType::U8).ok_or("has a type that there is no tensor of")?;
    let size = |extent: usize| i32::try_from(extent).map_err(|error| error.to_string());
    let shift = i32::try_from(shift).map_err(|error| error.to_string())?;
    let row = node.graph.range(0, size(rows)?, 1).expand_dims(1);
    let column = node.graph.range(0, size(columns)?, 1);
    let ones: Output = (column - row).equal(shift);
    one(if dtype == DType::Bool { ones } else { ones.cast(dtype) })
}

fn range(node: &OnnxNode) -> OnnxResults {
    let whole = |index| node.known(index).map(|x| x.and_then(Literal::integers)?.first().copied());
    if let (Some(start), Some(limit), Some(delta)) = (whole(0)?, whole(1)?, whole(2)?) {
        let narrow = |number: i64| i32::try_from(number).map_err(|error| error.to_string());
        let way = i128::from(limit) - i128::from(start);
        if delta != 0 && way / i128::from(delta) < i128::from(MOST) {
            let step = |index: i64| start + index * delta;
            let begun = (way + i128::from(delta) - i128::from(delta.signum())) / i128::from(delta);
            let begun = i64::try_from(begun.max(0)).map_err(|error| error.to_string())?;
            return Ok(vec![OnnxValue::list((0..begun).map(step).collect())]);
        }
        return one(node.graph.range(narrow(start)?, narrow(limit)?, narrow(delta)?));
    }
    let float = |index| node.float_of(index)?.ok_or_else(|| format!("has no input {index}"));
    one(node.graph.range(float(0)?, float(1)?, float(2)?))
}
