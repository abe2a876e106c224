#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod batches;
pub mod cifar10;
pub mod digits;
mod error;
pub mod idx;
mod images;
mod locate;
pub mod mnist;

pub use batches::Batches;
pub use error::{Error, Problem};
pub use images::Labelled;
pub use locate::{Found, Located, Origin, cache_folder, find, is_offline, locate};
