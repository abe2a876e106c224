use crate::{Error, Output, Signature, Variable, graph::Inner, node::NodeId, ops::AnyOp};
use minutia_tensor::Tensor;
use std::collections::BTreeMap;

/// What placeholders are to be: built by [`feeds!`](crate::feeds).
#[derive(Clone, Debug, Default)]
pub struct Feeds(Vec<(FeedKey, Tensor)>);

/// A placeholder, by handle or by name.
#[derive(Clone, Debug)]
pub enum FeedKey {
    /// By handle.
    Output(Output),
    /// By full name.
    Name(String),
}

/// What names a placeholder: a handle or a string.
pub trait AsFeedKey {
    /// The key.
    fn feed_key(&self) -> FeedKey;
}

impl AsFeedKey for Output {
    fn feed_key(&self) -> FeedKey {
        FeedKey::Output(self.clone())
    }
}

impl AsFeedKey for Variable {
    fn feed_key(&self) -> FeedKey {
        FeedKey::Output(Output::clone(self))
    }
}

impl AsFeedKey for str {
    fn feed_key(&self) -> FeedKey {
        FeedKey::Name(self.into())
    }
}

impl AsFeedKey for String {
    fn feed_key(&self) -> FeedKey {
        FeedKey::Name(self.clone())
    }
}

impl<T: AsFeedKey + ?Sized> AsFeedKey for &T {
    fn feed_key(&self) -> FeedKey {
        (**self).feed_key()
    }
}

impl Feeds {
    /// Nothing fed.
    #[must_use]
    pub fn new() -> Feeds {
        Feeds::default()
    }

    /// Feeds one more placeholder.
    #[must_use]
    pub fn with(mut self, placeholder: impl AsFeedKey, value: impl Into<Tensor>) -> Feeds {
        self.0.push((placeholder.feed_key(), value.into()));
        self
    }

    /// By node, each checked against its placeholder.
    pub(crate) fn resolve(self, graph: &crate::Graph) -> Result<BTreeMap<NodeId, Tensor>, Error> {
        let mut resolved = BTreeMap::new();
        for (key, tensor) in self.0 {
            let id = resolve_key(graph, &key)?;
            let inner = graph.lock();
            check(&inner, id, &tensor)?;
            if resolved.insert(id, tensor).is_some() {
                return Err(Error::FedTwice { name: inner.nodes[id].name.clone() });
            }
        }
        Ok(resolved)
    }
}

pub(crate) fn resolve_key(graph: &crate::Graph, key: &FeedKey) -> Result<NodeId, Error> {
    match key {
        FeedKey::Output(output) if output.graph.same(graph) => Ok(output.id),
        FeedKey::Output(output) => Err(Error::OtherGraph { role: "feed", name: output.name() }),
        FeedKey::Name(name) => graph.get(name).map(|o| o.id),
    }
}

/// Whether a tensor may be fed to a node.
pub(crate) fn check(inner: &Inner, id: NodeId, tensor: &Tensor) -> Result<(), Error> {
    let node = &inner.nodes[id];
    let AnyOp::Placeholder(placeholder) = &node.op else {
        return Err(Error::NotAPlaceholder { name: node.name.clone(), op: node.op.name() });
    };
    let Signature { dtype, shape } = &placeholder.signature;
    if *dtype == tensor.dtype() && shape.admits(tensor.dims()) {
        return Ok(());
    }
    Err(Error::Feed {
        name: node.name.clone(),
        expected: placeholder.signature.clone(),
        dtype: tensor.dtype(),
        shape: tensor.shape().clone(),
    })
}

/// What placeholders are to be in a run: `feeds! { x => batch, "labels" => [1, 2, 3] }`.
///
/// A key is a handle or a full name; a value is anything that becomes a [`Tensor`].
#[macro_export]
macro_rules! feeds {
    ($($placeholder:expr => $value:expr),* $(,)?) => {
        $crate::Feeds::new()$(.with(&$placeholder, $value))*
    };
}
