//! Runs every ported program and writes what the original in TensorFlow 1 needs to follow it: the images and
//! their order, the values that the variables begin with, what was drawn in each step, and the losses.
//!
//! `cargo run --release --example tf1 -- [OUTPUT [FOLDER]]`, and then as `README.md` says.

// Three programs print images, each by its own module of one file.
#![allow(clippy::duplicate_mod)]

mod programs;

use minutia::{
    datasets::{Batches, locate},
    prelude::*,
};
use programs::PROGRAMS;
use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

/// Rows of a batch, and how many batches there are.
const BATCH: usize = 100;
const STEPS: usize = 100;

/// What a program draws in each step.
const DRAWN: [(&str, &[&str]); 5] = [
    ("attention", &["symbols"]),
    ("dropout", &["dropout/RandomUniformLike"]),
    ("gan", &["noise"]),
    ("vae", &["noise"]),
    ("word2vec", &["inputs", "labels", "LogUniformCandidateSampler/Cast"]),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).map(PathBuf::from);
    let output = arguments.next().unwrap_or_else(|| "target/tf1".into());
    let data = locate(arguments.next().as_deref())?.data;
    let mut batches = Batches::new(data.train.len(), BATCH, 7);
    let order: Vec<i32> = (0..STEPS).flat_map(|_| batches.next_batch().to_vec()).collect();
    write(&output, "images", &data.train.images)?;
    write(&output, "labels", &data.train.labels)?;
    write(&output, "order", &Tensor::from(order))?;

    for (name, train) in PROGRAMS {
        println!("{name}");
        // Newton's method is at the minimum after five, where the function is what rounding leaves of it.
        let steps = if name == "newton" { 4 } else { STEPS };
        let folder = output.join(name);
        let (losses, trained) = train(&data, steps)?;
        write(&folder, "losses", &Tensor::from(losses))?;

        // Another session of the graph begins with the same values, and draws the same.
        let graph = trained.graph();
        let mut session = Session::new(graph, &Device::cpu()?)?;
        session.run(graph.global_variables_initializer(), ())?;
        for variable in graph.trainable_variables() {
            write(&folder, &variable.name(), &session.run(&variable, ())?)?;
        }
        let fed = [
            ("images", data.train.rows(0, BATCH).images),
            ("rows", Tensor::from(vec![0; BATCH])),
            ("rate", Tensor::from(0.5_f32)),
        ];
        let feeds = fed.into_iter().filter(|(name, _)| graph.get(name).is_ok());
        let feeds = feeds.fold(Feeds::new(), |feeds, (name, tensor)| feeds.with(name, tensor));
        let names = DRAWN.iter().find(|drawn| drawn.0 == name).map_or(&[][..], |drawn| drawn.1);
        for i in 0..if names.is_empty() { 0 } else { steps } {
            for (name, tensor) in names.iter().zip(session.run(names, feeds.clone())?) {
                write(&folder, &format!("{name}.{i}"), &tensor)?;
            }
        }
    }
    Ok(())
}

/// Writes NumPy's format, version 1.0: a header of which the length is a multiple of 64, and the elements.
fn write(folder: &Path, name: &str, tensor: &Tensor) -> Result<()> {
    let element = match tensor.dtype() {
        DType::F32 => "<f4",
        DType::I32 => "<i4",
        DType::U8 => "|u1",
        DType::Bool => "|b1",
    };
    let extents: String = tensor.dims().iter().map(|extent| format!("{extent},")).collect();
    let header = format!("{{'descr': '{element}', 'fortran_order': False, 'shape': ({extents})}}");
    let padded = (10 + header.len() + 1).next_multiple_of(64) - 11;
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((padded as u16 + 1).to_le_bytes());
    bytes.extend(format!("{header:padded$}\n").bytes());
    bytes.extend(tensor.canonical_bytes());
    fs::create_dir_all(folder)?;
    Ok(fs::write(folder.join(format!("{}.npy", name.replace('/', "."))), bytes)?)
}
