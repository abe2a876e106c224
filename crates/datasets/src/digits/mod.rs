//! Built-in handwriting: 60,000 and 10,000 images of digits, 28 by 28, generated from stroke models under affine and
//! elastic deformation. The same bytes on every machine, from the kernels' generator and maths alone.
//!
//! They stand in for MNIST where there are no data and no network; they are not MNIST, and what is learned from them says
//! nothing about real handwriting.

mod draw;
mod strokes;

use crate::mnist::{CLASSES, Labelled, Mnist};
use minutia_kernels::rng::Generator;
use minutia_tensor::cpu::ExactFloats;
use sha2::{Digest, Sha256};
use std::thread;

/// Rows and columns of an image.
pub const SIZE: usize = 28;
/// Training images, validation included.
pub const TRAIN: usize = 60_000;
/// Test images.
pub const TEST: usize = 10_000;

const SEED: u64 = 28;

/// Generates the whole set with as many threads as the machine has; takes a second or two in a release build.
#[must_use]
pub fn generate() -> Mnist {
    generate_some(TRAIN, TEST)
}

/// Generates the first images of the set.
#[must_use]
pub fn generate_some(train: usize, test: usize) -> Mnist {
    let (train, test) = (half("train", train), half("test", test));
    let digest = |bytes: &[u8]| Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect::<String>();
    let digests =
        [&train.images, &train.labels, &test.images, &test.labels].map(|t| digest(&t.canonical_bytes()));
    Mnist { train, test, digests }
}

/// Each image depends on its name and number alone, so that threads may take any share.
fn half(name: &str, count: usize) -> Labelled {
    let mut pixels = vec![0; count * SIZE * SIZE];
    let mut labels = vec![0; count];
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = count.div_ceil(threads).max(1);
    thread::scope(|scope| {
        let chunks = pixels.chunks_mut(share * SIZE * SIZE).zip(labels.chunks_mut(share));
        for (chunk, (pixels, labels)) in chunks.enumerate() {
            let mut draw = move || draw_some(name, chunk * share, pixels, labels);
            // Some machines have no threads.
            if threads == 1 {
                draw();
            } else {
                scope.spawn(draw);
            }
        }
    });
    Labelled::new(pixels, labels, [SIZE, SIZE], CLASSES).expect("as many pixels as images need")
}

/// Draws neighbours, whose numbers begin with `first`.
fn draw_some(name: &str, first: usize, pixels: &mut [u8], labels: &mut [i32]) {
    let _exact = ExactFloats::enter();
    for (i, (image, label)) in pixels.chunks_exact_mut(SIZE * SIZE).zip(labels).enumerate() {
        let mut generator = Generator::new(SEED, &format!("digits/{name}/{}", first + i));
        let class = generator.below(CLASSES as u32) as usize;
        *label = class as i32;
        draw::digit(class, &mut generator, image);
    }
}
