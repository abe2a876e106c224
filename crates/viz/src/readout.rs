//! What a reader may ask of a drawn chart: which value stands at a place.

use crate::{Color, Scale};

/// A plot of a figure with the numbers that it shows, so that a page can tell its reader what stands under
/// the pointer. See [`Figure::readouts`](crate::Figure::readouts).
///
/// ```
/// use minutia_viz::{Figure, LineChart};
/// let figure = Figure::new(LineChart::new("epoch", "loss").line("train", &[(1.0, 0.5), (2.0, 0.25)]));
/// let plot = &figure.readouts()[0];
/// assert_eq!((plot.x.label.as_str(), plot.y.label.as_str()), ("epoch", "loss"));
/// assert_eq!(plot.curves[0].points, [(1.0, 0.5), (2.0, 0.25)]);
/// let (width, height) = figure.size();
/// assert!(plot.corner.0 + plot.size.0 < width && plot.corner.1 + plot.size.1 < height);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Readout {
    /// The panel's title; empty where it has none.
    pub title: String,
    /// The upper left corner of the rectangle between the axes, in pixels of the figure to the right and
    /// down.
    pub corner: (f64, f64),
    /// Its width and height.
    pub size: (f64, f64),
    /// The axis below the plot, from its left to its right end.
    pub x: ReadoutAxis,
    /// The axis beside the plot, from its lower to its upper end.
    pub y: ReadoutAxis,
    /// The series, in the order of their colours.
    pub curves: Vec<Curve>,
}

/// Which values an axis shows where.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadoutAxis {
    /// What the axis shows, units included.
    pub label: String,
    /// The value at its beginning, the greater one on an axis that runs backwards.
    pub low: f64,
    /// The value at its end.
    pub high: f64,
    /// How the values between them are spread.
    pub scale: Scale,
}

/// A series of a plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Its name in the legend; may be empty.
    pub name: String,
    /// Whether it is a line through its points, rather than the points alone.
    pub joined: bool,
    /// The colour that it is drawn in.
    pub color: Color,
    /// Its points `(x, y)` as they were given, in the data's units, those that no axis can show left out.
    pub points: Vec<(f64, f64)>,
}
