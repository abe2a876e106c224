//! The names of the series.

use super::{LineChart, plan::SMALL};
use crate::{
    Anchor, Color,
    panels::area::Area,
    svg::{canvas::Canvas, spline::Point},
    text::{Block, text_width},
};

/// Where a chart's legend stands; see [`LineChart::legend`].
///
/// ```
/// use minutia_viz::{Figure, Legend, LineChart};
/// let chart = LineChart::new("x", "y").line("one", &[(0.0, 1.0)]).line("two", &[(0.0, 2.0)]);
/// let figure = Figure::new(chart.legend(Legend::Right));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Legend {
    /// In rows over the plot, where it covers no data.
    #[default]
    Above,
    /// In a column to the right of the plot.
    Right,
    /// In the plot's upper left corner; above where it would cover most of the plot. So do the other corners.
    UpperLeft,
    /// In the plot's upper right corner.
    UpperRight,
    /// In the plot's lower left corner.
    LowerLeft,
    /// In the plot's lower right corner.
    LowerRight,
    /// Nowhere.
    Hidden,
}

/// From one row over the plot to the next.
const ROW: f64 = 18.0;
/// From one name of a column to the next.
const LINE: f64 = 17.0;
/// Room for the line or dot before a name, and after a name in a row.
const SWATCH: f64 = 28.0;
const AFTER: f64 = 18.0;
/// Names in a column are broken at this width.
const COLUMN: f64 = 150.0;
const PADDING: f64 = 7.0;

/// A legend in rows, or in one column.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    /// Series and their names.
    rows: Vec<Vec<(usize, Block)>>,
}

impl Rows {
    /// The legend of a chart over a plot, `width` pixels wide; a name that is wider is broken.
    pub fn above(chart: &LineChart, width: f64) -> Rows {
        let (mut rows, mut used) = (Vec::<Vec<_>>::new(), f64::INFINITY);
        for i in named(chart) {
            let name = Block::fit(&chart.series[i].name, SMALL, width - SWATCH - AFTER);
            let wide = SWATCH + name.width() + AFTER;
            if used + wide > width {
                rows.push(Vec::new());
                used = 0.0;
            }
            used += wide;
            rows.last_mut().into_iter().for_each(|row| row.push((i, name.clone())));
        }
        Rows { rows }
    }

    /// Height of the lines of names after the first of each row, for the rows after the first `from`.
    pub fn more(&self, from: usize) -> f64 {
        let more = |row: &Vec<(usize, Block)>| row.iter().map(|n| n.1.more()).fold(0.0, f64::max);
        self.rows.iter().skip(from).map(more).sum()
    }

    pub fn height(&self) -> f64 {
        self.rows.len() as f64 * ROW + self.more(0)
    }

    /// Draws the rows so that the last one's base line is at a height, left of `right`.
    pub fn draw(&self, canvas: &mut Canvas, chart: &LineChart, (middle, last): Point, right: f64) {
        for (i, row) in self.rows.iter().enumerate() {
            let y = last - (self.rows.len() - 1 - i) as f64 * ROW - self.more(i);
            let wide = |block: &Block| SWATCH + block.width() + AFTER;
            let width: f64 = row.iter().map(|n| wide(&n.1)).sum();
            let mut x = (middle - (width - AFTER) / 2.0).min(right - width + AFTER);
            for (i, name) in row {
                chart.series[*i].swatch(canvas, (x, y - 4.0), *i);
                canvas.block((x + SWATCH, y), name, Anchor::Start, Color::INK);
                x += wide(name);
            }
        }
    }
}

/// A legend in one column.
#[derive(Clone, Debug, Default)]
pub(super) struct Column {
    names: Vec<(usize, Block)>,
}

impl Column {
    pub fn of(chart: &LineChart) -> Column {
        let name = |i: usize| (i, Block::fit(&chart.series[i].name, SMALL, COLUMN));
        Column { names: named(chart).into_iter().map(name).collect() }
    }

    pub fn size(&self) -> (f64, f64) {
        let widest = self.names.iter().map(|n| n.1.width()).fold(0.0, f64::max);
        let height: f64 = self.names.iter().map(|n| LINE + n.1.more()).sum();
        (SWATCH + widest + 2.0 * PADDING, height + PADDING)
    }

    /// Where in a plot of this size it goes; `None` if it would cover too much of it.
    pub fn corner(&self, place: Legend, (width, height): (f64, f64)) -> Option<Area> {
        let size = self.size();
        if self.names.is_empty() || size.0 > 0.7 * width || size.1 > 0.7 * height {
            return None;
        }
        let (right, lower) = (width - size.0 - 8.0, height - size.1 - 8.0);
        let corner = match place {
            Legend::UpperLeft => (8.0, 8.0),
            Legend::UpperRight => (right, 8.0),
            Legend::LowerLeft => (8.0, lower),
            Legend::LowerRight => (right, lower),
            Legend::Above | Legend::Right | Legend::Hidden => return None,
        };
        Some(Area { corner, size })
    }

    /// Draws the column, in a frame if it covers a part of the plot.
    pub fn draw(&self, canvas: &mut Canvas, chart: &LineChart, (x, y): Point, framed: bool) {
        if framed {
            canvas.rect((x, y), self.size(), Color::PAPER, Color::GRID, 3.0);
        }
        let mut y = y + PADDING + 8.0;
        for (i, name) in &self.names {
            chart.series[*i].swatch(canvas, (x + PADDING, y - 4.0), *i);
            canvas.block((x + PADDING + SWATCH, y), name, Anchor::Start, Color::INK);
            y += LINE + name.more();
        }
    }
}

/// The series that a legend names: none if there is only one.
fn named(chart: &LineChart) -> Vec<usize> {
    let named: Vec<usize> =
        (0..chart.series.len()).filter(|&i| text_width(&chart.series[i].name, 1.0) > 0.0).collect();
    if named.len() > 1 && chart.legend != Legend::Hidden { named } else { Vec::new() }
}
