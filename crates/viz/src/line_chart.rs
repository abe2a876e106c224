use crate::{
    axis::Axis,
    canvas::{Anchor, Canvas, FAINT, GRID, INK},
    color::PALETTE,
    figure::{Drawing, Panel},
    font::text_width,
};

/// How an axis is divided; see [`LineChart::x_scale`] and [`LineChart::y_scale`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Equal steps.
    #[default]
    Linear,
    /// Equal factors; what is not positive is left out.
    Log,
}

/// Lines and points over two axes, with a legend above the plot if more than one has a name.
///
/// Points that are not finite (or, on a logarithmic axis, not positive) are left out, and interrupt a line.
///
/// ```
/// use minutia_viz::{Figure, LineChart, Scale};
/// let chart = LineChart::new("step", "loss").y_scale(Scale::Log).line("train", &[(0.0, 1.0), (1.0, 0.1)]);
/// assert!(Figure::new(chart).to_svg().contains("loss"));
/// ```
#[derive(Clone, Debug)]
pub struct LineChart {
    x_label: String,
    y_label: String,
    title: String,
    scales: (Scale, Scale),
    range: Option<(f64, f64)>,
    size: (f64, f64),
    series: Vec<Series>,
    levels: Vec<(f64, String)>,
}

#[derive(Clone, Debug)]
struct Series {
    name: String,
    points: Vec<(f64, f64)>,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Line,
    Dashed,
    Scatter,
}

/// At least this much on the left, so that charts one above the other share their axes' ends.
const LEFT: f64 = 66.0;
const BOTTOM: f64 = 46.0;
const TOP: f64 = 26.0;
const RIGHT: f64 = 14.0;
const LEGEND_ROW: f64 = 18.0;
/// Size of the text at ticks, in legends, and at levels.
const SMALL: f64 = 11.0;

impl LineChart {
    /// An empty chart with labels for its axes, units included.
    pub fn new(x_label: impl Into<String>, y_label: impl Into<String>) -> LineChart {
        LineChart {
            x_label: x_label.into(),
            y_label: y_label.into(),
            title: String::new(),
            scales: (Scale::Linear, Scale::Linear),
            range: None,
            size: (520.0, 330.0),
            series: Vec::new(),
            levels: Vec::new(),
        }
    }

    /// With a title over the panel.
    #[must_use]
    pub fn title(self, title: impl Into<String>) -> LineChart {
        LineChart { title: title.into(), ..self }
    }

    /// With another width and height in pixels, at least 160 by 120.
    #[must_use]
    pub fn size(self, width: f64, height: f64) -> LineChart {
        LineChart { size: (width.max(160.0), height.max(120.0)), ..self }
    }

    /// With another scale of the x axis.
    #[must_use]
    pub fn x_scale(self, scale: Scale) -> LineChart {
        LineChart { scales: (scale, self.scales.1), ..self }
    }

    /// With another scale of the y axis.
    #[must_use]
    pub fn y_scale(self, scale: Scale) -> LineChart {
        LineChart { scales: (self.scales.0, scale), ..self }
    }

    /// With a y axis that reaches at least from `low` to `high`, in the data's unit.
    #[must_use]
    pub fn y_range(self, low: f64, high: f64) -> LineChart {
        LineChart { range: Some((low, high)), ..self }
    }

    /// With a line through points, in their order.
    #[must_use]
    pub fn line(self, name: impl Into<String>, points: &[(f64, f64)]) -> LineChart {
        self.with(name.into(), points, Kind::Line)
    }

    /// With a dashed line through points, in their order.
    #[must_use]
    pub fn dashed_line(self, name: impl Into<String>, points: &[(f64, f64)]) -> LineChart {
        self.with(name.into(), points, Kind::Dashed)
    }

    /// With a dot at each point.
    #[must_use]
    pub fn scatter(self, name: impl Into<String>, points: &[(f64, f64)]) -> LineChart {
        self.with(name.into(), points, Kind::Scatter)
    }

    /// With a horizontal line of reference; its name stands beside the plot where there is room, else on the line.
    #[must_use]
    pub fn level(mut self, y: f64, name: impl Into<String>) -> LineChart {
        self.levels.push((y, name.into()));
        self
    }

    fn with(mut self, name: String, points: &[(f64, f64)], kind: Kind) -> LineChart {
        self.series.push(Series { name, points: points.to_vec(), kind });
        self
    }

    fn axes(&self) -> (Axis, Axis) {
        let points = || self.series.iter().flat_map(|s| &s.points);
        let levels = self.levels.iter().map(|l| l.0);
        let range = self.range.iter().flat_map(|r| [r.0, r.1]);
        let x = Axis::around(points().map(|p| p.0), self.scales.0 == Scale::Log);
        let y = Axis::around(points().map(|p| p.1).chain(levels).chain(range), self.scales.1 == Scale::Log);
        (x, y)
    }

    /// The legend's rows: which series stand where, none if there is only one.
    fn legend_rows(&self) -> Vec<Vec<usize>> {
        let named: Vec<usize> = (0..self.series.len()).filter(|&i| !self.series[i].name.is_empty()).collect();
        let mut rows: Vec<Vec<usize>> = Vec::new();
        let mut used = f64::INFINITY;
        for &i in named.iter().filter(|_| named.len() > 1) {
            let width = self.series[i].legend_width();
            if used + width > self.size.0 - LEFT {
                rows.push(Vec::new());
                used = 0.0;
            }
            used += width;
            rows.last_mut().into_iter().for_each(|row| row.push(i));
        }
        rows
    }

    /// Room for the levels' names on the right, zero if they would leave too little for the plot.
    fn level_room(&self) -> f64 {
        let room = self.levels.iter().map(|l| text_width(&l.1, SMALL) + 6.0).fold(0.0, f64::max);
        if room <= self.size.0 * 0.25 { room } else { 0.0 }
    }
}

impl Panel for LineChart {
    fn size(&self) -> (f64, f64) {
        self.size
    }

    fn draw(&self, drawing: &mut Drawing<'_>, at: (f64, f64)) {
        let canvas = &mut *drawing.0;
        let (x_axis, y_axis) = self.axes();
        let (x_ticks, y_ticks) = (x_axis.ticks(), y_axis.ticks());
        let widest = y_ticks.iter().map(|t| text_width(&t.1, SMALL)).fold(0.0, f64::max);
        let rows = self.legend_rows();
        let top = if self.title.is_empty() { 10.0 } else { TOP } + rows.len() as f64 * LEGEND_ROW;
        let left = at.0 + LEFT.max(widest + 30.0);
        let right = at.0 + self.size.0 - RIGHT - self.level_room();
        let (upper, lower) = (at.1 + top, at.1 + self.size.1 - BOTTOM);
        let middle = f64::midpoint(left, right);
        let to_x = |t: f64| left + t * (right - left);
        let to_y = |t: f64| lower - t * (lower - upper);
        for (value, label) in y_ticks {
            let Some(y) = y_axis.position(value).map(to_y) else { continue };
            canvas.line((left, y), (right, y), GRID, 1.0);
            canvas.line((left - 4.0, y), (left, y), INK, 1.0);
            canvas.text((left - 8.0, y + 4.0), SMALL, Anchor::End, INK, &label);
        }
        for (value, label) in thinned(x_ticks, right - left) {
            let Some(x) = x_axis.position(value).map(to_x) else { continue };
            canvas.line((x, lower), (x, lower + 4.0), INK, 1.0);
            canvas.text((x, lower + 17.0), SMALL, Anchor::Middle, INK, &label);
        }
        for y in y_axis.minor_ticks().into_iter().filter_map(|v| y_axis.position(v)).map(to_y) {
            canvas.line((left - 2.5, y), (left, y), INK, 0.7);
        }
        for x in x_axis.minor_ticks().into_iter().filter_map(|v| x_axis.position(v)).map(to_x) {
            canvas.line((x, lower), (x, lower + 2.5), INK, 0.7);
        }
        canvas.line((left, lower), (right, lower), INK, 1.0);
        canvas.line((left, lower), (left, upper), INK, 1.0);
        let levels: Vec<(f64, &str)> = self
            .levels
            .iter()
            .filter_map(|(value, name)| Some((to_y(y_axis.position(*value)?), name.as_str())))
            .collect();
        for &(y, _) in &levels {
            canvas.path(&[(left, y), (right, y)], FAINT, 1.0, true);
        }
        for (series, color) in self.series.iter().zip(PALETTE.iter().cycle()) {
            let place = |p: &(f64, f64)| Some((to_x(x_axis.position(p.0)?), to_y(y_axis.position(p.1)?)));
            let placed: Vec<Option<(f64, f64)>> = series.points.iter().map(place).collect();
            if series.kind == Kind::Scatter {
                placed.iter().flatten().for_each(|&p| canvas.circle(p, 3.2, color, "#ffffff"));
                continue;
            }
            for run in placed.split(Option::is_none) {
                let run: Vec<(f64, f64)> = run.iter().flatten().copied().collect();
                canvas.path(&run, color, 1.6, series.kind == Kind::Dashed);
            }
        }
        if self.level_room() > 0.0 {
            for (y, name) in apart(levels) {
                canvas.text((right + 5.0, y + 4.0), SMALL, Anchor::Start, FAINT, name);
            }
        } else {
            for (y, name) in levels {
                canvas.haloed_text((right - 3.0, y - 5.0), SMALL, Anchor::End, FAINT, name);
            }
        }
        canvas.text((middle, at.1 + 14.0), 13.0, Anchor::Middle, INK, &self.title);
        for (i, row) in rows.iter().enumerate() {
            self.legend(canvas, row, (middle, upper - 10.0 - (rows.len() - 1 - i) as f64 * LEGEND_ROW));
        }
        canvas.text((middle, lower + 36.0), 12.0, Anchor::Middle, INK, &self.x_label);
        canvas.vertical_text((at.0 + 14.0, f64::midpoint(upper, lower)), 12.0, Anchor::Middle, &self.y_label);
    }
}

impl Series {
    fn legend_width(&self) -> f64 {
        28.0 + text_width(&self.name, SMALL) + 18.0
    }
}

impl LineChart {
    /// A row of names over the plot, where it covers no data.
    fn legend(&self, canvas: &mut Canvas, row: &[usize], (middle, y): (f64, f64)) {
        let width: f64 = row.iter().map(|&i| self.series[i].legend_width()).sum();
        let mut x = middle - (width - 18.0) / 2.0;
        for &i in row {
            let (series, color) = (&self.series[i], PALETTE[i % PALETTE.len()]);
            match series.kind {
                Kind::Scatter => canvas.circle((x + 11.0, y - 4.0), 3.2, color, "#ffffff"),
                kind => canvas.path(&[(x, y - 4.0), (x + 22.0, y - 4.0)], color, 2.0, kind == Kind::Dashed),
            }
            canvas.text((x + 28.0, y), SMALL, Anchor::Start, INK, &series.name);
            x += series.legend_width();
        }
    }
}

/// Moves names down until none covers another.
fn apart(mut names: Vec<(f64, &str)>) -> Vec<(f64, &str)> {
    names.sort_by(|a, b| a.0.total_cmp(&b.0));
    for i in 1..names.len() {
        names[i].0 = names[i].0.max(names[i - 1].0 + SMALL + 1.0);
    }
    names
}

/// Leaves out every other label until they do not touch.
fn thinned(ticks: Vec<(f64, String)>, width: f64) -> Vec<(f64, String)> {
    let widest = ticks.iter().map(|t| text_width(&t.1, SMALL)).fold(0.0, f64::max) + 10.0;
    let fit = ((width / widest).floor() as usize).max(1);
    let every = ticks.len().div_ceil(fit).max(1);
    ticks.into_iter().step_by(every).collect()
}
