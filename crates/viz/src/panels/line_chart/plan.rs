//! Where everything of a chart goes.

use super::{
    LineChart,
    legend::{Column, Legend, Rows},
    levels::{Levels, inside},
    notes::{self, Note},
};
use crate::{
    panels::{
        area::Area,
        axis::{Axis, Ticks},
    },
    svg::spline::Point,
    text::{Block, text_width},
};

/// Size of the text at ticks, in legends, and at levels.
pub(super) const SMALL: f64 = 11.0;
/// At least this much on the left, so that charts one above the other share their axes' ends.
const LEFT: f64 = 66.0;
const BOTTOM: f64 = 46.0;
const TOP: f64 = 26.0;
const RIGHT: f64 = 14.0;
/// No plot is smaller; the chart grows instead.
const LEAST: (f64, f64) = (80.0, 48.0);
/// Room for what all labels of an axis share.
const OFFSET: f64 = 14.0;
/// How far the label of an axis' end may stand out of the panel: half of what lies between two panels.
const OUT: f64 = 11.0;
/// Points of the data that notes avoid.
const SAMPLES: usize = 3000;

/// The area between the axes, in pixels of the figure.
#[derive(Clone, Debug)]
pub(super) struct Plot {
    pub axes: (Axis, Axis),
    pub left: f64,
    pub right: f64,
    pub upper: f64,
    pub lower: f64,
}

impl Plot {
    pub fn x(&self, value: f64) -> Option<f64> {
        self.axes.0.position(value).map(|t| self.along_x(t))
    }

    pub fn y(&self, value: f64) -> Option<f64> {
        self.axes.1.position(value).map(|t| self.along_y(t))
    }

    fn along_x(&self, t: f64) -> f64 {
        self.left + t * (self.right - self.left)
    }

    pub fn along_y(&self, t: f64) -> f64 {
        self.lower - t * (self.lower - self.upper)
    }

    pub fn size(&self) -> (f64, f64) {
        (self.right - self.left, self.lower - self.upper)
    }

    /// Where points are drawn; `None` for those that an axis cannot show.
    pub fn places(&self, points: &[Point]) -> Vec<Option<Point>> {
        let (x, y) = (self.axes.0.places(), self.axes.1.places());
        points.iter().map(|p| Some((self.along_x(x(p.0)?), self.along_y(y(p.1)?)))).collect()
    }

    /// An upright line from one value to another. A value that a logarithmic axis cannot show because it is
    /// not positive stands for the axis.
    pub fn upright(&self, x: f64, (low, high): (f64, f64)) -> Option<(f64, f64, f64)> {
        let end = |v: f64| self.y(v).or_else(|| (v.is_finite() && v <= 0.0).then_some(self.lower));
        let (x, low, high) = (self.x(x)?, end(low)?, end(high)?);
        (self.y(0.0).is_some() || low != high || low != self.lower).then_some((x, low, high))
    }
}

/// Labels at an axis, and what they share.
#[derive(Clone, Debug, Default)]
pub(super) struct Labels {
    pub ticks: Vec<(f64, String)>,
    pub minor: Vec<f64>,
    pub offset: String,
}

#[derive(Clone, Debug)]
pub(super) struct LinePlan {
    pub plot: Plot,
    pub size: (f64, f64),
    pub x: Labels,
    pub y: Labels,
    pub title: Block,
    pub x_label: Block,
    pub y_label: Block,
    pub rows: Rows,
    /// A legend in a column, and its corner.
    pub column: Option<(Column, Point, bool)>,
    pub levels: Levels,
    pub notes: Vec<Note>,
    /// Room above the plot for the shared part of the y axis' labels, and with that for notes.
    pub offset_room: f64,
    pub above: f64,
}

impl LineChart {
    /// Plans the chart with its upper left corner at a place.
    pub(super) fn plan(&self, at: Point) -> LinePlan {
        self.plan_with(at, self.legend)
    }

    fn plan_with(&self, at: Point, legend: Legend) -> LinePlan {
        let axes = self.axes();
        let (x_ticks, y_ticks) = (axes.0.ticks(), axes.1.ticks());
        let widest = y_ticks.marks.iter().map(|t| text_width(&t.1, SMALL)).fold(0.0, f64::max);
        let column = Column::of(self);
        let inner = column.corner(legend, (self.size.0 - LEFT - RIGHT, self.size.1 - BOTTOM - TOP));
        let beside = if legend == Legend::Right { column.size().0 } else { 0.0 };
        let in_rows = beside == 0.0 && inner.is_none();
        let rows = if in_rows { Rows::above(self, self.size.0 - LEFT) } else { Rows::default() };
        let top = if self.title.is_empty() { 10.0 } else { TOP } + rows.height();
        let natural = self.size.1 - BOTTOM - top;
        let tall = if beside > 0.0 { column.size().1 } else { 0.0 };
        let y_label = Block::fit(&self.y_label, 12.0, natural.max(LEAST.1) + 12.0);

        let half = |tick: Option<&(f64, String)>| tick.map_or(0.0, |t| text_width(&t.1, SMALL) / 2.0);
        let out = x_ticks.marks.iter().map(|t| half(Some(t))).fold(0.0, f64::max);
        let first = out - OUT + y_label.more() + if y_label.lines.is_empty() { 0.0 } else { 26.0 };
        let left = at.0 + (LEFT.max(widest + 30.0) + y_label.more()).max(first);
        let on_lines = in_rows && !self.is_blank();
        let most = self.size.0 - RIGHT - (left - at.0);
        let levels = Levels::of(self, &axes.1, on_lines, (most, natural.max(LEAST.1)));
        let shared = [&x_ticks.offset, &y_ticks.offset].map(|text| text_width(text, SMALL));
        let least = LEAST.0.max(shared[0]).max(shared[1]);
        let margin = RIGHT.max(out - OUT - levels.room - beside);
        let right = (at.0 + self.size.0 - margin - levels.room - beside).max(left + least);
        let width = self.size.0.max(right - at.0 + margin + levels.room + beside);
        let middle = f64::midpoint(left, right);
        let room = 2.0 * (middle - at.0).min(at.0 + width - middle);
        let title = Block::fit(&self.title, 13.0, room);
        let x_label = Block::fit(&self.x_label, 12.0, room);

        let offset_room = if y_ticks.offset.is_empty() { 0.0 } else { OFFSET };
        let height = natural.max(LEAST.1).max(levels.height()).max(tall);
        let mut plot = Plot { axes, left, right, upper: 0.0, lower: height };
        let corner = inner.and_then(|_| column.corner(legend, plot.size()));
        if inner.is_some() && corner.is_none() {
            // Labels and names of levels have left the plot less room than the legend needs.
            return self.plan_with(at, Legend::Above);
        }
        let notes = self.placed_notes(&plot, &levels, corner);
        let above = notes.iter().map(Note::above).fold(0.0, f64::max) + offset_room;
        let growth = title.more() + above + (height - natural);
        plot.upper = at.1 + top + title.more() + above;
        plot.lower = at.1 + self.size.1 - BOTTOM + growth;
        let foot = x_label.more() + if x_ticks.offset.is_empty() { 0.0 } else { OFFSET };
        let column = match (corner, beside > 0.0) {
            (Some(area), _) => Some((column, (left + area.corner.0, plot.upper + area.corner.1), true)),
            (None, true) => Some((column, (right + levels.room + 6.0, plot.upper - 4.0), false)),
            (None, false) => None,
        };
        let (x, y) = (labels_below(&plot, x_ticks), labels_beside(&plot, y_ticks));
        let size = (width, self.size.1 + growth + foot);
        LinePlan {
            plot,
            size,
            x,
            y,
            title,
            x_label,
            y_label,
            rows,
            column,
            levels,
            notes,
            offset_room,
            above,
        }
    }

    fn placed_notes(&self, plot: &Plot, levels: &Levels, legend: Option<Area>) -> Vec<Note> {
        if self.notes.is_empty() {
            return Vec::new();
        }
        let local = |p: Point| (p.0 - plot.left, p.1 - plot.upper);
        let size = plot.size();
        let within = |p: &Point| p.0 >= -1e-6 && p.1 >= -1e-6 && p.0 <= size.0 + 1e-6 && p.1 <= size.1 + 1e-6;
        let points: Vec<Point> = self.notes.iter().map(|n| n.0).collect();
        let shown = plot.places(&points).into_iter().zip(&self.notes);
        let notes: Vec<(Point, &str)> = shown
            .filter_map(|(p, n)| Some((local(p?), n.1.as_str())))
            .filter(|n| within(&n.0) && !n.1.is_empty())
            .collect();
        let count: usize = self.series.iter().map(|s| s.points.len()).sum();
        let few =
            self.series.iter().flat_map(|s| s.points.iter().step_by(count.div_ceil(SAMPLES).max(1)).copied());
        let data: Vec<Point> =
            plot.places(&few.collect::<Vec<_>>()).into_iter().flatten().map(local).collect();
        let mut taken: Vec<Area> = legend.into_iter().collect();
        if levels.room == 0.0 {
            taken.extend(levels.names.iter().map(|(t, name)| {
                let (width, y) = (name.width(), size.1 * (1.0 - t) - 5.0);
                Area { corner: (size.0 - 3.0 - width, y - SMALL), size: (width, SMALL + 4.0) }
            }));
        }
        taken.extend(notes.iter().map(|n| Area::around(n.0, (6.0, 6.0))));
        notes::place(&notes, size, &taken, &data)
    }
}

/// Labels below a plot; every other one is left out until they do not touch.
fn labels_below(plot: &Plot, ticks: Ticks) -> Labels {
    let width = plot.right - plot.left;
    let widest = ticks.marks.iter().map(|t| text_width(&t.1, SMALL)).fold(0.0, f64::max) + 10.0;
    let fit = ((width / widest).floor() as usize).max(1);
    let every = ticks.marks.len().div_ceil(fit).max(1);
    let placed = ticks.marks.into_iter().step_by(every);
    let placed = placed.filter_map(|(v, label)| Some((plot.axes.0.position(v)?, label)));
    let mut placed: Vec<(f64, String)> = placed.map(|(t, label)| (plot.along_x(t), label)).collect();
    let mut last = f64::NAN;
    placed.retain(|(x, label)| {
        let half = text_width(label, SMALL) / 2.0;
        // An axis that runs backwards has its ticks from right to left.
        let free = last.is_nan() || (x - last).abs() >= 2.0 * half + 2.0;
        if free {
            last = *x;
        }
        free
    });
    let minor = plot.axes.0.minor_ticks().into_iter().filter_map(|v| plot.x(v)).collect();
    Labels { ticks: placed, minor, offset: ticks.offset }
}

/// Labels beside a plot, as far apart as lines of text.
fn labels_beside(plot: &Plot, ticks: Ticks) -> Labels {
    let mut last = f64::NAN;
    let placed = ticks.marks.into_iter().filter_map(|(v, label)| Some((plot.y(v)?, label)));
    let placed = placed.filter(|(y, _)| {
        let free = last.is_nan() || (y - last).abs() >= SMALL + 1.0;
        if free {
            last = *y;
        }
        free
    });
    let ticks_placed = placed.collect();
    let minor = plot.axes.1.minor_ticks().into_iter().filter_map(|v| plot.y(v)).collect();
    Labels { ticks: ticks_placed, minor, offset: ticks.offset }
}

impl LinePlan {
    /// The level lines' heights.
    pub fn level_lines(&self, chart: &LineChart) -> Vec<f64> {
        let shown = chart.levels.iter().filter_map(|l| self.plot.axes.1.position(l.0)).filter(|t| inside(*t));
        shown.map(|t| self.plot.along_y(t)).collect()
    }
}
