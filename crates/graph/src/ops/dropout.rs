//! Elements left out at random.

use super::*;
use crate::{Operand, conformance::numbers};

impl Output {
    /// Zeros in the place of a share `rate` of these elements, chosen anew in each run, and the others times
    /// `1 / (1 - rate)`, so that their sum stays about what it is (Srivastava et al., 2014). TensorFlow's
    /// `keep_prob` is `1 - rate`. Gradient: `g / (1 - rate)` where the element stays, else 0.
    ///
    /// A rate that is fed, or any other tensor that broadcasts, makes one graph for training and for
    /// evaluation: with a rate of 0 every element stays what it is. The batch may be another in each run. A
    /// number outside `[0, 1)` is an error of the node; of a tensor, 1 or more leaves nothing.
    ///
    /// ```
    /// use minutia_graph::{DType, Device, Graph, Session, feeds};
    /// let graph = Graph::new();
    /// let x = graph.placeholder("x", DType::F32, [None]);
    /// let rate = graph.placeholder("rate", DType::F32, ());
    /// let y = x.dropout(&rate);
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let dropped = session.run(&y, feeds! { x => vec![1.0_f32; 1000], rate => 0.75_f32 })?;
    /// assert!(dropped.as_slice::<f32>()?.iter().all(|y| [0.0, 4.0].contains(y)));
    /// let all = session.run(&y, feeds! { x => [1.0_f32, 2.0], rate => 0.0_f32 })?;
    /// assert_eq!(all.as_slice::<f32>()?, [1.0, 2.0]);
    /// assert!(x.dropout(1.0).check().is_err());
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "keep_prob")]
    #[track_caller]
    #[must_use]
    pub fn dropout(&self, rate: impl Operand) -> Output {
        let _scope = self.graph.name_scope("dropout");
        let rate = rate.operand(self);
        if let Some(value) = rate.constant_number().filter(|rate| !(0.0..1.0).contains(rate)) {
            let domain = "at least 0 and less than 1: the share of elements that are left out";
            let (function, argument, place) = ("dropout", "rate", SourceLine::caller());
            return self.graph.invalid(Error::Argument { function, argument, value, domain, place });
        }
        let keep = self.random_uniform_like(0.0, 1.0).greater_equal(&rate);
        let scale = 1.0 / (1.0 - &rate);
        keep.select(self * scale, self.number(0.0))
    }

    /// As [`dropout`](Output::dropout) where `training`, a `bool` scalar that may be fed, is true; else this
    /// tensor as it is.
    ///
    /// ```
    /// use minutia_graph::{DType, Device, Graph, Session, feeds};
    /// let graph = Graph::new();
    /// let training = graph.placeholder("training", DType::Bool, ());
    /// let y = graph.ones([100]).dropout_in_training(0.5, &training);
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// for (flag, zeros) in [(true, true), (false, false)] {
    ///     let y = session.run(&y, feeds! { training => flag })?;
    ///     assert_eq!(y.as_slice::<f32>()?.contains(&0.0), zeros);
    /// }
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn dropout_in_training(&self, rate: impl Operand, training: impl AsRef<Output>) -> Output {
        training.as_ref().select(self.dropout(rate), self)
    }

    /// The value of an `f32` scalar that is a constant of the graph.
    fn constant_number(&self) -> Option<f32> {
        match &self.graph.lock().nodes[self.id].op {
            AnyOp::Constant(constant) if constant.value.dims().is_empty() => constant.value.value().ok(),
            _ => None,
        }
    }
}

pub(crate) const BUILDERS: &[(&str, &str)] = &[("dropout", "Output::dropout Output::dropout_in_training")];

pub(crate) fn samples() -> Vec<Sample> {
    let x = || vec![numbers([7, 5], -1.0, 1.0)];
    let training = |g: &Graph, x: &[Output]| x[0].dropout_in_training(0.5, g.constant(true));
    vec![
        Sample::new("dropout", x(), |_, x| x[0].dropout(0.25)).not_differentiable(),
        Sample::new("dropout in training", x(), training).not_differentiable(),
    ]
}
