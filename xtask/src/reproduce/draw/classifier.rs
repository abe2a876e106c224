//! `network_architecture`, `classifier_graph`, `training_curves`.

use anyhow::{Context, Result};
use minutia_viz::{Figure, LineChart, NetworkDiagram, Panel, Scale};

use crate::reproduce::{
    compute::{classifier::Results, training::Epoch},
    data::{CLASSES, PIXELS, SIDE},
    draw::{
        diagram::{Folded, View, diagram},
        picture,
    },
    stage::{Drawing, GraphNode, Picture},
};

/// The stage's figures.
///
/// # Errors
/// When the results lack something that a figure shows.
pub fn draw(drawing: &Drawing<'_>, results: &Results) -> Result<Vec<Picture>> {
    Ok(vec![architecture(drawing)?, graph(drawing, &results.graph)?, curves(drawing, &results.curve())?])
}

fn architecture(drawing: &Drawing<'_>) -> Result<Picture> {
    let hidden = drawing.config.classifier.hidden;
    let network = NetworkDiagram::new()
        .layer("input", PIXELS, format!("{SIDE} × {SIDE} pixels"))
        .layer("hidden", hidden, "relu")
        .layer("output", CLASSES, "softmax");
    let weights = drawing.config.classifier.network().count();
    let caption = format!(
        "The network: {PIXELS} pixels, a hidden layer of {hidden} units with relu, {CLASSES} classes with softmax; {weights} \
         numbers are learned. Of each large layer the first and the last units are shown."
    );
    picture(drawing, "network_architecture", Figure::new(network).title("The network"), caption)
}

fn graph(drawing: &Drawing<'_>, nodes: &[GraphNode]) -> Result<Picture> {
    let updates: Vec<String> = (0..4)
        .map(|i| if i == 0 { "GradientDescent/Assign".into() } else { format!("GradientDescent/Assign_{i}") })
        .collect();
    let targets: Vec<&str> = std::iter::once("loss").chain(updates.iter().map(String::as_str)).collect();
    let folded =
        [Folded { scope: "gradients", from: Some("loss") }, Folded { scope: "GradientDescent", from: None }];
    let view = View { targets: &targets, folded: &folded };
    let (diagram, count) = diagram(nodes, &view)?;
    let caption = format!(
        "The graph that a training step runs, as it was built: {count} operations, with the gradients and the optimizer drawn as \
         one node each; of the tensors that the gradients use, only the loss has its arrow. A step is told which rows of the \
         images it takes."
    );
    picture(
        drawing,
        "classifier_graph",
        Figure::new(diagram).title("The computation graph of the classifier"),
        caption,
    )
}

fn curves(drawing: &Drawing<'_>, epochs: &[Epoch]) -> Result<Picture> {
    let curve = |value: fn(&Epoch) -> f64| -> Vec<(f64, f64)> {
        epochs.iter().map(|epoch| (epoch.epoch as f64, value(epoch))).collect()
    };
    let last = epochs.last().context("the results have no epochs")?.test_accuracy;
    let loss = LineChart::new("epoch", "cross-entropy per image (nats)")
        .title("cross-entropy")
        .y_scale(Scale::Log)
        .line("training images", &curve(|epoch| epoch.train_cross_entropy))
        .dashed_line("test images", &curve(|epoch| epoch.test_cross_entropy));
    let right = LineChart::new("epoch", "share of test images read rightly")
        .title("accuracy")
        .line("", &curve(|epoch| epoch.test_accuracy))
        .level(0.98, "98 %, as in the post");
    let panels: Vec<Box<dyn Panel>> = vec![Box::new(loss), Box::new(right)];
    let caption = format!(
        "After each epoch: the cross-entropy (both terms, as in the post) of all training and all test images, and the share of \
         test images that are read rightly; at the end {:.2} %.",
        last * 100.0
    );
    picture(drawing, "training_curves", Figure::grid(vec![panels]).title("How the network learns"), caption)
}
