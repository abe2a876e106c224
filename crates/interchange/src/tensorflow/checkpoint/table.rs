//! Sorted tables of bytes by bytes, in LevelDB's format: blocks of entries, a block that lists them, a
//! footer.
//!
//! Source: LevelDB's `doc/table_format.md`; TensorFlow's tables are not compressed.

use crate::Problem;
use std::collections::BTreeMap;

const FOOTER: usize = 48;
const MAGIC: u64 = 0xdb47_7524_8b80_fb57;
/// What stands behind a block: how it is compressed, and its checksum.
const TRAILER: usize = 5;
/// Names take at most so many times the room of the table.
const MOST_NAMES: usize = 32;

/// What is wrong with a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableProblem {
    /// It has not the footer of one.
    Foreign(String),
    /// It does not hold what it says.
    Damaged(String),
}

impl From<TableProblem> for Problem {
    fn from(problem: TableProblem) -> Problem {
        match problem {
            TableProblem::Foreign(found) => Problem::Foreign { expected: super::EXPECTED, found },
            TableProblem::Damaged(reason) => Problem::Damaged(reason),
        }
    }
}

/// CRC-32C, turned and moved, because checksums of data that holds checksums are weak.
pub fn checksum(bytes: &[u8]) -> u32 {
    mask(crc32c::crc32c(bytes))
}

fn mask(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// All entries of a table.
pub fn read(bytes: &[u8]) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, TableProblem> {
    let foreign = |found: &str| TableProblem::Foreign(found.to_string());
    let Some((rest, footer)) = bytes.split_last_chunk::<FOOTER>() else {
        return Err(foreign("it is shorter than the footer of a table"));
    };
    let (handles, magic) = footer.split_at(FOOTER - size_of::<u64>());
    if magic != MAGIC.to_le_bytes() {
        return Err(foreign("it does not end as a table"));
    }
    let mut handles = Bytes(handles);
    let _about_the_table = handles.handle()?;
    let index = handles.handle()?;
    let mut entries = BTreeMap::new();
    let mut list = Vec::new();
    each(block(rest, index)?, |_, value| {
        list.push(Bytes(value).handle()?);
        Ok(())
    })?;
    // Blocks do not overlap, so that what they hold is no more than the file.
    list.sort_unstable();
    if list.windows(2).any(|pair| pair[0].offset + pair[0].size > pair[1].offset) {
        return Err(damaged("blocks lie over each other"));
    }
    // A name may begin as the one before it, so that a few bytes may stand for a long one.
    let mut left = bytes.len().saturating_mul(MOST_NAMES);
    for handle in list {
        each(block(rest, handle)?, |key, value| {
            left = left.checked_sub(key.len()).ok_or_else(|| damaged("its names take more room than it"))?;
            entries.insert(key.to_vec(), value.to_vec());
            Ok(())
        })?;
    }
    Ok(entries)
}

fn damaged(reason: impl Into<String>) -> TableProblem {
    TableProblem::Damaged(reason.into())
}

/// Where a block lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Handle {
    offset: usize,
    size: usize,
}

/// Bytes that are read one after the other.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    /// A number in groups of seven bits, the lowest first.
    fn varint(&mut self) -> Result<usize, TableProblem> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let Some((&byte, rest)) = self.0.split_first() else { break };
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return usize::try_from(number).map_err(|_| damaged("a number has more bits than addresses"));
            }
        }
        Err(damaged("a number does not end"))
    }

    fn handle(&mut self) -> Result<Handle, TableProblem> {
        Ok(Handle { offset: self.varint()?, size: self.varint()? })
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], TableProblem> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(|| damaged("an entry is cut short"))?;
        self.0 = rest;
        Ok(taken)
    }
}

/// A block without what stands behind it, which its checksum is compared with.
fn block(bytes: &[u8], Handle { offset, size }: Handle) -> Result<&[u8], TableProblem> {
    let end = offset.checked_add(size).and_then(|end| end.checked_add(TRAILER));
    let Some(block) = end.and_then(|end| bytes.get(offset..end)) else {
        return Err(damaged(format!("a block of {size} bytes lies at byte {offset} of {}", bytes.len())));
    };
    let (checked, stated) = block.split_at(size + 1);
    let (found, expected) = (checksum(checked), stated.iter().rev().fold(0, |n, &b| n << 8 | u32::from(b)));
    if found != expected {
        return Err(damaged(format!(
            "the block at byte {offset} has the checksum {found:#010x}, the file states {expected:#010x}"
        )));
    }
    match checked[size] {
        0 => Ok(&checked[..size]),
        kind => Err(damaged(format!("the block at byte {offset} is compressed (kind {kind})"))),
    }
}

/// The entries of a block, in which a key begins as the one before it.
fn each(
    block: &[u8],
    mut entry: impl FnMut(&[u8], &[u8]) -> Result<(), TableProblem>,
) -> Result<(), TableProblem> {
    const WORD: usize = size_of::<u32>();
    let short = || damaged("a block is shorter than its list of restarts");
    let (_, count) = block.split_last_chunk::<WORD>().ok_or_else(short)?;
    let restarts = usize::try_from(u32::from_le_bytes(*count)).ok().and_then(|count| count.checked_add(1));
    let end =
        restarts.and_then(|count| count.checked_mul(WORD)).and_then(|size| block.len().checked_sub(size));
    let mut left = Bytes(&block[..end.ok_or_else(short)?]);
    let mut key = Vec::new();
    while !left.0.is_empty() {
        let (shared, own, size) = (left.varint()?, left.varint()?, left.varint()?);
        if shared > key.len() {
            return Err(damaged("a key begins as none before it"));
        }
        key.truncate(shared);
        key.extend_from_slice(left.take(own)?);
        entry(&key, left.take(size)?)?;
    }
    Ok(())
}
