//! Trains a small classifier with batch normalization and dropout on points of three spirals, and judges it
//! in both modes: as it is trained, by the means of its batch and with units left out, and as it predicts.
//!
//! `cargo run --release -p minutia-layers --example classifier -- [STEPS]`

use minutia_graph::{DType, Device, Graph, Output, Session, Tensor, feeds};
use minutia_layers::{BatchNormalization, Dense, Dropout, Initializer, losses, metrics};
use minutia_optim::{Adam, Optimizer};

const CLASSES: usize = 3;
const BATCH: usize = 60;

/// So many points on the plane, and which spiral each is on. The arms are made of turns by one small angle,
/// so that the points are the same on every machine.
fn spirals(points: usize, shift: f32) -> Result<(Tensor, Tensor), Box<dyn std::error::Error>> {
    let (mut coordinates, mut labels) = (Vec::new(), Vec::new());
    for i in 0..points {
        let class = i % CLASSES;
        let along = (i as f32 + shift) / points as f32;
        // A third of a turn between the arms, and a turn along each.
        let [mut x, mut y] =
            [[1.0, 0.0], [-0.5, 0.866], [-0.5, -0.866]][class].map(|c: f32| c * (0.1 + along));
        let turns = (along * 100.0) as usize;
        for _ in 0..turns {
            [x, y] = [0.998 * x - 0.0628 * y, 0.0628 * x + 0.998 * y];
        }
        coordinates.extend([x, y]);
        labels.push(class as i32);
    }
    Ok((Tensor::from_vec([points, 2], coordinates)?, Tensor::from(labels)))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let steps: usize = std::env::args().nth(1).map_or(Ok(400), |steps| steps.parse())?;
    let graph = Graph::new();
    graph.set_random_seed(7);
    let points = graph.placeholder("points", DType::F32, [None, Some(2)]);
    let labels = graph.placeholder("labels", DType::I32, [None]);
    let training = graph.placeholder("training", DType::Bool, ());

    let (mut x, mut width, mut updates) = (points.clone(), 2, Vec::new());
    for units in [64, 64] {
        // The mean is taken out anyway, and so would be a bias.
        let dense =
            Dense::new(units).use_bias(false).kernel_initializer(Initializer::HeNormal).build(&graph, width);
        let norm = BatchNormalization::new().momentum(0.9).build(&graph, units);
        let (normal, update) = norm.apply(dense.apply(&x), &training);
        x = Dropout::new(0.2).apply(normal.relu(), &training);
        (width, updates) = (units, [updates, vec![update]].concat());
    }
    let logits: Output = Dense::new(CLASSES).build(&graph, width).apply(&x);
    let loss = losses::sparse_softmax_cross_entropy(&labels, &logits, 1.0);
    let accuracy = metrics::accuracy(&labels, logits.argmax(1));
    updates.push(Adam::new(0.01).minimize(&loss)?);
    let train = graph.group(&updates);

    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), ())?;
    for step in 0..steps {
        let (batch, classes) = spirals(BATCH, step as f32 % 7.0 / 7.0)?;
        let feeds = feeds! { points => batch, labels => classes, training => true };
        let ((), loss) = session.run((&train, &loss), feeds)?;
        if step % 100 == 99 {
            println!("step {}: loss {:.4}", step + 1, loss.value::<f32>()?);
        }
    }
    let (test, classes) = spirals(300, 0.5)?;
    for (mode, flag) in [("as it is trained", true), ("as it predicts", false)] {
        let feeds = feeds! { points => test.clone(), labels => classes.clone(), training => flag };
        let (loss, accuracy) = session.run((&loss, &accuracy), feeds)?;
        println!("{mode}: loss {:.4}, accuracy {:.4}", loss.value::<f32>()?, accuracy.value::<f32>()?);
    }
    for variable in graph.trainable_variables() {
        println!("{:32} {}", variable.name(), variable.shape());
    }
    Ok(())
}
