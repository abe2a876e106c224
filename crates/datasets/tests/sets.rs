//! Digits, splits and batches.

use minutia_datasets::{Batches, digits};
use sha2::{Digest, Sha256};

#[test]
fn digits_are_the_same_bytes_everywhere() {
    let set = digits::generate_some(500, 100);
    let mut hasher = Sha256::new();
    for tensor in [&set.train.images, &set.train.labels, &set.test.images, &set.test.labels] {
        hasher.update(tensor.canonical_bytes());
    }
    let digest: String = hasher.finalize().iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(digest, "7e2ccccc1feda763f13a689d17ff2ac71346bfb0f0e0afc6cfffb70d373bc1b0");
    let fewer = digits::generate_some(7, 0);
    assert_eq!(
        fewer.train.images.as_bytes(),
        &set.train.images.as_bytes()[..7 * 784],
        "an image depends on its number alone"
    );
}

#[test]
fn every_class_is_drawn_inside_the_image() {
    let set = digits::generate_some(1000, 0);
    let labels = set.train.labels.as_slice::<i32>().unwrap();
    for class in 0..10 {
        let count = labels.iter().filter(|&&l| l == class).count();
        assert!((60..150).contains(&count), "{count} images of {class}");
    }
    for (i, image) in set.train.images.as_bytes().chunks_exact(784).enumerate() {
        let ink: u32 = image.iter().map(|&p| u32::from(p)).sum();
        assert!((2_000..80_000).contains(&ink), "image {i} has ink {ink}");
    }
}

#[test]
fn pixels_are_multiplied_by_a_rounded_reciprocal() {
    let set = digits::generate_some(5001, 3);
    let scaled = set.test.scaled();
    let pixels = set.test.images.as_slice::<u8>().unwrap();
    for (&p, &s) in pixels.iter().zip(scaled.as_slice::<f32>().unwrap()) {
        assert_eq!(s, f32::from(p) * 0.003_921_569);
    }
    let one_hot = set.test.one_hot();
    let labels = set.test.labels.as_slice::<i32>().unwrap();
    for (row, &label) in one_hot.as_slice::<f32>().unwrap().chunks_exact(10).zip(labels) {
        assert!(row.iter().enumerate().all(|(c, &x)| x == f32::from(u8::from(c == label as usize))));
    }
}

#[test]
fn batches_straddle_epochs_and_are_found_again() {
    let mut batches = Batches::new(7, 3, 1);
    let mut rows = Vec::new();
    for step in 0..14 {
        let position = batches.position();
        assert_eq!(position, 3 * step);
        let mut again = Batches::new(7, 3, 1);
        again.seek(position);
        let batch = batches.next_batch().to_vec();
        assert_eq!(again.next_batch(), batch, "step {step}");
        rows.extend(batch);
    }
    for (epoch, rows) in rows.chunks_exact(7).enumerate() {
        let mut sorted = rows.to_vec();
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2, 3, 4, 5, 6], "epoch {epoch}");
    }
    assert_ne!(rows[..7], rows[7..14], "each epoch is shuffled anew");
    assert_ne!(Batches::new(100, 100, 1).next_batch(), Batches::new(100, 100, 2).next_batch());
}
