//! How a graph is to be trained.

use crate::{
    Communicator, Error, Shards, Trainer, agree,
    digest::of_graph,
    together,
    trainer::{Plan, Training},
    update::is_unprepared,
};
use minutia_graph::{Device, Feeds, Operation, Output, Variable};
use minutia_optim::Optimizer;

/// Training of a graph in data-parallel steps: a batch is cut into logical shards, of whose gradients the
/// mean is taken in the order of a fixed tree, whichever ranks compute them. So the number of shards is part
/// of the model, and the number of ranks changes no bit.
///
/// The loss is that of a shard: where it is a mean over rows, a step follows the mean over all rows of the
/// batch. Gradients are exchanged whole: of a table that is only picked from, an optimizer updates all rows.
///
/// ```
/// use minutia_graph::{DType, Device, Graph, feeds};
/// use minutia_mpi::{Alone, DataParallel};
/// use minutia_optim::GradientDescent;
///
/// let graph = Graph::new();
/// let x = graph.placeholder("x", DType::F32, [2]);
/// let w = graph.variable("w", 0.0_f32);
/// let loss = (&x - &w).square().reduce_mean(..);
///
/// // With mpirun, a `World` is in the place of `Alone`.
/// let mut trainer = DataParallel::new(2).build(
///     &Alone,
///     &GradientDescent::new(0.5),
///     &loss,
///     &Device::cpu()?,
///     feeds! { &x => [0.0_f32; 2] },
/// )?;
/// let batch = [1.0_f32, 2.0, 3.0, 6.0];
/// let shards = trainer.shards();
/// let mean_loss = trainer.step(|shard, run| {
///     let rows = shards.rows(shard, batch.len())?;
///     Ok(run.set(&x, &batch[rows])?)
/// })?;
/// assert_eq!(mean_loss, (1.0 + 4.0 + 9.0 + 36.0) / 4.0);
/// assert_eq!(trainer.variable(&w)?.value::<f32>()?, 3.0);
/// # Ok::<(), minutia_mpi::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct DataParallel {
    shards: usize,
    clip: Option<f32>,
    global_step: Option<Variable>,
    beside: Option<Operation>,
    check_numerics: bool,
    identity: Vec<(String, String)>,
}

impl DataParallel {
    /// In so many shards.
    #[must_use]
    pub fn new(shards: usize) -> DataParallel {
        DataParallel {
            shards,
            clip: None,
            global_step: None,
            beside: None,
            check_numerics: false,
            identity: Vec::new(),
        }
    }

    /// With the gradient scaled down to this Euclidean norm where its own, over all variables, is larger. The
    /// norm is computed in `f64`, by pages of 256 elements in order: it may differ in the last bits from that
    /// of [`clip_by_global_norm`](minutia_optim::clip_by_global_norm).
    #[must_use]
    pub fn clip_by_global_norm(self, norm: f32) -> DataParallel {
        DataParallel { clip: Some(norm), ..self }
    }

    /// With a count of steps, such as a [schedule](minutia_optim::schedule) of the rate is computed from: see
    /// [`minimize_counting`](Optimizer::minimize_counting).
    #[must_use]
    pub fn counting(self, global_step: &Variable) -> DataParallel {
        DataParallel { global_step: Some(global_step.clone()), ..self }
    }

    /// With an operation that runs with every shard, such as the moving averages of batch normalization. For
    /// each shard, the variables that it assigns hold what they held before the step; after the step they
    /// hold the mean of what the shards left. The same holds for variables that the loss itself assigns. They
    /// are of `f32`, and not trained.
    ///
    /// ```
    /// use minutia_graph::{DType, Device, Graph, feeds};
    /// use minutia_mpi::{Alone, DataParallel};
    /// use minutia_optim::GradientDescent;
    ///
    /// let graph = Graph::new();
    /// let x = graph.placeholder("x", DType::F32, ());
    /// let (w, mean) = (graph.variable("w", 0.0_f32), graph.untrainable_variable("mean", 0.0_f32));
    /// let moved = mean.assign_add((&x - &mean) * 0.5).operation();
    /// let training = DataParallel::new(2).beside(&moved);
    /// let (optimizer, device) = (GradientDescent::new(0.1), Device::cpu()?);
    /// let mut trainer = training.build(&Alone, &optimizer, &x * &w, &device, feeds! { &x => 0.0_f32 })?;
    /// trainer.step(|shard, run| Ok(run.set(&x, &[[1.0_f32, 3.0][shard]])?))?;
    /// assert_eq!(trainer.variable(&mean)?.value::<f32>()?, (0.5 + 1.5) / 2.0);
    /// # Ok::<(), minutia_mpi::Error>(())
    /// ```
    #[must_use]
    pub fn beside(self, operation: &Operation) -> DataParallel {
        DataParallel { beside: Some(operation.clone()), ..self }
    }

    /// With runs that fail where a NaN or an infinity comes up, as after
    /// [`set_check_numerics`](minutia_graph::Session::set_check_numerics).
    #[must_use]
    pub fn check_numerics(self) -> DataParallel {
        DataParallel { check_numerics: true, ..self }
    }

    /// With one more thing that all ranks must have in common, and a checkpoint with the training that goes
    /// on from it: the [digest](crate::digest) of the data, say, or the rows of a batch.
    #[must_use]
    pub fn identity(mut self, name: &str, value: impl ToString) -> DataParallel {
        self.identity.push((name.to_string(), value.to_string()));
        self
    }

    /// Prepares the training, with variables at their initial values. Every rank calls it. `feeds` give the
    /// shapes of what a shard is fed, and what it is fed where a step sets nothing else.
    ///
    /// # Errors
    /// [`Error::Disagreement`] where ranks differ in version, graph, optimizer, number of shards or
    /// [`identity`](DataParallel::identity). [`Error::Ranks`] with what one of them says: an error of the
    /// optimizer, as of [`minimize`](Optimizer::minimize); [`Error::IdleRanks`], [`Error::Assigns`],
    /// [`Error::Prepared`], [`Error::TooLarge`]; an error of the graph or the device.
    #[track_caller]
    pub fn build<'c>(
        self,
        communicator: &'c dyn Communicator,
        optimizer: &impl Optimizer,
        loss: impl AsRef<Output>,
        device: &Device,
        feeds: impl Into<Feeds>,
    ) -> Result<Trainer<'c>, Error> {
        let loss = loss.as_ref();
        // Before graphs are compared: each rank prepares its own in another way.
        together(communicator, is_unprepared(loss.graph()))?;
        let named = |name: &str, value: String| (name.to_string(), value);
        let mut identity = vec![
            named("version", env!("CARGO_PKG_VERSION").to_string()),
            named("graph", of_graph(loss.graph())),
            named("loss", loss.name()),
            named("optimizer", format!("{} {:?}", optimizer.name(), optimizer.arguments())),
            named("shards", self.shards.to_string()),
            named("operation beside the step", format!("{:?}", self.beside.as_ref().map(Operation::name))),
            named("norm to clip to", format!("{:?}", self.clip)),
        ];
        identity.extend(self.identity);
        agree(communicator, &identity)?;
        let plan = || {
            let shards = Shards::new(self.shards, communicator.size())?;
            match self.clip.filter(|norm| !(*norm > 0.0 && norm.is_finite())) {
                Some(value) => Err(Error::Argument { argument: "the norm to clip to", value }),
                None => Ok(Plan { shards, clip: self.clip, check_numerics: self.check_numerics, identity }),
            }
        };
        let plan = together(communicator, plan())?;
        let (global_step, beside) = (self.global_step.as_ref(), self.beside.as_ref());
        let training = Training { optimizer, loss, global_step, beside };
        let trainer = Trainer::new(communicator, plan, training, device, feeds.into());
        together(communicator, trainer)
    }
}
