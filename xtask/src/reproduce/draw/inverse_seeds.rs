//! `inverse_seeds`.

use anyhow::Result;
use minutia_viz::{Figure, LineChart, Scale, format_number};

use crate::reproduce::{
    compute::inverse_seeds::Results,
    draw::picture,
    stage::{Drawing, Picture},
};

/// The stage's figures.
///
/// # Errors
/// When the figure cannot be painted.
pub fn draw(drawing: &Drawing<'_>, results: &Results) -> Result<Vec<Picture>> {
    let parameters = &drawing.config.inverse_seeds;
    let points = |errors: &[f64]| -> Vec<(f64, f64)> {
        results.condition.iter().copied().zip(errors.iter().copied()).collect()
    };
    let tolerance = f64::from(drawing.config.inverse.tolerance);
    let chart = LineChart::new("condition number of A", "largest error of an entry of x·A")
        .x_scale(Scale::Log)
        .y_scale(Scale::Log)
        .scatter("Adagrad, as in the post", &points(&results.max_abs_error))
        .scatter("Adam, rate falling to zero", &points(&results.adam_max_abs_error))
        .level(tolerance, format!("counts as right: {}", format_number(tolerance)));
    let caption = format!(
        "The largest error after {} steps of Adagrad (rate {}) and after {} steps of Adam (rate falling linearly from {} to 0) \
         for {} random matrices. Adagrad inverts {} of them, Adam {}. The worse the condition, the harder the inverse.",
        format_number(parameters.steps as f64),
        parameters.learning_rate,
        format_number(parameters.adam_steps as f64),
        parameters.adam_learning_rate,
        parameters.seeds,
        results.reached,
        results.adam_reached,
    );
    let figure = Figure::new(chart.size(640.0, 420.0)).title("Which matrices are inverted?");
    Ok(vec![picture(drawing, "inverse_seeds", figure, caption)?])
}
