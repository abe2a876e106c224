use crate::Output;

/// Several tensors, as an argument: an array, a slice or a `Vec` of [`Output`]s, variables, or references to
/// them. What is computed for each comes back in the same form: an array for an array, else a `Vec`. A list
/// type of another crate may implement it.
///
/// ```
/// use minutia_graph::Graph;
/// let graph = Graph::new();
/// let (a, b) = (graph.variable("a", 2.0_f32), graph.variable("b", 3.0_f32));
/// let [by_a, by_b] = graph.gradients(&(&a * &b), [&a, &b])?;
/// assert!(by_a.is_some() && by_b.is_some());
/// # Ok::<(), minutia_graph::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list of tensors",
    label = "not an array, a slice or a `Vec` of tensors",
    note = "a single tensor `x` is the list `[&x]`"
)]
pub trait Outputs {
    /// One `T` for each tensor.
    type Each<T>;

    /// The tensors.
    fn outputs(&self) -> Vec<Output>;

    /// Puts as many values as there are tensors into the form of the list.
    fn each<T>(&self, values: Vec<T>) -> Self::Each<T>;
}

impl<O: AsRef<Output>, const N: usize> Outputs for [O; N] {
    type Each<T> = [T; N];

    fn outputs(&self) -> Vec<Output> {
        self.iter().map(|output| output.as_ref().clone()).collect()
    }

    fn each<T>(&self, values: Vec<T>) -> [T; N] {
        let Ok(values) = values.try_into() else { unreachable!("one value for each tensor") };
        values
    }
}

impl<O: AsRef<Output>> Outputs for [O] {
    type Each<T> = Vec<T>;

    fn outputs(&self) -> Vec<Output> {
        self.iter().map(|output| output.as_ref().clone()).collect()
    }

    fn each<T>(&self, values: Vec<T>) -> Vec<T> {
        values
    }
}

impl<O: AsRef<Output>> Outputs for Vec<O> {
    type Each<T> = Vec<T>;

    fn outputs(&self) -> Vec<Output> {
        self.as_slice().outputs()
    }

    fn each<T>(&self, values: Vec<T>) -> Vec<T> {
        values
    }
}

impl<L: Outputs + ?Sized> Outputs for &L {
    type Each<T> = L::Each<T>;

    fn outputs(&self) -> Vec<Output> {
        (**self).outputs()
    }

    fn each<T>(&self, values: Vec<T>) -> L::Each<T> {
        (**self).each(values)
    }
}
