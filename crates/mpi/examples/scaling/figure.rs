//! The picture of a prediction: steps a second, and below it what share of a step waits for the network.

use crate::defaults::{ROWS, grouped};
use crate::model::{Job, Net, Network, Step, predictions, takeover};
use minutia_mpi::Error;
use minutia_viz::{Figure, Legend, LineChart, Marker, Marks, Panel, Scale};

/// Series of a chart before their colours repeat.
const COLORS: usize = 7;

/// A column of panels for each net, a line for each network through these numbers of ranks, which ascend, and
/// a dot for each other number up to the largest of them.
///
/// # Errors
/// Those of [`Step::predict`].
pub fn figure(nets: &[Net], networks: &[Network], job: Job, ranks: &[usize]) -> Result<Figure, Error> {
    let mut rows: Vec<Vec<Box<dyn Panel>>> = vec![Vec::new(), Vec::new()];
    for net in nets {
        let [speed, share] = column(net, networks, job, ranks)?;
        rows[0].push(Box::new(speed));
        rows[1].push(Box::new(share));
    }
    let caption = format!(
        "{} shards of {ROWS} rows in every step, and the same bits for every number of ranks. Lines: powers of two. Dots: all \
         other numbers of ranks, whose shards seldom are whole subtrees, so that more sums travel. Each rank computes as the \
         machine that was measured, and has a link of its own. Marked: where the line begins to wait longer than it computes.",
        grouped(job.shards)
    );
    let title = format!("Training steps on 1 to {} ranks, predicted", grouped(largest(ranks)));
    Ok(Figure::grid(rows).title(title).caption(caption))
}

fn largest(ranks: &[usize]) -> usize {
    ranks.iter().copied().max().unwrap_or(1)
}

/// A net's panels: steps a second, and the share of a step that waits.
fn column(net: &Net, networks: &[Network], job: Job, ranks: &[usize]) -> Result<[LineChart; 2], Error> {
    let most = largest(ranks);
    let chart = |label: &str| {
        LineChart::new("ranks", label).x_scale(Scale::Log).x_limits(1.0, most as f64).size(540.0, 340.0)
    };
    let mut speed = chart("steps a second").y_scale(Scale::Log).title(format!(
        "{}, {} parameters",
        net.name,
        grouped(net.parameters)
    ));
    let mut share = chart("share of a step that waits for the network").y_limits(0.0, 1.0).level(0.5, "");
    for network in networks {
        let steps = predictions(net, network, job, ranks)?;
        speed = speed.line(&network.name, &points(&steps, Step::per_second));
        share = share.line(&network.name, &points(&steps, Step::waiting));
        if let Some((ranks, step)) = takeover(&steps) {
            share = share.annotate((ranks as f64, step.waiting()), format!("{} ranks", grouped(ranks)));
        }
    }
    if let Some(network) = networks.first() {
        let alone = Step::predict(net, network, job, 1)?.per_second();
        speed = speed.dashed_line("ideal", &[(1.0, alone), (most as f64, most as f64 * alone)]);
        share = share.line("", &[]);
    }
    // Dots have the colours of the lines, which repeat after seven series.
    for _ in networks.len() + 1..COLORS {
        (speed, share) = (speed.line("", &[]), share.line("", &[]));
    }
    let others: Vec<usize> = (1..=most).filter(|number| !ranks.contains(number)).collect();
    for network in networks {
        let steps = predictions(net, network, job, &others)?;
        let marks = Marks::new().size(1.1).opacity(0.4).marker(Marker::Circle);
        speed = speed.marks("", &points(&steps, Step::per_second), marks.clone());
        share = share.marks("", &points(&steps, Step::waiting), marks);
    }
    Ok([speed, share.legend(Legend::Hidden)])
}

fn points(steps: &[(usize, Step)], value: fn(&Step) -> f64) -> Vec<(f64, f64)> {
    steps.iter().map(|(ranks, step)| (*ranks as f64, value(step))).collect()
}
