//! MNIST, and any other set of the same four files, such as Fashion-MNIST, EMNIST or QMNIST: 28 by 28 pixels
//! (or another size), ten classes (or as many as the labels need, up to [`MAX_CLASSES`]).

#[cfg(feature = "download")]
mod fetch;
mod load;
mod names;

#[cfg(feature = "download")]
pub use fetch::{Downloader, Fetched, MIRRORS, Progress, fetch};
pub use load::load;
pub(crate) use names::find;

use minutia_tensor::Tensor;

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

/// Images and their labels.
#[derive(Clone, Debug)]
pub struct Labelled {
    /// `u8`, `[n, rows * columns]`.
    pub images: Tensor,
    /// `i32`, `[n]`, each from 0 up to [`classes`](Labelled::classes).
    pub labels: Tensor,
    /// Rows and columns of an image.
    pub size: [usize; 2],
    /// Classes of the whole set: one more than its largest label, and at least [`CLASSES`].
    pub classes: usize,
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

impl Labelled {
    /// How many images there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.elements()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The images from `start` up to `end`, copied.
    ///
    /// # Panics
    /// When there are fewer.
    #[must_use]
    pub fn rows(&self, start: usize, end: usize) -> Labelled {
        let width = self.size[0] * self.size[1];
        let pixels =
            self.images.as_slice::<u8>().expect("images are u8")[start * width..end * width].to_vec();
        let labels = self.labels.as_slice::<i32>().expect("labels are i32")[start..end].to_vec();
        Labelled::new(pixels, labels, self.size, self.classes).expect("as many pixels as images need")
    }

    /// The same images with rows and columns exchanged. The files of EMNIST hold theirs so: this turns them
    /// upright.
    #[must_use]
    pub fn transposed(&self) -> Labelled {
        let [rows, columns] = self.size;
        let pixels = self.images.as_slice::<u8>().expect("images are u8");
        let images = pixels.chunks_exact((rows * columns).max(1));
        let place = |i: usize| (i % rows) * columns + i / rows;
        let turned = images.flat_map(|image| (0..image.len()).map(move |i| image[place(i)])).collect();
        let labels = self.labels.as_slice::<i32>().expect("labels are i32").to_vec();
        Labelled::new(turned, labels, [columns, rows], self.classes).expect("as many pixels as before")
    }

    pub(crate) fn new(
        pixels: Vec<u8>,
        labels: Vec<i32>,
        size: [usize; 2],
        classes: usize,
    ) -> Result<Labelled, minutia_tensor::Error> {
        Ok(Labelled {
            images: Tensor::from_vec([labels.len(), size[0] * size[1]], pixels)?,
            labels: Tensor::from(labels),
            size,
            classes,
        })
    }

    /// The pixels as `f32` from 0 to 1, `[n, rows * columns]`: multiplied by `1/255`, as TensorFlow's
    /// `read_data_sets` does, which differs from a division in the last bit.
    #[must_use]
    pub fn scaled(&self) -> Tensor {
        let pixels = self.images.as_slice::<u8>().expect("images are u8");
        let scaled = pixels.iter().map(|&p| f32::from(p) * (1.0 / 255.0)).collect();
        Tensor::from_vec(self.images.dims(), scaled).expect("one number for each pixel")
    }

    /// The labels as `f32` rows with a single one, `[n, classes]`.
    #[must_use]
    pub fn one_hot(&self) -> Tensor {
        let mut rows = vec![0.0_f32; self.len() * self.classes];
        let labels = self.labels.as_slice::<i32>().expect("labels are i32");
        for (row, &label) in rows.chunks_exact_mut(self.classes.max(1)).zip(labels) {
            row[label as usize] = 1.0;
        }
        Tensor::from_vec([self.len(), self.classes], rows).expect("one number for each class and label")
    }
}
