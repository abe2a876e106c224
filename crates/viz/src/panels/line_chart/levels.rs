//! The names of lines of reference: beside the plot, or on their lines where there is room for each.

use super::{LineChart, plan::SMALL};
use crate::{
    panels::axis::Axis,
    text::{Block, text_width},
};

/// From one name to the next.
const LINE: f64 = SMALL + 1.0;
/// Names beside the plot take at most this share of the chart.
const SHARE: f64 = 0.25;

#[derive(Clone, Debug, Default)]
pub(super) struct Levels {
    /// Places along the y axis from 0 to 1, and names.
    pub names: Vec<(f64, Block)>,
    /// Room beside the plot, zero if the names stand on their lines.
    pub room: f64,
}

impl Levels {
    /// The levels that an axis shows. `on_lines` says whether names may stand in the plot, and `plot` how
    /// large it is.
    pub fn of(chart: &LineChart, axis: &Axis, on_lines: bool, plot: (f64, f64)) -> Levels {
        let room = chart.levels.iter().map(|l| text_width(&l.1, SMALL) + 6.0).fold(0.0, f64::max);
        let most = chart.size.0 * SHARE;
        let shown =
            chart.levels.iter().filter_map(|l| Some((axis.position(l.0).filter(|t| inside(*t))?, &l.1)));
        let lines: Vec<(f64, Block)> = shown
            .map(|(t, name)| {
                (t, Block::fit(name, SMALL, if room <= most { f64::INFINITY } else { plot.0 - 6.0 }))
            })
            .collect();
        if room <= most {
            return Levels { names: lines, room };
        }
        if on_lines && fit_on_lines(&lines, plot.1) {
            return Levels { names: lines, room: 0.0 };
        }
        let name = |(t, block): (f64, Block)| (t, Block::fit(&block.lines.join(" "), SMALL, most - 6.0));
        let names: Vec<(f64, Block)> = lines.into_iter().map(name).collect();
        let room = names.iter().map(|n| n.1.width() + 6.0).fold(0.0, f64::max);
        Levels { names, room }
    }

    /// Height of all names beside the plot.
    pub fn height(&self) -> f64 {
        if self.room > 0.0 { self.names.iter().map(|n| step(&n.1)).sum() } else { 0.0 }
    }

    /// Base lines of the names beside a plot, moved until none covers another.
    pub fn beside(&self, upper: f64, lower: f64) -> Vec<(f64, &Block)> {
        let mut names: Vec<(f64, &Block)> = self
            .names
            .iter()
            .filter(|n| !n.1.lines.is_empty())
            .map(|(t, name)| (lower - t * (lower - upper), name))
            .collect();
        names.sort_by(|a, b| a.0.total_cmp(&b.0));
        for i in 1..names.len() {
            names[i].0 = names[i].0.max(names[i - 1].0 + step(names[i - 1].1));
        }
        let mut end = lower;
        for name in names.iter_mut().rev() {
            name.0 = name.0.min(end - step(name.1) + LINE);
            end = name.0 - LINE;
        }
        names
    }
}

/// From a name to the next; after several lines a little more, so that it shows where a name ends.
fn step(name: &Block) -> f64 {
    if name.more() > 0.0 { LINE + name.more() + 4.0 } else { LINE }
}

/// Whether a place along an axis is in the plot.
pub(super) fn inside(t: f64) -> bool {
    (-1e-9..=1.0 + 1e-9).contains(&t)
}

fn fit_on_lines(names: &[(f64, Block)], height: f64) -> bool {
    let mut ys: Vec<f64> =
        names.iter().filter(|n| !n.1.lines.is_empty()).map(|n| height * (1.0 - n.0)).collect();
    ys.sort_by(f64::total_cmp);
    names.iter().all(|n| n.1.lines.len() < 2 && n.1.size == SMALL)
        && ys.first().is_none_or(|&y| y >= SMALL - 2.0)
        && ys.windows(2).all(|w| w[1] - w[0] > LINE)
}
