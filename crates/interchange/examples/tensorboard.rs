//! Trains a line through points and writes what TensorBoard shows of it: the graph, curves, histograms,
//! images and a text. `tests/readers.py` compares the file with the numbers that are printed here.
//!
//! `cargo run -p minutia-interchange --example tensorboard -- FOLDER`, then `tensorboard --logdir FOLDER`

use minutia_graph::{DType, Device, Graph, Session, Tensor, feeds};
use minutia_interchange::tensorboard::SummaryWriter;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("name the folder to write to")?;
    let graph = Graph::new();
    graph.set_random_seed(1);
    let x = graph.placeholder("x", DType::F32, (None, 1));
    let y_ = graph.placeholder("y_", DType::F32, (None, 1));
    let (w, y) = {
        let _scope = graph.name_scope("line");
        let w = graph.variable("w", graph.random_normal([1, 1], 0.0, 1.0));
        let y = x.matmul(&w);
        (w, y)
    };
    let (loss, train) = {
        let _scope = graph.name_scope("train");
        let loss = (&y - &y_).square().reduce_mean(..).with_name("loss");
        let gradient = graph.gradients(&loss, &[&w])?[0].clone().ok_or("the loss depends on w")?;
        (loss, w.assign_sub(gradient * 0.1).operation())
    };
    let init = graph.global_variables_initializer();

    let mut writer = SummaryWriter::new(&folder)?;
    writer.graph(&graph)?;
    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(&init, ())?;
    for step in 0..20 {
        let points = feeds! { x => [[1.0_f32], [2.0]], y_ => [[3.0_f32], [6.0]] };
        let (_, loss, slope) = session.run((&train, &loss, &w), points)?;
        let (loss, slope) = (loss.value::<f32>()?, slope.value::<f32>()?);
        writer.scalars(step, [("train/loss", loss), ("train/slope", slope)])?;
        println!("scalar train/loss {step} {loss:?}");
        println!("scalar train/slope {step} {slope:?}");
    }
    let values: Vec<f32> = (-50..50).map(|i| (i * i * i) as f32 / 1000.0).collect();
    writer.histogram("cubes", 20, &Tensor::from(&values))?;
    println!("histogram cubes 20 {} {:?} {:?}", values.len(), values[0], values[values.len() - 1]);
    let (height, width) = (8_u8, 16_u8);
    let pixels: Vec<u8> =
        (0..height).flat_map(|row| (0..width).flat_map(move |column| [row * 30, column * 15, 128])).collect();
    writer.image("gradient", 20, &Tensor::from_vec([height.into(), width.into(), 3], pixels)?)?;
    println!("image gradient 20 {height} {width}");
    writer.text("notes", 20, "a line through **two** points")?;
    println!("text notes 20 a line through **two** points");
    for node in graph.nodes() {
        println!("node {} {} {}", node.name, node.op, node.inputs.join(","));
    }
    writer.flush()?;
    Ok(())
}
