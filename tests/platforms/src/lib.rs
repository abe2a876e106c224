#![doc = include_str!("../README.md")]

use minutia_datasets::{Batches, digits};
use minutia_graph::{Device, Graph, Session};
use minutia_models::{Classifier, Inverse, Parameters, post};

/// A name, what learns, and SHA-256 of all variables after its steps.
pub type Model = (&'static str, fn(&Device) -> Learned, &'static str);

/// The models.
pub const MODELS: [Model; 2] = [
    ("classifier", classifier, "ca81ed0696b4823d0ea2245c4a08824ea3fb92fee59f08e83d3f508fd33df2fe"),
    ("inverse", inverse, "13b27154e3ef22fc5407813096c671fc9b93d83fd661372f4ee81a3839f87b18"),
];

/// SHA-256 of all variables, optimizers' slots included.
pub type Learned = Result<String, Box<dyn std::error::Error>>;

/// The post's network after twenty steps over the first images of the built-in digits.
pub fn classifier(device: &Device) -> Learned {
    let data = digits::generate_some(1000, 1).train;
    let model = Classifier::new(&Parameters::default(), 7);
    let train = model.train(post::CLASSIFIER_RATE)?;
    let session = start(&model.graph, device)?;
    let mut step = session.make_callable(&train, model.feeds(&data.images, &data.labels, post::BATCH))?;
    let mut batches = Batches::new(data.len(), post::BATCH, 7);
    for _ in 0..20 {
        step.set(&model.rows, batches.next_batch())?;
        step.run()?;
    }
    Ok(digest(&session))
}

/// The inverse of a matrix after 2,000 steps of Adagrad.
pub fn inverse(device: &Device) -> Learned {
    let matrix: Vec<f32> =
        (0..100).map(|i| (i * 37 % 10) as f32 + f32::from(u8::from(i % 11 == 0))).collect();
    let model = Inverse::new(&matrix, post::MATRIX_SIZE)?;
    let train = model.train(post::INVERSE_RATE)?;
    let session = start(&model.graph, device)?;
    let mut step = session.make_callable(&train, ())?;
    for _ in 0..2000 {
        step.run()?;
    }
    Ok(digest(&session))
}

/// A session whose variables are initialized.
fn start(graph: &Graph, device: &Device) -> Result<Session, minutia_graph::Error> {
    let mut session = Session::new(graph, device)?;
    session.run(graph.global_variables_initializer(), ())?;
    Ok(session)
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
