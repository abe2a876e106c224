//! Typed values seen as raw bytes.

use crate::tensor::Data;

/// The bytes of a tensor's values, in this machine's order.
pub(crate) fn of(data: &Data) -> &[u8] {
    fn view<T>(values: &[T]) -> &[u8] {
        // SAFETY: called for f32, i32, bool and u8 alone, which have no padding; the length is the slice's.
        unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
    }
    match data {
        Data::F32(v) => view(v),
        Data::I32(v) => view(v),
        Data::Bool(v) => view(v),
        Data::U8(v) => v,
    }
}
