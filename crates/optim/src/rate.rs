use crate::{Argument, Domain};
use minutia_graph::{Graph, Output, Variable};

/// A learning rate: a number, which must be finite and not below 0, or an output of the graph such as a
/// [schedule](crate::schedule)'s, which cannot be checked before it runs.
#[derive(Clone, Debug)]
pub enum Rate {
    /// The same at every step.
    Constant(f32),
    /// Computed at every step.
    Output(Output),
}

impl Rate {
    /// The rate, if it is a number, for [`Optimizer::arguments`](crate::Optimizer::arguments): what an output
    /// of the graph will be is not known before it runs.
    #[must_use]
    pub fn argument(&self) -> Option<Argument> {
        match self {
            Rate::Constant(rate) => Some(Argument::new("rate", *rate, Domain::NotNegative)),
            Rate::Output(_) => None,
        }
    }

    /// The rate as an output of the graph, which updates multiply by: a constant where it is a number.
    ///
    /// ```
    /// use minutia_graph::{DType, Graph};
    /// use minutia_optim::Rate;
    /// let graph = Graph::new();
    /// assert_eq!(Rate::from(0.1).output(&graph).dtype(), DType::F32);
    /// let rate = graph.placeholder("rate", DType::F32, ());
    /// assert_eq!(Rate::from(&rate).output(&graph), rate);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn output(&self, graph: &Graph) -> Output {
        match self {
            Rate::Constant(rate) => graph.constant(*rate),
            Rate::Output(output) => output.clone(),
        }
    }
}

impl From<f32> for Rate {
    fn from(rate: f32) -> Rate {
        Rate::Constant(rate)
    }
}

impl From<i32> for Rate {
    fn from(rate: i32) -> Rate {
        Rate::Constant(rate as f32)
    }
}

impl From<Output> for Rate {
    fn from(rate: Output) -> Rate {
        Rate::Output(rate)
    }
}

impl From<&Output> for Rate {
    fn from(rate: &Output) -> Rate {
        Rate::Output(rate.clone())
    }
}

impl From<Variable> for Rate {
    fn from(rate: Variable) -> Rate {
        Rate::from(&rate)
    }
}

impl From<&Variable> for Rate {
    fn from(rate: &Variable) -> Rate {
        Rate::Output(Output::clone(rate))
    }
}
