use crate::Graph;

/// Ends a name scope when dropped; see [`Graph::name_scope`].
#[derive(Debug)]
pub struct NameScope {
    pub(crate) graph: Graph,
    pub(crate) depth: usize,
}

impl Drop for NameScope {
    fn drop(&mut self) {
        self.graph.lock().truncate_scopes(self.depth);
    }
}

/// Ends control dependencies when dropped; see [`Graph::control_dependencies`].
#[derive(Debug)]
pub struct ControlGuard {
    pub(crate) graph: Graph,
    pub(crate) depth: usize,
}

impl Drop for ControlGuard {
    fn drop(&mut self) {
        self.graph.lock().truncate_control(self.depth);
    }
}
