//! Runs over many rows of the data, chunk by chunk.

use std::ops::Range;

use anyhow::{Context, Result};
use minutia_datasets::mnist::Labelled;
use minutia_graph::{Callable, Feeds, Fetch, Output, Session};
use minutia_models::{Classifier, Convnet};

/// A model that is told which rows of the data a run takes.
pub trait OverRows {
    /// The placeholder of the rows.
    fn rows(&self) -> &Output;

    /// What a callable is made with that takes `count` rows of the data.
    fn feeds(&self, data: &Labelled, count: usize) -> Feeds;
}

impl OverRows for Classifier {
    fn rows(&self) -> &Output {
        &self.rows
    }

    fn feeds(&self, data: &Labelled, count: usize) -> Feeds {
        self.feeds(&data.images, &data.labels, count)
    }
}

impl OverRows for Convnet {
    fn rows(&self) -> &Output {
        &self.rows
    }

    fn feeds(&self, data: &Labelled, count: usize) -> Feeds {
        self.feeds(&data.images, &data.labels, count)
    }
}

/// Rows of the data, and how many a run takes at a time.
#[derive(Debug)]
pub struct Chunks<'a> {
    pub data: &'a Labelled,
    pub rows: Range<usize>,
    pub length: usize,
}

impl Chunks<'_> {
    /// Runs something for the rows, chunk by chunk; the last may be shorter.
    ///
    /// # Errors
    /// Those of the session.
    pub fn run<F: Fetch + Copy>(
        &self,
        model: &impl OverRows,
        session: &Session,
        fetches: F,
        mut each: impl FnMut(&Callable<F>) -> Result<()>,
    ) -> Result<()> {
        let mut start = self.rows.start;
        let mut prepared: Option<(usize, Callable<F>)> = None;
        while start < self.rows.end {
            let end = self.rows.end.min(start + self.length);
            let indices = (start..end).map(i32::try_from).collect::<Result<Vec<i32>, _>>()?;
            if prepared.as_ref().is_none_or(|(length, _)| *length != indices.len()) {
                let feeds = model.feeds(self.data, indices.len());
                prepared = Some((indices.len(), session.make_callable(fetches, feeds)?));
            }
            let (_, step) = prepared.as_mut().context("a step was just prepared")?;
            step.set(model.rows(), &indices)?;
            step.run()?;
            each(step)?;
            start = end;
        }
        Ok(())
    }
}
