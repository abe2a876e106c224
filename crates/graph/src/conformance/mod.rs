//! Samples of every operation: what a backend, or a change to an operation, is tested with.
//!
//! [`samples`] hands out, for each registered operation, inputs and a function that builds the operation over
//! placeholders. The crate's own tests check for each: inferred against real shape, gradient against central
//! differences in `f64`, rows of a batch against the rows alone, fused against unfused plans, serialisation.

use crate::{Graph, Output, ops};
use minutia_kernels::rng::Generator;
use minutia_tensor::{Shape, Tensor};

type Build = dyn Fn(&Graph, &[Output]) -> Output + Send + Sync;

/// One use of an operation.
pub struct Sample {
    /// Unique among an operation's samples.
    pub label: String,
    /// What is fed.
    pub inputs: Vec<Tensor>,
    /// To which order gradients are right around the inputs: 0, 1 or 2 (and all above).
    pub differentiable: u8,
    /// Whether row `i` of the result depends on row `i` of the inputs alone.
    pub row_wise: bool,
    build: Box<Build>,
}

impl Sample {
    /// A differentiable sample.
    pub(crate) fn new(
        label: impl Into<String>,
        inputs: Vec<Tensor>,
        build: impl Fn(&Graph, &[Output]) -> Output + Send + Sync + 'static,
    ) -> Sample {
        let build = Box::new(build);
        Sample { label: label.into(), inputs, differentiable: 2, row_wise: false, build }
    }

    pub(crate) fn not_differentiable(self) -> Sample {
        Sample { differentiable: 0, ..self }
    }

    pub(crate) fn row_wise(self) -> Sample {
        Sample { row_wise: true, ..self }
    }

    /// Builds the operation over placeholders (one for each input).
    #[must_use]
    pub fn build(&self, graph: &Graph, inputs: &[Output]) -> Output {
        (self.build)(graph, inputs)
    }
}

/// The samples of every registered operation, by its name.
#[must_use]
pub fn samples() -> Vec<(&'static str, Vec<Sample>)> {
    ops::samples()
}

/// Reproducible numbers in `low..high`.
pub(crate) fn numbers(dims: impl Into<Shape>, low: f32, high: f32) -> Tensor {
    let shape = dims.into();
    let mut generator = Generator::new(shape.elements() as u64 + shape.len() as u64, "conformance");
    let values = (0..shape.elements()).map(|_| low + (high - low) * generator.uniform()).collect();
    Tensor::from_vec(shape, values).expect("as many numbers as the shape holds")
}

#[cfg(test)]
mod tests;
