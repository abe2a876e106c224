//! Graphs that TensorFlow wrote.

mod constant;
mod error;
mod file;
mod fold;
mod node;
mod numbers;
mod ops;
mod order;
mod origins;
mod text;

pub use constant::element;
pub use error::{GraphDefProblem, UnsupportedNodes};
pub use node::type_name;

use super::messages::NodeDef;
use crate::Error;
#[cfg(doc)]
use crate::Problem;
use minutia_graph::{Graph, Operation, Output};
use node::{Built, Node, NodeValue, Refusal, Stored};
use order::{Initializer, Input, InputName, Nodes};
use origins::Origins;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// A graph that TensorFlow wrote, and what TensorFlow's names stand for in it.
///
/// Nodes have TensorFlow's names, where a node here gives the same as one of TensorFlow's; what else they are
/// made of stands under `NAME/parts/`. Variables have the names under which checkpoints keep them. A variable
/// whose first value cannot be had begins as NaN, or 0 where it is not `f32`, so that it is seen where a
/// checkpoint was to give it one and did not.
#[derive(Clone, Debug)]
pub struct ImportedGraph {
    graph: Graph,
    nodes: BTreeMap<String, Found>,
}

/// What became of a node.
#[derive(Clone, Debug)]
enum Found {
    /// Its operation, its results or why they are no tensors, and what runs it.
    Built(String, Vec<Result<Output, Refusal>>, Option<Operation>),
    /// Its operation and why it could not be built, if it is to blame, and else which of its inputs could
    /// not.
    Missing(Option<(String, String)>, Vec<String>),
}

impl ImportedGraph {
    /// The graph.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The tensor that TensorFlow calls `name`: `loss:0`, or `loss` for the first result of that node.
    ///
    /// # Errors
    /// [`GraphDefProblem::Fetch`] for a name that there is not, [`GraphDefProblem::Unsupported`] with all
    /// nodes that it needs and that cannot be had here.
    #[doc(alias = "get_tensor_by_name")]
    pub fn tensor(&self, name: &str) -> Result<Output, GraphDefProblem> {
        let InputName::Result(node, index) = InputName::parse(name) else { return Err(self.unknown(name)) };
        match self.nodes.get(node) {
            Some(Found::Built(op, results, _)) => {
                let result = results.get(index).ok_or_else(|| self.unknown(name))?;
                result.clone().map_err(|refusal| {
                    let mut report = Report::default();
                    report.add(node, op, &refusal.0);
                    GraphDefProblem::Unsupported(report.0)
                })
            }
            Some(Found::Missing(..)) => Err(GraphDefProblem::Unsupported(self.to_blame(node))),
            None => Err(self.unknown(name)),
        }
    }

    /// The node that TensorFlow calls `name`, to be run for its effect: `init`, `train`.
    ///
    /// # Errors
    /// As those of [`tensor`](ImportedGraph::tensor).
    #[doc(alias = "get_operation_by_name")]
    pub fn operation(&self, name: &str) -> Result<Operation, GraphDefProblem> {
        match self.nodes.get(name) {
            Some(Found::Built(.., operation)) => operation.clone().ok_or_else(|| self.unknown(name)),
            Some(Found::Missing(..)) => Err(GraphDefProblem::Unsupported(self.to_blame(name))),
            None => Err(self.unknown(name)),
        }
    }

    /// All nodes that cannot be had here, with the reasons. Whatever does not need them can be had.
    #[must_use]
    pub fn left_out(&self) -> Vec<UnsupportedNodes> {
        let mut report = Report::default();
        for (name, found) in &self.nodes {
            if let Found::Missing(Some((op, reason)), _) = found {
                report.add(name, op, reason);
            }
        }
        report.0
    }

    fn unknown(&self, name: &str) -> GraphDefProblem {
        let similar = order::similar(name, self.nodes.keys().map(String::as_str));
        GraphDefProblem::Fetch { name: name.to_string(), similar }
    }

    /// The nodes that a node needs and that could not be built.
    fn to_blame(&self, node: &str) -> Vec<UnsupportedNodes> {
        let mut report = Report::default();
        let (mut seen, mut open) = (BTreeSet::new(), vec![node]);
        while let Some(name) = open.pop() {
            let Some(Found::Missing(own, inputs)) = self.nodes.get(name) else { continue };
            if !seen.insert(name) {
                continue;
            }
            if let Some((op, reason)) = own {
                report.add(name, op, reason);
            }
            open.extend(inputs.iter().map(String::as_str));
        }
        report.0
    }
}

/// Reads a graph: a `GraphDef`, `MetaGraphDef` or `SavedModel`, as bytes (`.pb`, `.meta`) or as text
/// (`.pbtxt`). Of a SavedModel this is its first graph; the path may be its folder.
///
/// All that the file holds of numbers is converted exactly or refused; what is `int64` there is `i32` here.
/// Random operations draw the numbers of this library, not TensorFlow's. Nodes that cannot be had here are
/// left out, with those that need them: [`ImportedGraph::left_out`] lists them.
///
/// # Errors
/// [`Problem::Foreign`] for what is no graph, [`Problem::GraphDef`] for one that does not hold together.
pub fn read(path: impl AsRef<Path>) -> Result<ImportedGraph, Error> {
    read_fetches(path, [] as [&str; 0])
}

/// Reads what is needed to fetch these tensors (`loss:0`) and to run these nodes (`init`, `train`).
///
/// # Errors
/// As [`read`]; [`GraphDefProblem::Unsupported`] lists all nodes that the fetches need and that cannot be
/// had.
pub fn read_fetches(
    path: impl AsRef<Path>,
    fetches: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<ImportedGraph, Error> {
    let path = path.as_ref();
    let fetches: Vec<String> = fetches.into_iter().map(|fetch| fetch.as_ref().to_string()).collect();
    let imported = file::read(path).and_then(|nodes| Ok(import(&nodes, &fetches)?));
    imported.map_err(|problem| problem.of(path))
}

fn import(defs: &[NodeDef], fetches: &[String]) -> Result<ImportedGraph, GraphDefProblem> {
    let nodes = Nodes::new(defs)?;
    let places = fetches.iter().map(|name| nodes.fetch(name)).collect::<Result<Vec<usize>, _>>()?;
    let needed = nodes.needed(&places);
    let order = nodes.order(&needed)?;
    let mut importer = Importer::new(nodes, BTreeMap::new());
    importer.all(&order);
    if importer.graph.check().is_err() {
        // What was begun of a node that cannot be had is in the graph, which is built once more without it.
        importer = Importer::new(importer.nodes, importer.refusals);
        importer.all(&order);
    }
    let imported = importer.finish(&needed);
    let mut report = Report::default();
    for fetch in fetches {
        for missing in imported.to_blame(InputName::parse(fetch).node()) {
            missing.nodes.iter().for_each(|name| report.add(name, &missing.op, &missing.reason));
        }
    }
    if !report.0.is_empty() {
        return Err(GraphDefProblem::Unsupported(report.0));
    }
    for fetch in fetches {
        // What is run for its effect has no results.
        if imported.operation(fetch).is_err() || fetch.contains(':') {
            imported.tensor(fetch)?;
        }
    }
    Ok(imported)
}

/// What a node was built as.
#[derive(Clone, Debug)]
struct Done {
    results: Vec<Stored>,
    operation: Option<Operation>,
    /// What has to run before those who take numbers that were computed while the graph was read.
    after: Vec<Operation>,
}

struct Importer<'a> {
    nodes: Nodes<'a>,
    graph: Graph,
    /// Nothing for a node that could not be built, or that is not needed.
    built: Vec<Option<Done>>,
    origins: Origins,
    /// Why nodes could not be built.
    refusals: BTreeMap<usize, Refusal>,
}

impl<'a> Importer<'a> {
    /// Nothing is built yet, nor ever the nodes that are refused.
    fn new(nodes: Nodes<'a>, refusals: BTreeMap<usize, Refusal>) -> Importer<'a> {
        let built = vec![None; nodes.defs.len()];
        Importer { nodes, graph: Graph::new(), built, origins: Origins::default(), refusals }
    }

    /// Builds the nodes, but for those that cannot be, and what takes them.
    fn all(&mut self, order: &[usize]) {
        for &index in order {
            if self.refusals.contains_key(&index) {
                continue;
            }
            match self.build(index) {
                Ok(done) => self.built[index] = done,
                Err(refusal) => drop(self.refusals.insert(index, refusal)),
            }
        }
    }

    fn build(&mut self, index: usize) -> Result<Option<Done>, Refusal> {
        let def = &self.nodes.defs[index];
        let (mut inputs, mut before): (_, Vec<Operation>) = (Vec::new(), Vec::new());
        for input in &self.nodes.inputs[index] {
            let Some(done) = &self.built[input.node()] else { return Ok(None) };
            let first = match *input {
                Input::Control(_) => done.operation.as_slice(),
                Input::Result(node, result) => {
                    let name = &self.nodes.defs[node].name;
                    let missing = || Refusal::new(format!("takes '{name}:{result}', which there is not"));
                    inputs.push(done.results.get(result).ok_or_else(missing)?);
                    &done.after
                }
            };
            for operation in first {
                if !before.contains(operation) {
                    before.push(operation.clone());
                }
            }
        }
        let initial = self.nodes.initializers.get(&index).and_then(|initializer| self.initial(initializer));
        let is_initializer = self.nodes.is_initializer(index);
        let (graph, origins) = (&self.graph, &self.origins);
        let node = Node { def, graph, inputs, origins, initial, is_initializer };
        let parts = format!("{}/parts/", valid(&def.name));
        let (done, shape) = {
            let scope = graph.name_scope(&parts);
            let after = graph.control_dependencies(&before);
            let built = ops::build(&node)?;
            let shape = origins::of(&node, &built);
            let results = outputs(&node, &built, &parts)?;
            drop((scope, after));
            (named(&node, built, results, before), shape)
        };
        if let (Some(Stored { output: Ok(output), .. }), Some(shape)) = (done.results.first(), shape) {
            self.origins.insert(output, shape);
        }
        Ok(Some(done))
    }

    fn initial(&self, initializer: &Initializer) -> Option<Output> {
        let (node, result) = initializer.value;
        self.built[node].as_ref()?.results.get(result)?.output.clone().ok()
    }

    fn finish(mut self, needed: &[bool]) -> ImportedGraph {
        let mut nodes = BTreeMap::new();
        for (index, def) in self.nodes.defs.iter().enumerate().filter(|(index, _)| needed[*index]) {
            let found = if let Some(done) = &self.built[index] {
                let results = done.results.iter().map(|result| result.output.clone()).collect();
                Found::Built(def.op.clone(), results, done.operation.clone())
            } else {
                let missing = |input: &&Input| self.built[input.node()].is_none();
                let name = |input: &Input| self.nodes.defs[input.node()].name.clone();
                let inputs = self.nodes.inputs[index].iter().filter(missing).map(name).collect();
                let own = self.refusals.remove(&index).map(|refusal| (def.op.clone(), refusal.0));
                Found::Missing(own, inputs)
            };
            nodes.insert(def.name.clone(), found);
        }
        ImportedGraph { graph: self.graph, nodes }
    }
}

/// The tensors of a node's results, or why they have none. Numbers that no `i32` holds may be of use all the
/// same. The first, which gets the node's name, is a node of its own.
fn outputs(node: &Node<'_>, built: &Built, parts: &str) -> Result<Vec<Result<Output, Refusal>>, Refusal> {
    let Built::Results(results) = built else { return Ok(Vec::new()) };
    let mut outputs = Vec::new();
    for value in results {
        let output = match value {
            NodeValue::Tensor(output) | NodeValue::Assigned(_, output) => Ok(output.clone()),
            NodeValue::Variable(variable) => Ok(Output::clone(variable)),
            NodeValue::Numbers(numbers) => numbers.output(node.graph),
            NodeValue::Stretched(_) => Err(Refusal::new("gives axes of which only the feeds decide")),
        };
        if let Ok(output) = &output {
            output.check()?;
        }
        outputs.push(output);
    }
    if let Some(Ok(first)) = outputs.first_mut()
        && !first.name().starts_with(parts)
        && !node.is_initializer
    {
        *first = first.identity();
    }
    Ok(outputs)
}

/// Gives a node that was built its name.
fn named(
    node: &Node<'_>,
    built: Built,
    mut outputs: Vec<Result<Output, Refusal>>,
    before: Vec<Operation>,
) -> Done {
    let name = valid(&node.def.name);
    let results = match built {
        Built::Effect(operation) => {
            let operation = Some(operation.with_name(&name));
            return Done { results: Vec::new(), operation, after: Vec::new() };
        }
        Built::Results(results) => results,
    };
    if let Some(Ok(first)) = outputs.first_mut() {
        *first = first.clone().with_name(&name);
    }
    let operation = outputs.iter().flatten().next().map(Output::operation);
    let numbers =
        results.iter().any(|value| matches!(value, NodeValue::Numbers(_) | NodeValue::Stretched(_)));
    let results = results.into_iter().zip(outputs).map(|(value, output)| {
        let value = match (value, &output) {
            (NodeValue::Tensor(_), Ok(output)) => NodeValue::Tensor(output.clone()),
            (NodeValue::Assigned(variable, _), Ok(output)) => NodeValue::Assigned(variable, output.clone()),
            (value, _) => value,
        };
        Stored { value, output }
    });
    Done { results: results.collect(), operation, after: if numbers { before } else { Vec::new() } }
}

/// A name that nodes can have here: TensorFlow's, in which a few more characters may stand.
fn valid(name: &str) -> String {
    let first = if name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '.') { "" } else { "." };
    let fits = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
    first.chars().chain(name.chars().map(|c| if fits(c) { c } else { '.' })).collect()
}

/// Nodes that could not be built, by operation and reason.
#[derive(Debug, Default)]
struct Report(Vec<UnsupportedNodes>);

impl Report {
    fn add(&mut self, name: &str, op: &str, reason: &str) {
        let same = |other: &&mut UnsupportedNodes| other.op == op && other.reason == reason;
        let name = name.to_string();
        match self.0.iter_mut().find(same) {
            Some(other) if other.nodes.contains(&name) => {}
            Some(other) => other.nodes.push(name),
            None => {
                let (op, reason) = (op.to_string(), reason.to_string());
                self.0.push(UnsupportedNodes { op, reason, nodes: vec![name] });
            }
        }
    }
}
