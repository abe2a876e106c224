//! The post's numbers, which `reproduce.toml` publishes and every other program takes from here.

/// Images of a training step.
pub const BATCH: usize = 100;

/// The rate of the classifier's gradient descent.
pub const CLASSIFIER_RATE: f32 = 0.1;

/// Rows and columns of the matrix to invert.
pub const MATRIX_SIZE: usize = 10;

/// The matrix's entries are whole numbers below this.
pub const ENTRIES_BELOW: u32 = 10;

/// The rate of the inverse's Adagrad.
pub const INVERSE_RATE: f32 = 0.01;

/// The rate of the ideal images' Adagrad.
pub const IDEAL_RATE: f32 = 0.1;

/// The weight of either penalty of the ideal images.
pub const PENALTY: f32 = 0.25;
