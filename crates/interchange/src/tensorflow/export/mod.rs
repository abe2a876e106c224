//! Graphs as TensorFlow's `GraphDef`.

mod elementwise;
mod error;
mod movement;
mod proto;
mod reductions;
mod rows;
mod site;
mod slices;
mod state;
mod text;
mod windows;

pub use error::{ExportError, Stranger};

use super::messages::{GraphDef, NodeDef, VersionDef};
use crate::{Error, Problem};
use minutia_graph::{Graph, NodeInfo};
use prost::Message;
use site::Site;
use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    path::Path,
};

/// The version of graphs that TensorFlow 1.12 writes.
const PRODUCER: i32 = 27;

/// Writes a graph as TensorFlow reads it: `.pb` is binary, `.pbtxt` is text. The file is complete or not
/// there.
///
/// Nodes keep their names, and so can be fetched and fed as here. What stands in an operation here and is an
/// operand there, such as axes and shapes, becomes a constant below the node's name: `Sum/reduction_indices`.
/// An operation that TensorFlow has not is composed of several, the last of which has its name. The crate's
/// README has the table of all.
///
/// A variable is a `VariableV2`, whose initializer is `NAME/Assign`. Its value at the beginning of a run is
/// `NAME/read`: fetch that beside what assigns the variable.
///
/// What TensorFlow does otherwise:
/// - random numbers are others, though as much the graph's seed's;
/// - integers divided by 0 and indices outside are errors, a float beyond the integers is cast to any of
///   them, and a NaN has no place in an order, nor what is left of an infinity that is divided;
/// - gradients of convolutions with dilations run on GPUs alone, filters without channels nowhere;
/// - of two assignments of a variable in one run, control dependencies and operands alone say which is first;
/// - to initialize a variable that is computed from another initializes that one too.
///
/// ```
/// use minutia_graph::{DType, Graph};
/// use minutia_interchange::tensorflow;
///
/// let graph = Graph::new();
/// let x = graph.placeholder("x", DType::F32, (None, 2));
/// let w = graph.variable("w", [[1.0_f32], [2.0]]);
/// x.matmul(&w).with_name("y");
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// tensorflow::write(&graph, folder.join("graph.pbtxt"))?;
///
/// let text = std::fs::read_to_string(folder.join("graph.pbtxt"))?;
/// assert!(text.contains("name: \"y\"\n  op: \"MatMul\"\n  input: \"x\"\n  input: \"w/read\""));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// In Python: `tf.import_graph_def(graph_def, name="")`, then `session.run("y:0", {"x:0": ...})` after
/// `session.run("w/Assign")`.
///
/// # Errors
/// [`Problem::Export`] for another end of the name, and with all operations that TensorFlow has not;
/// [`Problem::Graph`] for a graph with an invalid node; [`Problem::Io`].
pub fn write(graph: &Graph, path: impl AsRef<Path>) -> Result<(), Error> {
    let path = path.as_ref();
    let bytes = match path.extension().and_then(|extension| extension.to_str()) {
        Some("pb") => to_bytes(graph),
        Some("pbtxt") => to_text(graph).map(String::into_bytes),
        other => Err(ExportError::Extension { found: other.unwrap_or_default().to_string() }.into()),
    };
    let written =
        bytes.and_then(|bytes| minutia_files::write(path, |file| Ok::<_, Problem>(file.write_all(&bytes)?)));
    written.map_err(|problem| problem.of(path))
}

/// A graph as the bytes of a `.pb`; see [`write()`].
///
/// # Errors
/// Those of [`write()`], without the file's.
pub fn to_bytes(graph: &Graph) -> Result<Vec<u8>, Problem> {
    Ok(graph_def(graph)?.encode_to_vec())
}

/// A graph as the text of a `.pbtxt`; see [`write()`].
///
/// # Errors
/// Those of [`write()`], without the file's.
pub fn to_text(graph: &Graph) -> Result<String, Problem> {
    Ok(text::of(&graph_def(graph)?))
}

/// The messages of a graph.
fn graph_def(graph: &Graph) -> Result<GraphDef, Problem> {
    graph.check()?;
    let nodes = graph.nodes();
    let mut export = Export::new(graph, &nodes);
    let mut strangers = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        if let Err(reason) = export.node(index) {
            strangers.push(Stranger { node: node.name.clone(), op: node.op, reason });
        }
    }
    if strangers.is_empty() {
        let versions = Some(VersionDef { producer: PRODUCER });
        return Ok(GraphDef { node: export.out, versions });
    }
    Err(ExportError::Unsupported { nodes: strangers }.into())
}

/// A graph on its way.
struct Export<'a> {
    nodes: &'a [NodeInfo],
    /// Which node has this name.
    index: BTreeMap<&'a str, usize>,
    /// Names that are taken, by nodes of the graph and by helpers.
    names: BTreeSet<String>,
    /// What gives a variable's value at the beginning of the run, by the variable's name.
    reads: BTreeMap<&'a str, String>,
    state: state::State,
    out: Vec<NodeDef>,
}

/// What of an operation has no equivalent.
type Written = Result<(), String>;

impl<'a> Export<'a> {
    fn new(graph: &Graph, nodes: &'a [NodeInfo]) -> Export<'a> {
        Export {
            nodes,
            index: nodes.iter().enumerate().map(|(i, node)| (&node.name[..], i)).collect(),
            names: nodes.iter().map(|node| node.name.clone()).collect(),
            reads: BTreeMap::new(),
            state: state::State::of(graph, nodes),
            out: Vec::new(),
        }
    }

    /// Writes a node and those that it needs.
    fn node(&mut self, index: usize) -> Written {
        let node = &self.nodes[index];
        let mut site = Site::new(self, node);
        let families = [
            elementwise::write,
            movement::write,
            reductions::write,
            rows::write,
            slices::write,
            state::write,
            windows::write,
        ];
        let written = families.iter().find_map(|family| family(&mut site));
        written.unwrap_or_else(|| Err("there is none in TensorFlow".to_string()))
    }
}
