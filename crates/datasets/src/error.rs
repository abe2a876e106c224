use std::{io, path::PathBuf, sync::Arc};

/// A file or folder that is not what it should be.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct Error {
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a file or folder.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The file system refused.
    #[error("{0}")]
    Io(Arc<io::Error>),
    /// A folder in the place of a file.
    #[error("is a folder, expected a file")]
    Folder,
    /// A file in the place of a folder.
    #[error("is not a folder; name the folder that holds the files")]
    NotAFolder,
    /// None of the names that the file may have is there.
    #[error("does not hold {0}, plain or as .gz")]
    Missing(String),
    /// None of the names is there, but an archive.
    #[error("does not hold {name}, but {archive}; unpack it, and name the folder of its files")]
    Packed {
        /// The file that is missing.
        name: String,
        /// The archive that is there.
        archive: String,
    },
    /// More than one set, none of which has names without a prefix.
    #[error("holds several sets; name one of them: {}", .0.join(", "))]
    Several(Vec<String>),
    /// A link that leads nowhere; what it says.
    #[error("is a symbolic link to {}, which is not there", .0.display())]
    Dangling(PathBuf),
    /// Nothing in it.
    #[error("is empty; download it again")]
    Empty,
    /// Something else, which can be told by how it starts: a web page, an archive, text.
    #[error("is {what}, not an IDX file; {cure}")]
    Foreign {
        /// What it is, with its article.
        what: String,
        /// What to do about it.
        cure: &'static str,
    },
    /// The numbers of the header are in the wrong order of bytes.
    #[error(
        "has a little-endian header; IDX is big-endian: write its header again, and elements of several bytes too"
    )]
    LittleEndian,
    /// The compressed stream is damaged.
    #[error("is damaged: {0}; download it again")]
    Gzip(String),
    /// The first four bytes are not an IDX magic number.
    #[error(
        "does not start like an IDX file: magic number {found:#010x}, expected 0, 0, an element type (0x08, 0x09, 0x0b to 0x0e) and a rank"
    )]
    Magic {
        /// What is there.
        found: u32,
    },
    /// The file ends too early.
    #[error(
        "is truncated: its header {dims:?} promises {expected} bytes of data, {found} are there; download it again"
    )]
    Truncated {
        /// Extents that the header states.
        dims: Vec<usize>,
        /// Bytes that these need.
        expected: u64,
        /// Bytes there are.
        found: u64,
    },
    /// The header itself ends too early.
    #[error("is truncated: the header has {found} bytes of {expected}; download it again")]
    Header {
        /// Bytes that the rank needs.
        expected: usize,
        /// Bytes there are.
        found: usize,
    },
    /// Something follows the data.
    #[error("has bytes after the {expected} that its header {dims:?} states; it is not one IDX file")]
    Trailing {
        /// Extents that the header states.
        dims: Vec<usize>,
        /// Bytes that these need.
        expected: u64,
    },
    /// The header states more than any memory holds.
    #[error("has a header {dims:?} that states more data than can be addressed")]
    TooLarge {
        /// Extents that the header states.
        dims: Vec<usize>,
    },
    /// The header states more than the reader was told to accept.
    #[error(
        "has a header {dims:?} that states {expected} bytes of data, at most {limit} are accepted here; is it the right file?"
    )]
    OverLimit {
        /// Extents that the header states.
        dims: Vec<usize>,
        /// Bytes that these need.
        expected: u64,
        /// Bytes that are accepted.
        limit: u64,
    },
    /// An IDX file of another kind than was expected here.
    #[error("holds {found}, expected {expected}; are two files swapped?")]
    Kind {
        /// What it is.
        found: String,
        /// What it should be.
        expected: &'static str,
    },
    /// Images and labels do not belong together.
    #[error("holds {found} labels for {expected} images; are two files swapped?")]
    Counts {
        /// Labels there are.
        found: usize,
        /// Images there are.
        expected: usize,
    },
    /// Test images of another size than the training images.
    #[error("holds images of {found:?} pixels, the training images have {expected:?}")]
    ImageSize {
        /// Rows and columns here.
        found: [usize; 2],
        /// Rows and columns of the training images.
        expected: [usize; 2],
    },
    /// A label that is none of the classes.
    #[error("holds label {label} at position {position}; labels go from 0 to {}", classes.saturating_sub(1))]
    Label {
        /// The label.
        label: i32,
        /// Its position.
        position: usize,
        /// Classes that there are.
        classes: usize,
    },
    /// Pixels that are not those of as many images as there are labels.
    #[error(
        "holds {found} numbers for {images} images of {} by {} pixels of {channels} channels; expected {}",
        size[0], size[1], size[0].saturating_mul(size[1]).saturating_mul(*channels).saturating_mul(*images)
    )]
    Pixels {
        /// Numbers there are.
        found: usize,
        /// Images that the labels are for.
        images: usize,
        /// Rows and columns of an image.
        size: [usize; 2],
        /// Numbers of a pixel.
        channels: usize,
    },
    /// A file whose length is not that of whole records.
    #[error(
        "is no file of records: it has {bytes} bytes (or more), expected a multiple of {record}, at most {most} records; download it again"
    )]
    Records {
        /// Bytes there are, as far as they were read.
        bytes: u64,
        /// Bytes of a record.
        record: u64,
        /// Records that a file may have.
        most: u64,
    },
    /// A file of an archive that is not in the folder.
    #[error("does not hold {name}; it is one of the files of {archive}: unpack that, and name its folder")]
    Absent {
        /// The file.
        name: &'static str,
        /// The archive that people get it from.
        archive: &'static str,
    },
    /// No images at all.
    #[error("holds no images")]
    NoImages,
    /// Too few training images for a validation set.
    #[error("holds {found} images; a training set has more than the {needed} of its validation set")]
    TooFew {
        /// Images there are.
        found: usize,
        /// Images of the validation set.
        needed: usize,
    },
    /// Other contents than MNIST's.
    #[error(
        "is not MNIST's: SHA-256 {found}, expected {expected}; remove it and download again, or name another folder"
    )]
    Digest {
        /// SHA-256 of the decompressed contents.
        found: String,
        /// SHA-256 of MNIST's file.
        expected: String,
    },
    /// A problem of the cache folder, which nobody named.
    #[error("{0} (this is in the cache folder: download MNIST again, or remove that folder)")]
    Cache(Box<Problem>),
    /// An environment variable that should name a proxy.
    #[error(
        "nothing was downloaded: {variable} names no proxy that can be used ({reason}); correct or unset it"
    )]
    Proxy {
        /// The variable.
        variable: &'static str,
        /// What is wrong with its value, which may hold a password and is not shown.
        reason: String,
    },
    /// A download failed from every mirror; why, for each of them.
    #[error("could not be downloaded: {}; check the network, or name a folder that holds the four files", .0.join("; "))]
    Download(Vec<String>),
}

impl Problem {
    pub(crate) fn at(self, path: impl Into<PathBuf>) -> Error {
        Error { path: path.into(), problem: self }
    }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Problem {
        Problem::Io(Arc::new(error))
    }
}
