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
    /// A graph has more parts than a layout is found for.
    #[error("the graph has {found} {what}, pictures have at most {most}; fold or leave out some")]
    Size {
        /// Nodes, edges or levels.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many are drawn.
        most: usize,
    },
    /// A large graph is laid out on a thread of its own, and the system gave none.
    #[error("no thread for the layout of a large graph: {0}")]
    Thread(String),
    /// A font cannot be read.
    #[error(
        "the font of {bytes} bytes cannot be read: a TrueType or OpenType file with a character map is expected"
    )]
    Font {
        /// Its length.
        bytes: usize,
    },
    /// No font of the figure has these letters.
    #[error("no font of the figure has the letters {letters:?}: give it one that has them with Figure::font")]
    Letters {
        /// The letters, in the order of their codes.
        letters: String,
    },
    /// A picture would have too many pixels.
    #[error(
        "the picture would have {width} by {height} pixels, at most {most} in all can be painted: \
         a smaller scale, smaller panels, or SVG will do"
    )]
    Pixels {
        /// Pixels in a row.
        width: u64,
        /// Rows.
        height: u64,
        /// Pixels that can be painted.
        most: u64,
    },
    /// The rasteriser refused.
    #[error("the picture cannot be rasterised: {0}")]
    Raster(String),
}
