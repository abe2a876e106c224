//! SHA-256 in hexadecimal.

use sha2::{Digest, Sha256};

/// The SHA-256 of some bytes.
pub fn raw(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The SHA-256 of some bytes, as 64 hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    encode(&raw(bytes))
}

/// The SHA-256 of what a reader gives, which is read piece by piece, and how many bytes that were.
///
/// # Errors
/// Those of the reader.
pub fn hex_of_reader(mut reader: impl std::io::Read) -> std::io::Result<(String, u64)> {
    let (mut hasher, mut count) = (Sha256::new(), 0);
    let mut piece = [0; 1 << 16];
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return Ok((encode(&hasher.finalize()), count)),
            Ok(read) => {
                hasher.update(&piece[..read]);
                count += read as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The SHA-256 of a list of strings: each is preceded by its length, so that no two lists read the same.
pub fn hex_of_strings<'a>(strings: impl IntoIterator<Item = &'a str>) -> String {
    let mut hasher = Sha256::new();
    for string in strings {
        hasher.update((string.len() as u64).to_le_bytes());
        hasher.update(string);
    }
    encode(&hasher.finalize())
}

/// Bytes as hexadecimal digits, two each.
pub fn encode(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]])
        .map(char::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answer() {
        assert_eq!(hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn a_reader_gives_the_digest_of_its_bytes() {
        let bytes = vec![7; 200_001];
        assert_eq!(hex_of_reader(&bytes[..]).unwrap(), (hex(&bytes), 200_001));
    }

    #[test]
    fn borders_between_strings_count() {
        assert_ne!(hex_of_strings(["ab", "c"]), hex_of_strings(["a", "bc"]));
        assert_ne!(hex_of_strings(["a"]), hex_of_strings(["a", ""]));
    }
}
