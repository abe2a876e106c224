//! Training steps of networks that are not the post's, as a program of one's own may have them.

mod attention;
mod convnet;
mod lstm;
mod runge_kutta;
mod word2vec;

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use minutia_datasets::mnist::Labelled;
use minutia_graph::{Feeds, Graph, Operation, Output, Session, Variable};
use minutia_kernels::rng::Generator;
use minutia_tensor::{DType, Device, Shape, Tensor, cpu::Options};
use serde_json::json;

use super::{
    job::{Job, Measurement},
    summary::median,
};
use crate::files;

/// A training step with all that it starts from, which peers read.
struct TrainingStep {
    start: Start,
    loss: Output,
    train: Operation,
    /// What is fed, with its name and the values of a few steps, after which they come again.
    fed: Vec<Fed>,
    /// How many steps are timed.
    steps: usize,
    rate: f32,
    /// What else peers have to know, by name.
    sizes: Vec<(&'static str, usize)>,
}

/// A placeholder, and what it is fed step by step.
struct Fed {
    name: &'static str,
    placeholder: Output,
    values: Vec<Tensor>,
}

/// A graph that is being built, and what its variables begin with.
struct Start {
    graph: Graph,
    generator: Generator,
    /// By name.
    weights: Vec<(String, Tensor)>,
    given: Vec<(Variable, Tensor)>,
}

impl Start {
    fn new(name: &str) -> Start {
        let (graph, generator) = (Graph::new(), Generator::new(1, &format!("bench/{name}")));
        Start { graph, generator, weights: Vec::new(), given: Vec::new() }
    }

    /// Normal numbers around a mean.
    fn normal(&mut self, dims: impl Into<Shape>, [mean, deviation]: [f32; 2]) -> Result<Tensor> {
        let dims = dims.into();
        let numbers = (0..dims.elements()).map(|_| mean + deviation * self.generator.normal()).collect();
        Ok(Tensor::from_vec(dims, numbers)?)
    }

    /// Normal numbers around 0 that peers know by a name.
    fn weight(&mut self, name: &str, dims: impl Into<Shape>, deviation: f32) -> Result<Tensor> {
        let value = self.normal(dims, [0.0, deviation])?;
        self.weights.push((name.to_string(), value.clone()));
        Ok(value)
    }

    /// Such numbers for the variables of a layer, by their own names.
    fn give(&mut self, variables: Vec<Variable>, deviation: f32) -> Result<()> {
        for variable in variables {
            let dims = variable.shape().known().context("a layer's variable has a known shape")?;
            let value = self.weight(&variable.name(), dims, deviation)?;
            self.given.push((variable, value));
        }
        Ok(())
    }

    /// A placeholder for values that have one shape.
    fn feed(&self, name: &'static str, values: Vec<Tensor>) -> Result<Fed> {
        let first = values.first().with_context(|| format!("nothing is fed to {name}"))?;
        let placeholder = self.graph.placeholder(name, first.dtype(), first.dims());
        Ok(Fed { name, placeholder, values })
    }
}

impl TrainingStep {
    /// That of a job, where it has one.
    fn of(job: Job, data: &Labelled) -> Option<Result<TrainingStep>> {
        Some(match job {
            Job::Convnet => convnet::DEEP_MNIST.network(data),
            Job::Word2vec => word2vec::FIFTY_THOUSAND.network(),
            Job::Word2vecMillion => word2vec::MILLION.network(),
            Job::Lstm => lstm::ROWS.network(data),
            Job::Attention => attention::TOKENS.network(),
            Job::RungeKutta => runge_kutta::POPULATIONS.network(),
            _ => return None,
        })
    }

    /// Writes what peers start from into a folder.
    fn write(&self, folder: &Path) -> Result<()> {
        let put = |name: &str, tensors: &[Tensor]| {
            let bytes: Vec<u8> = tensors.iter().flat_map(Tensor::canonical_bytes).collect();
            files::write(&folder.join(name), &bytes)
        };
        let weights: Vec<Tensor> = self.start.weights.iter().map(|(_, value)| value.clone()).collect();
        put("weights", &weights)?;
        let mut feeds = Vec::new();
        for Fed { name, values, .. } in &self.fed {
            put(name, values)?;
            let dims: Vec<usize> =
                [values.len()].into_iter().chain(values[0].dims().iter().copied()).collect();
            let numbers = if values[0].dtype() == DType::I32 { "<i4" } else { "<f4" };
            feeds.push(json!({"name": name, "numbers": numbers, "dims": dims}));
        }
        let weights =
            self.start.weights.iter().map(|(name, value)| json!({"name": name, "dims": value.dims()}));
        let mut network = json!({
            "steps": self.steps, "rate": self.rate, "weights": weights.collect::<Vec<_>>(), "feeds": feeds,
        });
        for (name, size) in &self.sizes {
            network[*name] = json!(size);
        }
        files::write(&folder.join("network.json"), network.to_string().as_bytes())
    }

    /// Seconds of each step with its feeds, the loss read back, and the losses; `after` sees the first end.
    fn run(&self, options: Options, after: impl FnOnce()) -> Result<(Vec<f64>, Vec<f64>)> {
        let Start { graph, given, .. } = &self.start;
        let mut session = Session::new(graph, &Device::cpu_with(options)?)?;
        session.run(graph.global_variables_initializer(), ())?;
        for (variable, value) in given {
            session.set_variable(variable, value)?;
        }
        let first = |feeds: Feeds, fed: &Fed| feeds.with(&fed.placeholder, fed.values[0].clone());
        let feeds = self.fed.iter().fold(Feeds::new(), first);
        let mut callable = session.make_callable((&self.train, &self.loss), feeds)?;
        let (mut seconds, mut losses) = (Vec::new(), Vec::new());
        let mut after = Some(after);
        for step in 0..self.steps {
            let start = Instant::now();
            for Fed { placeholder, values, .. } in &self.fed {
                callable.feed(placeholder, &values[step % values.len()])?;
            }
            callable.run()?;
            losses.push(f64::from(callable.value::<f32>(&self.loss)?));
            seconds.push(start.elapsed().as_secs_f64());
            if let Some(after) = after.take() {
                after();
            }
        }
        Ok((seconds, losses))
    }
}

/// Writes what the peers of a job start from, where it has a network.
///
/// # Errors
/// When the network cannot be built, or the folder cannot be written.
pub fn write(folder: &Path, job: Job, data: &Labelled) -> Result<()> {
    match TrainingStep::of(job, data) {
        Some(network) => network?.write(&folder.join(job.key())),
        None => Ok(()),
    }
}

/// Runs a job that has a network. The median step counts, or the time from nothing to the end of the first
/// where the job is to build a large graph.
///
/// # Errors
/// What went wrong on the way.
pub fn measure(job: Job, data: &Labelled, options: Options) -> Result<Measurement> {
    let begin = Instant::now();
    let network = TrainingStep::of(job, data).context("it has no network")??;
    let mut first = 0.0;
    let (seconds, losses) = network.run(options, || first = begin.elapsed().as_secs_f64())?;
    let loss = losses.iter().sum::<f64>() / losses.len() as f64;
    let value = if job == Job::RungeKutta { first } else { 1e3 * median(seconds) };
    Ok(Measurement { value, check: Some(loss), note: format!("loss {loss:.5}") })
}

/// The floating-point operations of the products of a step, where products are most of it.
pub fn operations(job: Job) -> Option<f64> {
    Some(match job {
        Job::Convnet => convnet::DEEP_MNIST.operations(),
        Job::Lstm => lstm::ROWS.operations(),
        Job::Attention => attention::TOKENS.operations(),
        _ => return None,
    })
}

/// The images of the first steps as numbers from 0 to 1, of this shape, and their labels.
fn batches(data: &Labelled, steps: usize, dims: &[usize]) -> Result<[Vec<Tensor>; 2]> {
    let (batch, pixels) = (dims[0], data.images.as_slice::<u8>()?);
    let labels = data.labels.as_slice::<i32>()?;
    let width = pixels.len() / labels.len();
    let mut rows = (0..labels.len()).cycle();
    let (mut inputs, mut answers) = (Vec::new(), Vec::new());
    for _ in 0..steps {
        let rows: Vec<usize> = rows.by_ref().take(batch).collect();
        let image = |&row: &usize| pixels[row * width..][..width].iter().map(|&p| f32::from(p) / 255.0);
        inputs.push(Tensor::from_vec(dims, rows.iter().flat_map(image).collect::<Vec<f32>>())?);
        answers.push(Tensor::from(rows.iter().map(|&row| labels[row]).collect::<Vec<i32>>()));
    }
    Ok([inputs, answers])
}

#[cfg(test)]
mod tests {
    use super::*;
    use minutia_datasets::digits;

    #[test]
    fn each_network_learns() {
        let data = digits::generate_some(64, 16).train;
        let convnet = convnet::ConvnetSizes { batch: 8, filters: [2, 3], hidden: 16, rate: 1e-2, steps: 30 };
        let lstm = lstm::LstmSizes { batch: 8, units: 8, rate: 1e-2, steps: 30 };
        let attention =
            attention::AttentionSizes { batch: 2, tokens: 5, width: 8, heads: 2, rate: 1e-2, steps: 30 };
        let words =
            word2vec::Word2vecSizes { words: 2000, batch: 16, width: 8, sampled: 4, batches: 3, steps: 90 };
        let populations = runge_kutta::RungeKuttaSizes { populations: 3, steps: 4 };
        let networks = [
            ("convnet", convnet.network(&data)),
            ("lstm", lstm.network(&data)),
            ("attention", attention.network()),
            ("word2vec", words.network()),
            ("Runge-Kutta", populations.network()),
        ];
        for (name, network) in networks {
            let (seconds, losses) = network.unwrap().run(Options::default(), || ()).unwrap();
            let third = losses.len().div_ceil(3);
            let [early, late] = [&losses[..third], &losses[losses.len() - third..]];
            let [early, late] = [early, late].map(|losses| losses.iter().sum::<f64>());
            assert!(late < 0.99 * early, "{name}: {losses:?}");
            assert!(seconds.iter().all(|&seconds| seconds > 0.0), "{name}: {seconds:?}");
        }
    }

    #[test]
    fn what_peers_read_is_what_the_network_starts_from() {
        let folder = tempfile::tempdir().unwrap();
        let words =
            word2vec::Word2vecSizes { words: 2000, batch: 4, width: 3, sampled: 5, batches: 7, steps: 9 };
        words.network().unwrap().write(folder.path()).unwrap();
        let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
        let network: serde_json::Value = serde_json::from_slice(&read("network.json")).unwrap();
        assert_eq!((&network["steps"], &network["times"]), (&json!(9), &json!(2)));
        assert_eq!(network["weights"][1], json!({"name": "weights", "dims": [1000, 3]}));
        assert_eq!(network["feeds"][2], json!({"name": "sampled", "numbers": "<i4", "dims": [7, 5]}));
        assert_eq!([read("weights").len(), read("sampled").len()], [2 * 1000 * 3 * 4, 7 * 5 * 4]);
    }
}
