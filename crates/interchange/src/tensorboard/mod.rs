//! Event files, which TensorBoard shows: curves, histograms, images, texts, graphs.
//!
//! An event file is a list of records that only grows. Each record has a length and checksums, so that a
//! reader knows where the last complete one ends, whatever became of the program that wrote it.

mod event;
mod histogram;
mod image;
mod messages;
mod reader;
mod record;
mod writer;

pub use event::{Event, Value};
pub use histogram::Histogram;
pub use image::Image;
pub use reader::EventReader;
pub use writer::{Options, SummaryWriter};

/// What the first event of a file says.
const FILE_VERSION: &str = "brain.Event:2";
