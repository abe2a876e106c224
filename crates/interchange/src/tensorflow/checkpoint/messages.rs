//! The messages of a checkpoint's table: `tensor_bundle.proto`.

use crate::tensorflow::messages::TensorShape;

/// Of the whole checkpoint.
#[derive(Clone, PartialEq, prost::Message)]
pub struct BundleHeader {
    #[prost(int32, tag = "1")]
    pub num_shards: i32,
    /// 0 for the lowest byte first.
    #[prost(int32, tag = "2")]
    pub endianness: i32,
}

/// Of one tensor.
#[derive(Clone, PartialEq, prost::Message)]
pub struct BundleEntry {
    #[prost(int32, tag = "1")]
    pub dtype: i32,
    #[prost(message, optional, tag = "2")]
    pub shape: Option<TensorShape>,
    /// Which file has it, and where.
    #[prost(int32, tag = "3")]
    pub shard_id: i32,
    #[prost(int64, tag = "4")]
    pub offset: i64,
    #[prost(int64, tag = "5")]
    pub size: i64,
    /// Masked, as [`super::table::checksum`] gives it.
    #[prost(fixed32, tag = "6")]
    pub crc32c: u32,
    #[prost(message, repeated, tag = "7")]
    pub slices: Vec<TensorSlice>,
}

/// A part of a variable that is kept in several. Nothing of it is read.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TensorSlice {}
