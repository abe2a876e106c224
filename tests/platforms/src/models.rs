//! Two models, and the digests of what they learn.

use minutia_datasets::{Batches, digits};
use minutia_graph::{DType, Device, Graph, Session, Tensor, feeds};
use minutia_optim::{Adagrad, GradientDescent, Optimizer};

/// A name, what learns, and SHA-256 of all variables after its steps.
pub type Model = (&'static str, fn(&Device) -> Learned, &'static str);

/// The models.
pub const MODELS: [Model; 2] = [
    ("classifier", classifier, "53c9206b7d853701a2ade33003f2f267445834e34b02918d1b7c65dfed628782"),
    ("inverse", inverse, "13b27154e3ef22fc5407813096c671fc9b93d83fd661372f4ee81a3839f87b18"),
];

/// SHA-256 of all variables, optimizers' slots included.
pub type Learned = Result<String, Box<dyn std::error::Error>>;

/// The post's network after twenty steps over the first images of the built-in digits.
pub fn classifier(device: &Device) -> Learned {
    let data = digits::generate_some(1000, 1);
    let graph = Graph::new();
    graph.set_random_seed(7);
    let table = graph.placeholder("images", DType::U8, [None, Some(784)]);
    let labels = graph.placeholder("labels", DType::I32, [None]);
    let rows = graph.placeholder("rows", DType::I32, [None]);
    let x = table.gather(&rows).cast(DType::F32) * (1.0 / 255.0);
    let y_ = labels.gather(&rows).one_hot(10);
    let w1 = graph.variable("W1", graph.random_normal([784, 300], 0.0, 0.03));
    let b1 = graph.variable("b1", graph.random_normal([300], 0.0, 1.0));
    let w2 = graph.variable("W2", graph.random_normal([300, 10], 0.0, 0.03));
    let b2 = graph.variable("b2", graph.random_normal([10], 0.0, 1.0));
    let hidden = (x.matmul(&w1) + &b1).relu();
    let y = (hidden.matmul(&w2) + &b2).softmax().clip_by_value(1e-10, 0.999_999_9);
    let terms = &y_ * y.log() + (1.0 - &y_) * (1.0 - &y).log();
    let loss = -terms.reduce_sum(1).reduce_mean(..);
    let train = GradientDescent::new(0.1).minimize(&loss)?;

    let mut session = Session::new(&graph, device)?;
    session.run(graph.global_variables_initializer(), feeds! {})?;
    let feeds = feeds! { table => &data.train.images, labels => &data.train.labels, rows => vec![0; 100] };
    let mut step = session.make_callable(&train, feeds)?;
    let mut batches = Batches::new(data.train.len(), 100, 7);
    for _ in 0..20 {
        step.set(&rows, batches.next_batch())?;
        step.run()?;
    }
    Ok(digest(&session))
}

/// The inverse of a matrix after 2,000 steps of Adagrad.
pub fn inverse(device: &Device) -> Learned {
    let graph = Graph::new();
    let matrix: Vec<f32> =
        (0..100).map(|i| (i * 37 % 10) as f32 + f32::from(u8::from(i % 11 == 0))).collect();
    let identity: Vec<f32> = (0..100).map(|i| f32::from(u8::from(i % 11 == 0))).collect();
    let a = graph.constant(Tensor::from_vec([10, 10], matrix)?);
    let identity = graph.constant(Tensor::from_vec([10, 10], identity)?);
    let x = graph.variable("x", Tensor::zeros(DType::F32, [10, 10])?);
    let loss = (x.matmul(&a) - identity).abs().reduce_sum(..);
    let train = Adagrad::new(0.01).minimize(&loss)?;
    let mut session = Session::new(&graph, device)?;
    session.run(graph.global_variables_initializer(), feeds! {})?;
    let mut step = session.make_callable(&train, feeds! {})?;
    for _ in 0..2000 {
        step.run()?;
    }
    Ok(digest(&session))
}

fn digest(session: &Session) -> String {
    use sha2::{Digest, Sha256};
    let mut digest = Sha256::new();
    for variable in session.graph().global_variables() {
        let value = session.variable(&variable).expect("can be read").expect("was initialized");
        digest.update(value.canonical_bytes());
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
