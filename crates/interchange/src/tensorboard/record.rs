//! The frame around each event: its length, a checksum of the length, the bytes, a checksum of these.

/// Bytes before the data: the length and its checksum.
pub const HEADER: usize = 12;
/// Bytes after the data: their checksum.
pub const FOOTER: usize = 4;

/// The checksum of a part of a record: CRC-32C, turned and moved, because checksums of data that holds
/// checksums are weak.
pub fn checksum(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// Data in its frame.
pub fn frame(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut record = Vec::with_capacity(HEADER + data.len() + FOOTER);
    record.extend(length);
    record.extend(checksum(&length).to_le_bytes());
    record.extend(data);
    record.extend(checksum(data).to_le_bytes());
    record
}
