//! Images as text, for the examples that make some.

use minutia::prelude::*;

/// Prints images of 28 x 28 numbers from 0 to 1 beside each other, two rows of pixels a line.
pub fn print(images: &Tensor) -> Result<()> {
    let images: Vec<&[f32]> = images.as_slice()?.chunks_exact(784).collect();
    for y in (0..28).step_by(2) {
        let shade = |image: &[f32], x: usize| {
            let sum: f32 = image[y * 28 + x] + image[(y + 1) * 28 + x];
            [' ', '.', ':', 'o', '#', '@'][(sum * 2.5).round().clamp(0.0, 5.0) as usize]
        };
        let line: String = images.iter().flat_map(|image| (0..28).map(move |x| shade(image, x))).collect();
        println!("{}", line.trim_end());
    }
    Ok(())
}
