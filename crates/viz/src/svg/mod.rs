//! Pictures as SVG, with letters, numbers, colours and curves, and as pixels.

pub(crate) mod canvas;
pub(crate) mod color;
pub(crate) mod font;
pub(crate) mod number;
pub(crate) mod raster;
pub(crate) mod spline;
