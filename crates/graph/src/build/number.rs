/// A number as an argument: an `f32`, or an `i32` where a whole number is written.
///
/// ```
/// use minutia_graph::Graph;
/// let graph = Graph::new();
/// let noise = graph.random_normal([100], 0, 0.5);
/// let bounded = noise.clip_by_value(-1, 1);
/// assert!(bounded.check().is_ok());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no number that operations take",
    label = "not an `f32` or an `i32`",
    note = "tensors hold `f32` and `i32`: write `2.0_f32`, or `x as f32` of an `f64`"
)]
pub trait Number: sealed::Sealed {
    #[doc(hidden)]
    fn number(self) -> f32;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for i32 {}
}

impl Number for f32 {
    fn number(self) -> f32 {
        self
    }
}

impl Number for i32 {
    fn number(self) -> f32 {
        self as f32
    }
}
