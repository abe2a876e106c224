use minutia_graph::Signature;

/// What can go wrong when an optimizer is built into a graph.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The graph refused.
    #[error(transparent)]
    Graph(#[from] minutia_graph::Error),
    /// There is nothing to train.
    #[error(
        "loss '{loss}' has no variable to train{}\n  hint: make one with graph.variable(..), and check for a stop_gradient or a \
         cast between it and the loss",
        but(unreached)
    )]
    NoVariables {
        /// The loss.
        loss: String,
        /// The variables that could have been trained, had the loss depended on them.
        unreached: Vec<String>,
    },
    /// Variables were listed that the loss does not depend on.
    #[error(
        "loss '{loss}' does not depend on {}\n  hint: leave what it does not depend on out of the list, or check for a \
         stop_gradient or a cast between the two",
        quoted(variables)
    )]
    Unreached {
        /// The loss.
        loss: String,
        /// The variables.
        variables: Vec<String>,
    },
    /// There are no gradients to apply.
    #[error(
        "{optimizer}: apply_gradients was given no gradients\n  hint: hand it what compute_gradients returns for at least one \
         variable"
    )]
    NoGradients {
        /// The optimizer.
        optimizer: &'static str,
    },
    /// One variable was listed twice; each would have slots of its own.
    #[error(
        "{optimizer}: variable '{variable}' is listed twice\n  hint: list it once, with the sum of its gradients"
    )]
    Duplicate {
        /// The optimizer.
        optimizer: &'static str,
        /// The variable.
        variable: String,
    },
    /// The updates of an optimizer leave variables as they are: the ones that are trained, or its own.
    #[error(
        "{optimizer}: its updates do not assign {}\n  hint: Optimizer::updates must return every assignment, those of slots too",
        quoted(variables)
    )]
    Unassigned {
        /// The optimizer.
        optimizer: &'static str,
        /// The variables.
        variables: Vec<String>,
    },
    /// Steps were to be counted in what is no counter.
    #[error(
        "{optimizer}: the global step '{name}' is {signature}\n  hint: count in one number, \
         graph.untrainable_variable(\"global_step\", 0)"
    )]
    GlobalStep {
        /// The optimizer.
        optimizer: &'static str,
        /// The variable.
        name: String,
        /// What it is.
        signature: Signature,
    },
    /// There is nothing to average.
    #[error(
        "ExponentialMovingAverage: apply was given no tensors\n  hint: hand it at least one variable or output"
    )]
    NoAverages,
    /// A tensor cannot have a moving average.
    #[error(
        "ExponentialMovingAverage: '{name}' is {signature}\n  hint: an average is kept in a variable, so it takes an f32 \
         tensor whose shape is known before the run; reduce it, or give its placeholder all extents"
    )]
    Average {
        /// The tensor.
        name: String,
        /// What it is.
        signature: Signature,
    },
}

fn quoted(names: &[String]) -> String {
    let noun = if names.len() == 1 { "variable" } else { "variables" };
    let names: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    format!("{noun} {}", names.join(", "))
}

fn but(unreached: &[String]) -> String {
    if unreached.is_empty() {
        String::new()
    } else {
        format!(": it does not depend on {}", quoted(unreached))
    }
}
