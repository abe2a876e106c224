//! A run that is saved and goes on in a new session has the bits of one that was never interrupted, and
//! checkpoints name slots as TensorFlow 1 does.
#![expect(clippy::disallowed_methods, reason = "a reference within a tolerance, no result")]

use minutia_graph::{DType, Device, Graph, Operation, Output, Saver, Session, Tensor, feeds};
use minutia_optim::{Adagrad, Adam, Error, GradientDescent, Momentum, Optimizer, RmsProp, schedule};

type Build = Box<dyn Fn(&Output) -> Result<Operation, Error>>;

/// Every optimizer, and the names of the variables that it adds for a variable `W`.
fn optimizers() -> Vec<(&'static str, Build, Vec<&'static str>)> {
    fn build<O: Optimizer + 'static>(optimizer: O) -> Build {
        Box::new(move |loss| optimizer.minimize(loss))
    }
    let adam = vec!["beta1_power", "beta2_power", "layer/W/Adam", "layer/W/Adam_1"];
    vec![
        ("GradientDescent", build(GradientDescent::new(0.1)), vec![]),
        ("Momentum", build(Momentum::new(0.1, 0.9)), vec!["layer/W/Momentum"]),
        ("Nesterov", build(Momentum::new(0.1, 0.9).nesterov()), vec!["layer/W/Momentum"]),
        ("Adagrad", build(Adagrad::new(0.1)), vec!["layer/W/Adagrad"]),
        ("RMSProp", build(RmsProp::new(0.01).momentum(0.5)), vec!["layer/W/RMSProp", "layer/W/RMSProp_1"]),
        ("Adam", build(Adam::default()), adam.clone()),
        ("AdamW", build(Adam::new(0.01).weight_decay(0.1)), adam),
    ]
}

struct Run {
    graph: Graph,
    x: Output,
    train: Operation,
    session: Session,
}

impl Run {
    fn new(build: &Build) -> Run {
        let graph = Graph::new();
        let x = graph.placeholder("x", DType::F32, [4, 3]);
        let w = {
            let _layer = graph.name_scope("layer");
            graph.variable("W", graph.random_normal([3, 2], 0.0, 1.0))
        };
        // Noise that a checkpoint must go on with too.
        let loss = (x.matmul(&w) + graph.random_normal([4, 2], 0.0, 0.1)).tanh().square().reduce_sum(..);
        let train = build(&loss).unwrap();
        let session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
        Run { graph, x, train, session }
    }

    fn initialize(&mut self) {
        self.session.run(self.graph.global_variables_initializer(), feeds! {}).unwrap();
    }

    fn steps(&mut self, range: std::ops::Range<usize>) {
        for step in range {
            let values = (0..12).map(|i| ((step * 12 + i) as f32 * 0.7).sin()).collect();
            let batch = Tensor::from_vec([4, 3], values).unwrap();
            self.session.run(&self.train, feeds! { self.x => batch }).unwrap();
        }
    }

    fn bits(&mut self) -> Vec<(String, Vec<u8>)> {
        let variables = self.graph.global_variables();
        let values = self.session.run(&variables, feeds! {}).unwrap();
        variables.iter().zip(values).map(|(v, t)| (v.name(), t.canonical_bytes())).collect()
    }
}

#[test]
fn every_optimizer_resumes_to_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    for (name, build, _) in optimizers() {
        let path = folder.path().join(name);
        let mut whole = Run::new(&build);
        whole.initialize();
        whole.steps(0..5);
        Saver::new(&whole.graph).save(&whole.session, &path).unwrap();
        whole.steps(5..12);

        let mut resumed = Run::new(&build);
        Saver::new(&resumed.graph).restore(&mut resumed.session, &path).unwrap();
        resumed.steps(5..12);
        assert_eq!(resumed.bits(), whole.bits(), "{name}");

        let mut other = Run::new(&build);
        other.initialize();
        other.steps(5..12);
        assert_ne!(other.bits(), whole.bits(), "{name}: the first steps count");
    }
}

#[test]
fn slots_have_the_names_of_tensorflow_1() {
    for (name, build, expected) in optimizers() {
        let run = Run::new(&build);
        let mut names: Vec<String> = run.graph.global_variables().iter().map(|v| v.name()).collect();
        names.retain(|n| n != "layer/W");
        names.sort();
        assert_eq!(names, expected, "{name}");
        assert_eq!(run.graph.trainable_variables().len(), 1, "{name}");
    }
    // Whatever scope is open, and for a second optimizer too.
    let graph = Graph::new();
    let w = graph.variable("W", 1.0_f32);
    let _scope = graph.name_scope("train");
    for _ in 0..2 {
        Adagrad::new(0.1).minimize(w.square()).unwrap();
    }
    let names: Vec<String> = graph.global_variables().iter().map(|v| v.name()).collect();
    assert_eq!(names, ["W", "W/Adagrad", "W/Adagrad_1"]);
    assert!(graph.get("W/Adagrad/Assign").is_ok() && graph.get("train/Adagrad/Assign").is_ok());
}

#[test]
fn a_schedule_resumes_with_its_step() {
    let build: Build = Box::new(|loss| {
        let graph = loss.graph();
        let step = graph.untrainable_variable("global_step", 0.0_f32);
        let rate = schedule::exponential_decay_staircase(&step, 0.5, 3.0, 0.5);
        let update = Momentum::new(&rate, 0.9).minimize(loss)?;
        Ok(graph.group([&update, &step.assign_add(1.0).operation()]))
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let mut whole = Run::new(&build);
    whole.initialize();
    whole.steps(0..5);
    Saver::new(&whole.graph).save(&whole.session, &path).unwrap();
    whole.steps(5..12);
    let mut resumed = Run::new(&build);
    Saver::new(&resumed.graph).restore(&mut resumed.session, &path).unwrap();
    resumed.steps(5..12);
    assert_eq!(resumed.bits(), whole.bits());
}
