//! Small data sets in folders: what the built-in digits begin with.

use minutia_datasets::{
    digits,
    idx::{self, Data, Idx},
    mnist::{FILES, Labelled, VALIDATION},
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};
use tempfile::TempDir;

/// Beside what is kept for validation.
const TRAIN: usize = 1200;
const TEST: usize = 300;

/// The folder of a set that a debug build trains on in a moment.
pub fn small() -> &'static str {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        // Kept from run to run; several may do this at once: each file appears whole, and always with the
        // same bytes.
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("small-digits");
        write(&folder, |_| ());
        folder
    });
    folder.to_str().unwrap()
}

/// The folder of a set that differs from [`small`] in one pixel, of a test image.
pub fn other() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), |pixels| pixels[0] ^= 1);
    folder
}

fn write(folder: &Path, change: impl FnOnce(&mut [u8])) {
    fs::create_dir_all(folder).unwrap();
    let set = digits::generate_some(VALIDATION + TRAIN, TEST);
    let [train, mut test] = [set.train, set.test].map(|half| bytes(&half));
    change(&mut test[0].1);
    for (name, (dims, bytes)) in FILES.iter().zip(train.into_iter().chain(test)) {
        idx::write_file(&Idx { dims, data: Data::U8(bytes) }, folder.join(name)).unwrap();
    }
}

/// Images and labels with their extents.
fn bytes(half: &Labelled) -> [(Vec<usize>, Vec<u8>); 2] {
    let labels: Vec<u8> = half.labels.as_slice::<i32>().unwrap().iter().map(|&label| label as u8).collect();
    let pixels = half.images.as_slice::<u8>().unwrap().to_vec();
    [(vec![labels.len(), digits::SIZE, digits::SIZE], pixels), (vec![labels.len()], labels)]
}
