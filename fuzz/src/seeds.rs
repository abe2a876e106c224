//! Writes the seeds of each target below `fuzz/corpus`, from what the repository holds and what it can write.

use minutia_datasets::idx::{self, Data, Idx};
use minutia_fuzz::as_file;
use minutia_graph::{Device, Graph, Saver, Session, Tensor, feeds};
use minutia_interchange::{
    npz::{self, Npy},
    onnx, safetensors,
    tensorboard::SummaryWriter,
    tensorflow,
};
use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    io::{Cursor, Write},
    path::Path,
};
use zip::{ZipWriter, write::SimpleFileOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let put = |target: &str, name: &str, bytes: &[u8]| -> Result<(), Box<dyn Error>> {
        let folder = here.join("corpus").join(target);
        fs::create_dir_all(&folder)?;
        Ok(fs::write(folder.join(name), bytes)?)
    };
    let toml = fs::read(here.join("../reproduce.toml"))?;
    put("config", "published", &toml)?;
    let record = br#"{"key":{"parameter steps":"10"},"outputs":{"figures/a.svg":"00"},"outcome":{"x":0.1}}"#;
    put("record", "text", record)?;
    put("record", "lock", &fs::read(here.join("../repro.lock"))?)?;
    for (name, data) in [
        ("u8", Data::U8(vec![1; 12])),
        ("i32", Data::I32(vec![-1; 12])),
        ("f32", Data::F32(vec![0.5; 12])),
        ("f64", Data::F64(vec![0.5; 12])),
    ] {
        for how in 0..3_u8 {
            let mut bytes = vec![how];
            idx::write(&Idx { dims: vec![3, 2, 2], data: data.clone() }, &mut bytes)?;
            put("idx", &format!("{name}-{how}"), &bytes)?;
        }
    }
    let ptx = fs::read_to_string(here.join("../kernels/ptx/minutia.ptx"))?;
    let head = ptx.split(".visible .entry").next().unwrap_or_default();
    for (number, entry) in ptx.split(".visible .entry").skip(1).enumerate() {
        put("ptx", &format!("kernel-{number}"), format!("\x20\x40{head}.visible .entry{entry}").as_bytes())?;
    }
    put("ptx", "small", include_bytes!("small.ptx"))?;
    let graph = Graph::new();
    let x = graph.placeholder("x", minutia_graph::DType::F32, [None, Some(2)]);
    let w = graph.variable("v", [1.0_f32, 2.0]);
    let loss = (&x * &*w).tanh().reduce_sum(..);
    let slope = graph.gradients(&loss, &[&w])?;
    w.assign_sub(slope[0].as_ref().ok_or("the loss depends on the variable")?);
    graph.untrainable_variable("step", 0.0_f32);
    put("graph", "json", format!("\0{}", serde_json::to_string(&graph)?).as_bytes())?;
    for how in 1..3_u8 {
        for seed in 0..8_u8 {
            let bytes = (0..400_u32)
                .map(|i| (i.wrapping_mul(2_654_435_761).wrapping_add(u32::from(seed) << 24) >> 24) as u8);
            put(
                "graph",
                &format!("bytes-{how}-{seed}"),
                &[how].into_iter().chain(bytes).collect::<Vec<u8>>(),
            )?;
        }
    }
    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), feeds! {})?;
    let file = tempfile::NamedTempFile::new()?;
    Saver::new(&graph).save(&session, file.path())?;
    let whole = fs::read(file.path())?;
    put("checkpoint", "whole", &[b"\0", &whole[..]].concat())?;
    // Behind magic number, version and digest.
    put("checkpoint", "contents", &[b"\x01", &whole[44..]].concat())?;
    put("checkpoint", "stage", &[b"\x02", &[0_u8; 12][..]].concat())?;
    let model = as_file(&[], |path| onnx::write(path, &session, &[&x], &[&loss]).map(|()| fs::read(path)))??;
    put("onnx", "model", &model)?;
    formats(&graph, put)
}

/// The files of others.
fn formats(
    graph: &Graph,
    put: impl Fn(&str, &str, &[u8]) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let arrays = [
        ("f32", Tensor::from([[1.0_f32, -0.5], [0.0, 2.0]])),
        ("i32", Tensor::from([3_i32, -1])),
        ("u8", Tensor::from(7_u8)),
        ("bool", Tensor::from([true, false])),
    ];
    let mut deflated = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, array) in &arrays {
        let bytes = as_file(&[], |path| array.write_npy(path).map(|()| fs::read(path)))??;
        put("npz", name, &[b"\0", &bytes[..]].concat())?;
        deflated.start_file(format!("{name}.npy"), SimpleFileOptions::default())?;
        deflated.write_all(&bytes)?;
    }
    let of = |array: &(&'static str, Tensor)| (array.0, array.1.clone());
    let named: BTreeMap<&str, Tensor> = arrays.iter().map(of).collect();
    let stored = as_file(&[], |path| npz::write(path, &named).map(|()| fs::read(path)))??;
    put("npz", "stored", &[b"\x01", &stored[..]].concat())?;
    put("npz", "deflated", &[b"\x01", &deflated.finish()?.into_inner()[..]].concat())?;
    let columns = b"\x93NUMPY\x01\0\x42\0{'descr': '>f4', 'fortran_order': True, 'shape': (2, 1), }       \n";
    put("npz", "columns", &[b"\0", &columns[..], &[0; 8]].concat())?;

    let whole = as_file(&[], |path| safetensors::write(path, &named).map(|()| fs::read(path)))??;
    put("safetensors", "whole", &[b"\0", &whole[..]].concat())?;
    put("safetensors", "table", &[b"\x01", &whole[8..]].concat())?;

    put("graphdef", "bytes", &[b"\0", &tensorflow::to_bytes(graph)?[..]].concat())?;
    put("graphdef", "text", format!("\x01{}", tensorflow::to_text(graph)?).as_bytes())?;
    let written =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/interchange/tests/tensorflow/fixtures/inverse");
    put("graphdef", "program", &[b"\0", &fs::read(written.join("graph.pb"))?[..]].concat())?;
    put("graphdef", "checkpoint", &[b"\x02", &fs::read(written.join("weights.index"))?[..]].concat())?;

    let folder = tempfile::tempdir()?;
    let mut writer = SummaryWriter::new(folder.path())?;
    writer.graph(graph)?;
    writer.scalar("loss", 1, 0.5)?;
    writer.histogram("w", 2, &arrays[0].1)?;
    writer.image("x", 3, &Tensor::from([[[0_u8], [255]]]))?;
    writer.text("notes", 4, "*text*")?;
    writer.flush()?;
    let events = fs::read(writer.path())?;
    put("events", "whole", &[b"\0", &events[..]].concat())?;
    // Field 1 is the time, 2 the step, 5 a summary with a value: a tag and a number.
    put("events", "scalar", b"\x01\x09\0\0\0\0\0\0\0\0\x10\x01\x2a\x0a\x0a\x08\x0a\x01a\x15\0\0\0\0")
}
