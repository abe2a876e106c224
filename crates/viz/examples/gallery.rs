//! Draws one figure of each kind into a folder: `cargo run -p minutia-viz --example gallery -- [FOLDER]`

use minutia_viz::{
    ColorMap, Edge, Figure, GraphDiagram, HeatMap, ImageGrid, LineChart, NetworkDiagram, Node, Panel, Scale,
};
use std::{error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("target/viz"), PathBuf::from);
    fs::create_dir_all(&folder)?;
    for (name, figure) in figures()? {
        fs::write(folder.join(format!("{name}.svg")), figure.to_svg())?;
        fs::write(folder.join(format!("{name}.png")), figure.to_png(1.5)?)?;
    }
    println!("wrote {}", folder.display());
    Ok(())
}

/// A figure of each kind, by name.
pub fn figures() -> Result<Vec<(&'static str, Figure)>, minutia_viz::Error> {
    let curve = |f: fn(f64) -> f64| (1..=50).map(|i| (f64::from(i), f(f64::from(i)))).collect::<Vec<_>>();
    let loss = LineChart::new("epoch", "cross-entropy (nats)")
        .title("loss")
        .y_scale(Scale::Log)
        .line("train", &curve(|x| 1.0 / x))
        .dashed_line("test", &curve(|x| 0.1 + 0.9 / x));
    let accuracy = LineChart::new("epoch", "accuracy")
        .title("accuracy")
        .y_range(0.9, 1.0)
        .scatter("", &curve(|x| 1.0 - 0.1 / x))
        .level(0.98, "0.98");
    let panels: Vec<Vec<Box<dyn Panel>>> = vec![vec![Box::new(loss), Box::new(accuracy)]];
    let matrix: Vec<f32> =
        (0..100).map(|i| if i / 10 == i % 10 { 1.0 } else { (i % 7) as f32 * 0.01 }).collect();
    let image: Vec<f32> =
        (0..784).map(|i| ((i / 28) as f32 - 14.0) * ((i % 28) as f32 - 14.0) / 196.0).collect();
    let mut grid = ImageGrid::new(2, 5, 28, 28)?.color_map(ColorMap::Diverging).range(-1.0, 1.0);
    grid = grid.row_names(&["first", "second"]).column_names(&["0", "1", "2", "3", "4"]);
    for _ in 0..10 {
        grid = grid.image(&image)?;
    }
    Ok(vec![
        (
            "lines",
            Figure::grid(panels)
                .title("Training")
                .caption("Made-up curves, to show two panels side by side."),
        ),
        (
            "heat",
            Figure::new(
                HeatMap::new(10, 10, &matrix)?
                    .title("nearly the identity")
                    .cell_text(true)
                    .labels("column", "row"),
            ),
        ),
        ("images", Figure::new(grid).title("Saddles")),
        ("graph", Figure::new(diagram()?).title("A graph")),
        (
            "network",
            Figure::new(
                NetworkDiagram::new()
                    .layer("input", 784, "pixels")
                    .layer("hidden", 300, "relu")
                    .layer("output", 10, "softmax"),
            ),
        ),
    ])
}

fn diagram() -> Result<GraphDiagram, minutia_viz::Error> {
    let node = |label: &str, detail: &str, scope: &str, group| Node {
        label: label.into(),
        detail: detail.into(),
        scope: scope.into(),
        group,
    };
    let nodes = vec![
        node("x", "f32 [?, 784]", "", 0),
        node("W", "f32 [784, 10]", "", 1),
        node("MatMul", "f32 [?, 10]", "model", 2),
        node("Softmax", "f32 [?, 10]", "model", 2),
        node("Log", "", "loss", 3),
        node("Mean", "", "loss", 3),
        node("MatMul_1", "", "gradients", 4),
        node("Assign", "", "GradientDescent", 5),
    ];
    let edge = |(from, to): (usize, usize)| Edge { from, to, dashed: false };
    let edges = [(0, 2), (1, 2), (2, 3), (3, 4), (4, 5), (3, 6), (0, 6), (6, 7), (1, 7)].map(edge);
    GraphDiagram::new(nodes, edges.into())
}
