//! Optimizers for minutia graphs, with TensorFlow 1 defaults.
