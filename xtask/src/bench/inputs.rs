//! What all contenders start from, as raw files: images, labels, the order of the batches, and weights.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use minutia_datasets::mnist::{Labelled, Mnist};
use minutia_datasets::{Batches, Found, digits};
use minutia_graph::{Session, Variable};
use minutia_models::{Classifier, random_matrix};
use minutia_tensor::{Device, Tensor};
use serde_json::json;

use crate::{files, reproduce::Config};

/// The epochs of the job `epoch_s`: the first warms up. Longer jobs take the same orders again.
pub const EPOCHS: usize = 6;

/// The data, and what they are.
pub struct Halves {
    pub train: Labelled,
    pub test: Labelled,
    /// In a word.
    pub what: String,
    /// Where they are from on this machine.
    pub origin: String,
    /// The arguments that make `cargo xtask reproduce` take the same.
    pub arguments: Vec<String>,
}

/// Finds the data as `cargo xtask reproduce` does, but downloads nothing.
///
/// # Errors
/// When a folder that was named, or the cache folder, cannot be used.
pub fn find(folder: Option<&Path>) -> Result<Halves> {
    let nothing = |_: &Path| Err("`cargo xtask fetch` downloads it".to_string());
    let found = minutia_datasets::find(folder, nothing).context("the data cannot be used")?;
    let (set, what, origin) = match found {
        Found::Files(located) => {
            let what = if located.data.is_mnist() { "MNIST" } else { "other images" };
            (located.data, what, format!("{what} from {}", located.origin))
        }
        Found::Nothing { why } => {
            let origin = format!("built-in digits, not MNIST ({why})");
            (digits::generate(), "built-in digits", origin)
        }
    };
    let arguments = match (folder, what) {
        (_, "built-in digits") => vec!["--dataset".to_string(), "digits".to_string()],
        // One of the jobs runs in another folder.
        (Some(folder), _) => {
            let folder = std::path::absolute(folder).context("the data's folder has no absolute path")?;
            vec!["--data-dir".to_string(), folder.display().to_string()]
        }
        (None, _) => Vec::new(),
    };
    ensure!(
        set.train.size == [28, 28],
        "the images of {origin} have {} by {} pixels, but the network takes 28 by 28; use another data set",
        set.train.size[0],
        set.train.size[1]
    );
    let train = set.split().train;
    let Mnist { test, .. } = set;
    Ok(Halves { train, test, what: what.to_string(), origin, arguments })
}

/// What was written.
#[derive(Debug)]
pub struct Inputs {
    pub folder: PathBuf,
    /// The rows of the training images in the order of each epoch, one after the other.
    pub order: Vec<i32>,
    /// W1, b1, W2, b2 before training, and after an epoch of it.
    pub initial: Vec<Tensor>,
    pub trained: Vec<Tensor>,
    /// The 10x10 matrix to invert.
    pub matrix: Vec<f32>,
}

/// Computes and writes them.
///
/// # Errors
/// When the folder cannot be written.
pub fn write(folder: &Path, config: &Config, data: &Halves) -> Result<Inputs> {
    let batch = config.classifier.batch;
    let steps = data.train.len() / batch;
    let mut batches = Batches::new(data.train.len(), batch, config.seed);
    let order: Vec<i32> = (0..EPOCHS * steps).flat_map(|_| batches.next_batch().to_vec()).collect();

    let model = Classifier::new(&config.classifier.network(), config.seed);
    let train = model.train(config.classifier.learning_rate)?;
    let mut session = Session::new(&model.graph, &Device::cpu()?)?;
    session.run(model.graph.global_variables_initializer(), ())?;
    let initial = weights(&session, &model.weights)?;
    let feeds = model.feeds(&data.train.images, &data.train.labels, batch);
    let mut step = session.make_callable(&train, feeds)?;
    for rows in order.chunks_exact(batch).take(steps) {
        step.set(&model.rows, rows)?;
        step.run()?;
    }
    let trained = weights(&session, &model.weights)?;
    let matrix = random_matrix(config.seed, config.inverse.size, config.inverse.entries_below);

    let floats = |tensors: &[Tensor]| tensors.iter().flat_map(Tensor::canonical_bytes).collect::<Vec<u8>>();
    let put = |name: &str, bytes: &[u8]| files::write(&folder.join(name), bytes);
    for (half, name) in [(&data.train, "train"), (&data.test, "test")] {
        put(&format!("{name}_images.u8"), half.images.as_slice::<u8>()?)?;
        let labels = half.labels.as_slice::<i32>()?.iter().map(|&label| label as u8);
        put(&format!("{name}_labels.u8"), &labels.collect::<Vec<u8>>())?;
    }
    put("order.i32", &order.iter().flat_map(|row| row.to_le_bytes()).collect::<Vec<u8>>())?;
    put("initial.f32", &floats(&initial))?;
    put("trained.f32", &floats(&trained))?;
    put("matrix.f32", &matrix.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>())?;
    let sizes = json!({
        "train": data.train.len(), "test": data.test.len(), "hidden": config.classifier.hidden, "batch": batch,
        "epochs": EPOCHS, "steps": steps, "fifty": config.classifier.epochs, "rate": config.classifier.learning_rate,
        "low": config.classifier.clip_low, "high": config.classifier.clip_high,
        "inverse_rate": config.inverse.learning_rate, "inverse_steps": config.inverse.steps,
        "ideal_rate": config.ideal_images.learning_rate, "ideal_steps": config.ideal_images.steps,
        "l2": config.ideal_images.l2_penalty,
    });
    put("sizes.json", sizes.to_string().as_bytes())?;
    Ok(Inputs { folder: folder.to_path_buf(), order, initial, trained, matrix })
}

fn weights(session: &Session, variables: &[Variable; 4]) -> Result<Vec<Tensor>> {
    let value = |variable| session.variable(variable)?.context("the weights were just initialised");
    variables.iter().map(value).collect()
}

/// Gives a session's network some weights.
///
/// # Errors
/// When they have other shapes.
pub fn load(session: &mut Session, variables: &[Variable; 4], values: &[Tensor]) -> Result<()> {
    for (variable, value) in variables.iter().zip(values) {
        session.set_variable(variable, value)?;
    }
    Ok(())
}
