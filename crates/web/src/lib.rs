#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod digits;
mod error;
#[cfg(target_family = "wasm")]
mod exports;
mod ideal_image;
mod machine;
mod matrix_inverse;
mod plan;
#[cfg(not(target_family = "wasm"))]
pub mod planning;
mod reader;
mod training;

pub use digits::Digits;
pub use error::Error;
pub use ideal_image::{IdealImage, PenaltyKind};
pub use matrix_inverse::{InverseState, MatrixInverse, OptimizerKind, random_matrix};
pub use reader::{Reader, Reading};
pub use training::{Training, digest};

/// Pixels of an image: 28 rows of 28.
pub const PIXELS: usize = 28 * 28;
/// Classes of images: the ten digits.
pub const CLASSES: usize = 10;
/// Units of the hidden layer.
pub const HIDDEN: usize = 300;
/// Rows and columns of the matrix to invert.
pub const SIZE: usize = 10;
/// Images of a training step.
pub const BATCH: usize = 100;
/// Images that an evaluation takes at a time: sums over rows are taken chunk by chunk.
pub const CHUNK: usize = 1000;
/// Numbers of W1, b1, W2 and b2.
pub const SIZES: [usize; 4] = [PIXELS * HIDDEN, HIDDEN, HIDDEN * CLASSES, CLASSES];
/// Numbers of all four.
pub const PARAMETERS: usize = SIZES[0] + SIZES[1] + SIZES[2] + SIZES[3];
/// What W1, b1, W2 and b2 are called.
const NAMES: [&str; 4] = ["W1", "b1", "W2", "b2"];
