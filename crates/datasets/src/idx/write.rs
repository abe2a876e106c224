use super::Idx;
use crate::{Error, Problem};
use flate2::{Compression, write::GzEncoder};
use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};

/// Writes an array in the IDX format, uncompressed.
///
/// # Errors
/// Of writing; [`io::ErrorKind::InvalidInput`] when the extents do not fit the elements or the format.
pub fn write(idx: &Idx, mut target: impl Write) -> io::Result<()> {
    let invalid = |what: String| io::Error::new(io::ErrorKind::InvalidInput, what);
    let elements = idx.dims.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
    if elements != Some(idx.data.len()) {
        return Err(invalid(format!("extents {:?} do not hold {} elements", idx.dims, idx.data.len())));
    }
    let rank =
        u8::try_from(idx.dims.len()).map_err(|_| invalid(format!("rank {} exceeds 255", idx.dims.len())))?;
    target.write_all(&[0, 0, idx.data.code(), rank])?;
    for &dim in &idx.dims {
        let dim = u32::try_from(dim).map_err(|_| invalid(format!("extent {dim} exceeds 32 bits")))?;
        target.write_all(&dim.to_be_bytes())?;
    }
    target.write_all(&idx.data.to_be_bytes())
}

/// Writes an IDX file, compressed if its name ends in `.gz`. The file is complete or not there.
///
/// # Errors
/// [`Error`] with the path.
pub fn write_file(idx: &Idx, path: impl AsRef<Path>) -> Result<(), Error> {
    let path = path.as_ref();
    let compress = path.extension().is_some_and(|e| e == "gz");
    let save = |file: &mut File| -> io::Result<()> {
        let mut file = io::BufWriter::new(file);
        if compress {
            let mut encoder = GzEncoder::new(&mut file, Compression::default());
            write(idx, &mut encoder)?;
            encoder.finish()?;
        } else {
            write(idx, &mut file)?;
        }
        file.flush()
    };
    minutia_files::write(path, save).map_err(|e| Problem::from(e).at(path))
}
