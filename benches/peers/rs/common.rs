//! What every Rust peer reads (the files that `cargo xtask bench` writes) and prints (one line of JSON).
#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};

pub const PIXELS: usize = 784;
pub const CLASSES: usize = 10;

/// The post's jobs, as `cargo xtask bench` has them.
pub struct Inputs {
    folder: PathBuf,
    sizes: serde_json::Value,
}

impl Inputs {
    /// The job, and the inputs, of the command line.
    pub fn from_arguments() -> (String, Inputs) {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let [job, folder] = arguments.as_slice() else {
            panic!("call it with a job and the folder of inputs")
        };
        let folder = PathBuf::from(folder);
        let sizes = serde_json::from_slice(&read(&folder.join("sizes.json"))).expect("sizes.json is JSON");
        (job.clone(), Inputs { folder, sizes })
    }

    pub fn number(&self, name: &str) -> f64 {
        self.sizes[name].as_f64().unwrap_or_else(|| panic!("sizes.json has no {name}"))
    }

    pub fn count(&self, name: &str) -> usize {
        self.number(name) as usize
    }

    /// Training images from 0 to 1, and their labels as rows of zeros and a one.
    pub fn training(&self) -> (Vec<f32>, Vec<f32>) {
        let pixels = read(&self.folder.join("train_images.u8"));
        let labels = read(&self.folder.join("train_labels.u8"));
        let mut ones = vec![0.0; labels.len() * CLASSES];
        for (row, &label) in labels.iter().enumerate() {
            ones[row * CLASSES + label as usize] = 1.0;
        }
        (pixels.iter().map(|&p| f32::from(p) / 255.0).collect(), ones)
    }

    /// The rows in the order of all epochs.
    pub fn order(&self) -> Vec<u32> {
        words(&self.folder.join("order.i32")).map(u32::from_le_bytes).collect()
    }

    /// Numbers of a file.
    pub fn floats(&self, name: &str) -> Vec<f32> {
        words(&self.folder.join(name)).map(f32::from_le_bytes).collect()
    }

    /// W1, b1, W2, b2 with their shapes.
    pub fn weights(&self, name: &str) -> [(Vec<f32>, Vec<usize>); 4] {
        let hidden = self.count("hidden");
        let shapes = [vec![PIXELS, hidden], vec![hidden], vec![hidden, CLASSES], vec![CLASSES]];
        let all = self.floats(name);
        let mut rest = all.as_slice();
        shapes.map(|shape| {
            let (values, after) = rest.split_at(shape.iter().product());
            rest = after;
            (values.to_vec(), shape)
        })
    }
}

/// The identity matrix.
pub fn identity() -> Vec<f32> {
    (0..100).map(|i| if i % 11 == 0 { 1.0 } else { 0.0 }).collect()
}

pub fn report(peer: &str, job: &str, value: f64, check: f64) {
    println!("{}", serde_json::json!({"peer": peer, "job": job, "value": value, "check": check}));
}

/// The median of what follows the first, which warms up.
pub fn median_after_first(mut seconds: Vec<f64>) -> f64 {
    seconds.remove(0);
    seconds.sort_by(f64::total_cmp);
    let n = seconds.len();
    (seconds[(n - 1) / 2] + seconds[n / 2]) / 2.0
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

fn words(path: &Path) -> impl Iterator<Item = [u8; 4]> {
    let bytes = read(path);
    let words: Vec<[u8; 4]> =
        bytes.chunks_exact(4).map(|word| [word[0], word[1], word[2], word[3]]).collect();
    words.into_iter()
}
