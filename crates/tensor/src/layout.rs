//! How a device wants tensors to lie in its memory: what a planner asks it, and knows nothing of itself.

use crate::DType;

/// Bytes of a cache line, and of the widest vector.
pub(crate) const CACHE_LINE: usize = 64;
/// Rows of fewer cache lines stay dense: they would grow by too much.
const FEWEST_LINES: usize = 8;

/// How a device wants tensors to lie in its memory; [`Device::layout`](crate::Device::layout) gives it.
///
/// It decides where numbers lie and never what they are: a planner may ask any device, and gets the same
/// bits.
///
/// ```
/// use minutia_tensor::{DType, Device, MemoryLayout};
/// let layout = Device::cpu()?.layout();
/// // Rows of 300 floats take 19 cache lines of 16.
/// assert_eq!(layout.row_pitch(DType::F32, &[784, 300]), Some(304));
/// assert_eq!(MemoryLayout::dense().row_pitch(DType::F32, &[784, 300]), None);
/// # Ok::<(), minutia_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryLayout {
    padded: bool,
}

impl MemoryLayout {
    /// Rows that follow each other without a gap, whatever their width: the default.
    #[must_use]
    pub const fn dense() -> MemoryLayout {
        MemoryLayout { padded: false }
    }

    /// Rows of wide matrices that start at cache lines and take an odd number of them.
    ///
    /// Threads that compute columns side by side then write no line together, and a vector of a row is one
    /// line. The same column of neighbouring rows falls on every set of a cache, rather than on a few.
    pub(crate) const fn cache_lines() -> MemoryLayout {
        MemoryLayout { padded: true }
    }

    /// Where tensors begin in a buffer: at multiples of so many bytes.
    #[must_use]
    pub const fn alignment(self) -> usize {
        CACHE_LINE
    }

    /// Elements from one row to the next, for a tensor whose rows the device wants padded; nothing where they
    /// are to be dense. What lies behind a row's last element means nothing.
    #[must_use]
    pub fn row_pitch(self, dtype: DType, dims: &[usize]) -> Option<usize> {
        let &[rows, width] = dims else { return None };
        let line = CACHE_LINE / dtype.size();
        // Rows of more than there is memory for stay as they are.
        let pitch = (width.div_ceil(line) | 1).checked_mul(line)?;
        let wide = dtype == DType::F32 && width >= FEWEST_LINES * line && rows > 1;
        (self.padded && wide && width != pitch).then_some(pitch)
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
            assert_eq!(MemoryLayout::cache_lines().row_pitch(dtype, dims), want, "{dtype} {dims:?}");
            assert_eq!(MemoryLayout::dense().row_pitch(dtype, dims), None, "{dtype} {dims:?}");
        }
    }
}
