use crate::{
    Error, Output, Signature, Variable,
    build::{graph::Inner, node::NodeId},
};
use minutia_tensor::Tensor;
use std::collections::BTreeMap;

/// What placeholders and other tensors are to be: built by [`feeds!`](crate::feeds).
#[derive(Clone, Debug, Default)]
pub struct Feeds(Vec<(OwnedKey, Result<Tensor, minutia_tensor::Error>)>);

#[derive(Clone, Debug)]
enum OwnedKey {
    Output(Output),
    Name(String),
}

/// A tensor to be fed, by handle or by name. It borrows both: naming one in a hot loop allocates nothing.
#[derive(Clone, Copy, Debug)]
pub enum FeedKey<'a> {
    /// By handle.
    Output(&'a Output),
    /// By full name.
    Name(&'a str),
}

/// What names a tensor to be fed: a handle or a string. A type of another crate that holds one may implement
/// it.
///
/// ```
/// use minutia_graph::{AsFeedKey, DType, Device, FeedKey, Graph, Output, Session, feeds};
/// struct Input(Output);
/// impl AsFeedKey for Input {
///     fn feed_key(&self) -> FeedKey<'_> {
///         FeedKey::Output(&self.0)
///     }
/// }
/// let graph = Graph::new();
/// let input = Input(graph.placeholder("x", DType::F32, ()));
/// let double = &input.0 * 2.0;
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// assert_eq!(session.run(&double, feeds! { &input => 3.0_f32 })?.value::<f32>()?, 6.0);
/// # Ok::<(), minutia_graph::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` names no tensor to be fed",
    label = "neither a handle nor a name",
    note = "feeds! {{ x => value }} takes outputs, variables and names as `x`"
)]
pub trait AsFeedKey {
    /// The key.
    fn feed_key(&self) -> FeedKey<'_>;
}

impl AsFeedKey for Output {
    fn feed_key(&self) -> FeedKey<'_> {
        FeedKey::Output(self)
    }
}

impl AsFeedKey for Variable {
    fn feed_key(&self) -> FeedKey<'_> {
        FeedKey::Output(self)
    }
}

impl AsFeedKey for str {
    fn feed_key(&self) -> FeedKey<'_> {
        FeedKey::Name(self)
    }
}

impl AsFeedKey for String {
    fn feed_key(&self) -> FeedKey<'_> {
        FeedKey::Name(self)
    }
}

impl<T: AsFeedKey + ?Sized> AsFeedKey for &T {
    fn feed_key(&self) -> FeedKey<'_> {
        (**self).feed_key()
    }
}

/// Nothing fed: `session.run(&y, ())`.
impl From<()> for Feeds {
    fn from((): ()) -> Feeds {
        Feeds::default()
    }
}

impl Feeds {
    /// Nothing fed.
    #[must_use]
    pub fn new() -> Feeds {
        Feeds::default()
    }

    /// Feeds one more placeholder. What the value may be, [`Tensor`] says; nested lists that are not equally
    /// long are an error of the run.
    #[must_use]
    pub fn with(
        mut self,
        placeholder: impl AsFeedKey,
        value: impl TryInto<Tensor, Error: Into<minutia_tensor::Error>>,
    ) -> Feeds {
        let key = match placeholder.feed_key() {
            FeedKey::Output(output) => OwnedKey::Output(output.clone()),
            FeedKey::Name(name) => OwnedKey::Name(name.to_string()),
        };
        self.0.push((key, value.try_into().map_err(Into::into)));
        self
    }

    /// By node, each checked against what the node is.
    pub(crate) fn resolve(self, graph: &crate::Graph) -> Result<BTreeMap<NodeId, Tensor>, Error> {
        let mut resolved = BTreeMap::new();
        for (key, value) in self.0 {
            let id = match &key {
                OwnedKey::Output(output) => resolve_key(graph, FeedKey::Output(output))?,
                OwnedKey::Name(name) => resolve_key(graph, FeedKey::Name(name))?,
            };
            let inner = graph.lock();
            let tensor = value.map_err(|source| Error::Tensor {
                context: Some(format!("feed of '{}'", inner.nodes[id].name)),
                source,
            })?;
            check(&inner, id, &tensor)?;
            if resolved.insert(id, tensor).is_some() {
                return Err(Error::FedTwice { name: inner.nodes[id].name.clone() });
            }
        }
        Ok(resolved)
    }
}

pub(crate) fn resolve_key(graph: &crate::Graph, key: FeedKey<'_>) -> Result<NodeId, Error> {
    match key {
        FeedKey::Output(output) if output.graph.same(graph) => Ok(output.id),
        FeedKey::Output(output) => Err(Error::OtherGraph { role: "feed", name: output.name() }),
        FeedKey::Name(name) => graph.get(name).map(|o| o.id),
    }
}

/// Whether a tensor may be fed to a node.
pub(crate) fn check(inner: &Inner, id: NodeId, tensor: &Tensor) -> Result<(), Error> {
    let node = &inner.nodes[id];
    let Signature { dtype, shape } = &node.signature;
    if *dtype == tensor.dtype() && shape.admits(tensor.dims()) {
        return Ok(());
    }
    Err(Error::Feed {
        name: node.name.clone(),
        expected: node.signature.clone(),
        dtype: tensor.dtype(),
        shape: tensor.shape().clone(),
    })
}

/// What placeholders are to be in a run: `feeds! { x => batch, "labels" => [1, 2, 3] }`.
///
/// A key is a handle or a full name; a value is anything that becomes a [`Tensor`], such as a number, an
/// array, a `Vec` or a nested one, an array of `ndarray`, each by value or by reference. Any other tensor may
/// be fed too: the run takes what is fed for its value, and computes nothing that only it depends on.
///
/// ```
/// use minutia_graph::{DType, Device, Graph, Session, feeds};
/// let graph = Graph::new();
/// let x = graph.placeholder("x", DType::F32, ());
/// let middle = &x * 2.0;
/// let y = &middle + 1.0;
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// assert_eq!(session.run(&y, feeds! { x => 5.0_f32 })?.value::<f32>()?, 11.0);
/// assert_eq!(session.run(&y, feeds! { middle => 3.0_f32 })?.value::<f32>()?, 4.0);
/// # Ok::<(), minutia_graph::Error>(())
/// ```
#[macro_export]
macro_rules! feeds {
    ($($placeholder:expr => $value:expr),* $(,)?) => {
        $crate::Feeds::new()$(.with(&$placeholder, $value))*
    };
}
