//! The example, as cargo has built it.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

const NAME: &str = "mnist_mpi";

/// The example's program, built as these tests were.
///
/// Cargo, which builds the programs of a package for its tests, builds examples only where all tests are
/// built, and names none of them: without being asked again, what lies there may be older than the library.
pub fn path() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let test = env::current_exe().unwrap();
        // target/PROFILE/deps/TEST
        let profile = test.parent().and_then(Path::parent).expect("tests lie two folders below cargo's");
        if let Some(cargo) = env::var_os("CARGO") {
            build(Command::new(cargo), profile);
        }
        let path = profile.join("examples").join(NAME);
        assert!(
            path.is_file(),
            "there is no {}: `cargo build -p minutia-mpi --example {NAME}`",
            path.display()
        );
        path
    })
}

fn build(mut cargo: Command, profile: &Path) {
    let name = match profile.file_name().and_then(|name| name.to_str()) {
        None | Some("debug") => "dev",
        Some(name) => name,
    };
    cargo.args([
        "build",
        "--quiet",
        "--locked",
        "--package",
        "minutia-mpi",
        "--example",
        NAME,
        "--profile",
        name,
    ]);
    let status = cargo.status().unwrap();
    assert!(status.success(), "{cargo:?}: {status}");
}
