//! What formats of tensors have in common: names, the variables of a session.

use crate::{Problem, element::ordered};
use minutia_graph::{Differences, Error, Restored, Session, Signature, Tensor, Variable};
use std::{borrow::Cow, collections::BTreeMap};

/// Tensors by name, none of which may stand there twice.
pub fn named<'a, N: AsRef<str>>(
    tensors: impl IntoIterator<Item = (N, &'a Tensor)>,
) -> Result<BTreeMap<String, &'a Tensor>, Problem> {
    let mut all = BTreeMap::new();
    for (name, tensor) in tensors {
        let name = name.as_ref().to_string();
        if all.insert(name.clone(), tensor).is_some() {
            return Err(Problem::Twice { name });
        }
    }
    Ok(all)
}

/// The elements of a tensor as bytes, the lowest of each first.
pub fn little_endian(tensor: &Tensor) -> Cow<'_, [u8]> {
    ordered(tensor.as_bytes(), tensor.dtype().size(), cfg!(target_endian = "big"))
}

/// What chosen variables of a session hold, by name. Optimizers' slots and step counters are variables, too,
/// and are not trainable.
///
/// ```
/// use minutia_graph::{Device, Graph, Session};
/// use minutia_interchange::{safetensors, variables};
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("weights.safetensors");
/// let graph = Graph::new();
/// graph.variable("w", [1.0_f32, 2.0]);
/// graph.untrainable_variable("step", 0);
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// session.run(graph.global_variables_initializer(), ())?;
/// safetensors::write(&path, &variables(&session, graph.trainable_variables())?)?;
/// assert!(safetensors::read(&path)?.keys().eq(["w"]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Uninitialized`] for variables without a value, [`Error::OtherGraph`] for those of another graph.
pub fn variables(
    session: &Session,
    chosen: impl IntoIterator<Item = impl AsRef<Variable>>,
) -> Result<BTreeMap<String, Tensor>, Error> {
    let (mut values, mut without) = (BTreeMap::new(), Vec::new());
    for variable in chosen {
        let variable = variable.as_ref();
        match session.variable(variable)? {
            Some(value) => drop(values.insert(variable.name(), value)),
            None => without.push(format!("'{}'", variable.name())),
        }
    }
    if without.is_empty() { Ok(values) } else { Err(Error::Uninitialized { variables: without }) }
}

/// All variables of a session, by name.
pub fn of_session(session: &Session) -> Result<BTreeMap<String, Tensor>, Problem> {
    Ok(variables(session, session.graph().global_variables())?)
}

/// Gives variables the values of a file. Where everything must fit and something does not, nothing changes.
pub fn into_session(
    session: &mut Session,
    mut file: BTreeMap<String, Tensor>,
    whole: bool,
) -> Result<Restored, Problem> {
    let mut left = Differences::default();
    let mut common: Vec<(Variable, Tensor)> = Vec::new();
    for variable in session.graph().global_variables() {
        let (name, expected) = (variable.name(), variable.signature());
        match file.remove(&name) {
            None => left.missing.push(name),
            Some(t) if t.dtype() != expected.dtype || !expected.shape.admits(t.dims()) => {
                left.misfits.push((name, Signature::new(t.dtype(), t.shape()), expected));
            }
            Some(value) => common.push((variable, value)),
        }
    }
    left.unknown.extend(file.into_keys());
    if whole && !left.is_empty() {
        return Err(Problem::Differs(left));
    }
    for (variable, value) in &common {
        session.set_variable(variable, value)?;
    }
    Ok(Restored { variables: common.iter().map(|(variable, _)| variable.name()).collect(), left })
}
