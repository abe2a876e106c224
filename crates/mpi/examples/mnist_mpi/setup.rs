//! What a rank begins with.

use crate::{
    network::Network,
    options::{Dataset, Options, Rule, Where},
};
use anyhow::{Result, anyhow, bail, ensure};
use minutia_datasets::{digits, locate, mnist::Mnist};
use minutia_graph::{Device, Graph};
use minutia_mpi::{Communicator, DataParallel, Shards, Trainer, digest, together};
use minutia_optim::{Adagrad, Adam, GradientDescent, Momentum, Optimizer, RmsProp};
use minutia_tensor::cpu;

/// What all ranks must have been started with. Epochs are not part of a training, which may go on for more.
pub fn arguments(options: &Options) -> Vec<(String, String)> {
    let Options { shards, batch, epochs, seed, every, .. } = options;
    let every = every.map_or_else(|| "epoch".to_string(), |every| every.to_string());
    let checkpoint = options.checkpoint.is_some().to_string();
    [
        ("shards", shards.to_string()),
        ("batch", batch.to_string()),
        ("epochs", epochs.to_string()),
        ("seed", seed.to_string()),
        ("checkpoint", checkpoint),
        ("steps from checkpoint to checkpoint", every),
        ("timings", options.timings.to_string()),
    ]
    .map(|(name, value)| (name.to_string(), value))
    .to_vec()
}

pub fn data(options: &Options) -> Result<Mnist> {
    if options.dataset == Dataset::Digits {
        return Ok(digits::generate());
    }
    let located = locate(options.data_dir.as_deref()).map_err(|error| {
        anyhow!("{error}\n  hint: --data-dir names the folder with MNIST's four IDX files, on every rank")
    })?;
    let is_digits = matches!(located.origin, minutia_datasets::Origin::Digits { .. });
    if options.dataset == Dataset::Mnist && is_digits {
        bail!("there is no MNIST: {}\n  hint: name its folder with --data-dir", located.origin);
    }
    let [height, width] = located.data.train.size;
    ensure!(
        (height, width) == (28, 28),
        "the images have {height} by {width} pixels, and the network takes 28 by 28\n  hint: name MNIST's folder with --data-dir"
    );
    Ok(located.data)
}

/// Steps of an epoch; refuses ranks, shards and batches that do not go together, and what cannot be left out.
pub fn steps_of_an_epoch(options: &Options, communicator: &dyn Communicator, data: &Mnist) -> Result<u64> {
    Shards::new(options.shards, communicator.size())?.rows(0, options.batch)?;
    ensure!(
        (0.0..1.0).contains(&options.dropout),
        "a share of {} is to be left out\n  hint: --dropout takes 0 and more, below 1",
        options.dropout
    );
    let rows = data.split().train.len();
    ensure!(
        options.batch <= rows,
        "a batch of {} rows is more than the {rows} that there are\n  hint: choose a smaller --batch",
        options.batch
    );
    Ok((rows / options.batch) as u64)
}

/// The network, and its training.
pub fn trainer<'c>(
    options: &Options,
    communicator: &'c dyn Communicator,
    data: &Mnist,
) -> Result<(Network, Trainer<'c>)> {
    let graph = Graph::new();
    graph.set_random_seed(options.seed);
    let network = Network::new(&graph, options.hidden as usize);
    let device = together(communicator, device(options, communicator))?;
    let train = data.split().train;
    let mut training = DataParallel::new(options.shards)
        .identity(
            "data",
            digest([&data.train, &data.test].iter().flat_map(|half| [&half.images, &half.labels])),
        )
        .identity("batch", options.batch)
        .identity("dropout", options.dropout);
    if let Some(norm) = options.clip {
        training = training.clip_by_global_norm(norm);
    }
    let feeds = network.feeds(&train, options.batch / options.shards, options.dropout);
    let trainer = training.build(communicator, &optimizer(options), &network.loss, &device, feeds)?;
    Ok((network, trainer))
}

fn optimizer(options: &Options) -> Box<dyn Optimizer> {
    let rate = options.rate;
    match options.optimizer {
        Rule::Sgd => Box::new(GradientDescent::new(rate)),
        Rule::Momentum => Box::new(Momentum::new(rate, 0.9)),
        Rule::Adagrad => Box::new(Adagrad::new(rate)),
        Rule::Rmsprop => Box::new(RmsProp::new(rate)),
        Rule::Adam => Box::new(Adam::new(rate)),
    }
}

/// The device of this rank: its share of the machine's threads, or one of its GPUs.
fn device(options: &Options, communicator: &dyn Communicator) -> Result<Device> {
    let gpus = if options.device == Where::Cpu { 0 } else { Device::cuda_count()? };
    if gpus > 0 {
        return Ok(Device::cuda(communicator.rank() % communicator.neighbours() % gpus)?);
    }
    ensure!(options.device != Where::Cuda, "there is no GPU\n  hint: --device cpu gives the same bits");
    let from_environment = cpu::Options::from_env()?;
    let share = || {
        let all = std::thread::available_parallelism().map_or(1, usize::from);
        (all / communicator.neighbours()).max(1)
    };
    let threads = options.threads.map(usize::from).or(from_environment.threads).unwrap_or_else(share);
    Ok(Device::cpu_with(cpu::Options { threads: Some(threads), ..from_environment })?)
}
