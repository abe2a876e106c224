//! TensorFlow's graphs.

pub(crate) mod messages;
mod of_graph;
