//! `cargo xtask fetch`.

use std::path::Path;

use anyhow::Result;

pub fn fetch(_folder: Option<&Path>) -> Result<()> {
    anyhow::bail!("not yet")
}
