//! Our own runs of the jobs: the models of the stages, or the whole command as a child process.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};
use minutia_graph::Session;
use minutia_models::{CLASSES, Classifier, IdealImages, Inverse, Penalty};
use minutia_tensor::{Device, cpu};

use crate::{
    bench::{
        elsewhere,
        inputs::{self, EPOCHS, Halves, Inputs},
        job::{Job, Measurement},
        networks, process, products,
        summary::median,
    },
    reproduce::Config,
};

/// This repository as a contender.
pub struct Ours<'a> {
    config: &'a Config,
    data: &'a Halves,
    inputs: &'a Inputs,
    options: cpu::Options,
    /// Where other processes put what they make.
    out: PathBuf,
    /// Peak memory of classifier runs that were timed already.
    peaks: Vec<f64>,
}

impl<'a> Ours<'a> {
    /// # Errors
    /// When an environment variable has a senseless value.
    pub fn new(config: &'a Config, data: &'a Halves, inputs: &'a Inputs, out: &Path) -> Result<Ours<'a>> {
        let options = cpu::Options::from_env()?;
        Ok(Ours { config, data, inputs, options, out: out.to_path_buf(), peaks: Vec::new() })
    }

    /// Runs a job once.
    ///
    /// # Errors
    /// What went wrong, and where.
    pub fn measure(&mut self, job: Job) -> Result<Measurement> {
        let measured = match job {
            Job::Epoch => self.epoch(self.options),
            Job::InverseStep => self.inverse(),
            Job::IdealImages => self.ideal_images(),
            Job::FiftyEpochs => self.child(&["classifier"]).map(|ended| {
                self.peaks.extend(ended.peak);
                ended.seconds.into()
            }),
            Job::Reproduce => self.child(&[]).map(|ended| ended.seconds.into()),
            Job::ClassifierRss => match self.peaks.pop() {
                Some(peak) => Ok(peak.into()),
                None => self.child(&["classifier"]).and_then(|ended| {
                    ended.peak.map(Measurement::from).context("this system has no /proc to read memory from")
                }),
            },
            Job::GemmNn => products::share(self.options, products::FORWARD),
            Job::GemmTn => products::share(self.options, products::GRADIENT),
            Job::CrowdedEpoch => self.crowded_epoch(),
            Job::Convnet
            | Job::Word2vec
            | Job::Word2vecMillion
            | Job::Lstm
            | Job::Attention
            | Job::RungeKutta => networks::measure(job, &self.data.train, self.options),
            Job::NoFma => {
                let options = cpu::Options { simd: Some(cpu::Level::Scalar), threads: Some(1) };
                products::rate(options, products::CUBE).map(Measurement::from)
            }
            Job::Wasm => elsewhere::wasm_rate(&crate::workspace(), &self.out).map(Measurement::from),
            Job::ColdReproduce => {
                elsewhere::cold_reproduce(&crate::workspace(), &self.out, &self.data.arguments)
                    .map(Measurement::from)
            }
        };
        measured.with_context(|| format!("{job} cannot be measured"))
    }

    /// Why a job cannot be run on this machine.
    pub fn lacks(job: Job) -> Option<String> {
        match job {
            Job::NoFma if !cfg!(target_arch = "x86_64") => Some("this is no x86-64".into()),
            Job::Wasm => elsewhere::lacks_wasm(),
            _ => None,
        }
    }

    /// How many times as long an epoch takes on eight threads a core as on one a core.
    fn crowded_epoch(&self) -> Result<Measurement> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let seconds = |threads| -> Result<f64> {
            Ok(self.epoch(cpu::Options { threads: Some(threads), ..self.options })?.value)
        };
        let [alone, crowded] = [seconds(cores)?, seconds(8 * cores)?];
        let note = format!("{cores} threads: {alone:.3} s, {}: {crowded:.3} s", 8 * cores);
        Ok(Measurement { value: crowded / alone, check: None, note })
    }

    /// Seconds of an epoch, the loss read back after each step.
    fn epoch(&self, options: cpu::Options) -> Result<Measurement> {
        let parameters = &self.config.classifier;
        let model = Classifier::new(&parameters.network(), self.config.seed);
        let train = model.train(parameters.learning_rate)?;
        let mut session = Session::new(&model.graph, &Device::cpu_with(options)?)?;
        session.run(model.graph.global_variables_initializer(), ())?;
        inputs::load(&mut session, &model.weights, &self.inputs.initial)?;
        let data = &self.data.train;
        let feeds = model.feeds(&data.images, &data.labels, parameters.batch);
        let mut step = session.make_callable((&train, &model.loss), feeds)?;
        let steps = self.data.train.len() / parameters.batch;
        let (mut seconds, mut loss) = (Vec::new(), 0.0);
        for epoch in self.inputs.order.chunks_exact(steps * parameters.batch) {
            let start = Instant::now();
            let mut sum = 0.0;
            for rows in epoch.chunks_exact(parameters.batch) {
                step.set(&model.rows, rows)?;
                step.run()?;
                sum += f64::from(step.value::<f32>(&model.loss)?);
            }
            seconds.push(start.elapsed().as_secs_f64());
            loss = sum / steps as f64;
        }
        debug_assert_eq!(seconds.len(), EPOCHS);
        Ok(Measurement {
            value: median(seconds.into_iter().skip(1)),
            check: Some(loss),
            note: format!("loss {loss:.5}"),
        })
    }

    /// Microseconds of a step of the inverse, on one thread as the stage has it.
    fn inverse(&self) -> Result<Measurement> {
        let parameters = &self.config.inverse;
        let device = Device::cpu_with(cpu::Options { threads: Some(1), ..self.options })?;
        let mut values = [0.0; 2];
        let mut last = 0.0;
        for (every, value) in [1, parameters.log_every].into_iter().zip(&mut values) {
            let model = Inverse::new(&self.inputs.matrix, parameters.size)?;
            let train = model.train(parameters.learning_rate)?;
            let mut session = Session::new(&model.graph, &device)?;
            session.run(model.graph.global_variables_initializer(), ())?;
            let mut step = session.make_callable(&train, ())?;
            let mut logged = session.make_callable((&train, &model.loss), ())?;
            let start = Instant::now();
            for i in 0..parameters.steps {
                if i.is_multiple_of(every) {
                    logged.run()?;
                    last = logged.value::<f32>(&model.loss)?;
                } else {
                    step.run()?;
                }
            }
            *value = start.elapsed().as_secs_f64() * 1e6 / parameters.steps as f64;
            last = session.run(&model.loss, ())?.value::<f32>().unwrap_or(last);
        }
        let note =
            format!("loss {last:.4}; {:.3} µs with the loss every {} steps", values[1], parameters.log_every);
        Ok(Measurement { value: values[0], check: Some(f64::from(last)), note })
    }

    /// Seconds of the ten images' steps with the L2 penalty, the loss read back every hundred.
    fn ideal_images(&self) -> Result<Measurement> {
        let parameters = &self.config.ideal_images;
        let classes: Vec<i32> = (0..).take(CLASSES).collect();
        let network = self.config.classifier.network();
        let model = IdealImages::new(&network, &classes, Penalty::L2(parameters.l2_penalty))?;
        let train = model.train(parameters.learning_rate)?;
        let mut session = Session::new(&model.graph, &Device::cpu_with(self.options)?)?;
        session.run(model.graph.global_variables_initializer(), ())?;
        inputs::load(&mut session, &model.weights, &self.inputs.trained)?;
        let mut step = session.make_callable(&train, ())?;
        let mut logged = session.make_callable((&train, &model.loss), ())?;
        let start = Instant::now();
        for i in 0..parameters.steps {
            if i.is_multiple_of(100) {
                logged.run()?;
                logged.value::<f32>(&model.loss)?;
            } else {
                step.run()?;
            }
        }
        let value = start.elapsed().as_secs_f64();
        let loss: f32 = session.run(&model.loss, ())?.value()?;
        Ok(Measurement { value, check: Some(f64::from(loss)), note: format!("loss {loss:.5}") })
    }

    /// `cargo xtask reproduce` without cargo.
    fn child(&self, stages: &[&str]) -> Result<process::Ended> {
        let this = std::env::current_exe().context("cannot find this program's own file")?;
        let mut command = Command::new(this);
        command
            .arg("reproduce")
            .args(stages)
            .args(["--fresh", "--no-progress", "--device", "cpu", "--out"])
            .arg(self.out.join("reproduce"));
        command.args(&self.data.arguments).env("MINUTIA_OFFLINE", "1");
        process::run(&mut command)
    }
}
