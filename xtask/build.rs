//! Embeds the workspace's sources, so that a stage's key can name the code that it runs.
//!
//! The bytes are embedded rather than their digest: hashing them at run time spares the build a second copy
//! of the digest crate, and the few hundred kilobytes do not matter to a developer's tool.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The folders and files whose contents are part of some key, relative to the workspace.
const ROOTS: [&str; 10] = [
    "Cargo.lock",
    "kernels/src",
    "crates/datasets/src",
    "crates/graph/src",
    "crates/interchange/src",
    "crates/models/src",
    "crates/optim/src",
    "crates/tensor/src",
    "crates/viz/src",
    "xtask/src/reproduce",
];

fn main() -> io::Result<()> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace");
    let mut files = Vec::new();
    for root in ROOTS {
        let path = workspace.join(root);
        println!("cargo:rerun-if-changed={}", path.display());
        collect(&path, &mut files)?;
    }
    files.sort();
    let mut table = String::from("[\n");
    for file in &files {
        let name = file.strip_prefix(workspace).expect("collected below the workspace");
        let name = name.to_string_lossy().replace('\\', "/");
        table += &format!("({name:?}, include_bytes!({:?})),\n", file.display().to_string());
    }
    table += "]\n";
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join("sources.rs"), table)
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            collect(&entry?.path(), files)?;
        }
    } else {
        files.push(path.to_path_buf());
    }
    Ok(())
}
