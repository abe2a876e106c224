use super::{CLASSES, FILES, Labelled, Mnist, VALIDATION};
use crate::{
    Error, Problem,
    idx::{self, Data, Idx},
};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// Bytes of data that a file may hold: twenty times those of MNIST's largest. What is compressed could state, and be,
/// anything.
pub(crate) const LIMIT: u64 = 1 << 30;

/// Loads the four files of a folder and checks that they belong together. A file may hold up to 1 GiB of data.
///
/// # Errors
/// [`Error`] with the file, what is wrong, and the cure.
pub fn load(folder: impl AsRef<Path>) -> Result<Mnist, Error> {
    let folder = folder.as_ref();
    let [train_images, train_labels, test_images, test_labels] = FILES;
    let (train, [d0, d1]) = half(folder, train_images, train_labels)?;
    let (test, [d2, d3]) = half(folder, test_images, test_labels)?;
    let test_path = find(folder, test_images)?;
    if test.size != train.size {
        return Err(Problem::ImageSize { found: test.size, expected: train.size }.at(test_path));
    }
    if train.len() <= VALIDATION {
        let found = train.len();
        return Err(Problem::TooFew { found, needed: VALIDATION }.at(find(folder, train_images)?));
    }
    Ok(Mnist { train, test, digests: [d0, d1, d2, d3] })
}

/// The file of this name in one of its spellings.
pub(crate) fn find(folder: &Path, name: &str) -> Result<PathBuf, Error> {
    let metadata = folder.metadata().map_err(|e| Problem::from(e).at(folder))?;
    if !metadata.is_dir() {
        return Err(Problem::NotAFolder.at(folder));
    }
    let dotted = name.replace("-idx", ".idx");
    let spellings = [name.to_string(), format!("{name}.gz"), dotted.clone(), format!("{dotted}.gz")];
    let found = spellings.iter().map(|s| folder.join(s)).find(|p| p.exists());
    found.ok_or_else(|| Problem::Missing(name.to_string()).at(folder))
}

fn half(folder: &Path, images: &str, labels: &str) -> Result<(Labelled, [String; 2]), Error> {
    let (images_path, labels_path) = (find(folder, images)?, find(folder, labels)?);
    let (images, labels) =
        (idx::read_file_at_most(&images_path, LIMIT)?, idx::read_file_at_most(&labels_path, LIMIT)?);
    let digests = [digest(&images), digest(&labels)];
    let kind = |i: &Idx| format!("{} of {:?}", i.data.type_name(), i.dims);
    let (n, size, pixels) = match (&images.dims[..], images.data) {
        (&[n, rows, columns], Data::U8(pixels)) => (n, [rows, columns], pixels),
        (dims, data) => {
            let found = kind(&Idx { dims: dims.to_vec(), data });
            return Err(Problem::Kind { found, expected: "images: u8 of [n, rows, columns]" }.at(images_path));
        }
    };
    let (count, labels) = match (&labels.dims[..], labels.data) {
        (&[count], Data::U8(labels)) => (count, labels),
        (dims, data) => {
            let found = kind(&Idx { dims: dims.to_vec(), data });
            return Err(Problem::Kind { found, expected: "labels: u8 of [n]" }.at(labels_path));
        }
    };
    if n == 0 || size.contains(&0) {
        return Err(Problem::NoImages.at(images_path));
    }
    if n != count {
        return Err(Problem::Counts { found: count, expected: n }.at(labels_path));
    }
    if let Some(position) = labels.iter().position(|&l| usize::from(l) >= CLASSES) {
        return Err(Problem::Label { label: labels[position], position }.at(labels_path));
    }
    let labels = labels.into_iter().map(i32::from).collect();
    let labelled =
        Labelled::new(pixels, labels, size).expect("the file had as many bytes as its header states");
    Ok((labelled, digests))
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
