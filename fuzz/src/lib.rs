//! What several targets need.

pub mod building;

use sha2::{Digest, Sha256};

/// SHA-256.
pub fn raw(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
