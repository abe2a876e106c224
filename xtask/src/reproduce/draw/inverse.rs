//! `computation_graph`, `inverse_loss`, `inverse_check`.

use anyhow::Result;
use minutia_models::identity;
use minutia_viz::{ColorMap, Figure, HeatMap, LineChart, Panel, Scale, format_number};

use crate::reproduce::{
    compute::inverse::Results,
    draw::{
        diagram::{View, diagram},
        picture,
    },
    stage::{Drawing, Picture},
};

/// The stage's figures.
///
/// # Errors
/// When the results lack something that a figure shows.
pub fn draw(drawing: &Drawing<'_>, results: &Results) -> Result<Vec<Picture>> {
    Ok(vec![computation_graph(drawing, results)?, loss(drawing, results)?, check(drawing, results)?])
}

fn computation_graph(drawing: &Drawing<'_>, results: &Results) -> Result<Picture> {
    let view = View { targets: &["loss", "Adagrad/Assign_1"], folded: &[] };
    let (diagram, nodes) = diagram(&results.graph, &view)?;
    let caption = format!(
        "The graph that a training step runs, as it was built: {nodes} operations, from the variable x and the constant A to \
         the loss, through the gradients back to Adagrad's two assignments. Arrows carry tensors; literals are left out."
    );
    picture(
        drawing,
        "computation_graph",
        Figure::new(diagram).title("The computation graph of the inverse"),
        caption,
    )
}

fn loss(drawing: &Drawing<'_>, results: &Results) -> Result<Picture> {
    let every = drawing.config.inverse.log_every;
    let points: Vec<(f64, f64)> =
        results.loss.iter().enumerate().map(|(i, &loss)| ((i * every) as f64, loss)).collect();
    let chart = LineChart::new("step", "loss: sum of |x·A − I|").y_scale(Scale::Log).line("loss", &points);
    let caption = format!(
        "The loss before every {every}th of {} steps of Adagrad with a learning rate of {}; at the end it is {}.",
        format_number(drawing.config.inverse.steps as f64),
        drawing.config.inverse.learning_rate,
        format_number(results.final_loss),
    );
    picture(
        drawing,
        "inverse_loss",
        Figure::new(chart.size(640.0, 360.0)).title("Inverting a matrix: the loss"),
        caption,
    )
}

fn check(drawing: &Drawing<'_>, results: &Results) -> Result<Picture> {
    let size = drawing.config.inverse.size;
    let output: Vec<f32> = results.output.iter().map(|&v| v as f32).collect();
    let identity = identity(size);
    let difference: Vec<f32> = output.iter().zip(&identity).map(|(o, i)| o - i).collect();
    let error = results.max_abs_error;
    let map = |values: &[f32], title: &str| {
        Ok::<_, minutia_viz::Error>(HeatMap::new(size, size, values)?.title(title))
    };
    let matrix =
        |values, title| Ok::<_, minutia_viz::Error>(map(values, title)?.range(0.0, 1.0).cell_text(true));
    let reach = if error > 0.0 { error } else { 1.0 };
    let panels: Vec<Box<dyn Panel>> = vec![
        Box::new(matrix(&output, "x·A")?.color_bar(false)),
        Box::new(matrix(&identity, "I")?),
        Box::new(map(&difference, "x·A − I")?.color_map(ColorMap::Diverging).range(-reach, reach)),
    ];
    let caption = format!(
        "The learned x times A, rounded to two decimals, beside the identity, and the difference of the two on a scale of its \
         own. The largest error of an entry is {}.",
        format_number(error)
    );
    picture(drawing, "inverse_check", Figure::grid(vec![panels]).title("Is x the inverse of A?"), caption)
}
