#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod classifier;
mod convnet;
mod ideal_images;
mod inverse;
pub mod post;

pub use classifier::{CLASSES, Classifier, PIXELS, Parameters};
pub use convnet::{Convnet, ConvnetParameters, FallingRate};
pub use ideal_images::{IdealImages, Penalty};
pub use inverse::{Inverse, identity, random_matrix};
