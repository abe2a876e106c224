//! The parts that figures are made of.

pub(crate) mod area;
pub(crate) mod axis;
mod bar_chart;
pub(crate) mod dates;
mod graph;
mod heat_map;
mod histogram;
mod image_grid;
mod line_chart;
mod network;
pub(crate) mod shrink;
pub(crate) mod thin;
pub(crate) mod ticks;

pub use bar_chart::BarChart;
pub use graph::{Edge, GraphDiagram, Node};
pub use heat_map::HeatMap;
pub use histogram::Histogram;
pub use image_grid::ImageGrid;
pub use line_chart::{Legend, LineChart, Marker, Marks};
pub use network::NetworkDiagram;
