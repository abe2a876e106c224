//! CIFAR-10 in its binary version: 60,000 coloured images of 32 by 32 pixels, in ten classes.
//!
//! A file is a row of records: a byte for the label, then 1,024 bytes each of red, green and blue, row by
//! row. [`load`] puts the channels of a pixel side by side, as TensorFlow has images (`NHWC`). From A.
//! Krizhevsky, *Learning multiple layers of features from tiny images*, 2009, whose page offers the files as
//! `cifar-10-binary.tar.gz`; unpack it first.

use crate::{Error, Labelled, Problem, idx::open, images::check_labels};
use std::{
    io::Read,
    path::{Path, PathBuf},
};

/// The files with training images, then the one with images for testing.
pub const FILES: [&str; 6] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
    "test_batch.bin",
];

/// The names of the classes, in the order of the labels.
pub const CLASSES: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// Rows of an image, and its columns.
pub const SIDE: usize = 32;

/// Numbers of a pixel: red, green, blue.
pub const CHANNELS: usize = 3;

/// Images that a file may have: as many as each has in truth.
const MOST: u64 = 10_000;
const PIXELS: usize = SIDE * SIDE;
const RECORD: usize = 1 + CHANNELS * PIXELS;
const ARCHIVE: &str = "cifar-10-binary.tar.gz";

/// CIFAR-10 in memory.
#[derive(Clone, Debug)]
pub struct Cifar10 {
    /// Images for training, in the order of the files.
    pub train: Labelled,
    /// Images for testing.
    pub test: Labelled,
}

/// Loads the six [`FILES`] of a folder, or of `cifar-10-batches-bin` below it. Files with fewer images than
/// CIFAR-10's are read too.
///
/// # Errors
/// [`Error`] with the file, what is wrong, and the cure.
pub fn load(folder: impl AsRef<Path>) -> Result<Cifar10, Error> {
    let folder = place(folder.as_ref())?;
    let mut halves = [Vec::new(), Vec::new()];
    for (i, name) in FILES.into_iter().enumerate() {
        let path = folder.join(name);
        if !path.exists() {
            return Err(Problem::Absent { name, archive: ARCHIVE }.at(folder));
        }
        let records = open(&path).and_then(records).map_err(|problem| problem.at(&path))?;
        halves[usize::from(i + 1 == FILES.len())].extend(records);
    }
    let [train, test] = halves.map(|records| images(&records).map_err(|problem| problem.at(&folder)));
    Ok(Cifar10 { train: train?, test: test? })
}

/// Reads the records of one file, to the end of `source`; at most 10,000.
///
/// ```
/// use minutia_datasets::cifar10;
///
/// // A green ship.
/// let record = [vec![8], vec![0; 1024], vec![255; 1024], vec![0; 1024]].concat();
/// let images = cifar10::read(&record[..])?;
/// assert_eq!(images.images.as_slice::<u8>().unwrap()[..6], [0, 255, 0, 0, 255, 0]);
/// assert_eq!(cifar10::CLASSES[images.labels.as_slice::<i32>().unwrap()[0] as usize], "ship");
/// # Ok::<(), minutia_datasets::Problem>(())
/// ```
///
/// # Errors
/// [`Problem::Records`] where `source` does not consist of whole records, [`Problem::Label`] where a label is
/// no class.
pub fn read(source: impl Read) -> Result<Labelled, Problem> {
    images(&records(source)?)
}

/// The folder that holds the files.
fn place(folder: &Path) -> Result<PathBuf, Error> {
    if folder.exists() && !folder.is_dir() {
        return Err(Problem::NotAFolder.at(folder));
    }
    let below = folder.join("cifar-10-batches-bin");
    Ok(if below.is_dir() && !folder.join(FILES[0]).exists() { below } else { folder.to_path_buf() })
}

/// The bytes of whole records with labels of CIFAR-10. Memory grows with what is there, up to what a file may
/// have.
fn records(source: impl Read) -> Result<Vec<u8>, Problem> {
    let record = RECORD as u64;
    let mut bytes = Vec::new();
    source.take(MOST * record + 1).read_to_end(&mut bytes)?;
    let found = bytes.len() as u64;
    if found == 0 {
        return Err(Problem::Empty);
    }
    if !found.is_multiple_of(record) || found > MOST * record {
        return Err(Problem::Records { bytes: found, record, most: MOST });
    }
    let labels: Vec<i32> = bytes.iter().step_by(RECORD).map(|&label| i32::from(label)).collect();
    check_labels(&labels, CLASSES.len())?;
    Ok(bytes)
}

/// The images of whole records, the channels of a pixel side by side.
fn images(records: &[u8]) -> Result<Labelled, Problem> {
    let mut pixels = Vec::with_capacity(records.len());
    let mut labels = Vec::with_capacity(records.len() / RECORD);
    for record in records.chunks_exact(RECORD) {
        let (label, planes) = (record[0], &record[1..]);
        labels.push(i32::from(label));
        pixels.extend((0..PIXELS).flat_map(|pixel| (0..CHANNELS).map(move |c| planes[c * PIXELS + pixel])));
    }
    Labelled::new(pixels, labels, [SIDE, SIDE], CHANNELS, CLASSES.len())
}
