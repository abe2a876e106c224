use crate::{Operation, Output, Variable};
use minutia_tensor::Tensor;
use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, Hash},
};

/// What a run returns: an output gives a [`Tensor`], and so does the name of a node; an operation gives `()`;
/// tuples of up to twelve, arrays, slices, vectors and options give theirs in the same form, and maps give a
/// map of the same keys.
///
/// ```
/// use minutia_graph::{Device, Graph, Session};
/// use std::collections::BTreeMap;
/// let graph = Graph::new();
/// let x = graph.constant(3.0_f32).with_name("x");
/// let y = x.square().with_name("y");
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// assert_eq!(session.run("y", ())?.value::<f32>()?, 9.0);
/// let [x2, y2] = session.run(["x", "y"], ())?;
/// let map = session.run(BTreeMap::from([("first", &x), ("second", &y)]), ())?;
/// assert_eq!((&map["first"], &map["second"]), (&x2, &y2));
/// let error = session.run("y:0", ()).unwrap_err().to_string();
/// assert!(error.contains("did you mean 'y'?"), "{error}");
/// # Ok::<(), minutia_graph::Error>(())
/// ```
///
/// A type of another crate may implement it, by what it is made of:
///
/// ```
/// use minutia_graph::{Device, Fetch, FetchKey, Graph, Output, Session, Tensor};
///
/// struct Scores {
///     loss: Output,
///     accuracy: Output,
/// }
///
/// impl Fetch for Scores {
///     type Value = [f32; 2];
///     fn targets(&self, add: &mut dyn FnMut(FetchKey<'_>)) {
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
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be fetched",
    label = "not a fetch",
    note = "fetches are outputs, variables, operations and names, by value or by reference, and tuples of up to twelve, arrays, slices, `Vec`s, options and maps of fetches",
    note = "where it is a `Result`, as that of `minimize`, a `?` is missing"
)]
pub trait Fetch {
    /// What is handed back.
    type Value;
    /// Names what is to run, in an order that depends on nothing else.
    fn targets(&self, add: &mut dyn FnMut(FetchKey<'_>));
    /// Takes its values, in the same order: one for each output and name.
    fn take(&self, values: &mut dyn Iterator<Item = Tensor>) -> Self::Value;
}

/// What a run is asked for.
#[derive(Clone, Copy, Debug)]
pub enum FetchKey<'a> {
    /// A value.
    Output(&'a Output),
    /// To be run, for no value.
    Operation(&'a Operation),
    /// A value, by the full name of its node. That of an operation is empty.
    Name(&'a str),
}

impl Fetch for str {
    type Value = Tensor;
    fn targets(&self, add: &mut dyn FnMut(FetchKey<'_>)) {
        add(FetchKey::Name(self));
    }
    fn take(&self, values: &mut dyn Iterator<Item = Tensor>) -> Tensor {
        values.next().expect("one value for each target")
    }
}

impl Fetch for String {
    type Value = Tensor;
    fn targets(&self, add: &mut dyn FnMut(FetchKey<'_>)) {
        self.as_str().targets(add);
    }
    fn take(&self, values: &mut dyn Iterator<Item = Tensor>) -> Tensor {
        self.as_str().take(values)
    }
}

impl Fetch for Output {
    type Value = Tensor;
    fn targets(&self, add: &mut dyn FnMut(FetchKey<'_>)) {
        add(FetchKey::Output(self));
    }
    fn take(&self, values: &mut dyn Iterator<Item = Tensor>) -> Tensor {
        values.next().expect("one value for each target")
    }
}

impl Fetch for Variable {
    type Value = Tensor;
    fn targets(&self, add: &mut dyn FnMut(FetchKey<'_>)) {
        add(FetchKey::Output(self));
    }
    fn take(&self, values: &mut dyn Iterator<Item = Tensor>) -> Tensor {
        Output::take(self, values)
    }
}

impl Fetch for Operation {
    type Value = ();
    fn targets(&self, add: &mut dyn FnMut(FetchKey<'_>)) {
        add(FetchKey::Operation(self));
    }
    fn take(&self, _: &mut dyn Iterator<Item = Tensor>) {}
}

impl<F: Fetch + ?Sized> Fetch for &F {
    type Value = F::Value;
    fn targets(&self, add: &mut dyn FnMut(FetchKey<'_>)) {
        (**self).targets(add);
    }
    fn take(&self, values: &mut dyn Iterator<Item = Tensor>) -> F::Value {
        (**self).take(values)
    }
}

impl<F: Fetch> Fetch for [F] {
    type Value = Vec<F::Value>;
    fn targets(&self, add: &mut dyn FnMut(FetchKey<'_>)) {
        self.iter().for_each(|f| f.targets(add));
    }
    fn take(&self, values: &mut dyn Iterator<Item = Tensor>) -> Vec<F::Value> {
        self.iter().map(|f| f.take(values)).collect()
    }
}

impl<F: Fetch> Fetch for Vec<F> {
    type Value = Vec<F::Value>;
    fn targets(&self, add: &mut dyn FnMut(FetchKey<'_>)) {
        self[..].targets(add);
    }
    fn take(&self, values: &mut dyn Iterator<Item = Tensor>) -> Vec<F::Value> {
        self[..].take(values)
    }
}

impl<F: Fetch, const N: usize> Fetch for [F; N] {
    type Value = [F::Value; N];
    fn targets(&self, add: &mut dyn FnMut(FetchKey<'_>)) {
        self[..].targets(add);
    }
    fn take(&self, values: &mut dyn Iterator<Item = Tensor>) -> [F::Value; N] {
        std::array::from_fn(|i| self[i].take(values))
    }
}

impl<F: Fetch> Fetch for Option<F> {
    type Value = Option<F::Value>;
    fn targets(&self, add: &mut dyn FnMut(FetchKey<'_>)) {
        self.iter().for_each(|f| f.targets(add));
    }
    fn take(&self, values: &mut dyn Iterator<Item = Tensor>) -> Option<F::Value> {
        self.as_ref().map(|f| f.take(values))
    }
}

impl<K: Clone + Ord, F: Fetch> Fetch for BTreeMap<K, F> {
    type Value = BTreeMap<K, F::Value>;
    fn targets(&self, add: &mut dyn FnMut(FetchKey<'_>)) {
        self.values().for_each(|f| f.targets(add));
    }
    fn take(&self, values: &mut dyn Iterator<Item = Tensor>) -> Self::Value {
        self.iter().map(|(key, f)| (key.clone(), f.take(values))).collect()
    }
}

/// The keys have an order, so that equal maps make equal runs, which share a plan.
impl<K: Clone + Hash + Ord, F: Fetch, S: BuildHasher + Default> Fetch for HashMap<K, F, S> {
    type Value = HashMap<K, F::Value, S>;
    fn targets(&self, add: &mut dyn FnMut(FetchKey<'_>)) {
        sorted(self).into_iter().for_each(|(_, f)| f.targets(add));
    }
    fn take(&self, values: &mut dyn Iterator<Item = Tensor>) -> Self::Value {
        sorted(self).into_iter().map(|(key, f)| (key.clone(), f.take(values))).collect()
    }
}

fn sorted<K: Ord, F, S>(map: &HashMap<K, F, S>) -> Vec<(&K, &F)> {
    let mut entries: Vec<(&K, &F)> = map.iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    entries
}

macro_rules! tuples {
    ($(($($f:ident $i:tt),*))*) => { $(
        impl<$($f: Fetch),*> Fetch for ($($f,)*) {
            type Value = ($($f::Value,)*);
            #[allow(unused_variables, clippy::unused_unit)]
            fn targets(&self, add: &mut dyn FnMut(FetchKey<'_>)) {
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
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11)
}
