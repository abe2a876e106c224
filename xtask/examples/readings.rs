//! What a trained network makes of the first 1,000 test images of the built-in digits, for a page to be
//! compared with: `cargo run --release -p xtask --example readings -- OUT FILE` reads the weights of the
//! output folder, and writes the images, 784 bytes each, and after them ten probabilities each, as floats
//! with the least byte first.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use minutia_datasets::digits;
use minutia_graph::{Session, feeds};
use minutia_models::{Classifier, PIXELS, Parameters};
use minutia_tensor::{Device, Tensor};

const IMAGES: usize = 1_000;

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(out), Some(file)) = (arguments.next(), arguments.next()) else {
        anyhow::bail!("two arguments are expected: an output folder and a file to write");
    };
    let model = Classifier::new(&Parameters::default(), 0);
    let mut session = Session::new(&model.graph, &Device::cpu()?)?;
    session.run(model.graph.global_variables_initializer(), ())?;
    for (variable, name) in model.weights.iter().zip(["W1", "b1", "W2", "b2"]) {
        let dims = variable.shape().known().context("a weight's shape is known")?;
        session.set_variable(variable, &Tensor::from_vec(dims, floats(&out, name)?)?)?;
    }
    let test = digits::generate().test;
    let rows: Vec<i32> = (0..).take(IMAGES).collect();
    let read = session.run(
        &model.probabilities,
        feeds! { model.images => &test.images, model.rows => Tensor::from_vec([IMAGES], rows)? },
    )?;
    let mut bytes = test.images.as_slice::<u8>()?[..IMAGES * PIXELS].to_vec();
    bytes.extend(read.as_slice::<f32>()?.iter().flat_map(|value| value.to_le_bytes()));
    std::fs::write(&file, bytes).with_context(|| format!("cannot write {}", file.display()))
}

/// An array of the stage `classifier`.
fn floats(out: &Path, name: &str) -> Result<Vec<f32>> {
    let path = out.join(format!("data/classifier/{name}.f32"));
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let (words, rest) = bytes.as_chunks::<4>();
    ensure!(rest.is_empty(), "{} has {} bytes, expected numbers of 4 bytes", path.display(), bytes.len());
    Ok(words.iter().map(|&word| f32::from_le_bytes(word)).collect())
}
