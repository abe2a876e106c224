//! IDX files: arrays of one element type and any rank, plain or compressed with gzip.
//!
//! The format: two zero bytes, a byte for the element type, a byte for the rank, each extent as a big-endian
//! `u32`, the elements big-endian in row-major order.
//!
//! A header is never trusted: memory grows with the bytes that are really there, and a file must end exactly
//! where its header says.

mod contents;
mod foreign;
mod read;
mod write;

#[cfg(feature = "download")]
pub(crate) use contents::Contents;
pub(crate) use foreign::{Foreign, START};
pub(crate) use read::open;
pub use read::{read, read_at_most, read_file, read_file_at_most};
pub use write::{write, write_file};

/// An array from an IDX file.
#[derive(Clone, Debug, PartialEq)]
pub struct Idx {
    /// Extents, outermost first.
    pub dims: Vec<usize>,
    /// Elements, row-major.
    pub data: Data,
}

macro_rules! data {
    ($($variant:ident($t:ty) = $code:literal, $name:literal;)*) => {
        /// Elements of one of the six types that IDX knows.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Data { $(#[doc = concat!("Type code ", stringify!($code), ".")] $variant(Vec<$t>)),* }

        impl Data {
            /// How many elements there are.
            #[must_use]
            pub fn len(&self) -> usize {
                match self { $(Data::$variant(v) => v.len()),* }
            }

            /// Whether there are none.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// Name of the element type.
            #[must_use]
            pub fn type_name(&self) -> &'static str {
                match self { $(Data::$variant(_) => $name),* }
            }

            fn code(&self) -> u8 {
                match self { $(Data::$variant(_) => $code),* }
            }

            fn element_size(code: u8) -> Option<usize> {
                match code { $($code => Some(size_of::<$t>()),)* _ => None }
            }

            fn from_be_bytes(code: u8, bytes: &[u8]) -> Option<Data> {
                match code {
                    $($code => {
                        let chunks = bytes.chunks_exact(size_of::<$t>());
                        let element = |c: &[u8]| <$t>::from_be_bytes(c.try_into().expect("exact chunks"));
                        Some(Data::$variant(chunks.map(element).collect()))
                    })*
                    _ => None,
                }
            }

            fn to_be_bytes(&self) -> Vec<u8> {
                match self { $(Data::$variant(v) => v.iter().flat_map(|x| x.to_be_bytes()).collect()),* }
            }
        }
    };
}

data! {
    U8(u8) = 0x08, "u8";
    I8(i8) = 0x09, "i8";
    I16(i16) = 0x0b, "i16";
    I32(i32) = 0x0c, "i32";
    F32(f32) = 0x0d, "f32";
    F64(f64) = 0x0e, "f64";
}
