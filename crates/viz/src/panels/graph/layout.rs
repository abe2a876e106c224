//! Where the nodes, the boxes and the edges of a graph go.

use super::{Edge, Node, route::Router};
use crate::{
    panels::area::Area,
    svg::spline::Point,
    text::{Block, text_width},
};
use dagre::{
    EdgeLabel, LayoutOptions, NodeLabel, RankDir,
    graph::{Graph, GraphOptions},
    layout::types::LabelPos,
};
use std::collections::BTreeMap;

/// A name scope.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    /// The last level of its name.
    pub name: String,
    /// The whole name, levels separated by `/`.
    pub path: String,
    pub area: Area,
}

/// A graph in the plane; the upper left corner is the origin.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layout {
    pub nodes: Vec<Area>,
    /// Outer scopes before inner ones.
    pub scopes: Vec<Scope>,
    /// The corners of each edge's way, from border to border.
    pub edges: Vec<Vec<Point>>,
    pub size: (f64, f64),
}

/// Size of the text in nodes: label, detail, and names of scopes.
pub(crate) const TEXT: (f64, f64, f64) = (12.0, 10.0, 10.5);
/// Height of the tab with a scope's name.
pub(crate) const TAB: f64 = 16.0;
const MARGIN: f64 = 4.0;
/// A node's text is broken at this width.
const WIDEST: f64 = 320.0;

/// Lays a graph without cycles out; what is named exists. The box of each scope is at least as wide as
/// `boxes` says.
pub(crate) fn layout(
    nodes: &[Node],
    edges: &[Edge],
    left_to_right: bool,
    boxes: &BTreeMap<String, f64>,
) -> Layout {
    let scopes = scopes(nodes);
    let sizes: Vec<(f64, f64)> = nodes.iter().map(size).collect();
    let room = room(nodes, &scopes, &sizes, left_to_right, boxes);
    let mut graph = Graph::<NodeLabel, EdgeLabel>::with_options(GraphOptions {
        directed: true,
        multigraph: true,
        compound: true,
    });
    let label = |(width, height)| Some(NodeLabel { width, height, ..NodeLabel::default() });
    let scope_id = |path: &str| scopes.iter().position(|s| s == path).map(|i| format!("scope {i}"));
    for path in &scopes {
        let id = scope_id(path).unwrap_or_default();
        graph.set_node(id.clone(), label((0.0, 0.0)));
        graph.set_parent(&id, scope_id(outer(path)).as_deref());
    }
    for (i, node) in nodes.iter().enumerate() {
        graph.set_node(node_id(i), label(room[i]));
        graph.set_parent(&node_id(i), scope_id(&normal(&node.scope)).as_deref());
    }
    for (i, edge) in edges.iter().enumerate() {
        // A label to the side would be given room, although there is none.
        let label = EdgeLabel { labelpos: LabelPos::Center, ..EdgeLabel::default() };
        graph.set_edge(node_id(edge.from), node_id(edge.to), Some(label), Some(&i.to_string()));
    }
    if nodes.is_empty() {
        return Layout::default();
    }
    let rankdir = if left_to_right { RankDir::LR } else { RankDir::TB };
    let gaps = if left_to_right { (14.0, 14.0, 44.0) } else { (16.0, 12.0, 40.0) };
    let (nodesep, edgesep, ranksep) = gaps;
    let options = LayoutOptions { rankdir, nodesep, edgesep, ranksep, ..LayoutOptions::default() };
    dagre::layout(&mut graph, Some(options));

    let place = |id: &str| {
        let node = graph.node(id).cloned().unwrap_or_default();
        ((node.x.unwrap_or(0.0), node.y.unwrap_or(0.0)), (node.width, node.height))
    };
    let areas: Vec<Area> =
        sizes.iter().enumerate().map(|(i, &size)| Area::around(place(&node_id(i)).0, size)).collect();
    let inner = |(i, edge): (usize, &Edge)| {
        let found = graph.edge(&node_id(edge.from), &node_id(edge.to), Some(&i.to_string()));
        let points =
            found.map(|e| e.points.iter().map(|p| (p.x, p.y)).collect::<Vec<_>>()).unwrap_or_default();
        // The first and the last point lie on the border of the room, not of the node.
        points.get(1..points.len().saturating_sub(1)).unwrap_or_default().to_vec()
    };
    let mut ways: Vec<Vec<Point>> = edges.iter().enumerate().map(inner).collect();
    let router = Router::new(&areas, left_to_right);
    router.uncross(&areas, edges, &mut ways);
    let mut found = Layout {
        edges: router.routed(&areas, edges, &ways),
        nodes: areas,
        scopes: scopes
            .iter()
            .map(|path| {
                let (centre, size) = place(&scope_id(path).unwrap_or_default());
                let name = path.rsplit('/').next().unwrap_or_default().into();
                Scope { name, path: path.clone(), area: Area::around(centre, size) }
            })
            .collect(),
        size: (0.0, 0.0),
    };
    found.settle();
    found
}

impl Layout {
    /// Moves everything next to the origin.
    fn settle(&mut self) {
        let areas = || self.nodes.iter().chain(self.scopes.iter().map(|s| &s.area));
        let corners = areas().flat_map(|a| [a.corner, a.end()]).chain(self.edges.iter().flatten().copied());
        let start = ((f64::INFINITY, f64::INFINITY), (f64::NEG_INFINITY, f64::NEG_INFINITY));
        let (low, high) =
            corners.fold(start, |(l, h), p| ((l.0.min(p.0), l.1.min(p.1)), (h.0.max(p.0), h.1.max(p.1))));
        let shift = |p: &mut Point| *p = (p.0 - low.0 + MARGIN, p.1 - low.1 + MARGIN);
        self.nodes.iter_mut().for_each(|a| shift(&mut a.corner));
        self.scopes.iter_mut().for_each(|s| shift(&mut s.area.corner));
        self.edges.iter_mut().flatten().for_each(shift);
        self.size = (high.0 - low.0 + 2.0 * MARGIN, high.1 - low.1 + 2.0 * MARGIN);
    }
}

fn node_id(i: usize) -> String {
    format!("node {i}")
}

/// A scope's name without empty levels.
pub(crate) fn normal(scope: &str) -> String {
    scope.split('/').filter(|l| !l.is_empty()).collect::<Vec<_>>().join("/")
}

fn outer(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(outer, _)| outer)
}

/// Every scope and the scopes around it, as they first occur, outer ones first.
fn scopes(nodes: &[Node]) -> Vec<String> {
    let mut scopes: Vec<String> = Vec::new();
    for node in nodes {
        let path = normal(&node.scope);
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        for end in ends.filter(|&end| end > 0) {
            if !scopes.iter().any(|s| *s == path[..end]) {
                scopes.push(path[..end].into());
            }
        }
    }
    scopes
}

/// Width of the tab with a scope's name.
pub(crate) fn tab_width(name: &str) -> f64 {
    text_width(name, TEXT.2) + 12.0
}

/// A node's label and detail in lines.
pub(crate) fn texts(node: &Node) -> (Block, Block) {
    (Block::fit(&node.label, TEXT.0, WIDEST), Block::fit(&node.detail, TEXT.1, WIDEST))
}

fn size(node: &Node) -> (f64, f64) {
    let (label, detail) = texts(node);
    let width = label.width().max(detail.width()) + 18.0;
    let height = if node.detail.is_empty() { 26.0 } else { 38.0 };
    (width.max(48.0), height + label.more() + detail.more())
}

/// The room that each node takes: a box is as wide as what is in it, so the widest node makes room for the
/// box's name.
fn room(
    nodes: &[Node],
    scopes: &[String],
    sizes: &[(f64, f64)],
    left_to_right: bool,
    boxes: &BTreeMap<String, f64>,
) -> Vec<(f64, f64)> {
    let mut room = sizes.to_vec();
    let paths: Vec<String> = nodes.iter().map(|n| normal(&n.scope)).collect();
    for (i, path) in paths.iter().enumerate() {
        if left_to_right && !path.is_empty() {
            room[i].1 += TAB + 4.0;
        }
    }
    for scope in scopes {
        let inside = |path: &str| {
            path.strip_prefix(scope.as_str()).is_some_and(|p| p.is_empty() || p.starts_with('/'))
        };
        let members = (0..nodes.len()).filter(|&i| inside(&paths[i]));
        let widest = members.max_by(|&a, &b| sizes[a].0.total_cmp(&sizes[b].0).then(b.cmp(&a)));
        let name = scope.rsplit('/').next().unwrap_or_default();
        let least = boxes.get(scope).copied().unwrap_or(0.0).max(tab_width(name));
        widest.into_iter().for_each(|i| room[i].0 = room[i].0.max(least));
    }
    room
}
