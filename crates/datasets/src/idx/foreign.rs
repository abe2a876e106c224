//! What a file is that is no IDX file, by how it starts.

use crate::Problem;

/// Bytes that are looked at. A tar archive says what it is at byte 257.
pub(crate) const START: usize = 512;

const AGAIN: &str = "a download went wrong; download it again";
const CONVERT: &str = "write its arrays as IDX files, which `minutia_datasets::idx` does";

/// First bytes, what starts with them, and the cure.
const KINDS: [(&[u8], &str, &str); 14] = [
    (b"PK\x03\x04", "a zip archive", "unpack it with unzip, and name the folder of its files"),
    (b"PK\x05\x06", "an empty zip archive", AGAIN),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it with 7z x, and name the folder of its files"),
    (b"Rar!", "a RAR archive", "unpack it, and name the folder of its files"),
    (b"BZh", "a bzip2 file", "decompress it with bunzip2"),
    (b"\xfd7zXZ\0", "an xz file", "decompress it with xz -d"),
    (b"\x28\xb5\x2f\xfd", "a zstd file", "decompress it with zstd -d"),
    (b"\x89PNG", "a PNG picture", CONVERT),
    (b"\xff\xd8\xff", "a JPEG picture", CONVERT),
    (b"\x93NUMPY", "a NumPy array (.npy)", CONVERT),
    (b"\x89HDF", "an HDF5 file", CONVERT),
    (b"PAR1", "a Parquet table", CONVERT),
    (b"\x80\x04", "a Python pickle", CONVERT),
    (b"version https://git-lfs", "a pointer of Git LFS", "fetch the file itself with git lfs pull"),
];

/// Something else than an IDX file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Foreign {
    /// With its article.
    pub(crate) what: String,
    pub(crate) cure: &'static str,
}

impl Foreign {
    fn new(what: impl Into<String>, cure: &'static str) -> Foreign {
        Foreign { what: what.into(), cure }
    }

    /// Whether it is a file that IDX files can be taken out of.
    pub(crate) fn is_packed(&self) -> bool {
        !matches!(self.cure, AGAIN | CONVERT)
    }

    /// What starts with these bytes; `None` where that cannot be told, and for IDX files.
    pub(crate) fn find(start: &[u8]) -> Option<Foreign> {
        if let Some((_, what, cure)) = KINDS.iter().find(|(bytes, ..)| start.starts_with(bytes)) {
            return Some(Foreign::new(*what, cure));
        }
        if start.get(257..262) == Some(b"ustar") {
            return Some(Foreign::new(
                "a tar archive",
                "unpack it with tar -xf, and name the folder of its files",
            ));
        }
        if start.len() >= 4 && start.iter().all(|&byte| byte == 0) {
            return Some(Foreign::new(format!("a file that starts with {} zeros", start.len()), AGAIN));
        }
        let text = text(start)?.trim_start_matches('\u{feff}').trim_start();
        let line: String = text.lines().next()?.trim_end().chars().take(60).collect();
        let numbers = line.bytes().all(|byte| byte.is_ascii_digit() || byte == b',' || byte == b' ');
        Some(match text.as_bytes() {
            [b'<', b'?', ..] => Foreign::new(format!("XML ({line:?})"), AGAIN),
            [b'<', ..] => Foreign::new("a web page", AGAIN),
            [b'{' | b'[', ..] => Foreign::new(format!("JSON ({line:?})"), AGAIN),
            _ if numbers && line.contains(',') => Foreign::new("a table of comma-separated values", CONVERT),
            _ => Foreign::new(format!("text ({line:?})"), AGAIN),
        })
    }
}

impl From<Foreign> for Problem {
    fn from(Foreign { what, cure }: Foreign) -> Problem {
        Problem::Foreign { what, cure }
    }
}

/// The bytes as text, where they are text; a character may be cut at the end.
fn text(bytes: &[u8]) -> Option<&str> {
    let whole = match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => str::from_utf8(&bytes[..error.valid_up_to()]).ok()?,
        Err(_) => return None,
    };
    let printable = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r');
    (!whole.trim().is_empty() && whole.chars().all(printable)).then_some(whole)
}
