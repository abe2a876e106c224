use super::{CLASSES, Labelled, MAX_CLASSES, Mnist, VALIDATION, names};
use crate::{
    Error, Problem,
    idx::{self, Data, Idx},
    images::check_labels,
};
use sha2::{Digest, Sha256};
use std::path::Path;

/// Bytes of data that a file may hold: twenty times those of MNIST's largest. What is compressed could state,
/// and be, anything.
pub(crate) const LIMIT: u64 = 1 << 30;

/// Loads the four files of a folder and checks that they belong together. A file may hold up to 1 GiB of
/// data.
///
/// The names are MNIST's, EMNIST's or QMNIST's, with a `.` or `-` before `idx`, plain or with `.gz`, each in
/// the folder or in one of its own name; `FOLDER/emnist-letters` names one of several sets. The files may
/// also be below the folder, where torchvision puts them (`MNIST/raw`).
///
/// ```no_run
/// let set = minutia_datasets::mnist::load("data/mnist")?;
/// println!("{} images for training, of {:?} pixels", set.train.len(), set.train.size);
/// # Ok::<(), minutia_datasets::Error>(())
/// ```
///
/// # Errors
/// [`Error`] with the file, what is wrong, and the cure.
pub fn load(folder: impl AsRef<Path>) -> Result<Mnist, Error> {
    let paths = names::set(folder.as_ref())?;
    let [train_images, train_labels, test_images, test_labels] = &paths;
    let (mut train, [d0, d1]) = half(train_images, train_labels)?;
    let (mut test, [d2, d3]) = half(test_images, test_labels)?;
    if test.size != train.size {
        return Err(Problem::ImageSize { found: test.size, expected: train.size }.at(test_images));
    }
    if train.len() <= VALIDATION {
        return Err(Problem::TooFew { found: train.len(), needed: VALIDATION }.at(train_images));
    }
    train.classes = train.classes.max(test.classes);
    test.classes = train.classes;
    Ok(Mnist { train, test, digests: [d0, d1, d2, d3] })
}

fn half(images_path: &Path, labels_path: &Path) -> Result<(Labelled, [String; 2]), Error> {
    let images = idx::read_file_at_most(images_path, LIMIT)?;
    let labels = idx::read_file_at_most(labels_path, LIMIT)?;
    let digests = [digest(&images), digest(&labels)];
    let (n, size, pixels) = pixels(images).map_err(|problem| problem.at(images_path))?;
    let labels = classes(labels).map_err(|problem| problem.at(labels_path))?;
    if n != labels.len() {
        return Err(Problem::Counts { found: labels.len(), expected: n }.at(labels_path));
    }
    let largest = labels.iter().copied().max().unwrap_or(0);
    let classes = CLASSES.max(largest as usize + 1);
    let labelled = Labelled::new(pixels, labels, size, 1, classes)
        .expect("the file had as many bytes as its header states");
    Ok((labelled, digests))
}

/// How many images there are, their rows and columns, and the pixels.
fn pixels(images: Idx) -> Result<(usize, [usize; 2], Vec<u8>), Problem> {
    match (&images.dims[..], images.data) {
        (dims @ &[_, _, _], Data::U8(_)) if dims.contains(&0) => Err(Problem::NoImages),
        (&[n, rows, columns], Data::U8(pixels)) => Ok((n, [rows, columns], pixels)),
        (dims, data) => Err(kind(dims, &data, "images: u8 of [n, rows, columns]")),
    }
}

/// The class of each image: the first column of QMNIST's, whose others say who wrote it.
fn classes(labels: Idx) -> Result<Vec<i32>, Problem> {
    let labels: Vec<i32> = match (&labels.dims[..], labels.data) {
        (&[_], Data::U8(labels)) => labels.into_iter().map(i32::from).collect(),
        (&[_, columns], Data::I32(labels)) if columns > 0 => {
            labels.chunks_exact(columns).map(|row| row[0]).collect()
        }
        (dims, data) => return Err(kind(dims, &data, "labels: u8 of [n], or QMNIST's i32 of [n, 8]")),
    };
    check_labels(&labels, MAX_CLASSES)?;
    Ok(labels)
}

fn kind(dims: &[usize], data: &Data, expected: &'static str) -> Problem {
    Problem::Kind { found: format!("{} of {dims:?}", data.type_name()), expected }
}

/// SHA-256 of the decompressed file.
fn digest(idx: &Idx) -> String {
    let mut hasher = Hasher(Sha256::new());
    idx::write(idx, &mut hasher).expect("what was read can be written");
    hex(hasher.0)
}

pub(crate) fn hex(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

struct Hasher(Sha256);

impl std::io::Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
