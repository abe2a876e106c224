//! Somebody else's output folder: only files in it are read, none is written, and no link is followed.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::{audit::verdicts::plain, digest};

/// The most files and folders that are looked at: far more than a run leaves.
const ENTRIES: usize = 10_000;

/// The most bytes of all files together.
const BYTES: u64 = 1 << 32;

/// Folders that a run makes and that no manifest speaks of. They are not looked into.
const PRIVATE: [&str; 2] = [".cache", "tensorboard"];

/// A folder, and what lies in it.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    /// The size of each file, by its path below the folder, with `/`.
    pub files: BTreeMap<String, u64>,
    /// What is there and is no file or folder that a run makes.
    pub strange: Vec<String>,
    entries: usize,
}

impl Folder {
    /// Looks what lies in a folder, without reading any of it.
    ///
    /// # Errors
    /// When it is no folder, cannot be read, or has more in it than any run leaves.
    pub fn open(root: &Path) -> Result<Folder> {
        let looked = fs::metadata(root).with_context(|| format!("cannot audit {}", root.display()))?;
        ensure!(looked.is_dir(), "cannot audit {}: it is no folder", root.display());
        let root = fs::canonicalize(root).with_context(|| format!("cannot audit {}", root.display()))?;
        let mut folder = Folder { root, files: BTreeMap::new(), strange: Vec::new(), entries: 0 };
        folder.look("", 0)?;
        let bytes = folder.files.values().try_fold(0_u64, |sum, &size| sum.checked_add(size));
        ensure!(
            bytes.is_some_and(|bytes| bytes <= BYTES),
            "cannot audit {}: its files have more than {BYTES} bytes in all, more than a run leaves",
            folder.root.display()
        );
        Ok(folder)
    }

    /// Looks into a folder below the first, whose path is empty or ends with `/`.
    fn look(&mut self, inside: &str, depth: usize) -> Result<()> {
        let path = self.root.join(inside);
        let unreadable = || format!("cannot read the folder {}", path.display());
        for entry in fs::read_dir(&path).with_context(unreadable)? {
            self.entries += 1;
            if self.entries > ENTRIES {
                bail!(
                    "cannot audit {}: there are more than {ENTRIES} files, more than a run leaves",
                    self.root.display()
                );
            }
            let entry = entry.with_context(unreadable)?;
            let Some(name) = entry.file_name().to_str().map(|name| format!("{inside}{name}")) else {
                self.strange.push(format!("{inside}: a name there is no text"));
                continue;
            };
            // Of the entry itself, not of what a link points to.
            let looked = fs::symlink_metadata(entry.path()).with_context(unreadable)?;
            self.sort(name, &looked, depth)?;
        }
        Ok(())
    }

    fn sort(&mut self, name: String, looked: &Metadata, depth: usize) -> Result<()> {
        let kind = looked.file_type();
        let known = match depth {
            0 => ["data", "figures"].contains(&name.as_str()),
            _ => depth == 1 && name.starts_with("data/"),
        };
        let private = depth == 0 && PRIVATE.contains(&name.as_str());
        let shown = plain(&name);
        if kind.is_symlink() {
            self.strange.push(format!("{shown} is a symbolic link, which is not followed"));
        } else if kind.is_file() {
            self.files.insert(name, looked.len());
        } else if kind.is_dir() && known {
            self.look(&format!("{name}/"), depth + 1)?;
        } else if kind.is_dir() && !private {
            self.strange.push(format!("{shown} is a folder that no run makes"));
        } else if !kind.is_dir() {
            self.strange.push(format!("{shown} is neither a file nor a folder"));
        }
        Ok(())
    }

    /// The bytes of a file of at most `limit` bytes.
    ///
    /// # Errors
    /// Names the file: it was not there, is larger, or is something else by now.
    pub fn read(&self, name: &str, limit: u64) -> Result<Vec<u8>> {
        let size = *self.files.get(name).with_context(|| format!("{} is missing", plain(name)))?;
        ensure!(size <= limit, "{} has {size} bytes, at most {limit} are read here", plain(name));
        // It may grow while it is read.
        let mut bytes = Vec::with_capacity(usize::try_from(size)?);
        self.open_file(name)?.take(limit + 1).read_to_end(&mut bytes).with_context(|| cannot(name))?;
        ensure!(bytes.len() as u64 == size, "{} changes while it is read", plain(name));
        Ok(bytes)
    }

    /// The SHA-256 of a file, which is read piece by piece.
    ///
    /// # Errors
    /// As [`read`](Folder::read).
    pub fn digest(&self, name: &str) -> Result<String> {
        let size = *self.files.get(name).with_context(|| format!("{} is missing", plain(name)))?;
        let (sha256, read) =
            digest::hex_of_reader(self.open_file(name)?.take(size + 1)).with_context(|| cannot(name))?;
        ensure!(read == size, "{} changes while it is read", plain(name));
        Ok(sha256)
    }

    fn open_file(&self, name: &str) -> Result<fs::File> {
        minutia_files::open_foreign(self.root.join(name)).with_context(|| cannot(name))
    }
}

fn cannot(name: &str) -> String {
    format!("cannot read {}", plain(name))
}
