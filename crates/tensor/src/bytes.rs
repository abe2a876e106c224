//! Typed values seen as raw bytes.
#![allow(unsafe_code)]

use crate::{Element, tensor::Data};

/// The bytes of a tensor's values, in this machine's order.
pub(crate) fn of(data: &Data) -> &[u8] {
    match data {
        Data::F32(v) => of_slice(v),
        Data::I32(v) => of_slice(v),
        Data::Bool(v) => of_slice(v),
        Data::U8(v) => v,
    }
}

/// The bytes of elements, in this machine's order.
pub(crate) fn of_slice<T: Element>(values: &[T]) -> &[u8] {
    // SAFETY: elements are f32, i32, bool and u8 alone, which have no padding; the length is the slice's.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
}
