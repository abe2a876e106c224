use minutia_graph::{DType, Differences};
use std::{io, path::PathBuf, sync::Arc};

/// A file that could not be read, or what could not be written to it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct Error {
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a file, or with what it was to hold.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The file system refused.
    #[error("{0}")]
    Io(Arc<io::Error>),
    /// The file is of another kind.
    #[error("is not {expected}: {found}")]
    Foreign {
        /// What it was to be, with its article.
        expected: &'static str,
        /// What is in it.
        found: String,
    },
    /// The file is of the kind that it was to be, but does not hold what it says.
    #[error("is truncated or damaged: {0}; write it again, or fetch another copy")]
    Damaged(String),
    /// A part of a record has not the checksum that stands behind it.
    #[error(
        "is damaged: the {part} of the record at byte {offset} has the checksum {found:#010x}, the file \
         states {expected:#010x}; the records before it can be read"
    )]
    Checksum {
        /// Where the record begins.
        offset: u64,
        /// `length` or `data`.
        part: &'static str,
        /// What the bytes have.
        found: u32,
        /// What stands in the file.
        expected: u32,
    },
    /// A record is whole, but no event.
    #[error("the record at byte {offset} is no event: {reason}; the records before it can be read")]
    Record {
        /// Where the record begins.
        offset: u64,
        /// What the decoder says.
        reason: String,
    },
    /// The end of a file's name that would be another path.
    #[error("the suffix {found:?} does not end the name of a file; leave out separators of folders")]
    Suffix {
        /// What was given.
        found: String,
    },
    /// Something that is no image was to be written as one.
    #[error("the image '{tag}' is {found}, expected {expected}")]
    Image {
        /// Its tag.
        tag: String,
        /// What was given.
        found: String,
        /// What can be written, and the cure.
        expected: &'static str,
    },
    /// A histogram of something that has no place between numbers.
    #[error(
        "the histogram '{tag}' was given {found} at element {index}, expected finite numbers; \
         Session::set_check_numerics finds where it comes from"
    )]
    NotFinite {
        /// Its tag.
        tag: String,
        /// Which element, row-major.
        index: usize,
        /// NaN or an infinity.
        found: f32,
    },
    /// A tensor of a type that there is no tensor of.
    #[error("holds '{name}' as {found}, expected {expected}; convert it before it is written")]
    DType {
        /// The tensor.
        name: String,
        /// Its type in the words of the file.
        found: String,
        /// The types that can be read.
        expected: &'static str,
    },
    /// An element whose value the type of tensors here does not have.
    #[error(
        "element {index} of '{name}' is {found}, which is no {expected}; convert it before it is written"
    )]
    Inexact {
        /// The tensor.
        name: String,
        /// Which element, row-major.
        index: usize,
        /// Its value.
        found: String,
        /// The type that it would have here.
        expected: DType,
    },
    /// The shape of a tensor takes another number of bytes than there are.
    #[error(
        "is truncated or damaged: '{name}' of shape {shape:?} takes {expected} bytes, {found} are there; \
         write it again, or fetch another copy"
    )]
    Size {
        /// The tensor.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
        /// What the shape takes; text, because it may be a number that no machine has.
        expected: String,
        /// What is there.
        found: u64,
    },
    /// The file unpacks to more than is read.
    #[error("unpacks to more than {limit} bytes; where that is right, take read_at_most with a higher limit")]
    Bomb {
        /// What is read at most.
        limit: u64,
    },
    /// A name that stands for two tensors.
    #[error("holds '{name}' twice; give each tensor a name of its own")]
    Twice {
        /// The name.
        name: String,
    },
    /// A name that a tensor cannot have in this format.
    #[error("a tensor cannot have the name {name:?} here, expected {expected}")]
    Name {
        /// The name.
        name: String,
        /// What names are like.
        expected: &'static str,
    },
    /// The file and the graph do not hold the same.
    #[error(
        "does not fit the graph: {0}; build the graph that was saved, or give tensors the variables' names"
    )]
    Differs(Differences),
    /// An ONNX model could not be read or written.
    #[cfg(feature = "onnx")]
    #[error(transparent)]
    Onnx(#[from] crate::onnx::OnnxProblem),
    /// The graph has no form in TensorFlow.
    #[cfg(feature = "tensorflow")]
    #[error(transparent)]
    Export(#[from] crate::tensorflow::ExportError),
    /// A graph of TensorFlow's that cannot be had here.
    #[cfg(feature = "tensorflow")]
    #[error("{0}")]
    GraphDef(Box<crate::tensorflow::GraphDefProblem>),
    /// The session refused.
    #[error("{0}")]
    Graph(Arc<minutia_graph::Error>),
}

#[cfg(any(
    feature = "npz",
    feature = "onnx",
    feature = "safetensors",
    feature = "tensorboard",
    feature = "tensorflow"
))]
impl Problem {
    /// The error of a file.
    pub(crate) fn of(self, path: &std::path::Path) -> Error {
        Error { path: path.to_path_buf(), problem: self }
    }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Problem {
        Problem::Io(Arc::new(error))
    }
}

impl From<minutia_graph::Error> for Problem {
    fn from(error: minutia_graph::Error) -> Problem {
        Problem::Graph(Arc::new(error))
    }
}

#[cfg(feature = "tensorflow")]
impl From<crate::tensorflow::GraphDefProblem> for Problem {
    fn from(problem: crate::tensorflow::GraphDefProblem) -> Problem {
        Problem::GraphDef(Box::new(problem))
    }
}
