//! Draws from named streams, in any order and on any machine with the same result.
//!
//! `cargo run -p minutia-kernels --example streams`

use minutia_kernels::{
    reduce::{Sum, reduce},
    rng::{Generator, Stream},
};

fn main() {
    let weights = Stream::new(42, "weights");
    println!("numbers 0 to 4 of 'weights': {:?}", [0, 1, 2, 3, 4].map(|i| weights.normal(0, i)));
    println!("number 1,000,000 alone:      {}", weights.normal(0, 1_000_000));

    let n = 100_000;
    let mean = reduce::<f32, Sum>(n, &mut |i| weights.normal(0, i as u64)) / n as f32;
    println!("mean of the first {n}:    {mean} (bits {:#010x})", mean.to_bits());

    let mut generator = Generator::new(42, "shuffle");
    let mut cards = [1, 2, 3, 4, 5, 6, 7, 8];
    generator.shuffle(&mut cards);
    println!("shuffled: {cards:?}, after {} draws", generator.position());
}
