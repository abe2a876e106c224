//! The two-layer classifier written out against this crate alone, on random images: what a training step is
//! planned to, and what it costs.
//!
//! `cargo run --release -p minutia-graph --example classifier`

use minutia_graph::{DType, Device, Error, Graph, Session, Tensor, feeds};
use std::time::Instant;

fn main() -> Result<(), Error> {
    let graph = Graph::new();
    graph.set_random_seed(1);
    let table = graph.placeholder("images", DType::U8, (None, 784));
    let labels = graph.placeholder("labels", DType::I32, [None]);
    let rows = graph.placeholder("rows", DType::I32, [None]);
    let x = table.gather(&rows).cast(DType::F32) * (1.0 / 255.0);
    let y_ = labels.gather(&rows).one_hot(10);

    let w1 = graph.variable("W1", graph.random_normal([784, 300], 0.0, 0.03));
    let b1 = graph.variable("b1", graph.random_normal([300], 0.0, 1.0));
    let w2 = graph.variable("W2", graph.random_normal([300, 10], 0.0, 0.03));
    let b2 = graph.variable("b2", graph.random_normal([10], 0.0, 1.0));
    let hidden = (x.matmul(&w1) + &b1).relu();
    let y = (hidden.matmul(&w2) + &b2).softmax().clip_by_value(1e-10, 0.9999999);
    let terms = &y_ * y.log() + (1.0 - &y_) * (1.0 - &y).log();
    let loss = -terms.reduce_sum(1).reduce_mean(..);

    let variables = graph.trainable_variables();
    let handles: Vec<_> = variables.iter().map(|v| &**v).collect();
    let gradients = graph.gradients(&loss, &handles)?;
    let updates: Vec<_> = variables
        .iter()
        .zip(gradients)
        .filter_map(|(v, g)| Some(v.assign_sub(g? * 0.1).operation()))
        .collect();
    let train = graph.group(&updates);

    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), feeds! {})?;
    let images: Vec<u8> =
        (0..1000 * 784u32).map(|i| if i % 5 == 0 { (i % 256 * 7919 % 256) as u8 } else { 0 }).collect();
    let images = Tensor::from_vec([1000, 784], images)?;
    let classes = Tensor::from((0..1000).map(|i| i * 31 % 10).collect::<Vec<i32>>());
    let feeds = || feeds! { table => images.clone(), labels => &classes, rows => vec![0; 100] };
    print!("{}", session.explain((&train, &loss), feeds())?.explain());
    let mut step = session.make_callable((&train, &loss), feeds())?;
    let mut batch = [0; 100];
    for epoch in 0..3 {
        let start = Instant::now();
        for i in 0..550 {
            batch.iter_mut().enumerate().for_each(|(j, row)| *row = (i * 100 + j as i32) % 1000);
            step.set(&rows, &batch)?;
            step.run()?;
        }
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "epoch {epoch}: loss {:.4}, {:.1} us a step",
            step.value::<f32>(&loss)?,
            seconds / 550.0 * 1e6
        );
    }
    Ok(())
}
