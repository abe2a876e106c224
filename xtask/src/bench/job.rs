//! What is measured, in which unit, and what it is measured against.

use std::fmt;

/// A job of the post, a training step of another network, or a property of the engine.
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
    #[value(name = "convnet_step_ms")]
    Convnet,
    #[value(name = "word2vec_step_ms")]
    Word2vec,
    #[value(name = "word2vec_million_step_ms")]
    Word2vecMillion,
    #[value(name = "lstm_step_ms")]
    Lstm,
    #[value(name = "attention_step_ms")]
    Attention,
    #[value(name = "runge_kutta_s")]
    RungeKutta,
    #[value(name = "reproduce_s")]
    Reproduce,
    #[value(name = "classifier_rss_mb")]
    ClassifierRss,
    #[value(name = "gemm_nn_peak_fraction")]
    GemmNn,
    #[value(name = "gemm_tn_peak_fraction")]
    GemmTn,
    #[value(name = "crowded_epoch_ratio")]
    CrowdedEpoch,
    #[value(name = "no_fma_gflops")]
    NoFma,
    #[value(name = "wasm_gflops")]
    Wasm,
    #[value(name = "cold_reproduce_s")]
    ColdReproduce,
}

/// What a job's number is to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    pub value: f64,
    /// What would be better still.
    pub stretch: f64,
    /// Whether more is better.
    pub at_least: bool,
}

impl Target {
    /// A number that is to be this or less.
    pub const fn at_most(value: f64, stretch: f64) -> Target {
        Target { value, stretch, at_least: false }
    }

    /// A number that is to be this or more.
    pub const fn at_least(value: f64, stretch: f64) -> Target {
        Target { value, stretch, at_least: true }
    }

    fn reached(self, measured: f64, limit: f64) -> bool {
        if self.at_least { measured >= limit } else { measured <= limit }
    }

    /// What a measured number is called beside it.
    pub fn verdict(self, measured: f64) -> &'static str {
        if self.reached(measured, self.stretch) {
            "met, and the stretch"
        } else if self.reached(measured, self.value) {
            "met"
        } else {
            "missed"
        }
    }

    /// The share of it that a number uses up: more than one where it is missed.
    pub fn used(self, measured: f64) -> f64 {
        if self.at_least { self.value / measured } else { measured / self.value }
    }
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
    /// The jobs of a run that names none: all but the one that compiles everything anew.
    pub const USUAL: [Job; 17] = [
        Job::Epoch,
        Job::FiftyEpochs,
        Job::InverseStep,
        Job::IdealImages,
        Job::Convnet,
        Job::Word2vec,
        Job::Word2vecMillion,
        Job::Lstm,
        Job::Attention,
        Job::Reproduce,
        Job::ClassifierRss,
        Job::GemmNn,
        Job::GemmTn,
        Job::CrowdedEpoch,
        Job::NoFma,
        Job::Wasm,
        // Last, since a peer that does not end has none of the jobs after it.
        Job::RungeKutta,
    ];

    /// The name on the command line, in JSON and in tables.
    pub fn key(self) -> &'static str {
        match self {
            Job::Epoch => "epoch_s",
            Job::FiftyEpochs => "fifty_epochs_s",
            Job::InverseStep => "inverse_step_us",
            Job::IdealImages => "ideal_images_s",
            Job::Convnet => "convnet_step_ms",
            Job::Word2vec => "word2vec_step_ms",
            Job::Word2vecMillion => "word2vec_million_step_ms",
            Job::Lstm => "lstm_step_ms",
            Job::Attention => "attention_step_ms",
            Job::RungeKutta => "runge_kutta_s",
            Job::Reproduce => "reproduce_s",
            Job::ClassifierRss => "classifier_rss_mb",
            Job::GemmNn => "gemm_nn_peak_fraction",
            Job::GemmTn => "gemm_tn_peak_fraction",
            Job::CrowdedEpoch => "crowded_epoch_ratio",
            Job::NoFma => "no_fma_gflops",
            Job::Wasm => "wasm_gflops",
            Job::ColdReproduce => "cold_reproduce_s",
        }
    }

    /// What it is, for a reader.
    pub fn title(self) -> &'static str {
        match self {
            Job::Epoch => "training epoch, loss read back each step",
            Job::FiftyEpochs => "50 epochs with evaluation, whole process",
            Job::InverseStep => "inverse step, loss read back",
            Job::IdealImages => "ten ideal images, 1,000 steps",
            Job::Convnet => "step of Deep MNIST's convolutions, batch 50",
            Job::Word2vec => "word2vec step, 50,000 words",
            Job::Word2vecMillion => "word2vec step, 1,000,000 words",
            Job::Lstm => "LSTM step, 28 rows, 128 units, batch 128",
            Job::Attention => "self-attention step, 32 x 64 tokens, 128 wide",
            Job::RungeKutta => "200 Runge-Kutta steps: graph, gradients, plan, first run",
            Job::Reproduce => "`cargo xtask reproduce`, warm build",
            Job::ClassifierRss => "peak memory of the classifier stage",
            Job::GemmNn => "product 100x784x300, share of FMA peak",
            Job::GemmTn => "product 784x100x300, left transposed, share",
            Job::CrowdedEpoch => "epoch on eight threads a core, against one a core",
            Job::NoFma => "product 512x512x512 without FMA (x86-64-v2), one thread",
            Job::Wasm => "product 512x512x512 in WebAssembly (simd128), one thread",
            Job::ColdReproduce => "from a clone to the finished report, crates downloaded",
        }
    }

    pub fn unit(self) -> &'static str {
        match self {
            Job::InverseStep => "µs",
            Job::Convnet | Job::Word2vec | Job::Word2vecMillion | Job::Lstm | Job::Attention => "ms",
            Job::ClassifierRss => "MB",
            Job::GemmNn | Job::GemmTn | Job::CrowdedEpoch => "",
            Job::NoFma | Job::Wasm => "GFLOP/s",
            Job::Epoch | Job::FiftyEpochs | Job::IdealImages => "s",
            Job::RungeKutta | Job::Reproduce | Job::ColdReproduce => "s",
        }
    }

    /// What it is to reach, if that is a number which is the same on every machine. Others have a share of
    /// the dense FMA bound instead, or a distance from peers.
    pub fn target(self) -> Option<Target> {
        Some(match self {
            Job::Epoch | Job::NoFma | Job::Wasm => return None,
            Job::Convnet | Job::Lstm | Job::Attention => return None,
            Job::Word2vec | Job::Word2vecMillion => Target::at_most(7.8, 4.0),
            Job::RungeKutta => Target::at_most(2.0, 1.0),
            Job::FiftyEpochs => Target::at_most(8.0, 5.0),
            Job::InverseStep => Target::at_most(0.25, 0.15),
            Job::IdealImages => Target::at_most(0.055, 0.045),
            Job::Reproduce => Target::at_most(22.0, 15.0),
            Job::ClassifierRss => Target::at_most(150.0, 100.0),
            Job::GemmNn | Job::GemmTn => Target::at_least(0.9, 0.95),
            Job::CrowdedEpoch => Target::at_most(1.3, 1.1),
            Job::ColdReproduce => Target::at_most(190.0, 150.0),
        })
    }

    /// How far the loss that a contender ends with may be from ours, as a share: the inverse's gradient is a
    /// sign, which turns by rounding alone, and its loss goes from 10 to nearly nothing; the others only sum
    /// in another order.
    pub fn tolerance(self) -> f64 {
        match self {
            Job::InverseStep => 0.25,
            Job::IdealImages => 1e-3,
            job if job.has_network() => 2e-3,
            _ => 0.02,
        }
    }

    /// Whether peers have it too.
    pub fn has_peers(self) -> bool {
        let of_the_post = matches!(
            self,
            Job::Epoch | Job::FiftyEpochs | Job::InverseStep | Job::IdealImages | Job::ClassifierRss
        );
        of_the_post || self.has_network()
    }

    /// Whether it is a training step of a network that is not the post's.
    pub fn has_network(self) -> bool {
        use Job::{Attention, Convnet, Lstm, RungeKutta, Word2vec, Word2vecMillion};
        matches!(self, Attention | Convnet | Lstm | RungeKutta | Word2vec | Word2vecMillion)
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
        for &job in Job::value_variants() {
            assert_eq!(job.to_possible_value().map(|v| v.get_name().to_string()).as_deref(), Some(job.key()));
        }
        assert_eq!(Job::USUAL.len() + 1, Job::value_variants().len(), "all but one are usual");
    }

    #[test]
    fn a_stretch_is_beyond_its_target() {
        for &job in Job::value_variants() {
            let reached = |target: Target| target.reached(target.stretch, target.value);
            assert!(job.target().is_none_or(reached), "{job}");
        }
    }

    #[test]
    fn less_is_better_but_for_shares_of_the_peak() {
        let (seconds, share) = (Target::at_most(22.0, 15.0), Target::at_least(0.9, 0.95));
        let verdicts = [seconds.verdict(14.0), seconds.verdict(22.0), seconds.verdict(23.0)];
        assert_eq!(verdicts, ["met, and the stretch", "met", "missed"]);
        assert_eq!([share.verdict(0.96), share.verdict(0.89)], ["met, and the stretch", "missed"]);
        assert!(seconds.used(44.0) == 2.0 && share.used(0.45) == 2.0 && share.used(1.0) < 1.0);
    }
}
