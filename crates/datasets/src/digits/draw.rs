//! Drawing one digit.

use super::{SIZE, strokes::GLYPHS};
use minutia_kernels::{
    math::{Portable, sin_cos_turns, sqrt},
    rng::Generator,
};

/// Pieces between two points of a stroke.
const PIECES: usize = 6;

/// Draws a digit of a class into a black image.
pub(super) fn digit(class: usize, generator: &mut Generator, image: &mut [u8]) {
    let variants = GLYPHS[class];
    let glyph = variants[generator.below(variants.len() as u32) as usize];
    let hand = Hand::new(generator);
    let ink = 0.75 + 0.25 * generator.uniform();
    let mut light = [0.0_f32; SIZE * SIZE];
    for stroke in glyph {
        let points: Vec<(f32, f32)> = stroke
            .iter()
            .map(|&(x, y)| (x + 0.035 * generator.normal(), y + 0.03 * generator.normal()))
            .collect();
        let path: Vec<(f32, f32)> = curve(&points).into_iter().map(|p| hand.place(p)).collect();
        for pair in path.windows(2) {
            segment(&mut light, pair[0], pair[1], hand.width);
        }
    }
    for (pixel, light) in image.iter_mut().zip(light) {
        *pixel = (light * ink * 255.0 + 0.5) as u8;
    }
}

/// How a writer holds the pen in one image: an affine map of the box into the image, a smooth distortion, a
/// width.
struct Hand {
    matrix: [f32; 4],
    centre: (f32, f32),
    waves: [Wave; 4],
    width: f32,
}

/// A displacement that varies over the box as a sine.
struct Wave {
    along: (f32, f32),
    phase: f32,
    by: (f32, f32),
}

impl Hand {
    fn new(generator: &mut Generator) -> Hand {
        let mut spread = |scale: f32| scale * (2.0 * generator.uniform() - 1.0);
        let tilt = spread(0.055);
        let (sin, cos) = (sine(tilt), sine(tilt + 0.25));
        let (width, height, shear) = (13.5 + spread(4.0), 18.5 + spread(2.5), 0.1 + spread(0.35));
        let centre = (14.0 + spread(1.5), 14.0 + spread(1.5));
        let waves = std::array::from_fn(|_| Wave {
            along: (spread(1.0), spread(1.0)),
            phase: spread(1.0),
            by: (spread(1.3), spread(1.3)),
        });
        let pen = 1.35 + spread(0.5);
        // Shear, then scale, then rotate; y points down.
        let matrix = [
            cos * width,
            -cos * shear * height - sin * height,
            sin * width,
            cos * height - sin * shear * height,
        ];
        Hand { matrix, centre, waves, width: pen }
    }

    fn place(&self, (x, y): (f32, f32)) -> (f32, f32) {
        let (u, v) = (x - 0.5, y - 0.5);
        let [a, b, c, d] = self.matrix;
        let mut point = (self.centre.0 + a * u + b * v, self.centre.1 + c * u + d * v);
        for wave in &self.waves {
            let sin = sine(wave.along.0 * u + wave.along.1 * v + wave.phase);
            point.0 += wave.by.0 * sin;
            point.1 += wave.by.1 * sin;
        }
        point
    }
}

/// Sine of any number of turns; taking off whole turns is exact.
fn sine(turns: f32) -> f32 {
    sin_cos_turns::<Portable>(turns - turns.floor()).0
}

/// A smooth curve through the points (Catmull and Rom, 1974); a point that is given twice is a corner.
fn curve(points: &[(f32, f32)]) -> Vec<(f32, f32)> {
    let at = |i: isize| points[i.clamp(0, points.len() as isize - 1) as usize];
    let mut path = vec![points[0]];
    for i in 0..points.len() as isize - 1 {
        let (p0, p1, p2, p3) = (at(i - 1), at(i), at(i + 1), at(i + 2));
        for piece in 1..=PIECES {
            let t = piece as f32 / PIECES as f32;
            let blend = |a: f32, b: f32, c: f32, d: f32| {
                let (linear, square, cube) = (c - a, 2.0 * a - 5.0 * b + 4.0 * c - d, 3.0 * (b - c) + d - a);
                0.5 * (2.0 * b + t * (linear + t * (square + t * cube)))
            };
            path.push((blend(p0.0, p1.0, p2.0, p3.0), blend(p0.1, p1.1, p2.1, p3.1)));
        }
    }
    path
}

/// Lights the pixels near a line, with a soft edge of one pixel.
fn segment(light: &mut [f32; SIZE * SIZE], from: (f32, f32), to: (f32, f32), width: f32) {
    let reach = width + 1.0;
    let range = |a: f32, b: f32| {
        let low = (a.min(b) - reach).clamp(0.0, SIZE as f32) as usize;
        let high = (a.max(b) + reach + 1.0).clamp(0.0, SIZE as f32) as usize;
        low..high
    };
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length2 = dx * dx + dy * dy;
    for row in range(from.1, to.1) {
        for column in range(from.0, to.0) {
            let (x, y) = (column as f32 + 0.5 - from.0, row as f32 + 0.5 - from.1);
            let t = if length2 > 0.0 { ((x * dx + y * dy) / length2).clamp(0.0, 1.0) } else { 0.0 };
            let (ex, ey) = (x - t * dx, y - t * dy);
            let value = (width + 0.5 - sqrt(ex * ex + ey * ey)).clamp(0.0, 1.0);
            let pixel = &mut light[row * SIZE + column];
            *pixel = pixel.max(value);
        }
    }
}
