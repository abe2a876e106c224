/// What can go wrong when an optimizer is built into a graph.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The graph refused; also a loss that a listed variable does not reach.
    #[error(transparent)]
    Graph(#[from] minutia_graph::Error),
    /// There is nothing to train.
    #[error(
        "loss '{loss}' has no variable to train\n  hint: make one with graph.variable(..), or name one in with_var_list"
    )]
    NoVariables {
        /// The loss.
        loss: String,
    },
}
