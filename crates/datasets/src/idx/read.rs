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
/// # Errors
/// [`Error`] with the path and what is wrong.
pub fn read_file(path: impl AsRef<Path>) -> Result<Idx, Error> {
    let path = path.as_ref();
    let open = || {
        if fs::metadata(path)?.is_dir() {
            return Err(Problem::Folder);
        }
        read(BufReader::new(File::open(path)?))
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
pub fn read(mut source: impl Read) -> Result<Idx, Problem> {
    let mut start = Vec::new();
    source.by_ref().take(2).read_to_end(&mut start)?;
    if start.is_empty() {
        return Err(Problem::Empty);
    }
    let compressed = start == GZIP;
    let whole = Cursor::new(start).chain(source);
    if compressed {
        return parse(&mut MultiGzDecoder::new(whole)).map_err(|problem| match problem {
            // The decoder reports damage as an error of reading.
            Problem::Io(e)
                if matches!(
                    e.kind(),
                    io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
                ) =>
            {
                Problem::Gzip(e.to_string())
            }
            other => other,
        });
    }
    parse(&mut { whole })
}

fn parse(source: &mut impl Read) -> Result<Idx, Problem> {
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
        _ if magic[0] == b'<' => return Err(Problem::WebPage),
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
