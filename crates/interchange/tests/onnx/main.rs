//! Models of ONNX become graphs that give the same numbers; files that lie are refused.

mod any_node;
mod bad_files;
#[path = "../common/mod.rs"]
mod common;
mod external;
mod imports;
mod models;
mod node_tests;
mod round_trips;

#[path = "../../src/onnx/messages.rs"]
#[allow(dead_code, reason = "the tests use a part of it")]
mod messages;
