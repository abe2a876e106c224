//! What the jobs start from: the files that all contenders of `cargo xtask bench` read, or some built-in
//! digits.

use std::path::Path;

use minutia::datasets::{Batches, digits};
use minutia::prelude::{DType, Device, Tensor};
use minutia_models::post::{self, BATCH};
use minutia_models::{CLASSES, PIXELS, Parameters, random_matrix};
use serde_json::Value;

use super::{Failure, Settings, common, training};

/// Data, orders and weights.
#[derive(Clone, Debug)]
pub struct Inputs {
    pub images: Tensor,
    pub labels: Tensor,
    /// The rows of the batches, epoch after epoch.
    pub order: Vec<i32>,
    /// Batches of an epoch.
    pub steps: usize,
    /// W1, b1, W2, b2 before training, and after an epoch.
    pub initial: Vec<Tensor>,
    pub trained: Vec<Tensor>,
    /// The matrix to invert, row by row.
    pub matrix: Vec<f32>,
    pub inverse_steps: usize,
    pub ideal_steps: usize,
    /// What the data are, in a word.
    pub what: String,
}

impl Inputs {
    /// # Errors
    /// Files that cannot be read, or that are of other jobs than the models here.
    pub fn new(settings: &Settings) -> Result<Inputs, Failure> {
        match &settings.inputs {
            Some(folder) => Inputs::read(folder, settings.tiny)
                .map_err(|error| format!("the inputs in {}: {error}", folder.display()).into()),
            None => Inputs::generate(settings.tiny),
        }
    }

    fn generate(tiny: bool) -> Result<Inputs, Failure> {
        let (images, steps, epochs) = if tiny { (300, 2, 2) } else { (5_000, 550, 6) };
        let data = digits::generate_some(images, 1).train;
        let mut batches = Batches::new(images, BATCH, common::SEED);
        let order = (0..steps * epochs).flat_map(|_| batches.next_batch().to_vec()).collect();
        let cpu = Device::cpu()?;
        let (model, _) = common::classifier();
        let session = common::session(&model.graph, &cpu);
        let value = |variable| session.variable(variable)?.ok_or(Failure::from("a weight has no value"));
        let initial: Vec<Tensor> = model.weights.iter().map(value).collect::<Result<_, _>>()?;
        let mut inputs = Inputs {
            images: data.images,
            labels: data.labels,
            order,
            steps,
            trained: initial.clone(),
            initial,
            matrix: random_matrix(11, post::MATRIX_SIZE, post::ENTRIES_BELOW),
            inverse_steps: if tiny { 30 } else { 100_000 },
            ideal_steps: if tiny { 6 } else { 1_000 },
            what: "built-in digits".to_string(),
        };
        inputs.trained = training::an_epoch(&cpu, &inputs)?;
        Ok(inputs)
    }

    fn read(folder: &Path, tiny: bool) -> Result<Inputs, Failure> {
        let bytes = |name: &str| std::fs::read(folder.join(name)).map_err(|e| format!("{name}: {e}"));
        let sizes: Value = serde_json::from_slice(&bytes("sizes.json")?)?;
        let size = |name: &str| sizes[name].as_u64().ok_or(format!("sizes.json has no number '{name}'"));
        agree(&sizes)?;
        let rows = size("train")? as usize;
        let tensor = |dtype, dims: &[usize], bytes: &[u8]| Tensor::from_bytes(dtype, dims, bytes);
        let labels: Vec<i32> = bytes("train_labels.u8")?.into_iter().map(i32::from).collect();
        let weights = |name: &str| -> Result<Vec<Tensor>, Failure> {
            let bytes = bytes(name)?;
            let mut rest = &bytes[..];
            let hidden = Parameters::default().hidden;
            let shapes: [&[usize]; 4] = [&[PIXELS, hidden], &[hidden], &[hidden, CLASSES], &[CLASSES]];
            let weights = shapes.map(|dims| {
                let end = (4 * dims.iter().product::<usize>()).min(rest.len());
                let (head, tail) = rest.split_at(end);
                rest = tail;
                tensor(DType::F32, dims, head)
            });
            Ok(weights.into_iter().collect::<Result<_, _>>()?)
        };
        let word = |c: &[u8]| [c[0], c[1], c[2], c[3]];
        let order = bytes("order.i32")?.chunks_exact(4).map(|c| i32::from_le_bytes(word(c))).collect();
        let matrix = bytes("matrix.f32")?.chunks_exact(4).map(|c| f32::from_le_bytes(word(c))).collect();
        let mut inputs = Inputs {
            images: tensor(DType::U8, &[rows, PIXELS], &bytes("train_images.u8")?)?,
            labels: Tensor::from(labels),
            order,
            steps: size("steps")? as usize,
            initial: weights("initial.f32")?,
            trained: weights("trained.f32")?,
            matrix,
            inverse_steps: size("inverse_steps")? as usize,
            ideal_steps: size("ideal_steps")? as usize,
            what: format!("{rows} images of {}", folder.display()),
        };
        if inputs.order.len() < 2 * inputs.steps * BATCH || inputs.matrix.len() != 100 {
            return Err("order.i32 has less than two epochs, or matrix.f32 not 100 numbers".into());
        }
        if tiny {
            inputs.steps = inputs.steps.min(2);
            inputs.order.truncate(2 * inputs.steps * BATCH);
            (inputs.inverse_steps, inputs.ideal_steps) = (30, 6);
        }
        Ok(inputs)
    }

    /// The rows of the batches of each epoch.
    pub fn epochs(&self) -> impl Iterator<Item = &[i32]> {
        self.order.chunks_exact(self.steps * BATCH)
    }
}

/// Whether the files are for the models that are measured here.
fn agree(sizes: &Value) -> Result<(), Failure> {
    let network = Parameters::default();
    let ours = [
        ("batch", BATCH as f32),
        ("hidden", network.hidden as f32),
        ("low", network.clip_low),
        ("high", network.clip_high),
        ("rate", post::CLASSIFIER_RATE),
        ("inverse_rate", post::INVERSE_RATE),
        ("ideal_rate", post::IDEAL_RATE),
        ("l2", post::PENALTY),
    ];
    for (name, ours) in ours {
        let found = sizes[name].as_f64().map(|found| found as f32);
        if found != Some(ours) {
            return Err(format!("sizes.json has {name} {}, the model here {ours}", sizes[name]).into());
        }
    }
    Ok(())
}
