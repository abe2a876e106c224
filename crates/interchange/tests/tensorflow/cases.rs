//! Graphs that are written for TensorFlow, what they are fed, and what is compared.

use minutia_graph::{DType, Device, Feeds, Graph, Output, Session, Tensor, conformance};
use minutia_interchange::{Problem, tensorflow};
use minutia_models::{Classifier, PIXELS, Parameters};
use minutia_optim::{Adagrad, Adam, GradientDescent, Optimizer};

/// A graph, and runs of it in one session.
pub struct Case {
    pub name: String,
    pub graph: Graph,
    pub runs: Vec<Run>,
}

/// What a run is fed, what it has to run, and what is compared.
#[derive(Default)]
pub struct Run {
    pub feeds: Vec<(String, Tensor)>,
    pub targets: Vec<String>,
    pub fetches: Vec<String>,
}

/// What is not compared, and why. All of it is written.
const APART: [(&str, &str); 15] = [
    ("ArgSort NaN and zeros", "a NaN has no place in TensorFlow's order"),
    ("ArgSort NaN first", "a NaN has no place in TensorFlow's order"),
    ("Cast f32 to i32", "what is no i32 becomes any in TensorFlow"),
    ("Conv2d no channels", "TensorFlow refuses filters without channels"),
    ("gradients of Conv2d no channels", "TensorFlow refuses filters without channels"),
    ("gradients of Conv2d dilations", "TensorFlow has gradients of dilated filters on GPUs alone"),
    ("Division FloorDiv special", "what is left of infinities and zeros is another"),
    ("Division FloorMod special", "what is left of infinities and zeros is another"),
    ("Division TruncateDiv special", "what is left of infinities and zeros is another"),
    ("Division TruncateMod special", "what is left of infinities and zeros is another"),
    ("Division FloorDiv i32", "TensorFlow refuses to divide integers by 0"),
    ("Division FloorMod i32", "TensorFlow refuses to divide integers by 0"),
    ("Division TruncateDiv i32", "TensorFlow refuses to divide integers by 0"),
    ("Division TruncateMod i32", "TensorFlow refuses to divide integers by 0"),
    ("arg_sort in_top_k", "TensorFlow's optimizer takes `not x < y` for `x >= y`, also for a NaN"),
];

impl Case {
    /// The graph as TensorFlow reads it, if it has all operations.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        match tensorflow::to_bytes(&self.graph) {
            Ok(bytes) => Some(bytes),
            Err(Problem::Export(_)) => None,
            Err(problem) => panic!("{}: {problem}", self.name),
        }
    }

    /// Why its values are not compared, if they are not.
    pub fn apart(&self) -> Option<&'static str> {
        APART.iter().find(|(name, _)| *name == self.name).map(|(_, reason)| *reason)
    }

    /// What is fetched here, by run and name.
    pub fn values(&self) -> Vec<(String, Tensor)> {
        let mut session = Session::new(&self.graph, &Device::cpu().unwrap()).unwrap();
        let mut values = Vec::new();
        for (i, run) in self.runs.iter().enumerate() {
            let get = |name: &String| self.graph.get(name).unwrap();
            let feeds = run
                .feeds
                .iter()
                .fold(Feeds::default(), |feeds, (name, tensor)| feeds.with(&get(name), tensor));
            let operations: Vec<_> = run.targets.iter().map(|name| get(name).operation()).collect();
            let outputs: Vec<Output> = run.fetches.iter().map(get).collect();
            let (_, fetched) = session.run((&operations, &outputs), feeds).unwrap();
            let named = run.fetches.iter().zip(fetched);
            values.extend(named.map(|(name, value)| (format!("{} | {i} | {name}", self.name), value)));
        }
        values
    }
}

/// All cases, those of single operations first.
pub fn all() -> Vec<Case> {
    let mut cases = operations();
    cases.extend([state(), gradients()]);
    cases.extend(["GradientDescent", "Adagrad", "Adam"].map(training));
    cases
}

/// Each sample of the conformance suite, and its gradients.
pub fn operations() -> Vec<Case> {
    let mut cases = Vec::new();
    for (op, samples) in conformance::samples() {
        for sample in samples {
            let name = format!("{op} {}", sample.label);
            for differentiated in [false, true] {
                if differentiated && sample.differentiable == 0 {
                    continue;
                }
                let graph = Graph::new();
                let placeholder = |(i, input): (usize, &Tensor)| {
                    graph.placeholder(&format!("x{i}"), input.dtype(), input.dims().to_vec())
                };
                let inputs: Vec<Output> = sample.inputs.iter().enumerate().map(placeholder).collect();
                let y = sample.build(&graph, &inputs);
                let fetches = if differentiated { slopes(&graph, &y, &inputs) } else { vec![y.name()] };
                let name = if differentiated { format!("gradients of {name}") } else { name.clone() };
                let names = inputs.iter().map(Output::name);
                let feeds = names.zip(sample.inputs.iter().cloned()).collect();
                cases.push(Case { name, runs: runs(&graph, feeds, fetches), graph });
            }
        }
    }
    cases
}

/// The names of the gradients of the sum of all elements, each times its number.
fn slopes(graph: &Graph, y: &Output, inputs: &[Output]) -> Vec<String> {
    let inputs: Vec<&Output> = inputs.iter().filter(|input| input.dtype() == DType::F32).collect();
    let known = y.shape().known().expect("samples have known extents");
    let weights: Vec<f32> = (0..known.elements()).map(|i| 1.0 + (i % 7) as f32 / 8.0).collect();
    let weights = graph.constant(Tensor::from_vec(known.clone(), weights).unwrap());
    let gradients = graph.gradients((y * weights).reduce_sum(..), &inputs).unwrap();
    gradients.into_iter().flatten().map(|gradient| gradient.name()).collect()
}

/// Initial values first; what is random, or has no value, has to run, and is not compared.
fn runs(graph: &Graph, feeds: Vec<(String, Tensor)>, fetches: Vec<String>) -> Vec<Run> {
    let nodes = graph.nodes();
    let random = nodes.iter().any(|node| node.op.contains("Random") || node.op.contains("TruncatedNormal"));
    let variable = |name: &String| graph.global_variables().iter().any(|variable| variable.name() == *name);
    let silent = random || fetches.iter().any(|name| nodes.iter().any(|n| n.op == "NoOp" && n.name == *name));
    let (targets, fetches) = if silent { (fetches, Vec::new()) } else { (Vec::new(), fetches) };
    // The value of a variable at the beginning of a run has no name of its own here.
    let fetches = fetches
        .into_iter()
        .map(|name| if variable(&name) { graph.get(&name).unwrap().identity().name() } else { name });
    let run = Run { feeds, targets, fetches: fetches.collect() };
    let initialize = Run { targets: vec![graph.global_variables_initializer().name()], ..Run::default() };
    vec![initialize, run]
}

/// What variables hold before, between and after the assignments of a run.
fn state() -> Case {
    let graph = Graph::new();
    let v = graph.variable("v", [1.0_f32, 2.0]);
    let late = graph.variable("late", &*v * 2.0);
    let before = (&*v + 0.0).with_name("before");
    let first = v.assign_add(1.0).with_name("first");
    let after = {
        let _after = graph.control_dependencies([&first.operation()]);
        v.read_value().with_name("after")
    };
    let set = late.assign(&after * 10.0).with_name("set");
    let all = graph.group([&first.operation(), &set.operation()]).with_name("all");
    let end = (&*v + &*late).with_name("end");
    let names = |outputs: &[&Output]| outputs.iter().map(|output| output.name()).collect::<Vec<_>>();
    let initialize = Run { targets: vec![graph.global_variables_initializer().name()], ..Run::default() };
    let mut runs = vec![initialize];
    for fetches in [names(&[&end]), names(&[&before, &after]), names(&[&end])] {
        runs.push(Run { targets: Vec::new(), fetches, ..Run::default() });
    }
    runs.push(Run { targets: vec![all.name()], fetches: names(&[&before]), ..Run::default() });
    runs.push(Run { fetches: names(&[&end]), ..Run::default() });
    Case { name: "state of variables".to_string(), graph, runs }
}

/// The post's network, over a table of made-up images.
struct Network {
    model: Classifier,
    tables: Vec<(String, Tensor)>,
    initialize: Run,
}

impl Network {
    fn new(build: impl FnOnce(&Classifier)) -> Network {
        const IMAGES: usize = 30;
        let model = Classifier::new(&Parameters { hidden: 12, ..Parameters::default() }, 5);
        build(&model);
        // Numbers of a small generator.
        let mut seed = 1_u32;
        let mut next = |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) % below
        };
        let ink = |shade: u32| if shade > 255 { 0 } else { shade as u8 };
        let images: Vec<u8> = (0..IMAGES * PIXELS).map(|_| ink(next(1000))).collect();
        let labels: Vec<i32> = (0..IMAGES).map(|_| next(10) as i32).collect();
        let tables = vec![
            (model.images.name(), Tensor::from_vec([IMAGES, PIXELS], images).unwrap()),
            (model.labels.name(), Tensor::from(labels)),
        ];
        // Random numbers are others in TensorFlow: both get these.
        let normal = |dims: &[usize], stddev: f32, next: &mut dyn FnMut(u32) -> u32| {
            let count: usize = dims.iter().product();
            let number = |_| ((0..12).map(|_| next(1000)).sum::<u32>() as f32 / 1000.0 - 6.0) * stddev;
            Tensor::from_vec(dims, (0..count).map(number).collect()).unwrap()
        };
        let mut feeds = Vec::new();
        for (weight, stddev) in model.weights.iter().zip([0.03, 1.0, 0.03, 1.0]) {
            let dims = weight.shape().known().unwrap();
            feeds.push((format!("{}/random_normal", weight.name()), normal(&dims, stddev, &mut next)));
        }
        let targets = vec![model.graph.global_variables_initializer().name()];
        let initialize = Run { feeds, targets, ..Run::default() };
        Network { model, tables, initialize }
    }

    /// A run over ten images.
    fn run(&self, step: i32, targets: Vec<String>, fetches: Vec<String>) -> Run {
        let rows: Vec<i32> = (0..10).map(|i| (step * 10 + i * 7) % 30).collect();
        let mut feeds = self.tables.clone();
        feeds.push((self.model.rows.name(), Tensor::from(rows)));
        Run { feeds, targets, fetches }
    }
}

fn gradients() -> Case {
    let mut fetches = Vec::new();
    let network = Network::new(|model| {
        let weights: Vec<&Output> = model.weights.iter().map(|weight| &**weight).collect();
        let gradients = model.graph.gradients(&model.loss, &weights).unwrap();
        let [w1, b1, w2, b2] = &gradients[..] else { panic!("four gradients") };
        // A sum over the pixels says as much as all of them, and takes less room.
        let w1 = w1.as_ref().unwrap();
        let rows = [w1.reduce_sum(0), w1.slice([300, 0], [40, -1])];
        let others = [b1, w2, b2].map(|gradient| gradient.clone().unwrap());
        fetches.extend(rows.iter().chain(&others).map(Output::name));
        fetches.extend([model.loss.name(), model.probabilities.name(), model.hidden.name()]);
    });
    let run = network.run(0, Vec::new(), fetches);
    let Network { model, initialize, .. } = network;
    Case { name: "gradients of the classifier".to_string(), graph: model.graph, runs: vec![initialize, run] }
}

/// Ten steps, each with the loss before it, and the weights that they lead to.
fn training(optimizer: &str) -> Case {
    let mut train = String::new();
    let network = Network::new(|model| {
        let step = match optimizer {
            "GradientDescent" => GradientDescent::new(0.1).minimize(&model.loss),
            "Adagrad" => Adagrad::new(0.05).minimize(&model.loss),
            _ => Adam::new(0.01).minimize(&model.loss),
        };
        train = step.unwrap().name();
    });
    let loss = network.model.loss.name();
    let step = |i: i32| network.run(i, vec![train.clone()], vec![loss.clone()]);
    let steps: Vec<Run> = (0..10).map(step).collect();
    let weights: Vec<String> =
        network.model.weights[1..].iter().map(|weight| weight.identity().name()).collect();
    let end = Run { fetches: weights, ..Run::default() };
    let Network { model, initialize, .. } = network;
    let runs = std::iter::once(initialize).chain(steps).chain([end]).collect();
    Case { name: format!("ten steps of {optimizer}"), graph: model.graph, runs }
}
