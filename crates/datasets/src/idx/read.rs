use super::{
    Data, Idx,
    contents::Contents,
    foreign::{Foreign, START},
};
use crate::{Error, Problem};
use minutia_files::Obstacle;
use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

/// Reads an IDX file, which may be compressed; its contents decide, not its name.
///
/// Memory grows with the bytes that are there, but compressed bytes may grow a thousandfold: use
/// [`read_file_at_most`] for files of doubtful origin.
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
    let read = || read_at_most(BufReader::new(open(path)?), limit);
    read().map_err(|problem| problem.at(path))
}

/// Opens a file, but nothing else: a pipe in its place would be waited for.
pub(crate) fn open(path: &Path) -> Result<File, Problem> {
    minutia_files::open(path).map_err(|error| match Obstacle::of(&error) {
        Some(Obstacle::Folder) => Problem::Folder,
        _ => error.into(),
    })
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

fn parse(source: &mut impl Read, limit: u64) -> Result<Idx, Problem> {
    let (code, rank, size) = magic(source)?;
    let mut extents = Vec::new();
    source.take(4 * u64::from(rank)).read_to_end(&mut extents)?;
    if extents.len() < 4 * usize::from(rank) {
        return Err(Problem::Header { expected: 4 + 4 * usize::from(rank), found: 4 + extents.len() });
    }
    let extents: Vec<u32> =
        extents.chunks_exact(4).map(|c| u32::from_be_bytes([c[0], c[1], c[2], c[3]])).collect();
    let dims: Vec<usize> = extents.iter().map(|&d| d as usize).collect();
    // What the file holds where its extents are little-endian, which makes small ones huge.
    let reversed = bytes(size, extents.iter().map(|d| d.swap_bytes()));
    let Some(expected) = bytes(size, extents.iter().copied()).filter(|&n| n <= limit) else {
        if let Some(reversed) = reversed.filter(|&n| n <= limit)
            && io::copy(&mut source.take(reversed + 1), &mut io::sink())? == reversed
        {
            return Err(Problem::LittleEndian);
        }
        return Err(match bytes(size, extents.iter().copied()) {
            Some(expected) => Problem::OverLimit { dims, expected, limit },
            None => Problem::TooLarge { dims },
        });
    };
    // Grows with what is there; reading stops one byte after what the header states, so that a bomb stays
    // small.
    let mut data = Vec::new();
    source.take(expected).read_to_end(&mut data)?;
    let found = data.len() as u64;
    if found < expected {
        let is_reversed = found > 0 && reversed == Some(found);
        return Err(if is_reversed {
            Problem::LittleEndian
        } else {
            Problem::Truncated { dims, expected, found }
        });
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

/// The code of the element type, the rank, and the bytes of an element.
fn magic(source: &mut impl Read) -> Result<(u8, u8, usize), Problem> {
    let mut start = Vec::new();
    source.take(4).read_to_end(&mut start)?;
    if let &[0, 0, code, rank] = &start[..]
        && let Some(size) = Data::element_size(code)
    {
        return Ok((code, rank, size));
    }
    source.take(START as u64 - 4).read_to_end(&mut start)?;
    if let Some(foreign) = Foreign::find(&start) {
        return Err(foreign.into());
    }
    Err(match start[..] {
        [] => Problem::Empty,
        [1..=8, code, 0, 0, ..] if Data::element_size(code).is_some() => Problem::LittleEndian,
        [a, b, c, d, ..] => Problem::Magic { found: u32::from_be_bytes([a, b, c, d]) },
        _ => Problem::Header { expected: 4, found: start.len() },
    })
}

/// Bytes of an array, where any memory could hold them.
fn bytes(size: usize, mut extents: impl Iterator<Item = u32>) -> Option<u64> {
    let bytes = extents.try_fold(size as u64, |n, d| n.checked_mul(u64::from(d)))?;
    (bytes <= isize::MAX as u64).then_some(bytes)
}
