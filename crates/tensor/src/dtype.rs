use serde::{Deserialize, Serialize};
use std::fmt;

/// The type of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DType {
    /// 32-bit IEEE 754 float.
    #[doc(alias = "float32")]
    F32,
    /// 32-bit signed integer; arithmetic wraps.
    #[doc(alias = "int32")]
    I32,
    /// Truth value, one byte, 0 or 1.
    Bool,
    /// Unsigned byte: how images are stored. Arithmetic needs a cast first.
    #[doc(alias = "uint8")]
    U8,
}

impl DType {
    /// Bytes per element.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            DType::F32 | DType::I32 => 4,
            DType::Bool | DType::U8 => 1,
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            DType::F32 => "f32",
            DType::I32 => "i32",
            DType::Bool => "bool",
            DType::U8 => "u8",
        })
    }
}

/// A Rust type that tensors can hold: `f32`, `i32`, `bool` or `u8`. No other type can implement it: kernels
/// know these alone.
///
/// ```
/// use minutia_tensor::{DType, Element};
/// assert_eq!((f32::DTYPE, i32::DTYPE), (DType::F32, DType::I32));
/// assert_eq!((bool::DTYPE, u8::DTYPE), (DType::Bool, DType::U8));
/// ```
pub trait Element: Copy + PartialEq + fmt::Debug + Default + Send + Sync + 'static + sealed::Sealed {
    /// The corresponding [`DType`].
    const DTYPE: DType;
}

pub(crate) mod sealed {
    use crate::tensor::Data;
    use std::sync::Arc;

    pub trait Sealed: Sized {
        fn wrap(values: Arc<Vec<Self>>) -> Data;
        fn unwrap(data: &Data) -> Option<&[Self]>;
        /// Reads an element from as many bytes as it has.
        fn decode(bytes: &[u8]) -> Self;
    }
}

macro_rules! elements {
    ($($t:ty => $variant:ident, $bytes:ident => $decode:expr;)*) => { $(
        impl Element for $t {
            const DTYPE: DType = DType::$variant;
        }
        impl sealed::Sealed for $t {
            fn wrap(values: std::sync::Arc<Vec<$t>>) -> crate::tensor::Data {
                crate::tensor::Data::$variant(values)
            }
            fn unwrap(data: &crate::tensor::Data) -> Option<&[$t]> {
                match data {
                    crate::tensor::Data::$variant(values) => Some(values),
                    _ => None,
                }
            }
            fn decode($bytes: &[u8]) -> $t {
                $decode
            }
        }
    )* };
}

elements! {
    f32 => F32, b => f32::from_ne_bytes([b[0], b[1], b[2], b[3]]);
    i32 => I32, b => i32::from_ne_bytes([b[0], b[1], b[2], b[3]]);
    bool => Bool, b => b[0] != 0;
    u8 => U8, b => b[0];
}
