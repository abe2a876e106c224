//! Any number of ranks gives the bits of one process, and these are those of the same step written out in one
//! graph.

mod common;

use common::ranks;
use minutia_graph::{DType, Device, Feeds, Graph, Output, Session, Tensor, Variable, feeds};
use minutia_mpi::{Communicator, DataParallel, Error, Trainer};
use minutia_optim::{
    Adagrad, Adam, Argument, Coupling, GradientDescent, Momentum, Optimizer, Rate, RmsProp, schedule,
};
use minutia_tensor::cpu;

const ROWS: usize = 40;
const INPUTS: usize = 30;
const STEPS: usize = 3;

/// A network with more than six pages of parameters, the last of which is short.
struct Network {
    graph: Graph,
    x: Output,
    y: Output,
    dropout: Output,
    variables: Vec<Variable>,
}

impl Network {
    fn new() -> Network {
        let graph = Graph::new();
        graph.set_random_seed(5);
        let x = graph.placeholder("x", DType::F32, (None, INPUTS));
        let y = graph.placeholder("y", DType::F32, (None, 10));
        let dropout = graph.placeholder("dropout", DType::F32, ());
        let variables = vec![
            graph.variable("W1", graph.random_normal([INPUTS, 40], 0.0, 0.3)),
            graph.variable("b1", graph.random_normal([40], 0.0, 0.3)),
            graph.variable("W2", graph.random_normal([40, 10], 0.0, 0.3)),
            graph.variable("scale", 0.5_f32),
        ];
        Network { graph, x, y, dropout, variables }
    }

    fn loss(&self, x: &Output, y: &Output) -> Output {
        let [w1, b1, w2, scale] = &self.variables[..] else { panic!("there are four variables") };
        let hidden = (x.matmul(w1) + b1).tanh().dropout(&self.dropout);
        (hidden.matmul(w2) * scale - y).square().reduce_mean(..)
    }

    fn feeds(&self, rows: usize, dropout: f32) -> Feeds {
        let zeros = |columns| Tensor::zeros(DType::F32, [rows, columns]).expect("zeros fit");
        feeds! { &self.x => zeros(INPUTS), &self.y => zeros(10), &self.dropout => dropout }
    }
}

/// Numbers of a step's batch.
fn batch(step: usize, columns: usize) -> Vec<f32> {
    (0..ROWS * columns).map(|i| ((i * 31 + step * 17) % 101) as f32 / 50.0 - 1.0).collect()
}

fn step(trainer: &mut Trainer<'_>, network: &Network) -> Result<f32, Error> {
    let number = trainer.steps() as usize;
    let (x, y, shards) = (batch(number, INPUTS), batch(number, 10), trainer.shards());
    trainer.step(|shard, run| {
        let rows = shards.rows(shard, ROWS)?;
        run.set(&network.x, &x[rows.start * INPUTS..rows.end * INPUTS])?;
        Ok(run.set(&network.y, &y[rows.start * 10..rows.end * 10])?)
    })
}

/// Another one for each rank: one or two threads; in a build with GPUs, rank 1 has one.
fn device(rank: usize) -> Device {
    if cfg!(feature = "cuda") && rank == 1 {
        return minutia_test_support::gpu::device();
    }
    Device::cpu_with(cpu::Options { threads: Some(1 + rank % 2), ..cpu::Options::default() })
        .expect("the CPU")
}

/// What a training gives: the losses of its steps and the digest of its variables.
type Outcome = (Vec<u32>, String);

struct Case<'a> {
    shards: usize,
    optimizer: &'a (dyn Fn() -> Box<dyn Optimizer> + Sync),
    dropout: f32,
    clip: Option<f32>,
}

impl Case<'_> {
    fn train(&self, communicator: &dyn Communicator) -> Result<Outcome, Error> {
        let network = Network::new();
        let loss = network.loss(&network.x, &network.y);
        let device = device(communicator.rank());
        let mut training = DataParallel::new(self.shards);
        if let Some(norm) = self.clip {
            training = training.clip_by_global_norm(norm);
        }
        let feeds = network.feeds(ROWS / self.shards, self.dropout);
        let mut trainer = training.build(communicator, &(self.optimizer)(), &loss, &device, feeds)?;
        let losses = (0..STEPS).map(|_| Ok(step(&mut trainer, &network)?.to_bits()));
        let losses = losses.collect::<Result<Vec<u32>, Error>>()?;
        let traffic = (communicator.traffic(), trainer.traffic_of_step());
        assert_eq!(traffic.0.total(), traffic.1.total() * STEPS as u64, "the traffic is that of the formula");
        Ok((losses, trainer.parameters_sha256()?))
    }

    /// On one rank, after comparing it with others.
    fn outcome(&self, label: &str) -> Outcome {
        let mut outcomes = [1, 2, 3, 5, 8]
            .into_iter()
            .filter(|&size| size <= self.shards)
            .map(|size| (size, ranks(size, |communicator| self.train(communicator).expect("it trains"))));
        let (_, one) = outcomes.next().expect("one rank");
        for (size, outcome) in outcomes {
            for (rank, outcome) in outcome.iter().enumerate() {
                assert_eq!(outcome, &one[0], "{label}, {} shards: rank {rank} of {size}", self.shards);
            }
        }
        one[0].clone()
    }
}

/// The same steps in one graph, with every shard and every sum written out.
fn written_out(shards: usize, optimizer: &dyn Optimizer) -> Outcome {
    let network = Network::new();
    let each = ROWS / shards;
    let part = |whole: &Output, shard: usize| whole.slice([shard * each, 0], [each as i64, -1]);
    let losses: Vec<Output> =
        (0..shards).map(|s| network.loss(&part(&network.x, s), &part(&network.y, s))).collect();
    let gradients = losses.iter().map(|loss| {
        let all = network.graph.gradients(loss, &network.variables).expect("gradients");
        all.into_iter().map(|gradient| gradient.expect("each is used")).collect::<Vec<Output>>()
    });
    let gradients: Vec<Vec<Output>> = gradients.collect();
    let mean = |index: usize| {
        tree(gradients.iter().map(|of_shard| of_shard[index].clone()).collect()) / shards as f32
    };
    let means: Vec<(Output, Variable)> =
        network.variables.iter().cloned().enumerate().map(|(i, v)| (mean(i), v)).collect();
    let loss = tree(losses) / shards as f32;
    let train = optimizer.apply_gradients(&means).expect("updates");
    let mut session = Session::new(&network.graph, &Device::cpu().expect("the CPU")).expect("a session");
    session.run(network.graph.global_variables_initializer(), ()).expect("values");
    let losses = (0..STEPS).map(|number| {
        let x = Tensor::from_vec([ROWS, INPUTS], batch(number, INPUTS)).expect("rows");
        let y = Tensor::from_vec([ROWS, 10], batch(number, 10)).expect("rows");
        let feeds = feeds! { &network.x => x, &network.y => y, &network.dropout => 0.0_f32 };
        let (loss, ()) = session.run((&loss, &train), feeds).expect("a step");
        loss.value::<f32>().expect("a number").to_bits()
    });
    let losses = losses.collect();
    let values: Vec<Tensor> =
        network.variables.iter().map(|v| session.variable(v).expect("read").expect("a value")).collect();
    (losses, minutia_mpi::digest(&values))
}

/// Pairs of neighbours, then pairs of these.
fn tree(mut level: Vec<Output>) -> Output {
    while level.len() > 1 {
        let pair = |pair: &[Output]| pair.iter().cloned().reduce(|a, b| a + b).expect("a pair is not empty");
        level = level.chunks(2).map(pair).collect();
    }
    level.swap_remove(0)
}

type Make = fn() -> Box<dyn Optimizer>;

const OPTIMIZERS: [(&str, Make); 5] = [
    ("gradient descent", || Box::new(GradientDescent::new(0.1))),
    ("momentum", || Box::new(Momentum::new(0.1, 0.9))),
    ("adagrad", || Box::new(Adagrad::new(0.1))),
    ("rmsprop", || Box::new(RmsProp::new(0.01))),
    ("adam", || Box::new(Adam::new(0.01))),
];

#[test]
fn every_optimizer_gives_the_bits_of_a_graph_that_is_written_out() {
    for (label, optimizer) in OPTIMIZERS {
        for shards in [1, 5, 8] {
            let case = Case { shards, optimizer: &optimizer, dropout: 0.0, clip: None };
            assert_eq!(case.outcome(label), written_out(shards, &optimizer()), "{label}, {shards} shards");
        }
    }
}

#[test]
fn dropout_and_clipping_depend_on_the_shards_alone() {
    let case = |dropout, clip| Case { shards: 8, optimizer: &OPTIMIZERS[4].1, dropout, clip }.outcome("adam");
    let plain = case(0.0, None);
    let (dropped, clipped) = (case(0.5, None), case(0.0, Some(0.01)));
    assert!(plain != dropped && plain != clipped && dropped != clipped, "each changes what is learned");
}

/// Steps whose length is that of all gradients together, or of each by itself.
struct Normalized(Coupling);

impl Optimizer for Normalized {
    fn name(&self) -> &'static str {
        "Normalized"
    }

    fn arguments(&self) -> Vec<Argument> {
        Vec::new()
    }

    fn updates(&self, _: &Graph, gradients: &[(Output, Variable)]) -> Vec<Output> {
        let norm = |gradients: &[(Output, Variable)]| {
            minutia_optim::global_norm(gradients.iter().map(|(gradient, _)| gradient))
                .expect("there are some")
        };
        let of_all = norm(gradients);
        let update = |one: &(Output, Variable)| {
            let norm = if self.0 == Coupling::All { of_all.clone() } else { norm(std::slice::from_ref(one)) };
            one.1.assign_sub(&one.0 / norm * 0.1)
        };
        gradients.iter().map(update).collect()
    }

    fn coupling(&self) -> Coupling {
        self.0
    }
}

#[test]
fn optimizers_that_see_more_than_an_element_get_it() {
    for coupling in [Coupling::Variable, Coupling::All] {
        let case =
            Case { shards: 8, optimizer: &|| Box::new(Normalized(coupling)), dropout: 0.0, clip: None };
        let label = format!("{coupling:?}");
        assert_eq!(case.outcome(&label), written_out(8, &Normalized(coupling)), "{label}");
    }
}

#[test]
fn a_rate_may_follow_the_count_of_steps() {
    let outcomes = |size| {
        ranks(size, |communicator| {
            let network = Network::new();
            let loss = network.loss(&network.x, &network.y);
            let global_step = network.graph.untrainable_variable("global_step", 0);
            let rate = Rate::from(schedule::exponential_decay(&global_step, 0.2, 1.0, 0.5));
            let training = DataParallel::new(4).counting(&global_step);
            let device = Device::cpu().expect("the CPU");
            let mut trainer = training
                .build(communicator, &Momentum::new(rate, 0.5), &loss, &device, network.feeds(10, 0.0))
                .expect("it can be trained");
            let losses: Vec<u32> =
                (0..STEPS).map(|_| step(&mut trainer, &network).expect("a step").to_bits()).collect();
            let steps = trainer.variable(&global_step).expect("a value").value::<i32>().expect("a number");
            (losses, steps, trainer.parameters_sha256().expect("values"))
        })
    };
    let one = outcomes(1).swap_remove(0);
    assert_eq!(one.1, STEPS as i32);
    for size in [2, 3, 4] {
        assert!(outcomes(size).iter().all(|outcome| *outcome == one), "{size} ranks");
    }
}

#[test]
fn what_shards_assign_is_averaged_whichever_rank_has_them() {
    let outcomes = |size| {
        ranks(size, |communicator| {
            let network = Network::new();
            let loss = network.loss(&network.x, &network.y);
            let means = network.graph.untrainable_variable("means", network.graph.zeros([INPUTS]));
            let moved = means.assign_add((network.x.reduce_mean(0) - &means) * 0.5).operation();
            let device = Device::cpu().expect("the CPU");
            let mut trainer = DataParallel::new(5)
                .beside(&moved)
                .clip_by_global_norm(0.1)
                .build(communicator, &Adam::new(0.01), &loss, &device, network.feeds(8, 0.5))
                .expect("it can be trained");
            let losses: Vec<u32> =
                (0..STEPS).map(|_| step(&mut trainer, &network).expect("a step").to_bits()).collect();
            let means = trainer.variable(&means).expect("a value").as_slice::<f32>().expect("f32").to_vec();
            (losses, means, trainer.parameters_sha256().expect("values"))
        })
    };
    let one = outcomes(1).swap_remove(0);
    assert!(one.1.iter().any(|mean| *mean != 0.0));
    for size in [2, 3, 5] {
        assert!(outcomes(size).iter().all(|outcome| *outcome == one), "{size} ranks");
    }
}

#[test]
fn a_checkpoint_goes_on_with_any_number_of_ranks() {
    let folder = tempfile::tempdir().expect("a folder");
    let train = |size: usize, name: &str, steps: u64| {
        let folder = folder.path().join(name);
        let digests = ranks(size, |communicator| {
            let network = Network::new();
            let loss = network.loss(&network.x, &network.y);
            let device = Device::cpu().expect("the CPU");
            let mut trainer = DataParallel::new(8)
                .build(communicator, &Adam::new(0.01), &loss, &device, network.feeds(5, 0.5))
                .expect("it can be trained");
            trainer.resume(&folder).expect("a folder");
            while trainer.steps() < steps {
                step(&mut trainer, &network).expect("a step");
            }
            trainer.save().expect("a checkpoint");
            trainer.parameters_sha256().expect("values")
        });
        let names: Vec<_> = std::fs::read_dir(&folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        assert_eq!(names, ["checkpoint"]);
        (digests[0].clone(), std::fs::read(folder.join("checkpoint")).expect("a file"))
    };
    let whole = train(1, "whole", 6);
    for sizes in [[1, 8, 3], [5, 1, 2], [8, 3, 7]] {
        let name = format!("{sizes:?}");
        let mut last = None;
        for (size, steps) in sizes.into_iter().zip([2, 4, 6]) {
            last = Some(train(size, &name, steps));
        }
        let last = last.expect("three trainings");
        assert!(
            last == whole,
            "{sizes:?} ranks: digest {} and file of {} bytes, not {} and {}",
            last.0,
            last.1.len(),
            whole.0,
            whole.1.len()
        );
    }
}
