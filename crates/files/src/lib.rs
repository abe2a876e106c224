#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod lock;
mod obstacle;
mod read;
mod write;

pub use lock::{Attempt, Busy, Lock};
pub use obstacle::Obstacle;
pub use read::{open, open_foreign, open_own, read};
pub use write::{sweep, write};
