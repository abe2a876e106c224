//! How matrices lie in memory: rows that start at cache lines.
//!
//! Threads that compute columns side by side then write no line together, and a vector of a row is one line.
//! A row takes an odd number of lines, so that the same column of neighbouring rows falls on every set of a
//! cache rather than on a few. What lies behind a row's last element means nothing.

use minutia_tensor::{DType, Error, Shape};
use std::borrow::Cow;

/// Elements in a cache line.
const LINE: usize = 16;
/// Narrower rows stay dense: they would grow by too much.
const WIDE: usize = 8 * LINE;

/// Elements from one row to the next, if such a tensor's rows are padded.
pub(crate) fn pitch(dtype: DType, dims: &[usize]) -> Option<usize> {
    let &[rows, width] = dims else { return None };
    // Rows of more than there is memory for stay as they are.
    let pitch = (width.div_ceil(LINE) | 1).checked_mul(LINE)?;
    (dtype == DType::F32 && width >= WIDE && rows > 1 && width != pitch).then_some(pitch)
}

/// Strides in elements, and size in bytes, of a tensor whose rows are padded if [`pitch`] says so.
pub(crate) fn padded(dtype: DType, dims: &[usize]) -> (Vec<usize>, usize) {
    let shape = Shape::from(dims);
    match pitch(dtype, dims) {
        Some(pitch) => (vec![pitch, 1], dims[0].saturating_mul(pitch).saturating_mul(dtype.size())),
        None => (shape.strides(), shape.elements().saturating_mul(dtype.size())),
    }
}

/// So many bytes of 0, or an error where there is no memory for them.
pub(crate) fn zeros(count: usize) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(count).map_err(|_| Error::OutOfMemory { bytes: count })?;
    bytes.resize(count, 0);
    Ok(bytes)
}

/// The bytes of a dense tensor as they lie where rows are padded.
pub(crate) fn to_padded<'a>(dtype: DType, dims: &[usize], dense: &'a [u8]) -> Result<Cow<'a, [u8]>, Error> {
    let Some(pitch) = pitch(dtype, dims) else { return Ok(dense.into()) };
    let mut bytes = zeros(padded(dtype, dims).1)?;
    copy_rows(&mut bytes, pitch * dtype.size(), dense, dims[1] * dtype.size());
    Ok(bytes.into())
}

/// The other way round.
pub(crate) fn from_padded<'a>(dtype: DType, dims: &[usize], bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, Error> {
    let Some(pitch) = pitch(dtype, dims) else { return Ok(bytes.into()) };
    let mut dense = zeros(dims[0] * dims[1] * dtype.size())?;
    copy_rows(&mut dense, dims[1] * dtype.size(), bytes, pitch * dtype.size());
    Ok(dense.into())
}

/// Copies row by row; what the longer rows have more stays as it is.
fn copy_rows(to: &mut [u8], to_row: usize, from: &[u8], from_row: usize) {
    let width = to_row.min(from_row);
    for (to, from) in to.chunks_exact_mut(to_row).zip(from.chunks_exact(from_row)) {
        to[..width].copy_from_slice(&from[..width]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_matrices_have_rows_of_an_odd_number_of_lines() {
        let f32 = DType::F32;
        let rows: [(DType, &[usize], Option<usize>); 10] = [
            (f32, &[784, 300], Some(304)),
            (f32, &[2, 320], Some(336)),
            (f32, &[2, 128], Some(144)),
            (f32, &[100, 784], None),
            (f32, &[300, 127], None),
            (f32, &[1, 300], None),
            (f32, &[300], None),
            (f32, &[4, 5, 300], None),
            (f32, &[2, usize::MAX], None),
            (DType::I32, &[784, 300], None),
        ];
        for (dtype, dims, want) in rows {
            assert_eq!(pitch(dtype, dims), want, "{dtype} {dims:?}");
        }
    }

    #[test]
    fn bytes_survive_the_way_there_and_back() {
        for dims in [&[3, 130][..], &[2, 300], &[3, 4, 5], &[7], &[]] {
            let count = dims.iter().product::<usize>() * 4;
            let dense: Vec<u8> = (0..count).map(|i| (i * 7 % 251) as u8).collect();
            let there = to_padded(DType::F32, dims, &dense).unwrap();
            assert_eq!(there.len(), padded(DType::F32, dims).1, "{dims:?}");
            assert_eq!(from_padded(DType::F32, dims, &there).unwrap(), dense, "{dims:?}");
        }
        let rows = to_padded(DType::F32, &[2, 130], &[1; 1040]).unwrap();
        assert_eq!((rows[519], rows[520], rows[575], rows[576]), (1, 0, 0, 1));
    }
}
