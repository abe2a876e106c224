//! What is kept in the repository: plans that are those of the planner, and modules within their limits.

use flate2::{Compression, write::GzEncoder};
use minutia_web::planning::{self, LIMITS};
use std::{error::Error, fs, io::Write, path::Path};

const CURE: &str = "run `cargo xtask web`";

#[test]
fn plans_are_those_of_the_planner() -> Result<(), Box<dyn Error + Send + Sync>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans");
    for (name, bytes) in planning::files()? {
        let kept = fs::read(folder.join(&name)).unwrap_or_default();
        assert!(kept == bytes, "plans/{name} is not what the planner makes; {CURE}");
    }
    Ok(())
}

#[test]
fn modules_are_there_and_within_their_limits() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("dist");
    for name in ["plain.wasm", "relaxed.wasm"] {
        let bytes = fs::read(folder.join(name)).map_err(|error| format!("dist/{name}: {error}; {CURE}"))?;
        assert!(bytes.starts_with(b"\0asm"), "dist/{name} is no module; {CURE}");
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&bytes)?;
        let found = [bytes.len(), encoder.finish()?.len()];
        assert!(
            found.iter().zip(LIMITS).all(|(&found, limit)| found <= limit),
            "dist/{name} has {found:?} bytes"
        );
    }
    Ok(())
}
