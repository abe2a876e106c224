//! What a layout takes: its time, which is bounded before it begins, and its stack, for it is recursive along
//! paths and scopes.

use super::{Edge, Node, layout::normal};
use crate::Error;
use std::{collections::BTreeMap, io, thread};

/// The work of the largest graph that is laid out, some seconds; see [`work`].
const MOST: usize = 10_000;
/// What a layer that an edge passes, a node or edge of a graph with scopes, and a layer of a scope weigh, if
/// a node or edge of a graph without scopes weighs one.
const PASSED: usize = 3;
const SCOPED: usize = 8;
const BOXED: usize = 12;
/// Levels of name scopes.
const DEEPEST: usize = 100;
/// So many parts fit any thread's stack.
const FEW: usize = 200;
/// Bytes of stack for each part, several times what was measured.
const EACH: usize = 16 << 10;

/// Whether a graph is small enough.
pub(super) fn check(nodes: &[Node], edges: &[Edge]) -> Result<(), Error> {
    let depth = nodes.iter().map(|n| normal(&n.scope).split('/').count()).max().unwrap_or(0);
    if depth > DEEPEST {
        return Err(Error::Size { what: "levels of name scopes", found: depth, most: DEEPEST });
    }
    let parts = nodes.len().saturating_add(edges.len());
    let work = if parts > MOST { parts } else { work(nodes, edges) };
    if work > MOST {
        return Err(Error::Size {
            what: "nodes, edges and layers that they pass, by weight",
            found: work,
            most: MOST,
        });
    }
    Ok(())
}

/// How much there is to lay out: every layer that an edge passes and every side of a scope in a layer is a
/// node of its own.
fn work(nodes: &[Node], edges: &[Edge]) -> usize {
    let layers = layers(nodes.len(), edges);
    let passed: usize = edges.iter().map(|e| layers[e.to] - layers[e.from] - 1).sum();
    let mut boxes = BTreeMap::<String, (usize, usize)>::new();
    for (node, &layer) in nodes.iter().zip(&layers) {
        let path = normal(&node.scope);
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        for end in ends.filter(|&end| end > 0) {
            let ends = boxes.entry(path[..end].into()).or_insert((layer, layer));
            *ends = (ends.0.min(layer), ends.1.max(layer));
        }
    }
    let boxed: usize = boxes.values().map(|b| b.1 - b.0 + 2).sum();
    let each = if boxes.is_empty() { 1 } else { SCOPED };
    each * (nodes.len() + edges.len()) + PASSED * passed + BOXED * boxed
}

/// The longest way to each node of a graph without cycles.
fn layers(count: usize, edges: &[Edge]) -> Vec<usize> {
    let (mut waiting, mut leaving) = (vec![0_usize; count], vec![Vec::new(); count]);
    for edge in edges {
        waiting[edge.to] += 1;
        leaving[edge.from].push(edge.to);
    }
    let mut ready: Vec<usize> = (0..count).filter(|&i| waiting[i] == 0).collect();
    let mut layers = vec![0; count];
    while let Some(i) = ready.pop() {
        for &to in &leaving[i] {
            layers[to] = layers[to].max(layers[i] + 1);
            waiting[to] -= 1;
            if waiting[to] == 0 {
                ready.push(to);
            }
        }
    }
    layers
}

/// Whether so many parts are laid out in no time.
pub(super) fn is_small(parts: usize) -> bool {
    parts <= FEW
}

/// Runs a layout of so many parts on a stack that is large enough for it.
pub(super) fn deep<T: Send>(parts: usize, layout: impl FnOnce() -> T + Send) -> Result<T, Error> {
    if is_small(parts) {
        return Ok(layout());
    }
    let failed = |e: io::Error| Error::Thread(e.to_string());
    thread::scope(|scope| {
        let size = (4 << 20) + parts * EACH;
        let thread = thread::Builder::new().stack_size(size).spawn_scoped(scope, layout).map_err(failed)?;
        Ok(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}
