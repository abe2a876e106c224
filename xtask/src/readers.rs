//! The readers of files that others may have changed, for fuzzing: each gives a value or an error, whatever
//! the bytes.

use anyhow::Result;

use crate::{
    digest,
    reproduce::{self, Config},
};

/// Reads the text of a `reproduce.toml`.
///
/// # Errors
/// Names the parameter, what was found and what is expected.
///
/// ```
/// let error = xtask::readers::config("seed = -1").unwrap_err();
/// assert!(error.to_string().starts_with("seed: found -1"));
/// ```
pub fn config(text: &str) -> Result<()> {
    Config::from_text(text).map(drop)
}

/// Reads the text of a job's record, without the digest before it.
pub fn record(text: &str) -> bool {
    let bytes = format!("{}\n{text}\n", digest::hex(text.as_bytes()));
    reproduce::is_record(bytes.as_bytes())
}

/// Reads the state in a stage's checkpoint, without the digest and the key before it.
pub fn checkpoint(state: &[u8]) -> bool {
    reproduce::is_state(state)
}

/// Reads the text of a `repro.lock`.
///
/// # Errors
/// When it is not one.
pub fn lock(text: &str) -> Result<()> {
    reproduce::lock(text).map(drop)
}
