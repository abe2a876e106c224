//! Files of graphs, as bytes and as text.

use super::text;
use crate::{
    Problem,
    tensorflow::messages::{GraphDef, NodeDef},
};
use prost::Message;
use std::{fs, path::Path};

/// `meta_graph.proto`: a graph and what it is for.
#[derive(Clone, PartialEq, prost::Message)]
struct MetaGraphDef {
    #[prost(message, optional, tag = "2")]
    graph_def: Option<GraphDef>,
}

/// `saved_model.proto`: graphs, of which one is to be had by each set of tags.
#[derive(Clone, PartialEq, prost::Message)]
struct SavedModel {
    #[prost(message, repeated, tag = "2")]
    meta_graphs: Vec<MetaGraphDef>,
}

/// What a file that can be read is.
const EXPECTED: &str = "a graph of TensorFlow's";

/// The nodes of a file, or of the SavedModel in a folder.
pub fn read(path: &Path) -> Result<Vec<NodeDef>, Problem> {
    if !path.is_dir() {
        let bytes = minutia_files::read(path, u64::MAX)?;
        let is_text = path.extension().is_some_and(|extension| extension == "pbtxt");
        return if is_text { Ok(text::graph(&bytes)?) } else { graph(&bytes) };
    }
    let inside = path.join("saved_model.pb");
    match fs::metadata(&inside) {
        Ok(_) => graph(&minutia_files::read(inside, u64::MAX)?),
        Err(_) => Err(foreign("a folder without saved_model.pb")),
    }
}

fn foreign(found: impl Into<String>) -> Problem {
    Problem::Foreign { expected: EXPECTED, found: found.into() }
}

/// The nodes of a message. Which of the three kinds it is shows in its first field: a SavedModel begins with
/// a number, and what a MetaGraphDef begins with is no node.
fn graph(bytes: &[u8]) -> Result<Vec<NodeDef>, Problem> {
    const NUMBER_1: u8 = 0x08;
    if bytes.is_empty() {
        return Err(foreign("an empty file"));
    }
    if bytes[0] == NUMBER_1 {
        let model = SavedModel::decode(bytes).map_err(damaged)?;
        let graph = model.meta_graphs.into_iter().find_map(|meta| meta.graph_def);
        return graph.map(|graph| graph.node).ok_or_else(|| foreign("a SavedModel without a graph"));
    }
    let graph = GraphDef::decode(bytes);
    let is_whole = |graph: &GraphDef| {
        !graph.node.is_empty() && graph.node.iter().all(|node| !node.name.is_empty() && !node.op.is_empty())
    };
    if !graph.as_ref().is_ok_and(is_whole)
        && let Some(inside) = MetaGraphDef::decode(bytes).ok().and_then(|meta| meta.graph_def)
        && is_whole(&inside)
    {
        return Ok(inside.node);
    }
    match graph.map_err(damaged)?.node {
        nodes if nodes.is_empty() => Err(foreign("it has no nodes")),
        nodes => Ok(nodes),
    }
}

fn damaged(error: prost::DecodeError) -> Problem {
    foreign(error.to_string())
}
