//! The operations of a graph: TensorFlow's name, which errors, drawings and
//! [`Graph::nodes`](crate::Graph::nodes) show, and what builds each. [`table`] lists them; `cargo run -p
//! minutia-graph --example operations` prints it.
//!
//! Elementwise operations broadcast: shapes are aligned at the last axis, and an extent of 1 stretches.
//! Beside a tensor they take outputs, variables and plain numbers. Compositions, such as
//! [`Output::huber_loss`](crate::Output::huber_loss), build several of these and stand in the table under
//! TensorFlow's name.

/// The name of each operation and composition, and the methods or operators that build it, sorted by name.
///
/// ```
/// let table = minutia_graph::operations::table();
/// let (_, builders) = table.iter().find(|(name, _)| *name == "MatMul").unwrap();
/// assert!(builders.contains(&"Output::matmul_nt"));
/// ```
#[must_use]
pub fn table() -> Vec<(&'static str, Vec<&'static str>)> {
    let all = crate::ops::builders().into_iter().chain(crate::ops::compositions());
    let mut rows: Vec<_> = all.map(|(name, builders)| (name, words(builders))).collect();
    rows.sort_unstable();
    rows
}

/// Methods apart, operators as they are written.
fn words(builders: &str) -> Vec<&str> {
    match builders {
        "Output::plus" => vec!["x + y"],
        "Output::minus" => vec!["x - y"],
        "Output::times" => vec!["x * y"],
        "Output::divided_by" => vec!["x / y"],
        "Output::negative" => vec!["-x"],
        methods if methods.contains("::") => methods.split(' ').collect(),
        other => vec![other],
    }
}
