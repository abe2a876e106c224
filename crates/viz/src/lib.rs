#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod error;
mod figure;
mod panel;
mod panels;
mod readout;
mod svg;
mod text;
mod theme;

pub use error::Error;
pub use figure::Figure;
pub use panel::{Drawing, Panel};
pub use panels::{
    BarChart, Edge, GraphDiagram, HeatMap, Histogram, ImageGrid, Legend, LineChart, Marker, Marks,
    NetworkDiagram, Node, axis::Scale,
};
pub use readout::{Curve, Readout, ReadoutAxis};
pub use svg::{canvas::Anchor, color::ColorMap, font::font_face_css, number::format_number};
pub use theme::{Color, Theme};
