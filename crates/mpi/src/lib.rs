#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod agree;
mod averaged;
mod blocks;
mod checkpoint;
mod clip;
mod communicator;
mod cut;
mod data_parallel;
mod digest;
mod error;
mod launch;
mod parts;
mod random;
mod reduction;
mod runs;
mod shards;
mod traffic;
mod trainer;
mod update;
mod world;

pub use agree::{agree, together};
pub use communicator::{Alone, Communicator};
pub use cut::Cut;
pub use data_parallel::DataParallel;
pub use digest::digest;
pub use error::{Difference, Error};
pub use launch::launch;
pub use parts::in_order;
pub use shards::Shards;
pub use traffic::Traffic;
pub use trainer::{Seconds, Trainer};
pub use world::World;
