//! Models from files, with what is known of them before they are read.

use super::{
    error::OnnxProblem,
    external::Externals,
    literal::Literal,
    messages::{ModelProto, OnnxTensor},
    model::Model,
    read,
};
use crate::{Error, Problem};
use minutia_graph::Tensor;
use prost::Message;
use std::{collections::BTreeMap, path::Path};

/// How a model is read.
///
/// A network that is to be trained further:
///
/// ```no_run
/// use minutia_interchange::onnx::Reader;
/// let model = Reader::new().trainable(true).read("network.onnx")?;
/// let body = model.graph.trainable_variables();
/// # Ok::<(), minutia_interchange::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is read before `read`"]
pub struct Reader {
    trainable: bool,
    inputs: BTreeMap<String, Tensor>,
}

impl Reader {
    /// As [`read`](super::read) does it.
    pub fn new() -> Reader {
        Reader::default()
    }

    /// Whether initialisers of `f32` that have axes become variables under their names, which begin with
    /// these values.
    pub fn trainable(self, trainable: bool) -> Reader {
        Reader { trainable, ..self }
    }

    /// Takes a value for an input, which is a constant then: a shape, a number of copies or whatever else
    /// must be known before a run.
    pub fn with_input(mut self, name: &str, value: impl Into<Tensor>) -> Reader {
        self.inputs.insert(name.into(), value.into());
        self
    }

    /// Reads a model.
    ///
    /// # Errors
    /// [`Problem::Onnx`], which lists all nodes that have no equivalent, and [`Problem::Io`].
    pub fn read(&self, path: impl AsRef<Path>) -> Result<Model, Error> {
        let path = path.as_ref();
        self.model(path).map_err(|problem| problem.of(path))
    }

    fn model(&self, path: &Path) -> Result<Model, Problem> {
        let proto: ModelProto = message(path)?;
        read::model(&proto, &mut Externals::beside(path), self.trainable, &self.inputs)
    }
}

/// Reads a tensor that lies in a file by itself, as `onnx.save_tensor` and ONNX's own tests write them.
///
/// # Errors
/// [`Problem::Onnx`] and [`Problem::Io`].
pub fn read_tensor(path: impl AsRef<Path>) -> Result<Tensor, Error> {
    let path = path.as_ref();
    let read = || -> Result<Tensor, Problem> {
        let proto: OnnxTensor = message(path)?;
        let literal = Literal::of(&proto, &mut Externals::beside(path))?;
        literal.tensor().map_err(|reason| Problem::Damaged(format!("'{}' {reason}", proto.name)))
    };
    read().map_err(|problem| problem.of(path))
}

/// The message that a file is.
fn message<M: Message + Default>(path: &Path) -> Result<M, Problem> {
    let bytes = minutia_files::read(path, u64::MAX)?;
    Ok(M::decode(&bytes[..]).map_err(|error| OnnxProblem::Message(error.to_string()))?)
}
