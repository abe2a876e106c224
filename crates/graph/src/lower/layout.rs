//! Tensors as they lie in a device's memory, whose rows may be padded, and as the host has them, dense.

use minutia_tensor::{DType, Error, MemoryLayout, Shape};
use std::borrow::Cow;

/// Strides in elements, and size in bytes, of a tensor whose rows are padded where the device wants that.
pub(crate) fn padded(layout: MemoryLayout, dtype: DType, dims: &[usize]) -> (Vec<usize>, usize) {
    let shape = Shape::from(dims);
    match layout.row_pitch(dtype, dims) {
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
pub(crate) fn to_padded<'a>(
    layout: MemoryLayout,
    dtype: DType,
    dims: &[usize],
    dense: &'a [u8],
) -> Result<Cow<'a, [u8]>, Error> {
    let Some(pitch) = layout.row_pitch(dtype, dims) else { return Ok(dense.into()) };
    let mut bytes = zeros(padded(layout, dtype, dims).1)?;
    copy_rows(&mut bytes, pitch * dtype.size(), dense, dims[1] * dtype.size());
    Ok(bytes.into())
}

/// The other way round.
pub(crate) fn from_padded<'a>(
    layout: MemoryLayout,
    dtype: DType,
    dims: &[usize],
    bytes: &'a [u8],
) -> Result<Cow<'a, [u8]>, Error> {
    let Some(pitch) = layout.row_pitch(dtype, dims) else { return Ok(bytes.into()) };
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
    use minutia_tensor::Device;

    #[test]
    fn bytes_survive_the_way_there_and_back() {
        let wide = Device::cpu().unwrap().layout();
        for layout in [wide, MemoryLayout::dense()] {
            for dims in [&[3, 130][..], &[2, 300], &[3, 4, 5], &[7], &[]] {
                let count = dims.iter().product::<usize>() * 4;
                let dense: Vec<u8> = (0..count).map(|i| (i * 7 % 251) as u8).collect();
                let there = to_padded(layout, DType::F32, dims, &dense).unwrap();
                assert_eq!(there.len(), padded(layout, DType::F32, dims).1, "{dims:?}");
                assert_eq!(from_padded(layout, DType::F32, dims, &there).unwrap(), dense, "{dims:?}");
            }
        }
        let rows = to_padded(wide, DType::F32, &[2, 130], &[1; 1040]).unwrap();
        assert_eq!((rows[519], rows[520], rows[575], rows[576]), (1, 0, 0, 1));
    }
}
