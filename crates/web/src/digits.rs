//! The built-in digits, drawn some at a time.

use crate::{Error, PIXELS};
use minutia_datasets::digits::{self, Half, TEST, TRAIN};

/// The built-in digits: 60,000 images for training, of which the first 5,000 are set aside, and 10,000 for
/// testing.
#[derive(Debug)]
pub struct Digits {
    drawn: usize,
    pub(crate) train: (Vec<u8>, Vec<i32>),
    pub(crate) test: (Vec<u8>, Vec<i32>),
}

impl Digits {
    /// Images of both halves.
    pub const COUNT: usize = TRAIN + TEST;

    /// Black images: none is drawn yet.
    #[must_use]
    pub fn new() -> Digits {
        let black = |count: usize| (vec![0; count * PIXELS], vec![0; count]);
        Digits { drawn: 0, train: black(TRAIN), test: black(TEST) }
    }

    /// Draws up to `count` more images, and returns how many there are then: all of [`Digits::COUNT`] at the
    /// end.
    pub fn draw(&mut self, count: usize) -> usize {
        let until = self.drawn.saturating_add(count).min(Digits::COUNT);
        while self.drawn < until {
            let (half, (pixels, labels), first) = match self.drawn.checked_sub(TRAIN) {
                None => (Half::Train, &mut self.train, self.drawn),
                Some(first) => (Half::Test, &mut self.test, first),
            };
            let last = labels.len().min(first + until - self.drawn);
            digits::draw(half, first, &mut pixels[first * PIXELS..last * PIXELS], &mut labels[first..last]);
            self.drawn += last - first;
        }
        self.drawn
    }

    /// How many images are drawn.
    #[must_use]
    pub fn drawn(&self) -> usize {
        self.drawn
    }

    /// That all must be drawn before anything is trained on them.
    pub(crate) fn missing(&self) -> Error {
        Error::NotDrawn { found: self.drawn, expected: Digits::COUNT }
    }

    /// The first test images, as many as are asked for and drawn: pixels row by row, image by image.
    #[must_use]
    pub fn test_images(&self, count: usize) -> &[u8] {
        &self.test.0[..count.min(self.drawn.saturating_sub(TRAIN)) * PIXELS]
    }
}

impl Default for Digits {
    fn default() -> Digits {
        Digits::new()
    }
}
