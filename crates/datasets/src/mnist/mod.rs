//! MNIST, and any other set of the same four files, such as Fashion-MNIST, EMNIST or QMNIST: 28 by 28 pixels
//! (or another size), ten classes (or as many as the labels need, up to [`MAX_CLASSES`]).

#[cfg(feature = "download")]
mod fetch;
mod load;
mod names;

pub use crate::images::Labelled;
#[cfg(feature = "download")]
pub use fetch::{Downloader, Fetched, MIRRORS, Progress, fetch};
pub use load::load;
pub(crate) use names::find;

/// Classes of MNIST's images, and the fewest of any set.
pub const CLASSES: usize = 10;

/// The most classes that a set may have: labels are bytes.
pub const MAX_CLASSES: usize = 256;

/// The names of the four files, as MNIST has them; a `.` may stand for the `-` before `idx`, and `.gz` may
/// follow.
pub const FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// SHA-256 of MNIST's decompressed files, in the order of [`FILES`].
pub const DIGESTS: [&str; 4] = [
    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
];

/// Training images that TensorFlow's `read_data_sets` sets aside for validation: the first ones.
pub const VALIDATION: usize = 5000;

/// A data set in memory.
#[derive(Clone, Debug)]
pub struct Mnist {
    /// All images for training, validation included.
    pub train: Labelled,
    /// Images for testing.
    pub test: Labelled,
    /// SHA-256 of the four decompressed files, in the order of [`FILES`], as hexadecimal digits.
    pub digests: [String; 4],
}

impl Mnist {
    /// Whether the files are MNIST's, to the last byte.
    #[must_use]
    pub fn is_mnist(&self) -> bool {
        self.digests.iter().eq(DIGESTS)
    }

    /// Splits the training images as TensorFlow's `read_data_sets` does: the first 5,000 are for validation,
    /// the others (55,000 of MNIST) for training.
    #[must_use]
    pub fn split(&self) -> Split {
        Split {
            validation: self.train.rows(0, VALIDATION),
            train: self.train.rows(VALIDATION, self.train.len()),
        }
    }
}

/// Training images taken apart.
#[derive(Clone, Debug)]
pub struct Split {
    /// For training.
    pub train: Labelled,
    /// For validation.
    pub validation: Labelled,
}
