//! Draws one figure of each kind into a folder: `cargo run -p minutia-viz --example gallery -- [FOLDER]`

use minutia_viz::{
    BarChart, ColorMap, Edge, Figure, GraphDiagram, HeatMap, ImageGrid, LineChart, NetworkDiagram, Node,
    Panel, Scale,
};
use std::{error::Error, fs, path::PathBuf};

#[path = "gallery/more.rs"]
mod more;

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
#[expect(clippy::too_many_lines, reason = "one picture after the other")]
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
    let narrow = LineChart::new("step", "loss (nats)")
        .title("less than a decade")
        .x_scale(Scale::Log)
        .y_scale(Scale::Log)
        .line("three", &curve(|x| 0.3 + 0.6 / x))
        .line("lines with longer names", &curve(|x| 0.35 + 0.5 / x))
        .dashed_line("that take two rows of the legend", &curve(|x| 0.4 + 0.4 / x))
        .level(0.3, "floor")
        .level(0.31, "noise");
    // The rates by multiplication: `powi` may differ between machines.
    let rates = std::iter::successors(Some(1e-6_f64), |rate| Some(rate * 1.3)).take(60);
    let changes: Vec<(f64, f64)> = rates.map(|x| (x, 0.4 - 1.0 / (1.0 + x * 1e4))).collect();
    let signed = LineChart::new("learning rate", "change of the loss")
        .title("both signs")
        .x_scale(Scale::Log)
        .line("", &changes);
    let panels: Vec<Vec<Box<dyn Panel>>> =
        vec![vec![Box::new(loss), Box::new(accuracy)], vec![Box::new(narrow), Box::new(signed)]];
    let matrix: Vec<f32> =
        (0..100).map(|i| if i / 10 == i % 10 { 1.0 } else { (i % 7) as f32 * 0.01 }).collect();
    let image: Vec<f32> =
        (0..784).map(|i| ((i / 28) as f32 - 14.0) * ((i % 28) as f32 - 14.0) / 196.0).collect();
    let mut grid = ImageGrid::new(2, 5, 28, 28)?.color_map(ColorMap::Diverging).range(-1.0, 1.0);
    grid = grid.row_names(&["first", "second"]).column_names(&["0", "1", "2", "3", "4"]);
    for _ in 0..10 {
        grid = grid.image(&image)?;
    }
    let mut figures = vec![
        (
            "lines",
            Figure::grid(panels)
                .title("Training")
                .caption("Made-up curves, to show four panels and their axes."),
        ),
        (
            "bars",
            Figure::new(
                BarChart::new("times as long")
                    .title("ratios")
                    .scale(Scale::Log)
                    .from(1.0)
                    .emphasised_bar("this", 0.8, (0.75, 0.9))
                    .bar("another", 4.2, (4.0, 5.5))
                    .bar("a third, with a longer name", 45.0, (45.0, 45.0)),
            ),
        ),
        (
            "heat",
            Figure::new(
                HeatMap::new(10, 10, &matrix)?
                    .title("nearly the identity")
                    .cell_text(true)
                    .index_ticks(true)
                    .labels("column", "row"),
            ),
        ),
        (
            "heat_large",
            Figure::new(
                HeatMap::new(300, 1000, &large_matrix())?
                    .title("300 by 1000 cells")
                    .cell_size(0.64, 0.64)
                    .color_map(ColorMap::Diverging)
                    .range(-2.0, 2.0)
                    .index_ticks(true)
                    .labels("column", "row"),
            ),
        ),
        ("images", Figure::new(grid).title("Saddles")),
        (
            "graph",
            Figure::new(training_graph()?).title("A training graph").caption("Dashed: control dependencies."),
        ),
        ("graph_left_to_right", Figure::new(training_graph()?.left_to_right()).title("A training graph")),
        (
            "network",
            Figure::new(
                NetworkDiagram::new()
                    .layer("input", 784, "pixels")
                    .layer("hidden", 300, "relu")
                    .layer("output", 10, "softmax"),
            ),
        ),
    ];
    figures.extend(more::figures()?);
    Ok(figures)
}

/// A softmax classifier with a hidden layer, and the graph that trains it.
fn training_graph() -> Result<GraphDiagram, minutia_viz::Error> {
    // Name, scope, detail, group: what is fed 0, variables 1, the forward pass 2, the loss 3, gradients 4,
    // updates 5.
    let table = [
        ("images", "", "f32 [?, 784]", 0),
        ("labels", "", "f32 [?, 10]", 0),
        ("W1", "hidden", "f32 [784, 300]", 1),
        ("b1", "hidden", "f32 [300]", 1),
        ("MatMul", "hidden", "f32 [?, 300]", 2),
        ("Add", "hidden", "", 2),
        ("Relu", "hidden", "", 2),
        ("W2", "output", "f32 [300, 10]", 1),
        ("b2", "output", "f32 [10]", 1),
        ("MatMul", "output", "f32 [?, 10]", 2),
        ("Add", "output", "", 2),
        ("Softmax", "output", "", 2),
        ("ClipByValue", "cross_entropy", "1e-10 to 1", 3),
        ("Log", "cross_entropy", "", 3),
        ("Mul", "cross_entropy", "", 3),
        ("Mean", "cross_entropy", "f32 []", 3),
        ("LogGrad", "gradients/cross_entropy", "", 4),
        ("ClipGrad", "gradients/cross_entropy", "", 4),
        ("SoftmaxGrad", "gradients/output", "", 4),
        ("MatMul_W2", "gradients/output", "", 4),
        ("MatMul_h", "gradients/output", "", 4),
        ("Sum_b2", "gradients/output", "", 4),
        ("ReluGrad", "gradients/hidden", "", 4),
        ("MatMul_W1", "gradients/hidden", "", 4),
        ("Sum_b1", "gradients/hidden", "", 4),
        ("update_W2", "GradientDescent", "", 5),
        ("update_b2", "GradientDescent", "", 5),
        ("update_W1", "GradientDescent", "", 5),
        ("update_b1", "GradientDescent", "", 5),
        ("NoOp", "GradientDescent", "train step", 5),
    ];
    let nodes = table.map(|(label, scope, detail, group)| Node {
        label: label.into(),
        detail: detail.into(),
        scope: scope.into(),
        group,
    });
    let values = [
        (0, 4),
        (2, 4),
        (4, 5),
        (3, 5),
        (5, 6),
        (6, 9),
        (7, 9),
        (9, 10),
        (8, 10),
        (10, 11),
        (11, 12),
        (12, 13),
        (13, 14),
        (1, 14),
        (14, 15),
        (12, 16),
        (1, 16),
        (16, 17),
        (17, 18),
        (11, 18),
        (18, 19),
        (6, 19),
        (18, 20),
        (18, 21),
        (20, 22),
        (22, 23),
        (0, 23),
        (22, 24),
        (19, 25),
        (21, 26),
        (23, 27),
        (24, 28),
    ];
    let controls = [(25, 29), (26, 29), (27, 29), (28, 29)];
    let edge = |dashed| move |(from, to)| Edge { from, to, dashed };
    let edges = values.into_iter().map(edge(false)).chain(controls.into_iter().map(edge(true)));
    GraphDiagram::new(nodes.into(), edges.collect())
}

/// Ridges finer than a pixel, and one wide wave.
fn large_matrix() -> Vec<f32> {
    let cell = |i: usize| {
        let (row, column) = ((i / 1000) as f32, (i % 1000) as f32);
        let wave = 1.0 - (column / 500.0 - 1.0) * (row / 150.0 - 1.0);
        if i.is_multiple_of(2) { wave } else { wave - 0.5 }
    };
    (0..300_000).map(cell).collect()
}
