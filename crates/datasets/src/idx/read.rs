use super::{Data, Idx};
use crate::{Error, Problem};
use flate2::read::MultiGzDecoder;
use std::{
    fs::{self, File},
    io::{self, BufReader, Cursor, Read},
    path::Path,
};

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Reads an IDX file, which may be compressed; its contents decide, not its name.
///
/// Memory grows with the bytes that are there, but compressed bytes may grow a thousandfold: use [`read_file_at_most`]
/// for files of doubtful origin.
///
/// # Errors
/// [`Error`] with the path and what is wrong.
pub fn read_file(path: impl AsRef<Path>) -> Result<Idx, Error> {
    read_file_at_most(path, u64::MAX)
}

/// [`read_file`], but data of more than `limit` bytes are an error, before any of them is read.
///
/// # Errors
/// [`Error`] with the path and what is wrong.
pub fn read_file_at_most(path: impl AsRef<Path>, limit: u64) -> Result<Idx, Error> {
    let path = path.as_ref();
    let open = || {
        if fs::metadata(path)?.is_dir() {
            return Err(Problem::Folder);
        }
        read_at_most(BufReader::new(File::open(path)?), limit)
    };
    open().map_err(|problem| problem.at(path))
}

/// Reads an IDX array, which may be compressed, to the end of `source`.
///
/// ```
/// use minutia_datasets::idx::{Data, read};
/// let idx = read(&[0, 0, 8, 1, 0, 0, 0, 2, 7, 9][..])?;
/// assert_eq!((idx.dims, idx.data), (vec![2], Data::U8(vec![7, 9])));
/// # Ok::<(), minutia_datasets::Problem>(())
/// ```
///
/// # Errors
/// [`Problem`].
pub fn read(source: impl Read) -> Result<Idx, Problem> {
    read_at_most(source, u64::MAX)
}

/// [`read`], but data of more than `limit` bytes are an error, before any of them is read.
///
/// # Errors
/// [`Problem`].
pub fn read_at_most(source: impl Read, limit: u64) -> Result<Idx, Problem> {
    let mut contents = Contents::new(source)?;
    parse(&mut contents, limit).map_err(|problem| contents.problem(problem))
}

/// The bytes of a file, decompressed where they are compressed.
pub(crate) enum Contents<R> {
    Plain(io::Chain<Cursor<Vec<u8>>, R>),
    Gzip(Box<MultiGzDecoder<io::Chain<Cursor<Vec<u8>>, R>>>),
}

impl<R: Read> Contents<R> {
    pub(crate) fn new(mut source: R) -> Result<Contents<R>, Problem> {
        let mut start = Vec::new();
        source.by_ref().take(2).read_to_end(&mut start)?;
        if start.is_empty() {
            return Err(Problem::Empty);
        }
        let compressed = start == GZIP;
        let whole = Cursor::new(start).chain(source);
        Ok(if compressed {
            Contents::Gzip(Box::new(MultiGzDecoder::new(whole)))
        } else {
            Contents::Plain(whole)
        })
    }

    /// What a failure to read means: the decoder reports damage as an error of reading.
    pub(crate) fn problem(&self, problem: Problem) -> Problem {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        match (self, problem) {
            (Contents::Gzip(_), Problem::Io(e))
                if matches!(e.kind(), InvalidInput | InvalidData | UnexpectedEof) =>
            {
                Problem::Gzip(e.to_string())
            }
            (_, other) => other,
        }
    }
}

impl<R: Read> Read for Contents<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Contents::Plain(source) => source.read(buffer),
            Contents::Gzip(source) => source.read(buffer),
        }
    }
}

/// Whether bytes start like HTML, after white space or a byte order mark.
pub(crate) fn is_web_page(start: &[u8]) -> bool {
    let start = start.strip_prefix("\u{feff}".as_bytes()).unwrap_or(start);
    start.trim_ascii_start().starts_with(b"<")
}

fn parse(source: &mut impl Read, limit: u64) -> Result<Idx, Problem> {
    let mut magic = Vec::new();
    source.take(4).read_to_end(&mut magic)?;
    let &[zero, zero2, code, rank] = &magic[..] else {
        return Err(if magic.is_empty() {
            Problem::Empty
        } else {
            Problem::Header { expected: 4, found: magic.len() }
        });
    };
    let size = match Data::element_size(code) {
        Some(size) if (zero, zero2) == (0, 0) => size,
        _ if is_web_page(&magic) => return Err(Problem::WebPage),
        _ => return Err(Problem::Magic { found: u32::from_be_bytes([zero, zero2, code, rank]) }),
    };
    let mut extents = Vec::new();
    source.take(4 * u64::from(rank)).read_to_end(&mut extents)?;
    if extents.len() < 4 * usize::from(rank) {
        return Err(Problem::Header { expected: 4 + 4 * usize::from(rank), found: 4 + extents.len() });
    }
    let dims: Vec<usize> =
        extents.chunks_exact(4).map(|c| u32::from_be_bytes([c[0], c[1], c[2], c[3]]) as usize).collect();
    let bytes = dims.iter().try_fold(size as u64, |n, &d| n.checked_mul(d as u64));
    let Some(expected) = bytes.filter(|&n| n <= isize::MAX as u64) else {
        return Err(Problem::TooLarge { dims });
    };
    if expected > limit {
        return Err(Problem::OverLimit { dims, expected, limit });
    }
    // Grows with what is there; reading stops one byte after what the header states, so that a bomb stays small.
    let mut data = Vec::new();
    source.take(expected).read_to_end(&mut data)?;
    let found = data.len() as u64;
    if found < expected {
        return Err(Problem::Truncated { dims, expected, found });
    }
    if source.take(1).read_to_end(&mut Vec::new())? > 0 {
        return Err(Problem::Trailing { dims, expected });
    }
    let data = match (code, data) {
        (0x08, bytes) => Data::U8(bytes),
        (code, bytes) => Data::from_be_bytes(code, &bytes).expect("the type was checked above"),
    };
    Ok(Idx { dims, data })
}
