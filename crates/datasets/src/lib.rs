//! IDX files, MNIST, built-in digits and batches.
