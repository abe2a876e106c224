//! Whether any or all of some truth values are true.

use super::*;
use crate::Axes;
use minutia_tensor::Tensor;

macro_rules! logical {
    ($($method:ident $keeping:ident $what:literal $extreme:ident $extreme_keeping:ident;)*) => {
        impl Output { $(
            #[doc = concat!("Whether ", $what, " over some axes, which vanish: `..` for all, a number, or an array of numbers.")]
            ///
            /// ```
            /// # use minutia_graph::{Device, Graph, Session};
            /// # let graph = Graph::new();
            /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
            /// let x = graph.constant([[true, false], [true, true]]);
            /// assert_eq!(session.run(x.reduce_any(1), ())?.as_slice::<bool>()?, [true, true]);
            /// assert_eq!(session.run(x.reduce_all(1), ())?.as_slice::<bool>()?, [false, true]);
            /// # Ok::<(), minutia_graph::Error>(())
            /// ```
            #[track_caller]
            #[must_use]
            pub fn $method(&self, axes: impl Into<Axes>) -> Output {
                let _scope = self.graph.name_scope(stringify!($method));
                self.is_false().$extreme(axes).less(1)
            }

            #[doc = concat!("Whether ", $what, " over some axes, which stay with extent 1; see [`", stringify!($method), "`](Output::", stringify!($method), ").")]
            #[track_caller]
            #[must_use]
            pub fn $keeping(&self, axes: impl Into<Axes>) -> Output {
                let _scope = self.graph.name_scope(stringify!($method));
                self.is_false().$extreme_keeping(axes).less(1)
            }
        )* }

        pub(crate) const BUILDERS: &[(&str, &str)] = &[
            $((stringify!($method), concat!("Output::", stringify!($method), " Output::", stringify!($keeping)))),*
        ];
    };
}

// Of nothing the smallest is the largest number there is, the largest the smallest: none is true, and all
// are.
logical! {
    reduce_any reduce_any_keep_dims "at least one is true (none of nothing is)" reduce_min reduce_min_keep_dims;
    reduce_all reduce_all_keep_dims "no one is false (all of nothing are true)" reduce_max reduce_max_keep_dims;
}

impl Output {
    /// 1 for each truth value that is false, else 0. What is no truth value is an error.
    #[track_caller]
    fn is_false(&self) -> Output {
        self.logical_not().cast(DType::I32)
    }
}

pub(crate) fn samples() -> Vec<Sample> {
    let sample = |label: &str, x: Tensor, apply: fn(&Output) -> Output| {
        Sample::new(label, vec![x], move |_, x| apply(&x[0])).not_differentiable()
    };
    let x = || Tensor::from([[true, false, true], [false, false, false], [true, true, true]]);
    vec![
        sample("any", x(), |x| x.reduce_any(1)).row_wise(),
        sample("all", x(), |x| x.reduce_all(-1)).row_wise(),
        sample("all, kept", x(), |x| x.reduce_all_keep_dims(0)),
        sample("any, kept", x(), |x| x.reduce_any_keep_dims(..)),
        sample("any of nothing", Tensor::zeros(DType::Bool, [2, 0]).expect("little"), |x| x.reduce_any(1)),
        sample("all of nothing", Tensor::zeros(DType::Bool, [0, 2]).expect("little"), |x| x.reduce_all(0)),
    ]
}
