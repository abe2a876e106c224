//! The variables of a session, as checkpoints keep them.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use minutia_graph::{Graph, Session};
use minutia_tensor::Tensor;
use serde::{Deserialize, Deserializer, Serialize};

/// The values of all variables of a session, optimizers' slots included, by name.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Variables(#[serde(deserialize_with = "borrowed")] BTreeMap<String, Tensor>);

/// Names are borrowed from the file, so that a name that claims to be longer than the file is an error and no
/// allocation.
pub fn borrowed<'de, D: Deserializer<'de>, V: Deserialize<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, V>, D::Error> {
    let names = BTreeMap::<&'de str, V>::deserialize(deserializer)?;
    Ok(names.into_iter().map(|(name, value)| (name.to_string(), value)).collect())
}

impl Variables {
    /// Those of a session that have a value.
    ///
    /// # Errors
    /// When the device cannot be read.
    pub fn of(session: &Session) -> Result<Variables> {
        let mut values = BTreeMap::new();
        for variable in session.graph().global_variables() {
            values.extend(session.variable(&variable)?.map(|value| (variable.name(), value)));
        }
        Ok(Variables(values))
    }

    /// The value of one.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn get(&self, name: &str) -> Result<&Tensor> {
        self.0.get(name).with_context(|| format!("there is no variable '{name}'"))
    }

    /// Whether every variable of a graph has a value of its type and shape.
    ///
    /// # Errors
    /// Names the first that has none.
    pub fn fit(&self, graph: &Graph) -> Result<()> {
        for variable in graph.global_variables() {
            let name = variable.name();
            let (value, shape) = (self.get(&name)?, variable.shape());
            ensure!(
                value.dtype() == variable.dtype() && shape.known().as_deref() == Some(value.dims()),
                "the variable '{name}' is {} {:?}, expected {} {shape}",
                value.dtype(),
                value.dims(),
                variable.dtype(),
            );
        }
        Ok(())
    }

    /// Gives the variables of a session these values.
    ///
    /// # Errors
    /// When one is missing or has another type or shape.
    pub fn restore(&self, session: &mut Session) -> Result<()> {
        for variable in session.graph().global_variables() {
            session.set_variable(&variable, self.get(&variable.name())?)?;
        }
        Ok(())
    }

    /// Every number of every 32-bit variable, with the variable's name.
    pub fn numbers(&self) -> impl Iterator<Item = (&str, &[f32])> {
        self.0.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_slice().ok()?)))
    }
}
