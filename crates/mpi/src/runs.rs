//! The compiled runs that a step is made of.

use crate::{Cut, Error, update::Update};
use minutia_graph::{Callable, DType, Feeds, Operation, Output, Session, Tensor};

/// What a rank runs in a step: the gradients of each of its shards, the optimizer over what it owns, and the
/// assignment of what others own.
pub(crate) struct Runs {
    /// Loss and gradients of a shard.
    pub gradients: Callable<Vec<Output>>,
    /// The same, each with its number of elements.
    fetches: Vec<(Output, usize)>,
    apply: Option<Apply>,
    install: Option<Callable<Vec<Operation>>>,
}

/// The optimizer's step; where others want them, with the new values.
type Apply = Callable<(Operation, Vec<Output>)>;

impl Runs {
    /// The run of the gradients. `fetches` are the loss, which is one number, and a gradient for each of the
    /// variables, which have these numbers of elements.
    pub fn new(
        session: &Session,
        fetches: Vec<Output>,
        sizes: &[usize],
        feeds: Feeds,
    ) -> Result<Runs, Error> {
        let gradients = session.make_callable(fetches.clone(), feeds)?;
        let fetches = fetches.into_iter().zip(std::iter::once(1).chain(sizes.iter().copied())).collect();
        Ok(Runs { gradients, fetches, apply: None, install: None })
    }

    /// The other runs besides; `several` tells whether others want the new values.
    pub fn with_update(
        self,
        session: &Session,
        update: &Update,
        feeds: Feeds,
        several: bool,
    ) -> Result<Runs, Error> {
        let after = update.pieces.iter().filter(|_| several).map(|piece| piece.after.clone()).collect();
        let feeds = update.pieces.iter().try_fold(feeds, |feeds, piece| zeros(feeds, &piece.gradient))?;
        let apply =
            update.operation.clone().map(|operation| session.make_callable((operation, after), feeds));
        let installed = &update.installed;
        let values =
            installed.iter().try_fold(Feeds::new(), |feeds, installed| zeros(feeds, &installed.value))?;
        let assigned: Vec<Operation> =
            installed.iter().map(|installed| installed.assign.operation()).collect();
        let install = (!assigned.is_empty()).then(|| session.make_callable(assigned, values));
        Ok(Runs { apply: apply.transpose()?, install: install.transpose()?, ..self })
    }

    /// Loss and gradients of the latest shard, one after another.
    pub fn read(&self, mut values: &mut [f32]) -> Result<(), Error> {
        for (fetch, elements) in &self.fetches {
            let own = values.split_off_mut(..*elements).unwrap_or_default();
            self.gradients.read(fetch, own)?;
        }
        Ok(())
    }

    /// Updates this rank's pieces by their gradients, one after another.
    pub fn apply(&mut self, update: &Update, mut gradients: &[f32]) -> Result<(), Error> {
        let Some(apply) = &mut self.apply else { return Ok(()) };
        for piece in &update.pieces {
            let own = gradients.split_off(..piece.elements.len()).unwrap_or_default();
            apply.set(&piece.gradient, own)?;
        }
        Ok(apply.run()?)
    }

    /// Puts the new values of this rank's pieces in their place among all.
    pub fn read_updated(&self, update: &Update, cut: &Cut, all: &mut [f32]) -> Result<(), Error> {
        let Some(apply) = &self.apply else { return Ok(()) };
        for piece in &update.pieces {
            let start = cut.place(piece.index).start;
            apply.read(&piece.after, &mut all[start + piece.elements.start..start + piece.elements.end])?;
        }
        Ok(())
    }

    /// Gives variables of which others own elements their new values.
    pub fn install(&mut self, update: &Update, cut: &Cut, all: &[f32]) -> Result<(), Error> {
        let Some(install) = &mut self.install else { return Ok(()) };
        for installed in &update.installed {
            install.set(&installed.value, &all[cut.place(installed.index)])?;
        }
        Ok(install.run()?)
    }
}

fn zeros(feeds: Feeds, placeholder: &Output) -> Result<Feeds, Error> {
    let dims = placeholder.shape().known().unwrap_or_default();
    Ok(feeds.with(placeholder, Tensor::zeros(DType::F32, dims)?))
}
