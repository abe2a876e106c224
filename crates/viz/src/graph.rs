use crate::{
    Error,
    canvas::{Anchor, Canvas, FAINT, INK, text_width},
    color::PALETTE,
    figure::{Drawing, Panel},
};

/// A node of a [`GraphDiagram`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What is written in it.
    pub label: String,
    /// A second, smaller line.
    pub detail: String,
    /// The name scope, levels separated by `/`; empty for none. Nodes of one outermost scope share a box.
    pub scope: String,
    /// Nodes of one group share a colour.
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

/// A directed graph without cycles: layers from top to bottom, a box for each outermost name scope.
///
/// Every scope has a strip of its own, so that boxes never overlap; inside, nodes lie below all that they depend on.
///
/// ```
/// use minutia_viz::{Edge, Figure, GraphDiagram, Node};
/// let node = |label: &str| Node { label: label.into(), detail: String::new(), scope: String::new(), group: 0 };
/// let edge = Edge { from: 0, to: 1, dashed: false };
/// let graph = GraphDiagram::new(vec![node("x"), node("Square")], vec![edge])?;
/// assert!(Figure::new(graph).to_svg().contains("Square"));
/// # Ok::<(), minutia_viz::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct GraphDiagram {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    /// Centre of each node.
    centres: Vec<(f64, f64)>,
    boxes: Vec<Strip>,
    size: (f64, f64),
}

#[derive(Clone, Debug)]
struct Strip {
    name: String,
    corner: (f64, f64),
    size: (f64, f64),
}

const HEIGHT: f64 = 34.0;
const LAYER: f64 = 66.0;
const GAP: f64 = 14.0;
const PAD: f64 = 14.0;

impl GraphDiagram {
    /// Lays a graph out.
    ///
    /// # Errors
    /// [`Error::Edge`] for an index that names no node, [`Error::Cycle`].
    pub fn new(nodes: Vec<Node>, edges: Vec<Edge>) -> Result<GraphDiagram, Error> {
        if let Some(index) = edges.iter().flat_map(|e| [e.from, e.to]).find(|&i| i >= nodes.len()) {
            return Err(Error::Edge { index, nodes: nodes.len() });
        }
        let layers = layers(nodes.len(), &edges)?;
        let mut diagram = GraphDiagram {
            centres: vec![(0.0, 0.0); nodes.len()],
            nodes,
            edges,
            boxes: Vec::new(),
            size: (0.0, 0.0),
        };
        diagram.place(&layers);
        Ok(diagram)
    }

    fn place(&mut self, layers: &[usize]) {
        let mut scopes: Vec<&str> = Vec::new();
        for node in &self.nodes {
            let scope = outermost(&node.scope);
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        let depth = layers.iter().max().map_or(0, |d| d + 1);
        let mut left = 0.0;
        let mut boxes = Vec::new();
        let mut centres = self.centres.clone();
        for scope in scopes {
            let members: Vec<usize> =
                (0..self.nodes.len()).filter(|&i| outermost(&self.nodes[i].scope) == scope).collect();
            let rows: Vec<Vec<usize>> = (0..depth)
                .map(|layer| {
                    self.ordered(members.iter().copied().filter(|&i| layers[i] == layer).collect(), &centres)
                })
                .collect();
            let row_width = |row: &Vec<usize>| row.iter().map(|&i| self.width(i) + GAP).sum::<f64>();
            let inner = rows.iter().map(row_width).fold(0.0, f64::max).max(text_width(scope, 11.0) + GAP);
            let pad = if scope.is_empty() { 0.0 } else { PAD };
            for (layer, row) in rows.iter().enumerate() {
                let mut x = left + pad + (inner - row_width(row)) / 2.0 + GAP / 2.0;
                for &i in row {
                    centres[i] = (x + self.width(i) / 2.0, 24.0 + HEIGHT / 2.0 + layer as f64 * LAYER);
                    x += self.width(i) + GAP;
                }
            }
            let used: Vec<usize> = (0..depth).filter(|&l| !rows[l].is_empty()).collect();
            if let (false, Some(&first), Some(&last)) = (scope.is_empty(), used.first(), used.last()) {
                boxes.push(Strip {
                    name: scope.into(),
                    corner: (left + 3.0, 24.0 + first as f64 * LAYER - 22.0),
                    size: (inner + 2.0 * pad - 6.0, (last - first) as f64 * LAYER + HEIGHT + 30.0),
                });
            }
            left += inner + 2.0 * pad + GAP;
        }
        self.size = (left.max(1.0), 48.0 + depth.saturating_sub(1) as f64 * LAYER + HEIGHT);
        self.centres = centres;
        self.boxes = boxes;
    }

    /// By the mean place of what points at each node, so that arrows cross less; ties as given.
    fn ordered(&self, mut row: Vec<usize>, centres: &[(f64, f64)]) -> Vec<usize> {
        let key = |i: usize| {
            let sources: Vec<f64> =
                self.edges.iter().filter(|e| e.to == i).map(|e| centres[e.from].0).collect();
            if sources.is_empty() { f64::MAX } else { sources.iter().sum::<f64>() / sources.len() as f64 }
        };
        row.sort_by(|&a, &b| key(a).total_cmp(&key(b)).then(a.cmp(&b)));
        row
    }

    fn width(&self, i: usize) -> f64 {
        let node = &self.nodes[i];
        (text_width(&node.label, 11.0).max(text_width(&node.detail, 9.0)) + 18.0).max(52.0)
    }
}

fn outermost(scope: &str) -> &str {
    scope.split('/').next().unwrap_or_default()
}

/// Each node's layer: one below the lowest that points at it.
fn layers(nodes: usize, edges: &[Edge]) -> Result<Vec<usize>, Error> {
    let mut waiting = vec![0; nodes];
    edges.iter().for_each(|e| waiting[e.to] += 1);
    let mut ready: Vec<usize> = (0..nodes).rev().filter(|&i| waiting[i] == 0).collect();
    let mut layers = vec![0; nodes];
    let mut placed = 0;
    while let Some(i) = ready.pop() {
        placed += 1;
        for edge in edges.iter().filter(|e| e.from == i) {
            layers[edge.to] = layers[edge.to].max(layers[i] + 1);
            waiting[edge.to] -= 1;
            if waiting[edge.to] == 0 {
                ready.push(edge.to);
            }
        }
    }
    match waiting.iter().position(|&w| w > 0) {
        Some(index) if placed < nodes => Err(Error::Cycle { index }),
        _ => Ok(layers),
    }
}

impl Panel for GraphDiagram {
    fn size(&self) -> (f64, f64) {
        self.size
    }

    fn draw(&self, drawing: &mut Drawing<'_>, at: (f64, f64)) {
        let canvas = &mut *drawing.0;
        let moved = |p: (f64, f64)| (at.0 + p.0, at.1 + p.1);
        for strip in &self.boxes {
            canvas.rect(moved(strip.corner), strip.size, "#f5f7fa", "#c3ccd6", 9.0);
            let name = moved((strip.corner.0 + 9.0, strip.corner.1 + 14.0));
            canvas.text(name, 11.0, Anchor::Start, FAINT, &strip.name);
        }
        for edge in &self.edges {
            let (from, to) = (moved(self.centres[edge.from]), moved(self.centres[edge.to]));
            arrow(canvas, (from.0, from.1 + HEIGHT / 2.0), (to.0, to.1 - HEIGHT / 2.0), edge.dashed);
        }
        for (i, node) in self.nodes.iter().enumerate() {
            let centre = moved(self.centres[i]);
            let width = self.width(i);
            let color = PALETTE[node.group % PALETTE.len()];
            canvas.rect(
                (centre.0 - width / 2.0, centre.1 - HEIGHT / 2.0),
                (width, HEIGHT),
                "#ffffff",
                color,
                6.0,
            );
            let lift = if node.detail.is_empty() { 4.0 } else { -2.0 };
            canvas.text((centre.0, centre.1 + lift), 11.0, Anchor::Middle, INK, &node.label);
            canvas.text((centre.0, centre.1 + 11.0), 9.0, Anchor::Middle, FAINT, &node.detail);
        }
    }
}

fn arrow(canvas: &mut Canvas, from: (f64, f64), to: (f64, f64), dashed: bool) {
    let bend = 12.0;
    let tip = (to.0, to.1 - 5.0);
    canvas.path(&[from, (from.0, from.1 + bend), (to.0, to.1 - bend - 5.0), tip], "#8a97a5", 1.0, dashed);
    canvas.path(
        &[(to.0 - 3.5, to.1 - 6.0), (to.0, to.1 - 0.5), (to.0 + 3.5, to.1 - 6.0)],
        "#8a97a5",
        1.2,
        false,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(scope: &str) -> Node {
        Node { label: "n".into(), detail: String::new(), scope: scope.into(), group: 0 }
    }

    #[test]
    fn nodes_lie_below_what_they_depend_on_and_inside_their_box() {
        let nodes = vec![node(""), node("a/b"), node("a"), node("c")];
        let edge = |from, to| Edge { from, to, dashed: false };
        let diagram = GraphDiagram::new(nodes, vec![edge(0, 1), edge(1, 2), edge(0, 2), edge(2, 3)]).unwrap();
        for e in &diagram.edges {
            assert!(diagram.centres[e.from].1 < diagram.centres[e.to].1);
        }
        let strip = &diagram.boxes[0];
        for i in [1, 2] {
            let (x, y) = diagram.centres[i];
            assert!(x > strip.corner.0 && x < strip.corner.0 + strip.size.0);
            assert!(y > strip.corner.1 && y < strip.corner.1 + strip.size.1);
        }
        assert!(strip.corner.0 + strip.size.0 <= diagram.boxes[1].corner.0, "boxes do not overlap");
    }

    #[test]
    fn bad_edges_are_errors() {
        let edge = |from, to| Edge { from, to, dashed: false };
        let cycle = GraphDiagram::new(vec![node(""), node("")], vec![edge(0, 1), edge(1, 0)]);
        assert_eq!(cycle.unwrap_err(), Error::Cycle { index: 0 });
        let outside = GraphDiagram::new(vec![node("")], vec![edge(0, 7)]);
        assert_eq!(outside.unwrap_err(), Error::Edge { index: 7, nodes: 1 });
    }
}
