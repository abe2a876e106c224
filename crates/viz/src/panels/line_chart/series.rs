//! What a chart shows of its data, and how each kind is drawn.

use super::plan::Plot;
use crate::{
    Color,
    panels::thin::{thinned, uncovered},
    svg::{
        canvas::{Canvas, DASHES},
        spline::Point,
    },
};

#[derive(Clone, Debug)]
pub(super) struct Series {
    pub name: String,
    pub points: Vec<Point>,
    /// For each point the ends of its bar or band in y, of an upright bar in x; empty for other kinds.
    pub ranges: Vec<(f64, f64)>,
    pub kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Line,
    Dashed,
    Scatter,
    Marks(Marks),
    ErrorBars,
    Band,
    Bars,
}

/// Shapes of marks.
///
/// ```
/// use minutia_viz::{Marker, Marks};
/// let marks = Marks::new().marker(Marker::Diamond);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Marker {
    /// A disc.
    #[default]
    Circle,
    /// A square on its side.
    Square,
    /// A triangle on its side.
    Triangle,
    /// A square on its corner.
    Diamond,
    /// A triangle on its corner.
    Wedge,
}

/// How the points of [`LineChart::marks`](crate::LineChart::marks) look.
///
/// ```
/// use minutia_viz::Marks;
/// let marks = Marks::new().size(2.0).opacity(0.3);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Marks {
    size: f64,
    sizes: Vec<f64>,
    opacity: f64,
    marker: Option<Marker>,
}

/// Radius of a dot, and of a line's lone point.
const DOT: f64 = 3.2;
const LONE: f64 = 2.2;
/// No mark is larger.
const LARGEST: f64 = 500.0;
/// Dots beyond this number have no rim, and those that others cover are left out.
const MANY: usize = 10_000;

impl Marks {
    /// Opaque discs of a radius of 3.2 pixels; from the eighth series on, other shapes.
    #[must_use]
    pub fn new() -> Marks {
        Marks { size: DOT, sizes: Vec::new(), opacity: 1.0, marker: None }
    }

    /// With another radius in pixels.
    ///
    /// ```
    /// let marks = minutia_viz::Marks::new().size(5.0);
    /// ```
    #[must_use]
    pub fn size(self, radius: f64) -> Marks {
        Marks { size: radius, ..self }
    }

    /// With a radius in pixels for each point, from the first one on; others have the one of [`Marks::size`].
    /// A radius that is not positive hides its point.
    ///
    /// ```
    /// let marks = minutia_viz::Marks::new().sizes(&[1.0, 4.0, 9.0]);
    /// ```
    #[must_use]
    pub fn sizes(self, radii: &[f64]) -> Marks {
        Marks { sizes: radii.to_vec(), ..self }
    }

    /// With an opacity from 0 to 1, so that places where points lie close are darker.
    ///
    /// ```
    /// let marks = minutia_viz::Marks::new().opacity(0.2);
    /// ```
    #[must_use]
    pub fn opacity(self, opacity: f64) -> Marks {
        Marks { opacity: if opacity.is_nan() { 1.0 } else { opacity.clamp(0.0, 1.0) }, ..self }
    }

    /// With another shape.
    ///
    /// ```
    /// use minutia_viz::{Marker, Marks};
    /// let marks = Marks::new().marker(Marker::Square);
    /// ```
    #[must_use]
    pub fn marker(self, marker: Marker) -> Marks {
        Marks { marker: Some(marker), ..self }
    }

    fn radius(&self, index: usize) -> f64 {
        let radius = self.sizes.get(index).copied().unwrap_or(self.size);
        if radius > 0.0 { radius.min(LARGEST) } else { 0.0 }
    }
}

impl Default for Marks {
    fn default() -> Marks {
        Marks::new()
    }
}

/// What tells a series from the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Style {
    pub color: Color,
    pub dashes: &'static str,
    pub marker: Option<Marker>,
}

/// Dashes of lines by how often the colours were used before, and of lines that are dashed on request.
const SOLID: [&str; 4] = ["", "1.5 2.5", "10 3 1.5 3", "14 5"];
const DASHED: [&str; 4] = [DASHES, "5 2 1 2", "2.5 1.5", "7 2 1 2 1 2"];
const MARKERS: [Marker; 5] =
    [Marker::Circle, Marker::Square, Marker::Triangle, Marker::Diamond, Marker::Wedge];

/// The style of a series: the colours, then the colours with other dashes or shapes, then with marks on the
/// lines.
pub(super) fn style(index: usize, kind: &Kind) -> Style {
    let (color, round) = (Color::series(index), index / 7);
    match kind {
        Kind::Line | Kind::Dashed | Kind::Band => {
            let dashes = if *kind == Kind::Dashed { DASHED } else { SOLID }[round % 4];
            Style { color, dashes, marker: (round >= 4).then(|| MARKERS[(round / 4 - 1) % 5]) }
        }
        Kind::Marks(Marks { marker: Some(marker), .. }) => Style { color, dashes: "", marker: Some(*marker) },
        _ => Style { color, dashes: "", marker: Some(MARKERS[round % 5]) },
    }
}

impl Series {
    pub fn xs(&self) -> impl Iterator<Item = f64> {
        let edges = self.ranges.iter().filter(|_| self.kind == Kind::Bars).flat_map(|r| [r.0, r.1]);
        self.points.iter().map(|p| p.0).chain(edges)
    }

    pub fn ys(&self) -> impl Iterator<Item = f64> {
        let ends = self.ranges.iter().filter(|_| self.kind != Kind::Bars).flat_map(|r| [r.0, r.1]);
        // Bars begin at zero, on a logarithmic axis below the lowest one, so that it is seen.
        let least = || self.points.iter().map(|p| p.1).filter(|y| *y > 0.0).fold(f64::INFINITY, f64::min);
        let base = (self.kind == Kind::Bars).then(|| [0.0, least() / 2.0]);
        self.points.iter().map(|p| p.1).chain(ends).chain(base.into_iter().flatten())
    }

    /// Whether its marks are so large that they are cut off at the plot's border.
    fn is_cut(&self) -> bool {
        matches!(&self.kind, Kind::Marks(marks) if (0..self.points.len()).any(|i| marks.radius(i) > 2.0 * DOT))
    }

    pub fn draw(&self, canvas: &mut Canvas, plot: &Plot, index: usize) {
        let style = style(index, &self.kind);
        let placed = plot.places(&self.points);
        match &self.kind {
            Kind::Line | Kind::Dashed => line(canvas, &placed, style),
            Kind::Scatter => dots(canvas, &placed, style),
            Kind::Marks(marks) => {
                if self.is_cut() {
                    canvas.begin_clip((plot.left, plot.upper), plot.size());
                }
                for (i, &p) in placed.iter().enumerate().filter_map(|(i, p)| Some((i, p.as_ref()?))) {
                    mark(canvas, p, marks.radius(i), style, marks.opacity);
                }
                if self.is_cut() {
                    canvas.end_clip();
                }
            }
            Kind::ErrorBars => {
                self.error_bars(canvas, plot, style.color);
                dots(canvas, &placed, style);
            }
            Kind::Band => self.band(canvas, plot, &placed, style),
            Kind::Bars => self.bars(canvas, plot, style.color),
        }
    }

    fn error_bars(&self, canvas: &mut Canvas, plot: &Plot, color: Color) {
        for (x, low, high) in self.points.iter().zip(&self.ranges).filter_map(|(p, r)| plot.upright(p.0, *r))
        {
            canvas.line((x, low), (x, high), color, 1.3);
            for y in [low, high] {
                canvas.line((x - 3.5, y), (x + 3.5, y), color, 1.3);
            }
        }
    }

    fn band(&self, canvas: &mut Canvas, plot: &Plot, placed: &[Option<Point>], style: Style) {
        let uprights: Vec<Option<(f64, f64, f64)>> =
            self.points.iter().zip(&self.ranges).map(|(p, r)| plot.upright(p.0, *r)).collect();
        for run in uprights.split(Option::is_none) {
            let high = thinned(run.iter().flatten().map(|u| (u.0, u.2)).collect());
            let low = thinned(run.iter().flatten().map(|u| (u.0, u.1)).collect());
            if let [Some((x, low, high))] = run {
                canvas.line((*x, *low), (*x, *high), style.color, 1.3);
            } else if run.len() > 1 {
                let around: Vec<Point> = high.into_iter().chain(low.into_iter().rev()).collect();
                canvas.polygon(&around, style.color, 0.2);
            }
        }
        line(canvas, placed, style);
    }

    fn bars(&self, canvas: &mut Canvas, plot: &Plot, color: Color) {
        let base = plot.y(0.0).unwrap_or(plot.lower);
        for (point, range) in self.points.iter().zip(&self.ranges) {
            let (Some(from), Some(to), Some(y)) = (plot.x(range.0), plot.x(range.1), plot.y(point.1)) else {
                continue;
            };
            if point.1 == 0.0 {
                continue;
            }
            let [left, right, upper, lower] = [from.min(to), from.max(to), y.min(base), y.max(base)];
            let corners = [(left, upper), (right, upper), (right, lower), (left, lower)];
            canvas.polygon(&corners, color, 0.55);
            canvas.path(&[(left, lower), (left, upper), (right, upper), (right, lower)], color, 0.8, "");
        }
    }

    /// The series as it looks in a legend: 22 pixels wide around a height.
    pub fn swatch(&self, canvas: &mut Canvas, (x, y): Point, index: usize) {
        let style = style(index, &self.kind);
        let middle = (x + 11.0, y);
        match &self.kind {
            Kind::Line | Kind::Dashed => {
                canvas.path(&[(x, y), (x + 22.0, y)], style.color, 2.0, style.dashes);
                style.marker.into_iter().for_each(|_| mark(canvas, middle, DOT, style, 1.0));
            }
            Kind::Scatter => mark(canvas, middle, DOT, style, 1.0),
            Kind::Marks(marks) => mark(canvas, middle, DOT + 1.0, style, marks.opacity.max(0.2)),
            Kind::ErrorBars => {
                canvas.line((middle.0, y - 5.5), (middle.0, y + 5.5), style.color, 1.3);
                mark(canvas, middle, DOT, style, 1.0);
            }
            Kind::Band | Kind::Bars => {
                let corners = [(x, y - 5.0), (x + 22.0, y - 5.0), (x + 22.0, y + 5.0), (x, y + 5.0)];
                let line = self.kind == Kind::Band;
                canvas.polygon(&corners, style.color, if line { 0.2 } else { 0.55 });
                if line {
                    canvas.path(&[(x, y), (x + 22.0, y)], style.color, 2.0, style.dashes);
                    style.marker.into_iter().for_each(|_| mark(canvas, middle, DOT, style, 1.0));
                }
            }
        }
    }
}

/// A line with gaps. What stands alone between two of them is a dot; a line with a marker has some of them.
fn line(canvas: &mut Canvas, placed: &[Option<Point>], style: Style) {
    for run in placed.split(Option::is_none) {
        let run: Vec<Point> = run.iter().flatten().copied().collect();
        if let [lone] = run[..] {
            canvas.circle(lone, LONE, style.color, None);
            continue;
        }
        canvas.path(&thinned(run), style.color, 1.6, style.dashes);
    }
    if style.marker.is_some() {
        let shown: Vec<Point> = placed.iter().flatten().copied().collect();
        for &p in shown.iter().step_by(shown.len().div_ceil(12).max(1)) {
            mark(canvas, p, DOT, style, 1.0);
        }
    }
}

fn dots(canvas: &mut Canvas, placed: &[Option<Point>], style: Style) {
    let shown: Vec<Point> = placed.iter().flatten().copied().collect();
    if shown.len() > MANY {
        return canvas.dots(uncovered(&shown).into_iter(), DOT, style.color);
    }
    shown.into_iter().for_each(|p| mark(canvas, p, DOT, style, 1.0));
}

fn mark(canvas: &mut Canvas, (x, y): Point, r: f64, style: Style, opacity: f64) {
    if r <= 0.0 {
        return;
    }
    let corners = |corners: &[Point]| corners.iter().map(|c| (x + r * c.0, y + r * c.1)).collect::<Vec<_>>();
    let shape = match style.marker.unwrap_or_default() {
        Marker::Circle if opacity < 1.0 => return canvas.faint_circle((x, y), r, style.color, None, opacity),
        Marker::Circle => return canvas.circle((x, y), r, style.color, Color::PAPER),
        Marker::Square => corners(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]),
        Marker::Triangle => corners(&[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)]),
        Marker::Diamond => corners(&[(0.0, -1.3), (1.1, 0.0), (0.0, 1.3), (-1.1, 0.0)]),
        Marker::Wedge => corners(&[(0.0, 1.2), (1.1, -0.8), (-1.1, -0.8)]),
    };
    canvas.polygon(&shape, style.color, opacity);
}
