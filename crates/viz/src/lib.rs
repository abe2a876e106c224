#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod axis;
mod canvas;
mod color;
mod dates;
mod error;
mod figure;
mod font;
mod number;
mod panel;
mod panels;
mod png;
mod shrink;
mod spline;
mod text;
mod theme;
mod thin;
mod ticks;

pub use axis::Scale;
pub use canvas::Anchor;
pub use color::ColorMap;
pub use error::Error;
pub use figure::Figure;
pub use font::font_face_css;
pub use number::format_number;
pub use panel::{Drawing, Panel};
pub use panels::{
    BarChart, Edge, GraphDiagram, HeatMap, Histogram, ImageGrid, Legend, LineChart, Marker, Marks,
    NetworkDiagram, Node,
};
pub use theme::{Color, Theme};
