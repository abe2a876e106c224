//! A training that runs.

use crate::{
    Communicator, Cut, Error, Shards, Traffic,
    averaged::Averaged,
    blocks::TreeSum,
    clip::clip_by_global_norm,
    digest,
    random::Streams,
    reduction::Reduction,
    runs::Runs,
    update::{Update, elements},
};
use minutia_graph::{Callable, Device, Feeds, Operation, Output, Session, Tensor, Variable};
use minutia_optim::Optimizer;
use minutia_tensor::cpu::ExactFloats;
use std::{
    ops::Range,
    path::PathBuf,
    time::{Duration, Instant},
};

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
    averaged: Averaged,
    pub(crate) streams: Streams,
    /// Steps that were made.
    pub(crate) steps: u64,
    /// Where checkpoints go, if anywhere.
    pub(crate) checkpoint: Option<PathBuf>,
    runs: Runs,
    /// Sums over this rank's shards.
    own: TreeSum,
    reduction: Reduction,
    /// Loss and new parameters, this rank's and others'.
    all: Vec<f32>,
    seconds: Seconds,
}

/// What is trained, and how.
pub(crate) struct Training<'a, O> {
    pub optimizer: &'a O,
    pub loss: &'a Output,
    pub global_step: Option<&'a Variable>,
    /// What runs with every shard.
    pub beside: Option<&'a Operation>,
}

impl<'c> Trainer<'c> {
    #[track_caller]
    pub(crate) fn new<O: Optimizer>(
        communicator: &'c dyn Communicator,
        plan: Plan,
        training: Training<'_, O>,
        device: &Device,
        feeds: Feeds,
    ) -> Result<Trainer<'c>, Error> {
        let Training { optimizer, loss, global_step, beside } = training;
        let (graph, rank) = (loss.graph().clone(), communicator.rank());
        let plain = graph.global_variables();
        let minimized = optimizer.minimized_gradients(loss)?;
        let shown = if loss.shape().is_empty() { loss.clone() } else { loss.reduce_sum(..) };
        let (mut fetches, mut trained) = (vec![shown], Vec::new());
        for (gradient, variable) in minimized {
            fetches.push(gradient);
            trained.push(variable);
        }
        let averaged = Averaged::find(loss, &fetches, &trained, beside)?;
        fetches.extend(averaged.after.iter().cloned());
        let sizes: Vec<usize> = trained.iter().map(elements).chain(averaged.sizes()).collect();
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
            all: vec![0.0; cut.elements()],
            seconds: Seconds::default(),
            steps: 0,
            checkpoint: None,
            communicator,
            plan,
            cut,
            session,
            plain,
            trained,
            averaged,
            update,
            streams,
            runs,
        };
        trainer.session.run(graph.global_variables_initializer(), ())?;
        trainer.note_values()?;
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
        let owned = self.cut.owned(self.communicator.rank());
        let trained = self.cut.trained(self.trained.len());
        // The loss and what is averaged have their values; an optimizer makes those of what lies between.
        for means in [0..trained.start, trained.end..self.cut.elements()] {
            let means = common(&means, &owned);
            self.all[means.clone()]
                .copy_from_slice(&mine[means.start - owned.start..means.end - owned.start]);
        }
        let trained = common(&trained, &owned);
        let gradients = &mut mine[trained.start - owned.start..trained.end - owned.start];
        if let Some(norm) = self.plan.clip {
            clip_by_global_norm(self.communicator, gradients, norm);
        }
        self.streams.go_to_update(&mut self.session, self.steps, shards)?;
        self.runs.apply(&self.update, gradients)?;
        let updated = Instant::now();
        if self.communicator.size() > 1 {
            self.runs.read_updated(&self.update, &self.cut, &mut self.all)?;
            self.communicator.all_gather(&mut self.all, self.reduction.owned());
            self.runs.install(&self.update, &self.cut, &self.all)?;
        }
        self.averaged.take(&mut self.session, &self.cut, &self.all)?;
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
            self.averaged.reset(&mut self.session)?;
            feed(shard, &mut self.runs.gradients)?;
            self.runs.gradients.run()?;
            self.own.push(shard..shard + 1, self.cut.elements(), |values| self.runs.read(values))?;
        }
        Ok(())
    }

    /// Takes note of the values of variables: gives parts the elements that the whole has.
    pub(crate) fn note_values(&mut self) -> Result<(), Error> {
        self.averaged.note(&self.session)?;
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

/// What two ranges have in common, within the second one.
fn common(one: &Range<usize>, other: &Range<usize>) -> Range<usize> {
    let start = one.start.clamp(other.start, other.end);
    start..one.end.clamp(start, other.end)
}
