//! Images in memory, with the class of each.

use crate::Problem;
use minutia_tensor::Tensor;

/// Images of one size and their labels: a half of MNIST, of CIFAR-10, or of a set of one's own.
///
/// ```
/// use minutia_datasets::Labelled;
///
/// // Two grey images of 2 by 3 pixels, of classes 1 and 0 of 4.
/// let images = Labelled::new((0..12).collect(), vec![1, 0], [2, 3], 1, 4)?;
/// assert_eq!(images.images.dims(), [2, 6]);
/// assert_eq!(images.one_hot().as_slice::<f32>().unwrap()[..4], [0.0, 1.0, 0.0, 0.0]);
/// # Ok::<(), minutia_datasets::Problem>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Labelled {
    /// `u8`, `[n, rows * columns * channels]`: row by row, a pixel's channels side by side.
    pub images: Tensor,
    /// `i32`, `[n]`, each from 0 up to [`classes`](Labelled::classes).
    pub labels: Tensor,
    /// Rows and columns of an image.
    pub size: [usize; 2],
    /// Numbers of a pixel: 1 in grey images, 3 in coloured ones.
    pub channels: usize,
    /// Classes of the whole set.
    pub classes: usize,
}

impl Labelled {
    /// Images of `size` rows and columns, whose `pixels` follow each other row by row, with the channels of a
    /// pixel side by side.
    ///
    /// # Errors
    /// [`Problem::Pixels`] where there are not as many pixels as the labels' images have, [`Problem::Label`]
    /// where a label is none of the classes.
    pub fn new(
        pixels: Vec<u8>,
        labels: Vec<i32>,
        size: [usize; 2],
        channels: usize,
        classes: usize,
    ) -> Result<Labelled, Problem> {
        let wrong = Problem::Pixels { found: pixels.len(), images: labels.len(), size, channels };
        let width = size.iter().try_fold(channels, |width, &extent| width.checked_mul(extent));
        let width = width.filter(|width| width.checked_mul(labels.len()) == Some(pixels.len()));
        let Some(width) = width else { return Err(wrong) };
        check_labels(&labels, classes)?;
        let images = Tensor::from_vec([labels.len(), width], pixels).map_err(|_| wrong)?;
        Ok(Labelled { images, labels: Tensor::from(labels), size, channels, classes })
    }

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

    /// Numbers of an image: rows times columns times channels.
    #[must_use]
    pub fn width(&self) -> usize {
        self.size[0] * self.size[1] * self.channels
    }

    /// The images from `start` up to `end`, copied.
    ///
    /// # Panics
    /// When there are fewer.
    #[must_use]
    pub fn rows(&self, start: usize, end: usize) -> Labelled {
        let width = self.width();
        let pixels = self.pixels()[start * width..end * width].to_vec();
        self.with(pixels, self.classes_of()[start..end].to_vec(), self.size)
    }

    /// The same images with rows and columns exchanged. The files of EMNIST hold theirs so: this turns them
    /// upright.
    #[must_use]
    pub fn transposed(&self) -> Labelled {
        let ([rows, columns], channels) = (self.size, self.channels);
        let images = self.pixels().chunks_exact(self.width().max(1));
        let place = |i: usize| {
            let (pixel, channel) = (i / channels, i % channels);
            ((pixel % rows) * columns + pixel / rows) * channels + channel
        };
        let turned = images.flat_map(|image| (0..image.len()).map(move |i| image[place(i)])).collect();
        self.with(turned, self.classes_of().to_vec(), [columns, rows])
    }

    /// The pixels as `f32` from 0 to 1, `[n, rows * columns * channels]`: multiplied by `1/255`, as
    /// TensorFlow's `read_data_sets` does, which differs from a division in the last bit.
    #[must_use]
    pub fn scaled(&self) -> Tensor {
        let scaled = self.pixels().iter().map(|&p| f32::from(p) * (1.0 / 255.0)).collect();
        Tensor::from_vec(self.images.dims(), scaled).expect("one number for each pixel")
    }

    /// The labels as `f32` rows with a single one, `[n, classes]`.
    #[must_use]
    pub fn one_hot(&self) -> Tensor {
        let mut rows = vec![0.0_f32; self.len() * self.classes];
        for (row, &label) in rows.chunks_exact_mut(self.classes.max(1)).zip(self.classes_of()) {
            row[label as usize] = 1.0;
        }
        Tensor::from_vec([self.len(), self.classes], rows).expect("one number for each class and label")
    }

    /// Other images of the same set.
    fn with(&self, pixels: Vec<u8>, labels: Vec<i32>, size: [usize; 2]) -> Labelled {
        Labelled::new(pixels, labels, size, self.channels, self.classes).expect("pixels of whole images")
    }

    fn pixels(&self) -> &[u8] {
        self.images.as_slice().expect("images are u8")
    }

    fn classes_of(&self) -> &[i32] {
        self.labels.as_slice().expect("labels are i32")
    }
}

/// Makes sure that each label is one of the classes.
pub(crate) fn check_labels(labels: &[i32], classes: usize) -> Result<(), Problem> {
    let inside = |&label: &i32| usize::try_from(label).is_ok_and(|label| label < classes);
    match labels.iter().position(|label| !inside(label)) {
        Some(position) => Err(Problem::Label { label: labels[position], position, classes }),
        None => Ok(()),
    }
}
