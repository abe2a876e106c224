#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod batches;
pub mod digits;
mod error;
pub mod idx;
mod locate;
pub mod mnist;

pub use batches::Batches;
pub use error::{Error, Problem};
pub use locate::{Found, Located, Origin, cache_folder, find, is_offline, locate};
