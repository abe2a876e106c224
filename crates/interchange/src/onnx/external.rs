//! Elements that lie in files beside a model.

use super::{error::OnnxProblem, messages::StringEntry};
use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read, Seek, SeekFrom},
    path::{Component, Path, PathBuf},
};

/// The files beside a model, and how many bytes of each were read: never more than it has, so that a small
/// file cannot ask for the same bytes again and again.
pub struct Externals {
    folder: PathBuf,
    read: BTreeMap<PathBuf, u64>,
}

impl Externals {
    /// Those beside this model.
    pub fn beside(model: &Path) -> Externals {
        let folder = model.parent().filter(|folder| !folder.as_os_str().is_empty());
        Externals { folder: folder.unwrap_or(Path::new(".")).to_path_buf(), read: BTreeMap::new() }
    }

    /// The elements of a tensor, which these entries name: all from `offset` on where they name no `length`.
    pub fn elements(&mut self, name: &str, entries: &[StringEntry]) -> Result<Vec<u8>, OnnxProblem> {
        let entry = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value[..]);
        let location = entry("location").unwrap_or("").to_string();
        let refuse =
            |reason: String| OnnxProblem::External { name: name.into(), location: location.clone(), reason };
        let number = |key: &str| {
            let number = |text: &str| {
                text.parse::<u64>().map_err(|_| refuse(format!("whose {key} {text:?} is no number")))
            };
            entry(key).map(number).transpose()
        };
        let (offset, length) = (number("offset")?.unwrap_or(0), number("length")?);
        let path = self.path(&location).map_err(&refuse)?;
        let io = |error: io::Error| refuse(format!("which cannot be read: {error}"));
        let mut file = minutia_files::open(&path).map_err(io)?;
        let there = file.metadata().map_err(io)?.len();
        let length = length.unwrap_or(there.saturating_sub(offset));
        if offset.checked_add(length).is_none_or(|end| end > there) {
            return Err(refuse(format!(
                "which has {there} bytes, and {length} from byte {offset} are named"
            )));
        }
        let sum = self.read.entry(path).or_insert(0);
        *sum = sum.saturating_add(length);
        if *sum > there {
            return Err(refuse(format!("of whose {there} bytes tensors name {sum}: they share some")));
        }
        file.seek(SeekFrom::Start(offset)).map_err(io)?;
        let mut elements = Vec::new();
        file.take(length).read_to_end(&mut elements).map_err(io)?;
        if elements.len() as u64 != length {
            return Err(refuse("which became shorter while it was read".into()));
        }
        Ok(elements)
    }

    /// The file that a location names, which must be below the folder, also behind links.
    fn path(&self, location: &str) -> Result<PathBuf, String> {
        let relative = Path::new(location);
        let plain = |part: Component| matches!(part, Component::Normal(_) | Component::CurDir);
        if location.is_empty() || location.contains('\\') || !relative.components().all(plain) {
            return Err("which leaves the folder of the model".into());
        }
        let real =
            |path: &Path| fs::canonicalize(path).map_err(|error| format!("which cannot be read: {error}"));
        let (folder, path) = (real(&self.folder)?, real(&self.folder.join(relative))?);
        if !path.starts_with(&folder) {
            return Err("which is a link that leaves the folder of the model".into());
        }
        Ok(path)
    }
}
