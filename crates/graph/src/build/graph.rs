use crate::{
    Error, Extents, Output, PartialShape, Signature, SourceLine,
    build::{
        attributes::{self, Attribute},
        control::Control,
        loops::Backward,
        node::{Node, NodeId},
        scope::NameScope,
    },
    ops::AnyOp,
};
use minutia_tensor::DType;
use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A static computation graph. Cloning is cheap and refers to the same graph.
///
/// Building never fails: an operation that does not fit its inputs becomes a node that remembers the error
/// and the line that built it, and the first call that needs the node returns this error.
///
/// ```
/// use minutia_graph::{DType, Graph, Session, feeds};
/// use minutia_tensor::Device;
///
/// let graph = Graph::new();
/// let x = graph.placeholder("x", DType::F32, [None]);
/// let mean = (&x * 2.0).reduce_mean(..);
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// let value = session.run(&mean, feeds! { x => [1.0_f32, 2.0, 3.0] })?;
/// assert_eq!(value.value::<f32>()?, 4.0);
/// # Ok::<(), minutia_graph::Error>(())
/// ```
#[derive(Clone)]
pub struct Graph(Arc<Mutex<Inner>>);

/// What a graph consists of.
#[derive(Default)]
pub(crate) struct Inner {
    pub nodes: Vec<Node>,
    pub variables: Vec<VariableEntry>,
    pub seed: u64,
    names: HashMap<String, NodeId>,
    /// The next suffix to try for each base name.
    suffixes: HashMap<String, usize>,
    scopes: Vec<Open<String>>,
    pub control: Vec<Open<Control>>,
    /// Loops whose gradients are being built, from the outermost to the innermost.
    pub backward: Vec<Backward>,
    /// Changes whenever a change to nodes that exist already may make a plan of them wrong.
    pub version: u64,
}

/// A name scope or control dependencies that are open, and what is wrong with them: every node built inside
/// remembers it.
pub(crate) struct Open<T> {
    pub what: T,
    pub error: Option<Error>,
}

/// A variable: the node that reads it, the node that gives it its first value.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct VariableEntry {
    pub node: NodeId,
    pub initializer: NodeId,
    pub trainable: bool,
}

impl Graph {
    /// An empty graph with random seed 0.
    #[must_use]
    pub fn new() -> Graph {
        Graph(Arc::new(Mutex::new(Inner::default())))
    }

    pub(crate) fn from_inner(inner: Inner) -> Graph {
        Graph(Arc::new(Mutex::new(inner)))
    }

    /// Sets the seed of every random operation. A random operation's numbers depend on this seed, on its name
    /// and on how often it ran in its session, on nothing else. Callables that were made before keep their
    /// seed.
    #[doc(alias = "manual_seed")]
    #[doc(alias = "seed")]
    pub fn set_random_seed(&self, seed: u64) {
        let mut inner = self.lock();
        inner.seed = seed;
        inner.version += 1;
    }

    /// The seed of every random operation.
    #[must_use]
    pub fn random_seed(&self) -> u64 {
        self.lock().seed
    }

    /// Prefixes the names of what is built until the guard is dropped, as TensorFlow's `name_scope` does. A
    /// name that is taken gets a suffix: `hidden`, `hidden_1`. A name that ends with `/` is a scope to return
    /// to, counted from the root, and an empty name is the root. What is built in a scope of an invalid name
    /// remembers [`Error::Name`].
    ///
    /// ```
    /// use minutia_graph::{DType, Graph};
    /// let graph = Graph::new();
    /// let x = {
    ///     let _scope = graph.name_scope("hidden");
    ///     graph.placeholder("x", DType::F32, [3])
    /// };
    /// assert_eq!(x.name(), "hidden/x");
    /// let _back = graph.name_scope("hidden/");
    /// assert_eq!(graph.placeholder("y", DType::F32, [3]).name(), "hidden/y");
    /// ```
    #[track_caller]
    #[must_use = "the scope ends when the guard is dropped"]
    pub fn name_scope(&self, name: &str) -> NameScope {
        let mut inner = self.lock();
        let depth = inner.scopes.len();
        let absolute = name.strip_suffix('/').or_else(|| name.is_empty().then_some(name));
        let open = if let Some(absolute) = absolute.filter(|name| name.is_empty() || valid_name(name)) {
            Open { what: absolute.to_string(), error: None }
        } else if valid_name(name) && absolute.is_none() {
            let full = inner.scoped(name);
            let unique = inner.unique(&full);
            inner.names.insert(unique.clone(), NodeId::MAX);
            Open { what: unique, error: None }
        } else {
            let around = inner.scopes.last().map(|scope| scope.what.clone()).unwrap_or_default();
            Open { what: around, error: Some(Error::Name { name: name.into(), place: SourceLine::caller() }) }
        };
        inner.scopes.push(open);
        NameScope { graph: self.clone(), depth }
    }

    /// An input that is fed when the graph runs; an extent of `None`, or of -1, may differ from run to run.
    /// [`Extents`] has all forms that a shape may be written in.
    ///
    /// ```
    /// use minutia_graph::{DType, Device, Graph, Session, feeds};
    /// let graph = Graph::new();
    /// let x = graph.placeholder("x", DType::F32, (None, 2));
    /// let rate = graph.placeholder("rate", DType::F32, ());
    /// let y = (&x * &rate).reduce_sum(1);
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let y = session.run(&y, feeds! { x => [[1.0_f32, 2.0], [3.0, 4.0]], rate => 10.0_f32 })?;
    /// assert_eq!(y.as_slice::<f32>()?, [30.0, 70.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "feed_dict")]
    #[track_caller]
    pub fn placeholder(&self, name: &str, dtype: DType, shape: impl Into<Extents>) -> Output {
        let shape = shape.into().shape();
        let signature = Signature::new(dtype, shape.as_ref().cloned().unwrap_or_default());
        let output = self.add(crate::ops::placeholder::Placeholder { signature }, &[]).with_name(name);
        if let Err(mismatch) = shape {
            let error = mismatch.at("Placeholder", output.name(), Vec::new(), SourceLine::caller());
            self.lock().nodes[output.id].error.get_or_insert(error);
        }
        output
    }

    /// The node of this name.
    ///
    /// ```
    /// let graph = minutia_graph::Graph::new();
    /// let loss = graph.constant(1.0_f32).with_name("loss");
    /// assert_eq!(graph.get("loss")?, loss);
    /// assert!(graph.get("los").unwrap_err().to_string().contains("did you mean 'loss'?"));
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnknownName`], with the most similar name there is.
    #[doc(alias = "get_tensor_by_name")]
    pub fn get(&self, name: &str) -> Result<Output, Error> {
        let inner = self.lock();
        match inner.names.get(name) {
            Some(&id) if id != NodeId::MAX => Ok(Output { graph: self.clone(), id }),
            _ => Err(Error::UnknownName { name: name.into(), near: inner.similar(name) }),
        }
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().nodes.len()
    }

    /// Whether nothing has been built.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every node in the order of building, for drawing, inspection and other formats.
    ///
    /// What a variable begins with is the second input of [its
    /// initializer](crate::Variable::initializer).
    ///
    /// ```
    /// use minutia_graph::{Attribute, Graph, Tensor};
    /// let graph = Graph::new();
    /// let y = graph.constant(2.0_f32).with_name("x").square();
    /// let nodes = graph.nodes();
    /// assert_eq!((nodes.len(), graph.len()), (2, 2));
    /// assert_eq!((nodes[1].op, &nodes[1].inputs[..]), ("Square", &["x".to_string()][..]));
    /// assert_eq!(nodes[0].attributes["value"], Attribute::Tensor(Tensor::scalar(2.0_f32)));
    /// ```
    #[doc(alias = "get_operations")]
    #[must_use]
    pub fn nodes(&self) -> Vec<NodeInfo> {
        let inner = self.lock();
        let name = |&id: &NodeId| inner.nodes[id].name.clone();
        let info = |n: &Node| NodeInfo {
            name: n.name.clone(),
            op: n.op.name(),
            inputs: n.inputs.iter().map(name).collect(),
            control: n.control.iter().map(name).collect(),
            signature: n.signature.clone(),
            attributes: attributes::of(&n.op),
        };
        inner.nodes.iter().map(info).collect()
    }

    /// The first error of building, in order of building.
    ///
    /// # Errors
    /// That error.
    pub fn check(&self) -> Result<(), Error> {
        self.lock().nodes.iter().find_map(|n| n.error.clone()).map_or(Ok(()), Err)
    }

    /// Whether it draws random numbers, and the session counts how often.
    pub(crate) fn is_random(&self, output: &Output) -> bool {
        self.lock().nodes[output.id].op.is_random()
    }

    pub(crate) fn same(&self, other: &Graph) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a node under its operation's name.
    #[track_caller]
    pub(crate) fn add(&self, op: impl Into<AnyOp>, inputs: &[&Output]) -> Output {
        let op = op.into();
        let place = SourceLine::caller();
        if let Some(stranger) = inputs.iter().find(|i| !i.graph.same(self)) {
            let error = Error::OtherGraph { role: "operand", name: stranger.name() };
            return self.poisoned(op, place, error);
        }
        let inputs = inputs.iter().map(|input| self.seen_from_here(input).id).collect();
        let mut inner = self.lock();
        let inputs = inner.read_late(&op, inputs, &place);
        let id = inner.append(op, inputs, place);
        drop(inner);
        Output { graph: self.clone(), id }
    }

    /// A node that remembers an error: what code that builds on graphs returns for arguments that it does not
    /// take, such as those of [`Error::Argument`].
    #[track_caller]
    #[must_use]
    pub fn invalid(&self, error: Error) -> Output {
        self.poisoned(crate::ops::no_op::NoOp.into(), SourceLine::caller(), error)
    }

    fn poisoned(&self, op: AnyOp, place: SourceLine, error: Error) -> Output {
        let mut inner = self.lock();
        let full = inner.scoped(op.name());
        let name = inner.unique(&full);
        let id = inner.nodes.len();
        inner.names.insert(name.clone(), id);
        let signature = Signature::new(DType::F32, PartialShape::scalar());
        let error = Some(error);
        inner.nodes.push(Node { op, name, inputs: Vec::new(), control: Vec::new(), signature, place, error });
        drop(inner);
        Output { graph: self.clone(), id }
    }
}

impl Default for Graph {
    fn default() -> Graph {
        Graph::new()
    }
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Graph({} nodes)", self.len())
    }
}

impl Inner {
    /// Infers the node's signature and appends it, poisoned when it does not fit.
    pub fn push(
        &mut self,
        op: AnyOp,
        name: String,
        inputs: Vec<NodeId>,
        control: Vec<NodeId>,
        place: SourceLine,
    ) -> NodeId {
        let id = self.nodes.len();
        let inherited = inputs.iter().chain(&control).find_map(|&i| self.nodes[i].error.clone());
        let signatures: Vec<Signature> = inputs.iter().map(|&i| self.nodes[i].signature.clone()).collect();
        let (signature, error) = match inherited {
            Some(error) => (Signature::new(DType::F32, PartialShape::scalar()), Some(error)),
            None => match op.infer(&signatures) {
                Ok(signature) => (signature, None),
                Err(mismatch) => {
                    let names = inputs.iter().map(|&i| self.nodes[i].name.clone());
                    let inputs = names.zip(signatures).collect();
                    let error = mismatch.at(op.name(), name.clone(), inputs, place.clone());
                    (Signature::new(DType::F32, PartialShape::scalar()), Some(error))
                }
            },
        };
        self.names.insert(name.clone(), id);
        self.nodes.push(Node { op, name, inputs, control, signature, place, error });
        id
    }

    pub fn rename(&mut self, id: NodeId, name: &str, place: SourceLine) {
        if !valid_name(name) {
            self.nodes[id].error.get_or_insert(Error::Name { name: name.into(), place });
            self.version += 1;
            return;
        }
        let full = self.scoped(name);
        let old = self.nodes[id].name.clone();
        if full == old {
            return;
        }
        self.names.remove(&old);
        // The automatic name was never seen: give its number back.
        if let Some((base, suffix)) = old.rsplit_once('_')
            && let Some(next) = self.suffixes.get_mut(base)
            && suffix.parse() == Ok(*next - 1)
        {
            *next -= 1;
        }
        let unique = self.unique(&full);
        self.names.insert(unique.clone(), id);
        self.nodes[id].name = unique;
        // Random numbers depend on the name.
        if self.nodes[id].op.is_random() {
            self.version += 1;
        }
    }

    /// Appends a node under its operation's name, with the scopes and control dependencies that are open now.
    pub fn append(&mut self, op: AnyOp, inputs: Vec<NodeId>, place: SourceLine) -> NodeId {
        let full = self.scoped(op.name());
        let name = self.unique(&full);
        let control = self.control_inputs();
        let error = self.scopes.iter().find_map(|open| open.error.clone()).or_else(|| self.control_error());
        let id = self.push(op, name, inputs, control, place);
        if let Some(error) = error {
            self.nodes[id].error.get_or_insert(error);
        }
        id
    }

    pub fn is_free(&self, name: &str) -> bool {
        valid_name(name) && !self.names.contains_key(name)
    }

    /// A full name as `scoped` would have to be given it.
    pub fn local<'a>(&self, full: &'a str) -> &'a str {
        let scope = self.scopes.last().map_or("", |scope| &scope.what);
        full.strip_prefix(scope).and_then(|rest| rest.strip_prefix('/')).unwrap_or(full)
    }

    pub fn scoped(&self, name: &str) -> String {
        match self.scopes.last() {
            Some(scope) if !scope.what.is_empty() => format!("{}/{name}", scope.what),
            _ => name.to_string(),
        }
    }

    pub fn unique(&mut self, name: &str) -> String {
        if !self.names.contains_key(name) {
            return name.to_string();
        }
        let next = self.suffixes.entry(name.to_string()).or_insert(1);
        loop {
            let candidate = format!("{name}_{next}");
            *next += 1;
            if !self.names.contains_key(&candidate) {
                return candidate;
            }
        }
    }

    pub fn truncate_scopes(&mut self, depth: usize) {
        self.scopes.truncate(depth);
    }

    pub fn truncate_control(&mut self, depth: usize) {
        self.control.truncate(depth);
    }

    /// The name that is most like this one, or like the node of which this would be TensorFlow's tensor.
    pub fn similar(&self, name: &str) -> Option<String> {
        let name = name.rsplit_once(':').map_or(name, |(node, _)| node);
        most_similar(name, self.nodes.iter().map(|node| &node.name[..])).map(String::from)
    }
}

/// The name with the longest common prefix, whatever the case, then the nearest length, then the same case.
pub(crate) fn most_similar<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let prefix = |other: &str, same: fn(char, char) -> bool| {
        name.chars().zip(other.chars()).take_while(|(a, b)| same(*a, *b)).count()
    };
    let rank = |other: &&'a str| {
        let distance = other.len().abs_diff(name.len());
        let any_case = prefix(other, |a, b| a.eq_ignore_ascii_case(&b));
        (any_case, std::cmp::Reverse(distance), prefix(other, |a, b| a == b))
    };
    names.max_by_key(rank).filter(|best| rank(best).0 > 0)
}

fn valid_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '.')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-/".contains(c))
}

/// A node as drawing and inspection see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeInfo {
    /// Full name; name scopes are separated by `/`.
    pub name: String,
    /// The operation, such as `MatMul`.
    pub op: &'static str,
    /// Names of the inputs.
    pub inputs: Vec<String>,
    /// Names of the nodes that must run before.
    pub control: Vec<String>,
    /// Type and shape.
    pub signature: Signature,
    /// What the operation is made of beside its inputs, by name: `axis`, `strides`, `value`. The names are
    /// those of arguments; what is not there was not given, such as `axes` where all are meant. An
    /// elementwise operation has none.
    pub attributes: BTreeMap<String, Attribute>,
}
