/// What can go wrong when a picture is made.
///
/// ```
/// use minutia_viz::{Error, HeatMap};
/// let error = HeatMap::new(2, 2, &[0.0]).unwrap_err();
/// assert_eq!(error, Error::Length { what: "a heat map", found: 1, expected: 4 });
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The number of values does not fit the rows and columns.
    #[error("{what} has {found} values, {expected} were expected")]
    Length {
        /// What was to be drawn.
        what: &'static str,
        /// Values that came.
        found: usize,
        /// Values that fit.
        expected: usize,
    },
    /// An edge of a graph names a node that does not exist.
    #[error("an edge names node {index}, there are {nodes}")]
    Edge {
        /// The index.
        index: usize,
        /// Nodes there are.
        nodes: usize,
    },
    /// The edges of a graph form a cycle.
    #[error("the edges of the graph form a cycle through node {index}")]
    Cycle {
        /// A node of the cycle.
        index: usize,
    },
    /// The rasteriser refused.
    #[error("the picture cannot be rasterised: {0}")]
    Raster(String),
}
