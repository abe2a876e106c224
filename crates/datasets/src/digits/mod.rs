//! Built-in handwriting: 60,000 and 10,000 images of digits, 28 by 28, generated from stroke models under
//! affine and elastic deformation. The same bytes on every machine, from the kernels' generator and maths
//! alone.
//!
//! They stand in for MNIST where there are no data and no network; they are not MNIST, and what is learned
//! from them says nothing about real handwriting.

mod draw;
mod strokes;

use crate::mnist::{CLASSES, Labelled, Mnist};
use minutia_kernels::rng::Generator;
use minutia_tensor::cpu::ExactFloats;
use sha2::{Digest, Sha256};
use std::{
    sync::{Mutex, PoisonError},
    thread,
};

/// Rows and columns of an image.
pub const SIZE: usize = 28;
/// Training images, validation included.
pub const TRAIN: usize = 60_000;
/// Test images.
pub const TEST: usize = 10_000;

const SEED: u64 = 28;
/// Images that a thread draws at a time.
const SHARE: usize = 500;

/// Generates the whole set with as many threads as the machine has; takes a second or two in a release build.
/// [`generate_some`] has an example.
#[must_use]
pub fn generate() -> Mnist {
    generate_some(TRAIN, TEST)
}

/// Generates the first images of the set.
///
/// ```
/// use minutia_datasets::digits;
/// let set = digits::generate_some(3, 2);
/// assert_eq!(set.train.images.dims(), [3, digits::SIZE * digits::SIZE]);
/// assert_eq!(set.test.one_hot().dims(), [2, 10]);
/// let pixels = set.train.scaled();
/// assert!(pixels.as_slice::<f32>()?.iter().all(|x| (0.0..=1.0).contains(x)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn generate_some(train: usize, test: usize) -> Mnist {
    let (train, test) = (all(Half::Train, train), all(Half::Test, test));
    let digest = |bytes: &[u8]| Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect::<String>();
    let digests =
        [&train.images, &train.labels, &test.images, &test.labels].map(|t| digest(&t.canonical_bytes()));
    Mnist { train, test, digests }
}

/// One of the two parts of the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// The [`TRAIN`] images for training.
    Train,
    /// The [`TEST`] images for testing.
    Test,
}

/// All images of a half. Each depends on its number alone, so that threads may take any share.
fn all(half: Half, count: usize) -> Labelled {
    let mut pixels = vec![0; count * SIZE * SIZE];
    let mut labels = vec![0; count];
    let shares = pixels.chunks_mut(SHARE * SIZE * SIZE).zip(labels.chunks_mut(SHARE)).enumerate();
    let shares = Mutex::new(shares);
    let next = || shares.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        while let Some((share, (pixels, labels))) = next() {
            draw(half, share * SHARE, pixels, labels);
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        // Fewer where the system grants no more: this thread leaves nothing undone.
        let start = |_: &usize| thread::Builder::new().spawn_scoped(scope, work).is_ok();
        let _ = (1..threads).take_while(start).count();
        work();
    });
    Labelled::new(pixels, labels, [SIZE, SIZE], 1, CLASSES).expect("as many pixels as images need")
}

/// Draws neighbours of a half, whose numbers begin with `first`: for those who cannot wait for the whole set.
/// There are as many as there are labels, each of [`SIZE`] times [`SIZE`] pixels, or fewer if there are fewer
/// pixels.
///
/// ```
/// use minutia_datasets::digits::{self, Half};
/// let (mut pixels, mut labels) = ([0; 2 * digits::SIZE * digits::SIZE], [0; 2]);
/// digits::draw(Half::Train, 1, &mut pixels, &mut labels);
/// let set = digits::generate_some(3, 0);
/// assert_eq!(set.train.rows(1, 3).images.as_slice::<u8>()?, pixels);
/// assert_eq!(set.train.rows(1, 3).labels.as_slice::<i32>()?, labels);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn draw(half: Half, first: usize, pixels: &mut [u8], labels: &mut [i32]) {
    let name = match half {
        Half::Train => "train",
        Half::Test => "test",
    };
    let _exact = ExactFloats::enter();
    for (i, (image, label)) in pixels.chunks_exact_mut(SIZE * SIZE).zip(labels).enumerate() {
        let mut generator = Generator::new(SEED, &format!("digits/{name}/{}", first + i));
        let class = generator.below(CLASSES as u32) as usize;
        *label = class as i32;
        draw::digit(class, &mut generator, image);
    }
}
