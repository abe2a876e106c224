//! The sources that this program was built from.

use crate::digest;

/// Path in the workspace and contents, sorted by path.
static FILES: &[(&str, &[u8])] = &include!(concat!(env!("OUT_DIR"), "/sources.rs"));

/// The digest of all files below a folder (or of the one file) of the workspace.
///
/// # Panics
/// When nothing of that name was embedded: a stage that names no source would never be run again.
pub fn digest_of(root: &str) -> String {
    let below =
        |path: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let parts: Vec<String> = FILES
        .iter()
        .filter(|(path, _)| below(path))
        .flat_map(|(path, bytes)| [(*path).to_string(), digest::hex(bytes)])
        .collect();
    assert!(!parts.is_empty(), "no source of '{root}' was embedded");
    digest::hex_of_strings(parts.iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_told_from_its_neighbours() {
        let folders = ["crates/graph/src", "crates/optim/src", "xtask/src/reproduce", "Cargo.lock"];
        for (i, a) in folders.iter().enumerate() {
            for b in &folders[i + 1..] {
                assert_ne!(digest_of(a), digest_of(b), "{a} and {b}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "no source of 'crates/gra'")]
    fn half_a_name_is_no_folder() {
        digest_of("crates/gra");
    }
}
