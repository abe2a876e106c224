//! The chart over two axes: what it holds and how it is built. `plan` says where everything goes, `draw`
//! draws it.

mod draw;
mod legend;
mod levels;
mod notes;
mod plan;
mod readout;
mod series;

use crate::{
    Scale,
    panels::axis::{Axis, nothing_positive},
};
pub use legend::Legend;
use series::{Kind, Series};
pub use series::{Marker, Marks};

/// The low and the high end of an axis, if they were given.
type Ends = Option<(f64, f64)>;

/// Lines, points, bands and bars over two axes, with a legend if more than one has a name.
///
/// Points that are not finite (or, on a logarithmic axis, not positive) are left out, and interrupt a line; a
/// point between two gaps is a dot. Series beyond the seventh repeat the colours with other dashes and
/// markers. Of the points of a long line those are drawn that can be seen, so that a million in the order of
/// x make some hundred kilobytes. Labels, names and titles that are long are broken into lines; the chart is
/// larger than its [`size`](LineChart::size) where they need it.
///
/// ```
/// use minutia_viz::{Figure, LineChart, Scale};
/// let chart = LineChart::new("step", "loss").y_scale(Scale::Log).line("train", &[(0.0, 1.0), (1.0, 0.1)]);
/// assert!(Figure::new(chart).to_svg().contains("loss"));
///
/// let chart = LineChart::new("epoch", "accuracy")
///     .title("training")
///     .size(400.0, 250.0)
///     .x_scale(Scale::Log)
///     .y_range(0.0, 1.0)
///     .line("train", &[(1.0, 0.8), (10.0, 0.99)])
///     .dashed_line("test", &[(1.0, 0.7), (10.0, 0.9)])
///     .scatter("best", &[(10.0, 0.9)])
///     .level(0.98, "the goal");
/// assert!(Figure::new(chart).to_svg().contains("the goal"));
/// ```
#[derive(Clone, Debug)]
pub struct LineChart {
    x_label: String,
    y_label: String,
    title: String,
    scales: (Scale, Scale),
    ranges: (Ends, Ends),
    limits: (Ends, Ends),
    size: (f64, f64),
    series: Vec<Series>,
    levels: Vec<(f64, String)>,
    notes: Vec<((f64, f64), String)>,
    legend: Legend,
}

impl LineChart {
    /// An empty chart with labels for its axes, units included.
    pub fn new(x_label: impl Into<String>, y_label: impl Into<String>) -> LineChart {
        LineChart {
            x_label: x_label.into(),
            y_label: y_label.into(),
            title: String::new(),
            scales: (Scale::Linear, Scale::Linear),
            ranges: (None, None),
            limits: (None, None),
            size: (520.0, 330.0),
            series: Vec::new(),
            levels: Vec::new(),
            notes: Vec::new(),
            legend: Legend::Above,
        }
    }

    /// With a title over the panel.
    #[must_use]
    pub fn title(self, title: impl Into<String>) -> LineChart {
        LineChart { title: title.into(), ..self }
    }

    /// With another width and height in pixels, at least 160 by 120; more where texts need it.
    #[must_use]
    pub fn size(self, width: f64, height: f64) -> LineChart {
        let usable = |side: f64, least: f64| if side.is_finite() { side.max(least) } else { least };
        LineChart { size: (usable(width, 160.0), usable(height, 120.0)), ..self }
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

    /// With an x axis that reaches at least from `low` to `high`, in the data's unit.
    ///
    /// ```
    /// use minutia_viz::{Figure, LineChart};
    /// let chart = LineChart::new("epoch", "loss").x_range(0.0, 40.0).line("", &[(1.0, 0.5), (2.0, 0.4)]);
    /// assert!(Figure::new(chart).to_svg().contains(">40<"));
    /// ```
    #[must_use]
    pub fn x_range(self, low: f64, high: f64) -> LineChart {
        LineChart { ranges: (Some((low, high)), self.ranges.1), ..self }
    }

    /// With a y axis that reaches at least from `low` to `high`, in the data's unit.
    #[must_use]
    pub fn y_range(self, low: f64, high: f64) -> LineChart {
        LineChart { ranges: (self.ranges.0, Some((low, high))), ..self }
    }

    /// With an x axis from `low` to `high` exactly; what is beyond is cut off. The axis runs backwards where
    /// `low` is the greater one. Ends that an axis cannot have (not finite, not positive on a logarithmic
    /// axis) change nothing.
    ///
    /// ```
    /// use minutia_viz::{Figure, LineChart};
    /// let chart = LineChart::new("wavenumber (1/cm)", "")
    ///     .x_limits(4000.0, 500.0)
    ///     .line("", &[(4500.0, 1.0), (0.0, 2.0)]);
    /// assert!(Figure::new(chart).to_svg().contains("4000"));
    /// ```
    #[must_use]
    pub fn x_limits(self, low: f64, high: f64) -> LineChart {
        LineChart { limits: (Some((low, high)), self.limits.1), ..self }
    }

    /// With a y axis from `low` to `high` exactly; see [`LineChart::x_limits`].
    ///
    /// ```
    /// use minutia_viz::{Figure, LineChart};
    /// let chart = LineChart::new("step", "loss").y_limits(0.0, 1.0).line("", &[(0.0, 900.0), (1.0, 0.5)]);
    /// assert!(!Figure::new(chart).to_svg().contains("900"));
    /// ```
    #[must_use]
    pub fn y_limits(self, low: f64, high: f64) -> LineChart {
        LineChart { limits: (self.limits.0, Some((low, high))), ..self }
    }

    /// With a line through points, in their order.
    #[must_use]
    pub fn line(self, name: impl Into<String>, points: &[(f64, f64)]) -> LineChart {
        self.with(name, points.to_vec(), Kind::Line)
    }

    /// With a dashed line through points, in their order.
    #[must_use]
    pub fn dashed_line(self, name: impl Into<String>, points: &[(f64, f64)]) -> LineChart {
        self.with(name, points.to_vec(), Kind::Dashed)
    }

    /// With a dot at each point. Of more than ten thousand those are drawn that others do not cover.
    #[must_use]
    pub fn scatter(self, name: impl Into<String>, points: &[(f64, f64)]) -> LineChart {
        self.with(name, points.to_vec(), Kind::Scatter)
    }

    /// With a mark at each point, of one's own shape, size and opacity.
    ///
    /// ```
    /// use minutia_viz::{Figure, LineChart, Marks};
    /// let marks = Marks::new().sizes(&[2.0, 8.0]).opacity(0.5);
    /// let chart = LineChart::new("mass", "speed").marks("", &[(1.0, 2.0), (3.0, 1.0)], marks);
    /// assert!(Figure::new(chart).to_svg().contains("fill-opacity=\"0.5\""));
    /// ```
    #[must_use]
    pub fn marks(self, name: impl Into<String>, points: &[(f64, f64)], marks: Marks) -> LineChart {
        self.with(name, points.to_vec(), Kind::Marks(marks))
    }

    /// With a dot for each `(x, y, low, high)` and a bar from `low` to `high`. On a logarithmic axis a bar
    /// whose low end is not positive goes down to the axis.
    ///
    /// ```
    /// use minutia_viz::{Figure, LineChart};
    /// let chart = LineChart::new("dose", "effect")
    ///     .error_bars("", &[(1.0, 2.0, 1.5, 2.8), (2.0, 3.0, 2.7, 3.1)]);
    /// assert!(Figure::new(chart).to_svg().contains("<circle"));
    /// ```
    #[must_use]
    pub fn error_bars(self, name: impl Into<String>, points: &[(f64, f64, f64, f64)]) -> LineChart {
        self.with_ranges(name, points, Kind::ErrorBars)
    }

    /// With a line through each `(x, y)` of `(x, y, low, high)` over a band from `low` to `high`.
    ///
    /// ```
    /// use minutia_viz::{Figure, LineChart};
    /// let chart = LineChart::new("step", "loss")
    ///     .band("median", &[(0.0, 2.0, 1.0, 3.0), (1.0, 1.0, 0.5, 1.5)]);
    /// assert!(Figure::new(chart).to_svg().contains("<polygon"));
    /// ```
    #[must_use]
    pub fn band(self, name: impl Into<String>, points: &[(f64, f64, f64, f64)]) -> LineChart {
        self.with_ranges(name, points, Kind::Band)
    }

    /// With upright bars `(from, to, height)` over the x axis, as of a histogram.
    pub(crate) fn bars(mut self, name: impl Into<String>, bars: &[(f64, f64, f64)]) -> LineChart {
        let points = bars.iter().map(|b| (f64::midpoint(b.0, b.1), b.2)).collect();
        let ranges = bars.iter().map(|b| (b.0, b.1)).collect();
        self.series.push(Series { name: name.into(), points, ranges, kind: Kind::Bars });
        self
    }

    /// With a horizontal line of reference; its name stands beside the plot where there is room, else on the
    /// line.
    #[must_use]
    pub fn level(mut self, y: f64, name: impl Into<String>) -> LineChart {
        self.levels.push((y, name.into()));
        self
    }

    /// With words at a point of the plot, in the data's units: where they cover no other words and as little
    /// as possible of the data, joined to the point by a line. Points outside the plot have none.
    ///
    /// ```
    /// use minutia_viz::{Figure, LineChart};
    /// let chart = LineChart::new("step", "loss")
    ///     .line("", &[(0.0, 2.0), (9.0, 1.0)])
    ///     .annotate((9.0, 1.0), "the end");
    /// assert!(Figure::new(chart).to_svg().contains("the end"));
    /// ```
    #[must_use]
    pub fn annotate(mut self, point: (f64, f64), text: impl Into<String>) -> LineChart {
        self.notes.push((point, text.into()));
        self
    }

    /// With its legend elsewhere.
    ///
    /// ```
    /// use minutia_viz::{Figure, Legend, LineChart};
    /// let chart = LineChart::new("x", "y").line("first", &[(0.0, 1.0)]).line("second", &[(0.0, 2.0)]);
    /// assert!(!Figure::new(chart.legend(Legend::Hidden)).to_inline_svg().contains("second"));
    /// ```
    #[must_use]
    pub fn legend(self, legend: Legend) -> LineChart {
        LineChart { legend, ..self }
    }

    fn with(mut self, name: impl Into<String>, points: Vec<(f64, f64)>, kind: Kind) -> LineChart {
        self.series.push(Series { name: name.into(), points, ranges: Vec::new(), kind });
        self
    }

    fn with_ranges(
        mut self,
        name: impl Into<String>,
        points: &[(f64, f64, f64, f64)],
        kind: Kind,
    ) -> LineChart {
        let ranges = points.iter().map(|p| (p.2, p.3)).collect();
        let points = points.iter().map(|p| (p.0, p.1)).collect();
        self.series.push(Series { name: name.into(), points, ranges, kind });
        self
    }

    fn axes(&self) -> (Axis, Axis) {
        let ends = |range: Ends| range.into_iter().flat_map(|r| [r.0, r.1]);
        let exact = |limits: Ends, scale| limits.and_then(|l| Axis::exact(l.0, l.1, scale));
        let x = exact(self.limits.0, self.scales.0)
            .unwrap_or_else(|| Axis::around(self.xs().chain(ends(self.ranges.0)), self.scales.0));
        let levels = self.levels.iter().map(|l| l.0);
        let ys = self.ys().chain(levels).chain(ends(self.ranges.1));
        let y = exact(self.limits.1, self.scales.1).unwrap_or_else(|| Axis::around(ys, self.scales.1));
        (x, y)
    }

    fn xs(&self) -> impl Iterator<Item = f64> {
        self.series.iter().flat_map(Series::xs)
    }

    fn ys(&self) -> impl Iterator<Item = f64> {
        self.series.iter().flat_map(Series::ys)
    }

    /// Whether there are values, and a logarithmic axis has none to show.
    fn is_blank(&self) -> bool {
        nothing_positive(self.xs(), self.scales.0) || nothing_positive(self.ys(), self.scales.1)
    }
}

#[cfg(test)]
mod tests;
