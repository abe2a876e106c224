mod layout;
mod route;
mod stack;

use super::area::Area;
use crate::{
    Anchor, Color, Drawing, Error, Panel,
    svg::{
        canvas::{Canvas, DASHES},
        spline::{Point, Spline, mix},
    },
    text::Block,
};
use layout::{Layout, TAB, TEXT, layout, tab_width, texts};
use std::collections::BTreeMap;

/// A node of a [`GraphDiagram`], as large as its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// What is written in it.
    pub label: String,
    /// A second, smaller line.
    pub detail: String,
    /// The name scope, levels separated by `/`; empty for none. Nodes of one scope share a box, in the box of
    /// the scope around it.
    pub scope: String,
    /// Nodes of one group share a colour; there are seven colours.
    pub group: usize,
}

/// An arrow of a [`GraphDiagram`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Index of the node that it leaves.
    pub from: usize,
    /// Index of the node that it enters.
    pub to: usize,
    /// Whether it is a dependency that carries no value.
    pub dashed: bool,
}

/// A directed graph without cycles in layers, name scopes as nested boxes.
///
/// Every arrow goes down (or right, see [`GraphDiagram::left_to_right`]). The layout is Sugiyama's: layers by
/// the network simplex method, few crossings, straight ways. It is a function of nodes and edges in their
/// order.
///
/// ```
/// use minutia_viz::{Edge, Figure, GraphDiagram, Node};
/// let node = |label: &str| Node { label: label.into(), scope: "model".into(), ..Node::default() };
/// let edge = Edge { from: 0, to: 1, dashed: false };
/// let graph = GraphDiagram::new(vec![node("x"), node("Square")], vec![edge])?;
/// assert!(Figure::new(graph.left_to_right()).to_svg().contains("Square"));
///
/// let circle = [Edge { from: 0, to: 1, dashed: false }, Edge { from: 1, to: 0, dashed: true }];
/// assert!(GraphDiagram::new(vec![node("a"), node("b")], circle.to_vec()).is_err());
/// # Ok::<(), minutia_viz::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct GraphDiagram {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    arrows: Vec<Arrow>,
    tabs: Vec<Area>,
    layout: Layout,
}

#[derive(Clone, Debug)]
struct Arrow {
    shaft: Spline,
    head: [Point; 3],
}

/// Backgrounds of boxes, by depth.
const BOXES: [Color; 3] = [
    Color::pair([0xf6, 0xf8, 0xfa], [0x1d, 0x20, 0x26]),
    Color::pair([0xeb, 0xef, 0xf4], [0x24, 0x28, 0x30]),
    Color::pair([0xdf, 0xe6, 0xed], [0x2c, 0x31, 0x3a]),
];
const LINE: Color = Color::pair([0x6b, 0x77, 0x85], [0x8a, 0x96, 0xa5]);
const FRAME: Color = Color::pair([0xb4, 0xbf, 0xca], [0x4a, 0x53, 0x5e]);

impl GraphDiagram {
    /// Lays a graph out from top to bottom.
    ///
    /// # Errors
    /// [`Error::Edge`] for an index that names no node, [`Error::Cycle`], and [`Error::Size`] for name scopes
    /// deeper than 100 levels and for a graph whose layout would take more than some seconds: every node and
    /// edge counts 1, or 8 where there are name scopes, a layer that an edge passes 3, a layer in which a
    /// scope is 12; the sum is at most 10,000. A chain has up to 5,000 nodes, a graph with scopes some
    /// hundreds; of a larger one, show a scope as one node.
    pub fn new(nodes: Vec<Node>, edges: Vec<Edge>) -> Result<GraphDiagram, Error> {
        if let Some(index) = edges.iter().flat_map(|e| [e.from, e.to]).find(|&i| i >= nodes.len()) {
            return Err(Error::Edge { index, nodes: nodes.len() });
        }
        match on_cycle(nodes.len(), &edges) {
            Some(index) => Err(Error::Cycle { index }),
            None => {
                stack::check(&nodes, &edges)?;
                stack::deep(nodes.len() + edges.len(), || GraphDiagram::placed(nodes, edges, false))
            }
        }
    }

    /// Lays the graph out from left to right instead, which suits long chains on a wide page. A large graph
    /// for whose layout the system has no thread stays as it is.
    #[must_use]
    pub fn left_to_right(self) -> GraphDiagram {
        let (nodes, edges) = (self.nodes.clone(), self.edges.clone());
        let turned = stack::deep(nodes.len() + edges.len(), || GraphDiagram::placed(nodes, edges, true));
        turned.unwrap_or(self)
    }

    fn placed(nodes: Vec<Node>, edges: Vec<Edge>, left_to_right: bool) -> GraphDiagram {
        let mut boxes = BTreeMap::new();
        let (mut layout, mut arrows, mut tabs) = draft(&nodes, &edges, left_to_right, &boxes);
        // A box whose four corners are taken is made wide enough for its name beside an arrow in the middle;
        // in a large graph, where that would take long, the name covers the arrow.
        let again = if stack::is_small(nodes.len() + edges.len()) { 3 } else { 0 };
        for _ in 0..again {
            let crowded = layout.scopes.iter().zip(&tabs).filter(|(_, tab)| !tab.1);
            let wider: Vec<_> =
                crowded.map(|(s, tab)| (s.path.clone(), s.area.size.0 + tab.0.size.0)).collect();
            if wider.is_empty() {
                break;
            }
            boxes.extend(wider);
            (layout, arrows, tabs) = draft(&nodes, &edges, left_to_right, &boxes);
        }
        let tabs = tabs.into_iter().map(|tab| tab.0).collect();
        GraphDiagram { nodes, edges, arrows, tabs, layout }
    }
}

type Draft = (Layout, Vec<Arrow>, Vec<(Area, bool)>);

fn draft(nodes: &[Node], edges: &[Edge], left_to_right: bool, boxes: &BTreeMap<String, f64>) -> Draft {
    let layout = layout(nodes, edges, left_to_right, boxes);
    let arrows: Vec<Arrow> = layout.edges.iter().filter_map(|way| arrow(way)).collect();
    let tabs = tabs(&layout, &arrows);
    (layout, arrows, tabs)
}

/// A node of a cycle, if there is one.
fn on_cycle(nodes: usize, edges: &[Edge]) -> Option<usize> {
    let mut waiting = vec![0_usize; nodes];
    let mut leaving = vec![Vec::new(); nodes];
    let mut entering = vec![Vec::new(); nodes];
    for edge in edges {
        waiting[edge.to] += 1;
        leaving[edge.from].push(edge.to);
        entering[edge.to].push(edge.from);
    }
    let mut ready: Vec<usize> = (0..nodes).filter(|&i| waiting[i] == 0).collect();
    while let Some(i) = ready.pop() {
        for &to in &leaving[i] {
            waiting[to] -= 1;
            if waiting[to] == 0 {
                ready.push(to);
            }
        }
    }
    // Whoever waits is on a cycle or after one; against the arrows, as many steps as there are nodes end on
    // it.
    let waits = waiting.iter().position(|&w| w > 0)?;
    (0..nodes).try_fold(waits, |i, _| entering[i].iter().copied().find(|&from| waiting[from] > 0))
}

/// A curve along a way, with a head whose tip is the way's end.
fn arrow(way: &[Point]) -> Option<Arrow> {
    let (&tip, &before) = (way.last()?, way.get(way.len().checked_sub(2)?)?);
    let (dx, dy) = (tip.0 - before.0, tip.1 - before.1);
    let length = (dx * dx + dy * dy).sqrt().max(1e-9);
    let (dx, dy) = (dx / length, dy / length);
    let base = (tip.0 - 7.0 * dx, tip.1 - 7.0 * dy);
    let wing = |side: f64| (base.0 - side * 3.0 * dy, base.1 + side * 3.0 * dx);
    let mut shaft = way.to_vec();
    if let Some(end) = shaft.last_mut() {
        *end = mix(base, tip, 0.2);
    }
    Some(Arrow { shaft: Spline::through(&shaft)?, head: [tip, wing(1.0), wing(-1.0)] })
}

/// For each scope a corner for its name that no arrow and no node touches; the upper left one and false if
/// none is free.
fn tabs(layout: &Layout, arrows: &[Arrow]) -> Vec<(Area, bool)> {
    let inked: Vec<Point> =
        arrows.iter().flat_map(|a| a.shaft.samples(24).into_iter().chain(a.head)).collect();
    let mut tabs: Vec<(Area, bool)> = Vec::new();
    for scope in &layout.scopes {
        let size = (tab_width(&scope.name), TAB);
        let (low, high) = (scope.area.corner, scope.area.end());
        let (right, lower) = (high.0 - size.0, high.1 - size.1);
        let corners =
            [low, (right, low.1), (low.0, lower), (right, lower)].map(|corner| Area { corner, size });
        let free = |tab: &Area| {
            let room = tab.grown(2.0);
            !inked.iter().any(|&p| room.holds(p))
                && !layout.nodes.iter().chain(tabs.iter().map(|t| &t.0)).any(|a| a.overlaps(&room))
        };
        let tab = corners.iter().find(|tab| free(tab));
        tabs.push((*tab.unwrap_or(&corners[0]), tab.is_some()));
    }
    tabs
}

impl Panel for GraphDiagram {
    fn size(&self) -> (f64, f64) {
        self.layout.size
    }

    fn draw(&self, drawing: &mut Drawing<'_>, at: (f64, f64)) {
        let canvas = &mut *drawing.0;
        let moved = |p: Point| (at.0 + p.0, at.1 + p.1);
        for scope in &self.layout.scopes {
            let depth = scope.path.matches('/').count();
            canvas.rect(moved(scope.area.corner), scope.area.size, BOXES[depth.min(2)], FRAME, 8.0);
        }
        for (arrow, edge) in self.arrows.iter().zip(&self.edges) {
            canvas.spline(&arrow.shaft.moved(at), LINE, 1.1, if edge.dashed { DASHES } else { "" });
            canvas.polygon(&arrow.head.map(moved), LINE, 1.0);
        }
        for (scope, tab) in self.layout.scopes.iter().zip(&self.tabs) {
            self.tab(canvas, &scope.name, Area { corner: moved(tab.corner), ..*tab });
        }
        for (node, area) in self.nodes.iter().zip(&self.layout.nodes) {
            canvas.rect(moved(area.corner), area.size, Color::PAPER, Color::series(node.group), 6.0);
            let (x, y) = moved(area.centre());
            let lift = if node.detail.is_empty() { 4.2 } else { -2.0 };
            let (label, detail) = texts(node);
            let up = y - (label.more() + detail.more()) / 2.0;
            canvas.block((x, up + lift), &label, Anchor::Middle, Color::INK);
            canvas.block((x, up + label.more() + 12.0), &detail, Anchor::Middle, Color::FAINT);
        }
    }
}

impl GraphDiagram {
    fn tab(&self, canvas: &mut Canvas, name: &str, area: Area) {
        canvas.rect(area.corner, area.size, Color::PAPER, FRAME, 5.0);
        let (x, y) = area.centre();
        canvas.block((x, y + 3.8), &Block::fit(name, TEXT.2, f64::INFINITY), Anchor::Middle, Color::FAINT);
    }
}

#[cfg(test)]
mod tests;
