//! The stages' figures. A file for each; its pictures are drawn anew when it changes.

pub mod classifier;
pub mod dataset;
pub mod fingerprints;
pub mod ideal_images;
pub mod inverse;
pub mod inverse_seeds;
