//! The known answers of `docs/contract` that are of this layer. `MINUTIA_CONTRACT_BLESS=1` writes them again.

use minutia_datasets::{Batches, digits};
use minutia_tensor::Tensor;
use minutia_test_support::known_answers::{compare, hex, sha256};
use serde_json::{Value, json};

/// Images that are listed of either half, and those behind one digest.
const LISTED: [usize; 2] = [60, 20];
const MANY: usize = 1000;

fn half(of: &minutia_datasets::Labelled, listed: usize) -> Value {
    let labels = of.labels.as_slice::<i32>().expect("labels are i32");
    let pixels = of.images.as_slice::<u8>().expect("images are u8");
    let images = labels.iter().zip(pixels.chunks_exact(of.width())).take(listed);
    let image = |(label, pixels): (&i32, &[u8])| format!("{label} = {}", sha256(pixels));
    let digest = |tensor: &Tensor| sha256(&tensor.canonical_bytes());
    json!({
        "listed": images.map(image).collect::<Vec<_>>(),
        "count": of.len(),
        "images": digest(&of.images),
        "labels": digest(&of.labels),
    })
}

/// The first rows of some batches, and the digest of all: epochs that end within a batch and between two.
fn batches(rows: usize, batch: usize, seed: u64, count: usize) -> Value {
    let mut batches = Batches::new(rows, batch, seed);
    let drawn: Vec<u32> =
        (0..count).flat_map(|_| batches.next_batch().to_vec()).map(|row| row as u32).collect();
    let bytes: Vec<u8> = drawn.iter().flat_map(|row| row.to_le_bytes()).collect();
    json!({
        "rows": rows, "batch": batch, "seed": seed, "count": count,
        "first": hex(&drawn[..drawn.len().min(40)]), "sha256": sha256(&bytes),
    })
}

#[test]
fn built_in_digits_and_batches() {
    let set = digits::generate_some(MANY, LISTED[1]);
    let answers = json!({
        "train": half(&set.train, LISTED[0]),
        "test": half(&set.test, LISTED[1]),
        "batches": [batches(5, 2, 7, 20), batches(7, 7, 0, 3), batches(3, 8, u64::MAX, 5), batches(1000, 100, 7, 20)],
    });
    compare("digits.json", &answers);
}
