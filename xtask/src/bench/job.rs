//! What is measured, in which unit, and what it is measured against.

use std::fmt;

/// A job of the post, or a property of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Job {
    #[value(name = "epoch_s")]
    Epoch,
    #[value(name = "fifty_epochs_s")]
    FiftyEpochs,
    #[value(name = "inverse_step_us")]
    InverseStep,
    #[value(name = "ideal_images_s")]
    IdealImages,
    #[value(name = "reproduce_s")]
    Reproduce,
    #[value(name = "classifier_rss_mb")]
    ClassifierRss,
    #[value(name = "gemm_nn_peak_fraction")]
    GemmNn,
    #[value(name = "gemm_tn_peak_fraction")]
    GemmTn,
}

/// What one run of a job gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measurement {
    /// In the job's unit.
    pub value: f64,
    /// The loss that the run ended with, which shows whether it did the same work as others.
    pub check: Option<f64>,
    /// What else is to be said.
    pub note: String,
}

impl From<f64> for Measurement {
    fn from(value: f64) -> Measurement {
        Measurement { value, ..Measurement::default() }
    }
}

impl Job {
    pub const ALL: [Job; 8] = [
        Job::Epoch,
        Job::FiftyEpochs,
        Job::InverseStep,
        Job::IdealImages,
        Job::Reproduce,
        Job::ClassifierRss,
        Job::GemmNn,
        Job::GemmTn,
    ];

    /// The name on the command line, in JSON and in tables.
    pub fn key(self) -> &'static str {
        match self {
            Job::Epoch => "epoch_s",
            Job::FiftyEpochs => "fifty_epochs_s",
            Job::InverseStep => "inverse_step_us",
            Job::IdealImages => "ideal_images_s",
            Job::Reproduce => "reproduce_s",
            Job::ClassifierRss => "classifier_rss_mb",
            Job::GemmNn => "gemm_nn_peak_fraction",
            Job::GemmTn => "gemm_tn_peak_fraction",
        }
    }

    /// What it is, for a reader.
    pub fn title(self) -> &'static str {
        match self {
            Job::Epoch => "training epoch, loss read back each step",
            Job::FiftyEpochs => "50 epochs with evaluation, whole process",
            Job::InverseStep => "inverse step, loss read back",
            Job::IdealImages => "ten ideal images, 1,000 steps",
            Job::Reproduce => "`cargo xtask reproduce`, warm build",
            Job::ClassifierRss => "peak memory of the classifier stage",
            Job::GemmNn => "product 100x784x300, share of FMA peak",
            Job::GemmTn => "product 784x100x300, left transposed, share",
        }
    }

    pub fn unit(self) -> &'static str {
        match self {
            Job::InverseStep => "µs",
            Job::ClassifierRss => "MB",
            Job::GemmNn | Job::GemmTn => "",
            _ => "s",
        }
    }

    /// The target, and what would be better still.
    pub fn targets(self) -> (f64, Option<f64>) {
        match self {
            Job::Epoch => (0.10, Some(0.07)),
            Job::FiftyEpochs => (8.0, Some(5.0)),
            Job::InverseStep => (0.25, Some(0.10)),
            Job::IdealImages => (0.045, Some(0.03)),
            Job::Reproduce => (25.0, Some(12.0)),
            Job::ClassifierRss => (150.0, Some(100.0)),
            Job::GemmNn | Job::GemmTn => (0.9, None),
        }
    }

    /// Whether a measured number reaches a target.
    pub fn reaches(self, measured: f64, target: f64) -> bool {
        match self {
            Job::GemmNn | Job::GemmTn => measured >= target,
            _ => measured <= target,
        }
    }

    /// How far the loss that a contender ends with may be from ours, as a share: the inverse's gradient is a
    /// sign, which turns by rounding alone, and its loss goes from 10 to nearly nothing; the others only sum
    /// in another order.
    pub fn tolerance(self) -> f64 {
        match self {
            Job::InverseStep => 0.25,
            Job::IdealImages => 1e-3,
            _ => 0.02,
        }
    }

    /// Whether peers have it too.
    pub fn has_peers(self) -> bool {
        matches!(
            self,
            Job::Epoch | Job::FiftyEpochs | Job::InverseStep | Job::IdealImages | Job::ClassifierRss
        )
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn the_command_line_and_json_have_the_same_names() {
        for job in Job::ALL {
            assert_eq!(job.to_possible_value().map(|v| v.get_name().to_string()).as_deref(), Some(job.key()));
        }
        assert_eq!(Job::ALL.len(), Job::value_variants().len());
    }

    #[test]
    fn targets_are_upper_bounds_but_for_shares_of_the_peak() {
        assert!(Job::Epoch.reaches(0.1, 0.1) && !Job::Epoch.reaches(0.11, 0.1));
        assert!(Job::GemmNn.reaches(0.95, 0.9) && !Job::GemmNn.reaches(0.85, 0.9));
        for job in Job::ALL {
            let (target, stretch) = job.targets();
            assert!(stretch.is_none_or(|stretch| job.reaches(stretch, target)), "{job}");
        }
    }
}
