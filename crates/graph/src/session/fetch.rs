use crate::{Operation, Output, Variable};
use minutia_tensor::Tensor;

/// What a run returns: an output gives a [`Tensor`], an operation gives `()`, and tuples, arrays, vectors and
/// options give theirs. A type of another crate may implement it, by what it is made of:
///
/// ```
/// use minutia_graph::{Device, Fetch, Graph, Output, Session, Tensor};
///
/// struct Scores {
///     loss: Output,
///     accuracy: Output,
/// }
///
/// impl Fetch for Scores {
///     type Value = [f32; 2];
///     fn targets(&self, add: &mut dyn FnMut(&Output, bool)) {
///         (&self.loss, &self.accuracy).targets(add);
///     }
///     fn take(&self, values: &mut dyn Iterator<Item = Tensor>) -> [f32; 2] {
///         let (loss, accuracy) = (&self.loss, &self.accuracy).take(values);
///         [loss, accuracy].map(|tensor| tensor.value().unwrap_or(f32::NAN))
///     }
/// }
///
/// let graph = Graph::new();
/// let scores = Scores { loss: graph.constant(0.25_f32), accuracy: graph.constant(0.75_f32) };
/// assert_eq!(Session::new(&graph, &Device::cpu()?)?.run(&scores, ())?, [0.25, 0.75]);
/// # Ok::<(), minutia_graph::Error>(())
/// ```
pub trait Fetch {
    /// What is handed back.
    type Value;
    /// Names the nodes to run, in order, and whether their values are wanted.
    fn targets(&self, add: &mut dyn FnMut(&Output, bool));
    /// Takes its values, in the same order.
    fn take(&self, values: &mut dyn Iterator<Item = Tensor>) -> Self::Value;
}

impl Fetch for Output {
    type Value = Tensor;
    fn targets(&self, add: &mut dyn FnMut(&Output, bool)) {
        add(self, true);
    }
    fn take(&self, values: &mut dyn Iterator<Item = Tensor>) -> Tensor {
        values.next().expect("one value for each target")
    }
}

impl Fetch for Variable {
    type Value = Tensor;
    fn targets(&self, add: &mut dyn FnMut(&Output, bool)) {
        add(self, true);
    }
    fn take(&self, values: &mut dyn Iterator<Item = Tensor>) -> Tensor {
        Output::take(self, values)
    }
}

impl Fetch for Operation {
    type Value = ();
    fn targets(&self, add: &mut dyn FnMut(&Output, bool)) {
        add(&self.0, false);
    }
    fn take(&self, _: &mut dyn Iterator<Item = Tensor>) {}
}

impl<F: Fetch + ?Sized> Fetch for &F {
    type Value = F::Value;
    fn targets(&self, add: &mut dyn FnMut(&Output, bool)) {
        (**self).targets(add);
    }
    fn take(&self, values: &mut dyn Iterator<Item = Tensor>) -> F::Value {
        (**self).take(values)
    }
}

impl<F: Fetch> Fetch for [F] {
    type Value = Vec<F::Value>;
    fn targets(&self, add: &mut dyn FnMut(&Output, bool)) {
        self.iter().for_each(|f| f.targets(add));
    }
    fn take(&self, values: &mut dyn Iterator<Item = Tensor>) -> Vec<F::Value> {
        self.iter().map(|f| f.take(values)).collect()
    }
}

impl<F: Fetch> Fetch for Vec<F> {
    type Value = Vec<F::Value>;
    fn targets(&self, add: &mut dyn FnMut(&Output, bool)) {
        self[..].targets(add);
    }
    fn take(&self, values: &mut dyn Iterator<Item = Tensor>) -> Vec<F::Value> {
        self[..].take(values)
    }
}

impl<F: Fetch, const N: usize> Fetch for [F; N] {
    type Value = [F::Value; N];
    fn targets(&self, add: &mut dyn FnMut(&Output, bool)) {
        self[..].targets(add);
    }
    fn take(&self, values: &mut dyn Iterator<Item = Tensor>) -> [F::Value; N] {
        std::array::from_fn(|i| self[i].take(values))
    }
}

impl<F: Fetch> Fetch for Option<F> {
    type Value = Option<F::Value>;
    fn targets(&self, add: &mut dyn FnMut(&Output, bool)) {
        self.iter().for_each(|f| f.targets(add));
    }
    fn take(&self, values: &mut dyn Iterator<Item = Tensor>) -> Option<F::Value> {
        self.as_ref().map(|f| f.take(values))
    }
}

macro_rules! tuples {
    ($(($($f:ident $i:tt),*))*) => { $(
        impl<$($f: Fetch),*> Fetch for ($($f,)*) {
            type Value = ($($f::Value,)*);
            #[allow(unused_variables, clippy::unused_unit)]
            fn targets(&self, add: &mut dyn FnMut(&Output, bool)) {
                $(self.$i.targets(add);)*
            }
            #[allow(unused_variables, clippy::unused_unit)]
            fn take(&self, values: &mut dyn Iterator<Item = Tensor>) -> Self::Value {
                ($(self.$i.take(values),)*)
            }
        }
    )* };
}

tuples! {
    ()
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
}
