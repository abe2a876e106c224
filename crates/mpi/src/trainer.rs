//! A training that runs.

use crate::{
    Communicator, Cut, Error, Shards, Traffic, blocks::TreeSum, checkpoint::Whereabouts,
    clip::clip_by_global_norm, digest, random::Streams, reduction::Reduction, runs::Runs, update::Update,
};
use minutia_graph::{Callable, Device, Feeds, Operation, Output, Session, Tensor, Variable};
use minutia_optim::Optimizer;
use minutia_tensor::cpu::ExactFloats;
use std::time::{Duration, Instant};

/// What [`DataParallel`](crate::DataParallel) describes, on one rank.
#[derive(Debug)]
pub(crate) struct Plan {
    pub shards: Shards,
    pub clip: Option<f32>,
    pub check_numerics: bool,
    /// What ranks and checkpoints must have in common.
    pub identity: Vec<(String, String)>,
}

/// How long the parts of a step took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seconds {
    /// Gradients of this rank's shards, and their sums.
    pub gradients: Duration,
    /// The sum over ranks, and waiting for the slowest of them.
    pub reduction: Duration,
    /// Clipping, and the optimizer.
    pub update: Duration,
    /// The new values of what others update.
    pub gather: Duration,
}

/// A training in data-parallel steps, as one rank has it. Made by
/// [`DataParallel::build`](crate::DataParallel::build).
pub struct Trainer<'c> {
    pub(crate) communicator: &'c dyn Communicator,
    pub(crate) plan: Plan,
    pub(crate) cut: Cut,
    pub(crate) session: Session,
    /// The variables of the graph before it was prepared.
    pub(crate) plain: Vec<Variable>,
    pub(crate) trained: Vec<Variable>,
    pub(crate) update: Update,
    pub(crate) streams: Streams,
    /// Steps that were made.
    pub(crate) steps: u64,
    pub(crate) whereabouts: Option<Whereabouts>,
    runs: Runs,
    /// Sums over this rank's shards.
    own: TreeSum,
    reduction: Reduction,
    /// Loss and new parameters, this rank's and others'.
    all: Vec<f32>,
    seconds: Seconds,
}

/// The optimizer, the loss, and the count of steps.
type Training<'a, O> = (&'a O, &'a Output, Option<&'a Variable>);

impl<'c> Trainer<'c> {
    #[track_caller]
    pub(crate) fn new<O: Optimizer>(
        communicator: &'c dyn Communicator,
        plan: Plan,
        (optimizer, loss, global_step): Training<'_, O>,
        device: &Device,
        feeds: Feeds,
    ) -> Result<Trainer<'c>, Error> {
        let (graph, rank) = (loss.graph().clone(), communicator.rank());
        let plain = graph.global_variables();
        let minimized = optimizer.minimized_gradients(loss)?;
        let shown = if loss.shape().is_empty() { loss.clone() } else { loss.reduce_sum(..) };
        let (mut fetches, mut trained) = (vec![shown], Vec::new());
        for (gradient, variable) in minimized {
            fetches.push(gradient);
            trained.push(variable);
        }
        assigns_nothing(loss, &fetches)?;
        let sizes: Vec<usize> = trained.iter().map(elements).collect();
        let cut = Cut::new(&sizes, optimizer.coupling(), communicator.size());
        let most = i32::MAX as usize / plan.shards.count();
        if cut.elements() > most {
            return Err(Error::TooLarge { elements: cut.elements(), most });
        }
        let update = Update::build(optimizer, &trained, global_step, &cut, rank)?;
        let mut session = Session::new(&graph, device)?;
        session.set_check_numerics(plan.check_numerics);
        let several = communicator.size() > 1;
        let runs = Runs::new(&session, fetches, &sizes, feeds.clone())?;
        let streams = Streams::gradients(&session)?;
        let runs = runs.with_update(&session, &update, feeds, several)?;
        let streams = streams.with_update(&session)?;
        let mut trainer = Trainer {
            own: TreeSum::new(plan.shards.count()),
            reduction: Reduction::new(&plan.shards, &cut, rank),
            all: vec![0.0; if several { cut.elements() } else { 1 }],
            seconds: Seconds::default(),
            steps: 0,
            whereabouts: None,
            communicator,
            plan,
            cut,
            session,
            plain,
            trained,
            update,
            streams,
            runs,
        };
        trainer.session.run(graph.global_variables_initializer(), ())?;
        trainer.set_parts()?;
        Ok(trainer)
    }

    /// Makes a step, and gives the mean of the shards' losses on every rank. For each shard of this rank,
    /// `feed` sets what the shard is fed: it is given the shard's number and the run.
    ///
    /// # Errors
    /// Those of `feed`; of runs, as [`Callable::run`]. Other ranks then wait, until the job
    /// [ends](crate::launch).
    pub fn step(
        &mut self,
        mut feed: impl FnMut(usize, &mut Callable<Vec<Output>>) -> Result<(), Error>,
    ) -> Result<f32, Error> {
        let start = Instant::now();
        self.add_up(&mut feed)?;
        let summed = Instant::now();
        let shards = self.plan.shards.count();
        let mine = self.reduction.run(self.communicator, &mut self.own);
        let reduced = Instant::now();
        {
            let _exact = ExactFloats::enter();
            mine.iter_mut().for_each(|sum| *sum /= shards as f32);
        }
        // Rank 0 owns the loss, which comes first.
        let (loss, gradients) = mine.split_at_mut(usize::from(self.communicator.rank() == 0));
        if let Some(norm) = self.plan.clip {
            clip_by_global_norm(self.communicator, gradients, norm);
        }
        self.streams.go_to_update(&mut self.session, self.steps, shards)?;
        self.runs.apply(&self.update, gradients)?;
        if let [loss] = loss {
            self.all[0] = *loss;
        }
        let updated = Instant::now();
        if self.communicator.size() > 1 {
            self.runs.read_updated(&self.update, &self.cut, &mut self.all)?;
            self.communicator.all_gather(&mut self.all, self.reduction.owned());
            self.runs.install(&self.update, &self.cut, &self.all)?;
        }
        self.steps += 1;
        self.seconds = Seconds {
            gradients: summed - start,
            reduction: reduced - summed,
            update: updated - reduced,
            gather: updated.elapsed(),
        };
        Ok(self.all[0])
    }

    /// Computes the loss and the gradients of this rank's shards, and adds them up.
    fn add_up(
        &mut self,
        mut feed: impl FnMut(usize, &mut Callable<Vec<Output>>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.own.clear();
        let shards = self.plan.shards;
        for shard in shards.owned(self.communicator.rank()) {
            let index = self.steps.wrapping_mul(shards.count() as u64).wrapping_add(shard as u64);
            self.streams.go_to_shard(&mut self.session, index)?;
            feed(shard, &mut self.runs.gradients)?;
            self.runs.gradients.run()?;
            self.own.push(shard..shard + 1, self.cut.elements(), |values| self.runs.read(values))?;
        }
        Ok(())
    }

    /// Gives the parts of variables the elements that the variables have.
    pub(crate) fn set_parts(&mut self) -> Result<(), Error> {
        for piece in self.update.pieces.iter().filter(|piece| piece.is_part) {
            let variable = &self.trained[piece.index];
            let whole = self.session.variable(variable)?;
            let part = whole.as_ref().map_or(Ok(&[][..]), Tensor::as_slice::<f32>)?;
            let part = Tensor::from(&part[piece.elements.clone()]);
            self.session.set_variable(&piece.variable, &part)?;
        }
        Ok(())
    }

    /// A variable's value, which is the same on every rank.
    ///
    /// # Errors
    /// As [`Session::variable`].
    pub fn variable(&self, variable: &Variable) -> Result<Tensor, Error> {
        let uninitialized = || minutia_graph::Error::Uninitialized { variables: vec![variable.name()] };
        Ok(self.session.variable(variable)?.ok_or_else(uninitialized)?)
    }

    /// The SHA-256 of the trained variables; see [`digest`](crate::digest()).
    ///
    /// # Errors
    /// When the device cannot be read.
    pub fn parameters_sha256(&self) -> Result<String, Error> {
        let values = self.trained.iter().map(|variable| self.variable(variable));
        Ok(digest(&values.collect::<Result<Vec<Tensor>, Error>>()?))
    }

    /// The session that trains, to make callables of for evaluation.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The shards, and who owns them.
    #[must_use]
    pub fn shards(&self) -> Shards {
        self.plan.shards
    }

    /// Who owns which parameters.
    #[must_use]
    pub fn cut(&self) -> &Cut {
        &self.cut
    }

    /// How many steps were made, those before a checkpoint included.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// How long the latest step took.
    #[must_use]
    pub fn seconds(&self) -> Seconds {
        self.seconds
    }

    /// What this rank receives in a step; see [`Traffic::of_step`].
    #[must_use]
    pub fn traffic_of_step(&self) -> Traffic {
        Traffic::of_step(&self.plan.shards, &self.cut, self.communicator.rank())
    }
}

/// The elements of a variable, whose shape is always known.
fn elements(variable: &Variable) -> usize {
    variable.shape().known().map_or(0, |shape| shape.iter().product())
}

/// Refuses gradients that change variables when they are computed.
fn assigns_nothing(loss: &Output, fetches: &[Output]) -> Result<(), Error> {
    let operations: Vec<Operation> = fetches.iter().map(Output::operation).collect();
    let assigned = loss.graph().group(&operations).assigned_variables();
    if assigned.is_empty() {
        return Ok(());
    }
    Err(Error::Assigns {
        loss: loss.name(),
        variables: assigned.iter().map(|variable| variable.name()).collect(),
    })
}
