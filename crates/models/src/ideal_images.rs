//! The images that the classifier likes best.

use minutia_graph::{DType, Graph, Operation, Output, Tensor, Variable};
use minutia_optim::{Adagrad, Optimizer};

use crate::classifier::{CLASSES, PIXELS, Parameters, cross_entropy, forward, weights};

/// What an image pays for its pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Penalty {
    /// Nothing.
    None,
    /// So much for the sum of the pixels' absolute values.
    L1(f32),
    /// So much for the sum of their squares.
    L2(f32),
}

/// The classifier with fixed weights over one variable image for each class. The losses add up, and no
/// image's gradient sees another image: training them together is training each alone.
#[derive(Debug)]
pub struct IdealImages {
    /// The graph that everything below belongs to.
    pub graph: Graph,
    /// The images, `f32` of `[classes, PIXELS]`, zero at first.
    pub images: Variable,
    /// Of the network: W1, b1, W2, b2.
    pub weights: [Variable; 4],
    /// The sum over all images of cross-entropy and penalty, a scalar.
    pub loss: Output,
    /// What the network makes of the images, `f32` of `[classes, CLASSES]`.
    pub probabilities: Output,
}

impl IdealImages {
    /// The graph for an image of each of some classes.
    ///
    /// # Errors
    /// When there is no memory for the images.
    pub fn new(
        parameters: &Parameters,
        classes: &[i32],
        penalty: Penalty,
    ) -> Result<IdealImages, minutia_tensor::Error> {
        let graph = Graph::new();
        let images = graph.variable("image", Tensor::zeros(DType::F32, [classes.len(), PIXELS])?);
        let weights = weights(&graph, parameters);
        let y = graph.constant(classes.to_vec()).one_hot(CLASSES);
        let (_, probabilities) = forward(&images, &weights);
        let loss = cross_entropy(&probabilities, &y, parameters).reduce_sum(..);
        let loss = match penalty {
            Penalty::None => loss,
            Penalty::L1(weight) => loss + images.abs().reduce_sum(..) * weight,
            Penalty::L2(weight) => loss + images.square().reduce_sum(..) * weight,
        };
        Ok(IdealImages { graph, images, weights, loss, probabilities })
    }

    /// Adds a step of Adagrad that changes the images alone.
    ///
    /// # Errors
    /// When the rate is not in the optimizer's domain.
    pub fn train(&self, rate: f32) -> Result<Operation, minutia_optim::Error> {
        Adagrad::new(rate).with_var_list([&self.images]).minimize(&self.loss)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minutia_graph::{Device, Session};

    const PENALTIES: [Penalty; 3] = [Penalty::None, Penalty::L1(0.25), Penalty::L2(0.25)];

    /// The images of some classes after a few steps, with random weights.
    fn images(classes: &[i32], penalty: Penalty) -> Result<Vec<u32>, Box<dyn std::error::Error>> {
        let parameters = Parameters { hidden: 12, ..Parameters::default() };
        let model = IdealImages::new(&parameters, classes, penalty)?;
        let train = model.train(0.1)?;
        let mut session = Session::new(&model.graph, &Device::cpu()?)?;
        session.run(model.graph.global_variables_initializer(), ())?;
        for _ in 0..20 {
            session.run(&train, ())?;
        }
        Ok(session.run(&model.images, ())?.as_slice::<f32>()?.iter().map(|v| v.to_bits()).collect())
    }

    #[test]
    fn training_the_images_together_is_training_each_alone() {
        for penalty in PENALTIES {
            let together = images(&[0, 1, 2], penalty).unwrap();
            for class in 0..3 {
                let alone = images(&[class], penalty).unwrap();
                assert!(
                    alone.iter().any(|&bits| bits != 0),
                    "{penalty:?}: the image of {class} did not change"
                );
                let start = class as usize * PIXELS;
                assert!(
                    together[start..start + PIXELS] == alone[..],
                    "{penalty:?}: the image of {class} differs"
                );
            }
        }
    }

    #[test]
    fn a_penalty_is_part_of_the_loss() -> Result<(), Box<dyn std::error::Error>> {
        let mut losses = Vec::new();
        for penalty in PENALTIES {
            let parameters = Parameters { hidden: 3, ..Parameters::default() };
            let model = IdealImages::new(&parameters, &[4], penalty)?;
            let mut session = Session::new(&model.graph, &Device::cpu()?)?;
            session.run(model.graph.global_variables_initializer(), ())?;
            for variable in &model.weights {
                let dims = variable.shape().known().ok_or("a weight's shape is known")?;
                session.set_variable(variable, &Tensor::zeros(DType::F32, dims)?)?;
            }
            session.set_variable(&model.images, &Tensor::from_vec([1, PIXELS], vec![-2.0_f32; PIXELS])?)?;
            losses.push(session.run(&model.loss, ())?.value::<f32>()?);
        }
        let pixels = PIXELS as f32;
        let near = |found: f32, expected: f32| (found - expected).abs() < 1e-2;
        assert!(near(losses[1] - losses[0], 0.25 * 2.0 * pixels), "{losses:?}");
        assert!(near(losses[2] - losses[0], 0.25 * 4.0 * pixels), "{losses:?}");
        Ok(())
    }
}
