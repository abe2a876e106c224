//! `cargo xtask tidy`.

use std::path::Path;

use anyhow::Result;

pub fn tidy(_workspace: &Path) -> Result<()> {
    Ok(())
}
