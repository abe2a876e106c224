use crate::{
    axis::Axis,
    canvas::{Anchor, Canvas, FAINT, INK, text_width},
    color::PALETTE,
    figure::{Drawing, Panel},
};

/// How an axis is divided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Equal steps.
    #[default]
    Linear,
    /// Equal factors; what is not positive is left out.
    Log,
}

/// Lines and points over two axes.
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

const LEFT: f64 = 66.0;
const BOTTOM: f64 = 46.0;
const TOP: f64 = 26.0;
const RIGHT: f64 = 14.0;

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

    /// With a y axis that reaches at least from `low` to `high`.
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

    /// With a horizontal line of reference.
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

    fn legend_height(&self) -> f64 {
        if self.series.iter().filter(|s| !s.name.is_empty()).count() > 1 { 20.0 } else { 0.0 }
    }
}

impl Panel for LineChart {
    fn size(&self) -> (f64, f64) {
        self.size
    }

    fn draw(&self, drawing: &mut Drawing<'_>, at: (f64, f64)) {
        let canvas = &mut *drawing.0;
        let (x_axis, y_axis) = self.axes();
        let top = if self.title.is_empty() { 8.0 } else { TOP } + self.legend_height();
        let (left, right) = (at.0 + LEFT, at.0 + self.size.0 - RIGHT);
        let (upper, lower) = (at.1 + top, at.1 + self.size.1 - BOTTOM);
        let middle = f64::midpoint(left, right);
        let to_x = |t: f64| left + t * (right - left);
        let to_y = |t: f64| lower - t * (lower - upper);
        for (value, label) in y_axis.ticks() {
            let Some(y) = y_axis.position(value).map(to_y) else { continue };
            canvas.line((left, y), (right, y), "#e6e6e6", 1.0);
            canvas.text((left - 7.0, y + 4.0), 11.0, Anchor::End, INK, &label);
        }
        for (value, label) in thinned(x_axis.ticks(), right - left) {
            let Some(x) = x_axis.position(value).map(to_x) else { continue };
            canvas.line((x, lower), (x, lower + 4.0), INK, 1.0);
            canvas.text((x, lower + 17.0), 11.0, Anchor::Middle, INK, &label);
        }
        canvas.line((left, lower), (right, lower), INK, 1.0);
        canvas.line((left, lower), (left, upper), INK, 1.0);
        for (value, name) in &self.levels {
            if let Some(y) = y_axis.position(*value).map(to_y) {
                canvas.path(&[(left, y), (right, y)], FAINT, 1.0, true);
                canvas.text((right - 3.0, y - 4.0), 10.0, Anchor::End, FAINT, name);
            }
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
        if !self.title.is_empty() {
            canvas.text((middle, at.1 + 14.0), 13.0, Anchor::Middle, INK, &self.title);
        }
        self.legend(canvas, (middle, upper - 9.0));
        canvas.text((middle, lower + 36.0), 12.0, Anchor::Middle, INK, &self.x_label);
        canvas.vertical_text((at.0 + 14.0, f64::midpoint(upper, lower)), 12.0, &self.y_label);
    }
}

impl LineChart {
    /// A row of names over the plot, where it covers no data.
    fn legend(&self, canvas: &mut Canvas, (middle, y): (f64, f64)) {
        if self.legend_height() == 0.0 {
            return;
        }
        let named: Vec<_> =
            self.series.iter().zip(PALETTE.iter().cycle()).filter(|(s, _)| !s.name.is_empty()).collect();
        let width = |s: &Series| 28.0 + text_width(&s.name, 11.0) + 16.0;
        let mut x = middle - named.iter().map(|(s, _)| width(s)).sum::<f64>() / 2.0;
        for (series, color) in named {
            match series.kind {
                Kind::Scatter => canvas.circle((x + 11.0, y - 4.0), 3.2, color, "#ffffff"),
                kind => canvas.path(&[(x, y - 4.0), (x + 22.0, y - 4.0)], color, 2.0, kind == Kind::Dashed),
            }
            canvas.text((x + 28.0, y), 11.0, Anchor::Start, INK, &series.name);
            x += width(series);
        }
    }
}

/// Leaves out every other label until they do not touch.
fn thinned(ticks: Vec<(f64, String)>, width: f64) -> Vec<(f64, String)> {
    let widest = ticks.iter().map(|t| text_width(&t.1, 11.0)).fold(0.0, f64::max) + 10.0;
    let fit = ((width / widest).floor() as usize).max(1);
    let every = ticks.len().div_ceil(fit).max(1);
    ticks.into_iter().step_by(every).collect()
}
