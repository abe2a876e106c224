use crate::Graph;
use std::fmt::Write;

impl Graph {
    /// The graph in Graphviz' DOT language: a box for each name scope, solid edges for values, dashed ones
    /// for control dependencies.
    ///
    /// ```
    /// let graph = minutia_graph::Graph::new();
    /// let _y = graph.constant(1.0_f32) + graph.constant(2.0_f32);
    /// assert!(graph.to_dot().contains(r#""Const" -> "Add""#));
    /// ```
    #[must_use]
    pub fn to_dot(&self) -> String {
        let nodes = self.nodes();
        let mut dot = String::from("digraph {\n  node [shape=ellipse];\n");
        let mut open: Vec<&str> = Vec::new();
        let mut sorted: Vec<_> = nodes.iter().collect();
        sorted.sort_by_key(|n| n.name.split('/').map(str::to_string).collect::<Vec<_>>());
        for node in sorted {
            let mut path: Vec<&str> = node.name.split('/').collect();
            let label = path.pop().unwrap_or_default();
            let common = open.iter().zip(&path).take_while(|(a, b)| a == b).count();
            for _ in common..open.len() {
                dot.push_str("  }\n");
            }
            open.truncate(common);
            for scope in &path[common..] {
                open.push(scope);
                let _ = writeln!(dot, "  subgraph \"cluster_{}\" {{\n  label=\"{scope}\";", open.join("/"));
            }
            let (name, op, signature) = (&node.name, node.op, &node.signature);
            let _ = writeln!(dot, "  \"{name}\" [label=\"{label}\\n{op} {signature}\"];");
        }
        for _ in open {
            dot.push_str("  }\n");
        }
        for node in &nodes {
            for input in &node.inputs {
                let _ = writeln!(dot, "  \"{input}\" -> \"{}\";", node.name);
            }
            for control in &node.control {
                let _ = writeln!(dot, "  \"{control}\" -> \"{}\" [style=dashed];", node.name);
            }
        }
        dot.push_str("}\n");
        dot
    }
}
