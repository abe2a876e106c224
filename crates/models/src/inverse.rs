//! The inverse of a matrix, by descent on `|x·A − I|`.

use minutia_graph::{DType, Graph, Operation, Output, Tensor, Variable};
use minutia_kernels::rng::Generator;
use minutia_optim::{Adagrad, Optimizer};

/// The graph of the inverse.
#[derive(Debug)]
pub struct Inverse {
    /// The graph that everything below belongs to.
    pub graph: Graph,
    /// What becomes the inverse, `[size, size]`, zero at first.
    pub x: Variable,
    /// `x·A`, which becomes the identity.
    pub output: Output,
    /// The sum of the absolute errors of all entries of `x·A`, a scalar.
    pub loss: Output,
}

impl Inverse {
    /// The graph for a matrix of `size` rows, which is given row by row.
    ///
    /// # Errors
    /// When the matrix has another number of entries.
    pub fn new(matrix: &[f32], size: usize) -> Result<Inverse, minutia_tensor::Error> {
        let graph = Graph::new();
        let x = graph.variable("x", Tensor::zeros(DType::F32, [size, size])?);
        let a = graph.constant(Tensor::from_vec([size, size], matrix.to_vec())?).with_name("A");
        let output = x.matmul(&a).with_name("output");
        let identity = graph.constant(Tensor::from_vec([size, size], identity(size))?).with_name("id_mat");
        let loss = (&output - &identity).abs().reduce_sum(..).with_name("loss");
        Ok(Inverse { graph, x, output, loss })
    }

    /// Adds a step of Adagrad, the post's optimizer.
    ///
    /// # Errors
    /// When the rate is not in the optimizer's domain.
    pub fn train(&self, rate: f32) -> Result<Operation, minutia_optim::Error> {
        Adagrad::new(rate).minimize(&self.loss)
    }
}

/// The identity matrix, row by row.
#[must_use]
pub fn identity(size: usize) -> Vec<f32> {
    (0..size * size).map(|i| f32::from(u8::from(i / size == i % size))).collect()
}

/// A matrix of random whole numbers from 0 to `below`, which is left out; row by row.
#[must_use]
pub fn random_matrix(seed: u64, size: usize, below: u32) -> Vec<f32> {
    let mut generator = Generator::new(seed, "inverse/matrix");
    (0..size * size).map(|_| generator.below(below) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use minutia_graph::{Device, Session};

    #[test]
    fn matrices_are_whole_numbers_below_the_bound_and_depend_on_the_seed() {
        let matrix = random_matrix(7, 10, 10);
        assert!(matrix.iter().all(|&entry| (0.0..10.0).contains(&entry) && entry.fract() == 0.0));
        assert_ne!(matrix, random_matrix(8, 10, 10));
    }

    #[test]
    fn the_loss_is_that_of_the_post() -> Result<(), Box<dyn std::error::Error>> {
        let model = Inverse::new(&[2.0, 0.0, 0.0, 4.0], 2)?;
        let mut session = Session::new(&model.graph, &Device::cpu()?)?;
        session.set_variable(&model.x, &Tensor::from_vec([2, 2], vec![0.5_f32, 1.0, 0.0, 0.5])?)?;
        assert_eq!(session.run(&model.loss, ())?.value::<f32>()?, 4.0 + 1.0);
        Ok(())
    }

    #[test]
    fn a_matrix_of_another_size_is_an_error() {
        assert!(Inverse::new(&[1.0, 2.0], 2).is_err());
    }
}
