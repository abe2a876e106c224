//! Makes the plans that the module runs: the graph, its gradients and its planner are needed here alone.

use crate::{
    BATCH, CHUNK, Error, PIXELS,
    ideal_image::PenaltyKind,
    matrix_inverse::OptimizerKind,
    plan::{self, ResultPlace, RunPlan, Source, SourcedProgram},
};
use minutia_datasets::digits::{TEST, TRAIN};
use minutia_graph::{
    BufferSource, DType, Device, Feeds, Fetch, Graph, Output, PortablePlan, PortableProgram, PortableValue,
    Session, Tensor, Variable, feeds,
};
use minutia_models::{Classifier, IdealImages, Inverse, Parameters, Penalty, post};
use minutia_optim::{Adagrad, Adam, Optimizer};

/// What can go wrong, which is nothing where the models are those that this crate was written for.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Bytes of a module, and of it compressed by gzip, at most.
pub const LIMITS: [usize; 2] = [500_000, 200_000];

/// A seed that is in no plan: the streams of random operations are found when a plan is read.
const SEED: u64 = 0;

/// The files of plans, below `crates/web/plans`: names and contents.
///
/// # Errors
/// When a model cannot be planned, or a plan has a primitive that the module does not read.
pub fn files() -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let mut files = vec![("reader", reader()?), ("training", training()?)];
    for penalty in PenaltyKind::ALL {
        files.push((penalty.plans().name, ideal_image(penalty)?));
    }
    for optimizer in OptimizerKind::ALL {
        files.push((optimizer.plans().name, matrix_inverse(optimizer)?));
    }
    let file = |(name, runs): (&str, Vec<RunPlan>)| -> Result<_, Failure> {
        let bytes = plan::write(&runs).map_err(|kind| format!("{name}.plan has a primitive {kind}"))?;
        let again = plan::read(&bytes, SEED).map_err(|problem| Error::Plan { plan: "written", problem })?;
        if again == runs {
            return Ok((format!("{name}.plan"), bytes));
        }
        Err(format!("{name}.plan is not read as it was written").into())
    };
    files.into_iter().map(file).collect()
}

/// Plans of one graph.
struct Planner {
    session: Session,
    runs: Vec<RunPlan>,
}

impl Planner {
    fn new(graph: &Graph) -> Result<Planner, Failure> {
        Ok(Planner { session: Session::new(graph, &Device::cpu()?)?, runs: Vec::new() })
    }

    /// Adds a run. What it is fed is called as `names` say, and otherwise by its own name.
    fn add(
        &mut self,
        name: &str,
        fetches: impl Fetch,
        feeds: Feeds,
        names: &[(&Output, &str)],
    ) -> Result<(), Failure> {
        let PortablePlan { setup, main, fetches } = self.session.portable_plan(fetches, feeds)?;
        let source = |source: BufferSource| match source {
            BufferSource::Arena => Source::Arena,
            BufferSource::Persistent => Source::Persistent,
            BufferSource::Constant(tensor) => Source::Constant(tensor.canonical_bytes()),
            BufferSource::Feed(name) => {
                let given = names.iter().find(|(output, _)| output.name() == name);
                Source::Feed(given.map_or(name, |(_, given)| given.to_string()))
            }
            BufferSource::Variable(name) => Source::Variable(name),
            BufferSource::RandomRuns(name) => Source::RandomRuns(name),
        };
        let sourced = |PortableProgram { mut program, buffers }: PortableProgram| {
            program.names = Vec::new();
            SourcedProgram { program, sources: buffers.into_iter().map(source).collect() }
        };
        let result = |PortableValue { source: of, offset, dtype, dims }: PortableValue| {
            assert_eq!(dtype, DType::F32, "a result of {name}");
            ResultPlace { source: source(of), offset, elements: dims.iter().product() }
        };
        let results = fetches.into_iter().map(result).collect();
        self.runs.push(RunPlan { name: name.into(), setup: sourced(setup), main: sourced(main), results });
        Ok(())
    }
}

/// Zeros in the place of the network's weights.
fn with_weights(feeds: Feeds, weights: &[Variable; 4]) -> Result<Feeds, Failure> {
    weights.iter().try_fold(feeds, |feeds, weight| {
        let dims = weight.shape().known().ok_or("a weight's shape is known")?;
        Ok(feeds.with(weight, Tensor::zeros(DType::F32, dims)?))
    })
}

fn reader() -> Result<Vec<RunPlan>, Failure> {
    // The table is the image, and the row its only one.
    let model = Classifier::over(Graph::new().constant([0_i32]), &Parameters::default());
    let image = feeds! { model.images => Tensor::zeros(DType::U8, [1, PIXELS])? };
    let feeds = with_weights(image, &model.weights)?;
    let mut planner = Planner::new(&model.graph)?;
    planner.add("read", (&model.probabilities, &model.hidden), feeds, &[])?;
    Ok(planner.runs)
}

fn training() -> Result<Vec<RunPlan>, Failure> {
    let model = Classifier::new(&Parameters::default(), SEED);
    let (loss, right) = model.sums();
    let train = model.train(post::CLASSIFIER_RATE)?;
    let mut planner = Planner::new(&model.graph)?;
    let tables = |rows: usize, batch: usize| {
        let images = Tensor::zeros(DType::U8, [rows, PIXELS])?;
        Ok::<_, Failure>(model.feeds(&images, &Tensor::zeros(DType::I32, [rows])?, batch))
    };
    let [w1, b1, w2, b2] = &model.weights;
    planner.add("begin", model.graph.global_variables_initializer(), Feeds::new(), &[])?;
    planner.add("step", (&train, &model.loss), tables(TRAIN, BATCH)?, &[])?;
    planner.add("test", (&loss, &right), tables(TEST, CHUNK)?, &[])?;
    planner.add("parameters", (w1, b1, w2, b2), Feeds::new(), &[])?;
    Ok(planner.runs)
}

fn ideal_image(kind: PenaltyKind) -> Result<Vec<RunPlan>, Failure> {
    let penalty = match kind {
        PenaltyKind::None => Penalty::None,
        PenaltyKind::L1 => Penalty::L1(post::PENALTY),
        PenaltyKind::L2 => Penalty::L2(post::PENALTY),
    };
    let model = IdealImages::new(&Parameters::default(), &[0], penalty)?;
    let graph = &model.graph;
    // Constants of the graph that a page chooses: what is fed takes their place.
    let class = input_of(graph, "OneHot", 0)?;
    let strength = if kind == PenaltyKind::None { None } else { Some(input_of(graph, "Mul", 1)?) };
    let train = model.train(post::IDEAL_RATE)?;
    let slots = graph.global_variables();
    let slots = slots.iter().filter(|v| model.weights.iter().all(|weight| weight.name() != v.name()));
    let begin: Vec<_> = slots.map(Variable::initializer).collect();
    let mut planner = Planner::new(graph)?;
    planner.add("begin", graph.group(&begin), Feeds::new(), &[])?;
    let mut feeds = with_weights(feeds! { class => [0_i32] }, &model.weights)?;
    let mut names = vec![(&class, "class")];
    if let Some(strength) = &strength {
        feeds = feeds.with(strength, post::PENALTY);
        names.push((strength, "strength"));
    }
    planner.add("step", (&train, &model.loss), feeds, &names)?;
    let feeds = with_weights(Feeds::new(), &model.weights)?;
    planner.add("read", (&model.images, &model.probabilities), feeds, &[])?;
    Ok(planner.runs)
}

fn matrix_inverse(kind: OptimizerKind) -> Result<Vec<RunPlan>, Failure> {
    let size = post::MATRIX_SIZE;
    let zeros = Tensor::zeros(DType::F32, [size, size])?;
    let model = Inverse::new(zeros.as_slice()?, size)?;
    let graph = &model.graph;
    let (matrix, rate) = (graph.get("A")?, graph.placeholder("rate", DType::F32, ()));
    let train = match kind {
        OptimizerKind::Adagrad => Adagrad::new(&rate).minimize(&model.loss)?,
        OptimizerKind::Adam => Adam::new(&rate).minimize(&model.loss)?,
    };
    let mut planner = Planner::new(graph)?;
    planner.add("begin", graph.global_variables_initializer(), Feeds::new(), &[])?;
    let step = feeds! { matrix => &zeros, rate => post::INVERSE_RATE };
    planner.add("step", (&train, &model.loss), step, &[])?;
    planner.add("read", (&model.x, &model.output, &model.loss), feeds! { matrix => &zeros }, &[])?;
    Ok(planner.runs)
}

/// An input of the last node of an operation, of those that there are so far.
fn input_of(graph: &Graph, op: &str, input: usize) -> Result<Output, Failure> {
    let nodes = graph.nodes();
    let node = nodes.iter().rev().find(|node| node.op == op);
    let name = node
        .and_then(|node| node.inputs.get(input))
        .ok_or_else(|| format!("no {op} has an input {input}"))?;
    Ok(graph.get(name)?)
}
