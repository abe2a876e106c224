//! The form of the file.

use minutia_tensor::Tensor;
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;

#[derive(Deserialize)]
pub struct Cases {
    pub cases: Vec<Case>,
}

#[derive(Deserialize)]
pub struct Case {
    pub op: String,
    pub args: Value,
    #[serde(deserialize_with = "tensors")]
    pub inputs: Vec<Tensor>,
    #[serde(deserialize_with = "tensors")]
    pub outputs: Vec<Tensor>,
    #[serde(default, deserialize_with = "tensors")]
    pub output_weights: Vec<Tensor>,
    /// Of each input; nothing where TensorFlow has no gradient.
    #[serde(default, deserialize_with = "some_tensors")]
    pub gradients: Vec<Option<Tensor>>,
}

#[derive(Deserialize)]
struct Written {
    shape: Vec<usize>,
    dtype: String,
    values: Vec<Value>,
}

fn tensors<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Tensor>, D::Error> {
    let written = Vec::<Written>::deserialize(deserializer)?;
    written.iter().map(|written| tensor(written).map_err(D::Error::custom)).collect()
}

fn some_tensors<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Option<Tensor>>, D::Error> {
    let written = Vec::<Option<Written>>::deserialize(deserializer)?;
    let read = |written: &Option<Written>| written.as_ref().map(tensor).transpose().map_err(D::Error::custom);
    written.iter().map(read).collect()
}

fn tensor(written: &Written) -> Result<Tensor, String> {
    let Written { shape, dtype, values } = written;
    let shape = shape.clone();
    let tensor = match dtype.as_str() {
        // The shortest decimal of an f32 is read to that f32 by way of an f64 too.
        "f32" => Tensor::from_vec(shape, all(values, float)?),
        "i32" => Tensor::from_vec(shape, all(values, |x| x.as_i64().and_then(|x| i32::try_from(x).ok()))?),
        "bool" => Tensor::from_vec(shape, all(values, Value::as_bool)?),
        other => return Err(format!("there is no type {other}")),
    };
    tensor.map_err(|error| error.to_string())
}

/// A number, or the name of what JSON has no number for.
fn float(value: &Value) -> Option<f32> {
    let number = value.as_f64().map(|x| x as f32);
    number.or_else(|| value.as_str()?.parse().ok())
}

fn all<T>(values: &[Value], read: impl Fn(&Value) -> Option<T>) -> Result<Vec<T>, String> {
    values.iter().map(|value| read(value).ok_or_else(|| format!("{value} is of another type"))).collect()
}

impl Case {
    /// An argument that is a whole number.
    pub fn int(&self, name: &str) -> Option<isize> {
        self.args[name].as_i64().and_then(|x| x.try_into().ok())
    }

    pub fn float(&self, name: &str) -> Option<f32> {
        self.args[name].as_f64().map(|x| x as f32)
    }

    pub fn flag(&self, name: &str) -> bool {
        self.args[name].as_bool().unwrap_or(false)
    }

    pub fn text(&self, name: &str) -> &str {
        self.args[name].as_str().unwrap_or_default()
    }

    /// An argument that is a list of whole numbers.
    pub fn ints(&self, name: &str) -> Option<Vec<isize>> {
        self.args[name].as_array()?.iter().map(|x| x.as_i64()?.try_into().ok()).collect()
    }

    /// An argument that is a list of lists of whole numbers.
    pub fn lists(&self, name: &str) -> Option<Vec<Vec<isize>>> {
        let list = |x: &Value| x.as_array()?.iter().map(|x| x.as_i64()?.try_into().ok()).collect();
        self.args[name].as_array()?.iter().map(list).collect()
    }
}
