//! Computation graphs as they were built: the nodes that a training step runs, in the boxes of their name
//! scopes.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use minutia_viz::{Edge, GraphDiagram, Node};

use crate::reproduce::stage::GraphNode;

/// What of a graph is shown, and how.
pub struct View<'a> {
    /// The ancestors of these nodes are shown.
    pub targets: &'a [&'a str],
    /// Scopes that are shown as a single node.
    pub folded: &'a [Folded<'a>],
}

/// A scope that is shown as a single node.
pub struct Folded<'a> {
    pub scope: &'a str,
    /// The only node whose arrow into the scope is shown, where all of them would hide everything else.
    pub from: Option<&'a str>,
}

/// The diagram of a stage's graph, and how many of its nodes it stands for.
///
/// Constants without a name of their own are left out: they are the literals of the formulas.
///
/// # Errors
/// When a target is not in the graph.
pub fn diagram(recorded: &[GraphNode], view: &View<'_>) -> Result<(GraphDiagram, usize)> {
    let by_name: BTreeMap<&str, &GraphNode> =
        recorded.iter().map(|node| (node.name.as_str(), node)).collect();
    let shown = ancestors(&by_name, view.targets)?;
    let mut nodes: Vec<Node> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let visible = |name: &str| shown.contains(name) && !is_literal(by_name[name]);
    for node in recorded.iter().filter(|node| visible(&node.name)) {
        let stands_for = shown_as(&node.name, view);
        if places.contains_key(stands_for) {
            continue;
        }
        places.insert(stands_for, nodes.len());
        nodes.push(if stands_for == node.name { whole(node) } else { fold(stands_for, &shown) });
    }
    let mut edges: Vec<Edge> = Vec::new();
    for node in recorded.iter().filter(|node| visible(&node.name)) {
        let to = places[shown_as(&node.name, view)];
        let entrance = folded(&node.name, view).and_then(|folded| folded.from);
        let inputs = node.inputs.iter().map(|input| (input, false));
        for (input, dashed) in inputs.chain(node.control.iter().map(|control| (control, true))) {
            let from = shown_as(input, view);
            let hidden = entrance.is_some_and(|entrance| entrance != from);
            let Some(&from) = places.get(from).filter(|&&place| place != to && visible(input) && !hidden)
            else {
                continue;
            };
            if !edges.iter().any(|edge| (edge.from, edge.to) == (from, to)) {
                edges.push(Edge { from, to, dashed });
            }
        }
    }
    Ok((GraphDiagram::new(nodes, edges)?, shown.len()))
}

/// The targets and all that they depend on.
fn ancestors<'a>(
    by_name: &BTreeMap<&'a str, &'a GraphNode>,
    targets: &[&'a str],
) -> Result<BTreeSet<&'a str>> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&str> = targets.to_vec();
    while let Some(name) = open.pop() {
        let node = by_name.get(name).with_context(|| format!("the graph has no node '{name}'"))?;
        if found.insert(name) {
            open.extend(node.inputs.iter().chain(&node.control).map(String::as_str));
        }
    }
    Ok(found)
}

fn is_literal(node: &GraphNode) -> bool {
    node.op == "Const" && last(&node.name).starts_with("Const")
}

/// The folded scope that a node lies in.
fn folded<'a>(name: &str, view: &View<'a>) -> Option<&'a Folded<'a>> {
    let inside = |scope: &str| name.strip_prefix(scope).is_some_and(|rest| rest.starts_with('/'));
    view.folded.iter().find(|folded| inside(folded.scope))
}

/// The name of what stands for a node in the diagram.
fn shown_as<'a>(name: &'a str, view: &View<'a>) -> &'a str {
    folded(name, view).map_or(name, |folded| folded.scope)
}

fn whole(node: &GraphNode) -> Node {
    let label = last(&node.name);
    let scope = node.name.strip_suffix(label).unwrap_or_default().trim_end_matches('/');
    let op = if label.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_') == node.op {
        String::new()
    } else {
        format!("{} ", node.op)
    };
    let group = match node.op.as_str() {
        "Placeholder" | "Const" => 0,
        "Variable" => 1,
        "Assign" | "NoOp" => 2,
        _ => 3,
    };
    Node { label: label.into(), detail: format!("{op}{}", node.signature), scope: scope.into(), group }
}

fn fold(scope: &str, shown: &BTreeSet<&str>) -> Node {
    let inside =
        shown.iter().filter(|name| name.strip_prefix(scope).is_some_and(|rest| rest.starts_with('/')));
    let detail = format!("{} operations", inside.count());
    Node { label: scope.into(), detail, scope: String::new(), group: 4 }
}

fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph() -> Vec<GraphNode> {
        let node = |name: &str, op: &str, inputs: &[&str]| GraphNode {
            name: name.to_string(),
            op: op.to_string(),
            inputs: inputs.iter().map(ToString::to_string).collect(),
            control: Vec::new(),
            signature: "f32 []".to_string(),
        };
        vec![
            node("x", "Variable", &[]),
            node("loss/Const", "Const", &[]),
            node("loss/Mul", "Mul", &["x", "loss/Const"]),
            node("gradients/a", "Mul", &["loss/Mul"]),
            node("gradients/b", "Neg", &["gradients/a"]),
            node("train", "Assign", &["x", "gradients/b"]),
            node("unused", "Neg", &["x"]),
        ]
    }

    #[test]
    fn only_ancestors_are_shown_and_folded_scopes_count_as_one() {
        let all = View { targets: &["train"], folded: &[] };
        let (_, count) = diagram(&graph(), &all).unwrap();
        assert_eq!(count, 6);
        let fold = [Folded { scope: "gradients", from: None }];
        let view = View { targets: &["train"], folded: &fold };
        let (diagram, _) = diagram(&graph(), &view).unwrap();
        let svg = minutia_viz::Figure::new(diagram).to_svg();
        assert!(svg.contains("2 operations") && svg.contains("train"));
        assert!(!svg.contains("unused") && !svg.contains("Const"));
    }

    #[test]
    fn a_target_must_exist() {
        let view = View { targets: &["no"], folded: &[] };
        let error = diagram(&graph(), &view).unwrap_err();
        assert_eq!(error.to_string(), "the graph has no node 'no'");
    }
}
