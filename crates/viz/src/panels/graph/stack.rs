//! The layout is recursive along paths and scopes; here it is given the stack for it.

use super::{Edge, Node, layout::normal};
use crate::Error;
use std::{io, thread};

/// Nodes and edges of the largest graph that is laid out.
const MOST: usize = 20_000;
/// Levels of name scopes.
const DEEPEST: usize = 100;
/// So many parts fit any thread's stack.
const FEW: usize = 200;
/// Bytes of stack for each part, several times what was measured.
const EACH: usize = 16 << 10;

/// Whether a graph is small enough.
pub(super) fn check(nodes: &[Node], edges: &[Edge]) -> Result<(), Error> {
    let parts = nodes.len().saturating_add(edges.len());
    if parts > MOST {
        return Err(Error::Size { what: "nodes and edges", found: parts, most: MOST });
    }
    let depth = nodes.iter().map(|n| normal(&n.scope).split('/').count()).max().unwrap_or(0);
    if depth > DEEPEST {
        return Err(Error::Size { what: "levels of name scopes", found: depth, most: DEEPEST });
    }
    Ok(())
}

/// Runs a layout of so many parts on a stack that is large enough for it.
pub(super) fn deep<T: Send>(parts: usize, layout: impl FnOnce() -> T + Send) -> Result<T, Error> {
    if parts <= FEW {
        return Ok(layout());
    }
    let failed = |e: io::Error| Error::Thread(e.to_string());
    thread::scope(|scope| {
        let size = (4 << 20) + parts * EACH;
        let thread = thread::Builder::new().stack_size(size).spawn_scoped(scope, layout).map_err(failed)?;
        Ok(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}
