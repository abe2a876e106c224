//! What several targets need.

pub mod building;

use minutia_tensor::Tensor;
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, fs, path::Path};

/// SHA-256.
pub fn raw(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Gives bytes to a reader that takes the path of a file.
pub fn as_file<T>(bytes: &[u8], read: impl FnOnce(&Path) -> T) -> T {
    thread_local! {
        static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("there is a folder for files that pass");
    }
    FOLDER.with(|folder| {
        let path = folder.path().join("file");
        fs::write(&path, bytes).expect("the folder takes files");
        read(&path)
    })
}

/// Whether tensors are the same, bit by bit: a NaN is not equal to itself.
pub fn same(a: &BTreeMap<String, Tensor>, b: &BTreeMap<String, Tensor>) -> bool {
    let facts = |(name, tensor): (&String, &Tensor)| {
        (name.clone(), tensor.dtype(), tensor.dims().to_vec(), tensor.canonical_bytes())
    };
    a.iter().map(facts).eq(b.iter().map(facts))
}

/// A record of an event file: its length, the data, and the checksum of each.
pub fn record(data: &[u8]) -> Vec<u8> {
    let masked =
        |bytes: &[u8]| crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes();
    let length = (data.len() as u64).to_le_bytes();
    [&length[..], &masked(&length), data, &masked(data)].concat()
}
