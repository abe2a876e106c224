//! What rank 0 shows.

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use minutia_mpi::{Communicator, Seconds, Traffic, Trainer};
use std::{
    fmt,
    io::{self, Write},
    time::Duration,
};

/// Lines on standard output, and a bar where that of errors is a terminal; nothing on other ranks.
pub struct Progress(Option<ProgressBar>);

impl Progress {
    pub fn new(shown: bool, steps: u64) -> Progress {
        let style = ProgressStyle::with_template("{bar:40} step {pos}/{len}, {eta} left");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        Progress(shown.then(|| ProgressBar::new(steps).with_style(style)))
    }

    pub fn show(&mut self, steps: u64) {
        if let Some(bar) = &self.0 {
            bar.set_position(steps);
        }
    }

    pub fn line(&mut self, line: fmt::Arguments<'_>) -> Result<()> {
        match &self.0 {
            Some(bar) => Ok(bar.suspend(|| writeln!(io::stdout(), "{line}"))?),
            None => Ok(()),
        }
    }
}

/// How long the parts of steps took.
#[derive(Default)]
pub struct Timings(Vec<Seconds>);

impl Timings {
    pub fn add(&mut self, seconds: Seconds) {
        self.0.push(seconds);
    }

    /// Medians of rank 0, and the bytes of all ranks in a step beside those of the formula.
    pub fn print(
        &self,
        to: &mut Progress,
        communicator: &dyn Communicator,
        trainer: &Trainer<'_>,
    ) -> Result<()> {
        let steps = self.0.len().max(1) as u64;
        let Traffic { reduction, gather } = communicator.traffic();
        let own = trainer.traffic_of_step();
        to.line(format_args!(
            "median seconds a step: {:.6} (gradients {:.6}, reduction {:.6}, update {:.6}, gather {:.6})",
            self.median(|s| s.gradients + s.reduction + s.update + s.gather),
            self.median(|s| s.gradients),
            self.median(|s| s.reduction),
            self.median(|s| s.update),
            self.median(|s| s.gather),
        ))?;
        to.line(format_args!(
            "bytes a step received by rank 0: {} (reduction {}, gather {}), by the formula {} ({}, {})",
            (reduction + gather) / steps,
            reduction / steps,
            gather / steps,
            own.total(),
            own.reduction,
            own.gather
        ))
    }

    fn median(&self, part: fn(&Seconds) -> Duration) -> f64 {
        let mut all: Vec<Duration> = self.0.iter().map(part).collect();
        all.sort_unstable();
        all.get(all.len() / 2).map_or(0.0, Duration::as_secs_f64)
    }
}
