#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod axis;
mod bar_chart;
mod canvas;
mod color;
mod error;
mod figure;
mod font;
mod graph;
mod heat_map;
mod image_grid;
mod layout;
mod line_chart;
mod network;
mod number;
mod png;
mod route;
mod shrink;
mod spline;

pub use bar_chart::BarChart;
pub use color::ColorMap;
pub use error::Error;
pub use figure::{Figure, Panel};
pub use font::font_face_css;
pub use graph::{Edge, GraphDiagram, Node};
pub use heat_map::HeatMap;
pub use image_grid::ImageGrid;
pub use line_chart::{LineChart, Scale};
pub use network::NetworkDiagram;
pub use number::format_number;
