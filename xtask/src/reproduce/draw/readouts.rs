//! What a reader may ask of a figure, as the report's page takes it.

use minutia_viz::{Curve, Figure, Readout, ReadoutAxis, Scale, Theme};
use serde_json::{Value, json};

/// The figure's size and its plots; null for a figure that has none.
pub fn readouts(figure: &Figure) -> Value {
    let plots: Vec<Value> = figure.readouts().iter().map(plot).collect();
    if plots.is_empty() { Value::Null } else { json!({"size": figure.size(), "plots": plots}) }
}

fn plot(readout: &Readout) -> Value {
    let Readout { title, corner, size, x, y, curves } = readout;
    let curves: Vec<Value> = curves.iter().map(curve).collect();
    json!({"title": title, "corner": corner, "size": size, "x": axis(x), "y": axis(y), "curves": curves})
}

fn axis(ReadoutAxis { label, low, high, scale }: &ReadoutAxis) -> Value {
    json!({"label": label, "low": low, "high": high, "log": *scale == Scale::Log})
}

fn curve(Curve { name, joined, color, points }: &Curve) -> Value {
    json!({"name": name, "joined": joined, "color": color.css(Theme::Light), "points": points})
}

#[cfg(test)]
mod tests {
    use super::*;
    use minutia_viz::{HeatMap, LineChart};

    #[test]
    fn a_chart_is_told_with_its_axes_and_its_points_and_a_matrix_is_not() {
        let chart = LineChart::new("epoch", "loss").title("training").y_scale(Scale::Log);
        let told = readouts(&Figure::new(chart.line("train", &[(1.0, 0.5), (2.0, 0.25)])));
        let plot = &told["plots"][0];
        assert_eq!((&plot["title"], &plot["x"]["label"]), (&json!("training"), &json!("epoch")));
        assert_eq!((&plot["x"]["log"], &plot["y"]["log"]), (&json!(false), &json!(true)));
        let curve = &plot["curves"][0];
        assert_eq!(curve["points"], json!([[1.0, 0.5], [2.0, 0.25]]));
        assert_eq!((&curve["name"], &curve["joined"]), (&json!("train"), &json!(true)));
        assert!(curve["color"].as_str().is_some_and(|color| color.starts_with('#')), "{curve}");
        assert!(readouts(&Figure::new(HeatMap::new(1, 1, &[0.0]).unwrap())).is_null());
    }
}
