//! Writes the variables of a session as `weights.safetensors` and `weights.npz`, and prints what is in them,
//! for `tests/readers.py` to compare; what that has written as `numpy.npz` and `numpy.safetensors` is
//! printed, too.
//!
//! `cargo run -p minutia-interchange --example weights -- FOLDER`

use minutia_graph::{Device, Graph, Session, Tensor};
use minutia_interchange::{npz, safetensors};
use std::{collections::BTreeMap, path::Path};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("name the folder to write to")?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    let graph = Graph::new();
    graph.set_random_seed(1);
    graph.variable("dense/kernel", graph.random_normal([3, 2], 0.0, 1.0));
    graph.variable("dense/bias", [0.5_f32, f32::NEG_INFINITY]);
    graph.untrainable_variable("global_step", 7);
    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), ())?;

    let (arrays, weights) = (folder.join("weights.npz"), folder.join("weights.safetensors"));
    npz::save(&session, &arrays)?;
    safetensors::save(&session, &weights)?;
    print("weights.npz", &npz::read(&arrays)?);
    print("weights.safetensors", &safetensors::read(&weights)?);
    npz::load(&mut session, &arrays)?;
    safetensors::load(&mut session, &weights)?;

    let (arrays, weights) = (folder.join("numpy.npz"), folder.join("numpy.safetensors"));
    if arrays.exists() {
        print("numpy.npz", &npz::read(&arrays)?);
        print("numpy.safetensors", &safetensors::read(&weights)?);
    }
    Ok(())
}

/// A line for each tensor: file, name, type, extents, and the bytes of the elements, the lowest of each
/// first.
fn print(file: &str, tensors: &BTreeMap<String, Tensor>) {
    for (name, tensor) in tensors {
        let extents: Vec<String> = tensor.dims().iter().map(usize::to_string).collect();
        let hex: String = tensor.canonical_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        println!("{file} {name} {} ({}) {hex}", tensor.dtype(), extents.join(","));
    }
}
