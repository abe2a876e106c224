//! What every crate has, and which dependencies must be pinned.

use std::path::Path;

use cargo_metadata::camino::Utf8Path;
use cargo_metadata::{DependencyKind, Metadata, Package};

use super::Violation;

/// Crates whose output is bytes that `repro.lock` or a checkpoint holds: another version, other bytes.
const PINNED: [&str; 7] = ["bincode", "colorous", "dagre", "flate2", "png", "resvg", "usvg"];

/// Features that change what a pinned crate writes, for the whole build: (crate, prefix of the feature).
const FORBIDDEN_FEATURES: [(&str, &str); 1] = [("flate2", "zlib")];

/// Crates of the workspace's own programs and tests. All others can be published.
const UNPUBLISHED: [&str; 6] = [
    "minutia-cuda-emulator",
    "minutia-models",
    "minutia-platforms",
    "minutia-test-support",
    "minutia-web",
    "xtask",
];

/// Crates that take more to build than a Rust toolchain and a C compiler: `.ci/mpi` builds this one.
const NOT_BY_DEFAULT: [&str; 1] = ["minutia-mpi"];

/// The violations in manifests and in what must lie beside them.
pub fn check(workspace: &Path, metadata: &Metadata) -> Vec<Violation> {
    let mut violations = pins(metadata);
    violations.extend(features(metadata));
    violations.extend(defaults(metadata));
    for package in metadata.workspace_packages() {
        let manifest = relative(&package.manifest_path, metadata);
        let folder = manifest.trim_end_matches("Cargo.toml");
        violations.extend(companions(workspace, folder));
        if !UNPUBLISHED.contains(&package.name.as_str()) {
            violations.extend(described(package, &manifest));
            violations.extend(licences(workspace, folder));
        }
    }
    violations
}

/// A manifest's path below the workspace.
pub fn relative(manifest: &Utf8Path, metadata: &Metadata) -> String {
    let path = manifest.strip_prefix(&metadata.workspace_root).unwrap_or(manifest);
    path.as_str().replace('\\', "/")
}

fn pins(metadata: &Metadata) -> Vec<Violation> {
    let mut violations = Vec::new();
    for package in metadata.workspace_packages() {
        for dependency in &package.dependencies {
            let (name, req) = (dependency.name.as_str(), dependency.req.to_string());
            let shipped = dependency.kind != DependencyKind::Development;
            if shipped && PINNED.contains(&name) && !req.starts_with('=') {
                let message =
                    format!("{name} \"{req}\" decides bytes that are compared; pin it: {name} = \"=x.y.z\"");
                violations.push(Violation::new(&relative(&package.manifest_path, metadata), 0, message));
            }
        }
    }
    violations
}

fn features(metadata: &Metadata) -> Vec<Violation> {
    let mut violations = Vec::new();
    for node in metadata.resolve.iter().flat_map(|resolve| &resolve.nodes) {
        let Some(package) = metadata.packages.iter().find(|package| package.id == node.id) else { continue };
        for (name, prefix) in FORBIDDEN_FEATURES {
            if let Some(feature) =
                node.features.iter().find(|feature| package.name == name && feature.starts_with(prefix))
            {
                let message = format!(
                    "the feature {name}/{feature} is on and changes every PNG; find who asks with `cargo tree -e features -i {name}`"
                );
                violations.push(Violation::new("Cargo.lock", 0, message));
            }
        }
    }
    violations
}

/// What is no default member, no `cargo test` tests; and what is one, everybody has to be able to build.
fn defaults(metadata: &Metadata) -> Vec<Violation> {
    let members = metadata.workspace_packages().into_iter();
    let wrong = members.filter(|package| {
        let by_default = metadata.workspace_default_members.contains(&package.id);
        by_default == NOT_BY_DEFAULT.contains(&package.name.as_str())
    });
    wrong
        .map(|package| {
            let (is, cure) = match metadata.workspace_default_members.contains(&package.id) {
                true => ("a", "not everybody can build it; take it from"),
                false => ("no", "its tests would not run; add it to"),
            };
            let message = format!("{} is {is} default member: {cure} `default-members`", package.name);
            Violation::new("Cargo.toml", 0, message)
        })
        .collect()
}

/// A crate that can be published says what a registry asks for.
fn described(package: &Package, manifest: &str) -> Vec<Violation> {
    let missing = [
        ("description", package.description.is_none()),
        ("license", package.license.is_none()),
        ("rust-version", package.rust_version.is_none()),
        ("keywords", package.keywords.is_empty()),
        ("categories", package.categories.is_empty()),
    ];
    let missing = missing.into_iter().filter(|(_, missing)| *missing);
    missing.map(|(key, _)| Violation::new(manifest, 0, format!("has no {key}; add it"))).collect()
}

/// Each package holds the licences' texts, as they stand in the workspace.
fn licences(workspace: &Path, folder: &str) -> Vec<Violation> {
    let text = |file: &str| std::fs::read(workspace.join(file)).ok();
    let names = ["LICENSE-MIT", "LICENSE-APACHE"].into_iter();
    let differ = names.filter(|name| text(name).is_none() || text(name) != text(&format!("{folder}{name}")));
    differ
        .map(|name| {
            Violation::new(&format!("{folder}{name}"), 0, "is not the workspace's; copy it from there")
        })
        .collect()
}

/// Every crate has a README, and every library an example.
fn companions(workspace: &Path, folder: &str) -> Vec<Violation> {
    let path = workspace.join(folder);
    let mut violations = Vec::new();
    if !path.join("README.md").is_file() {
        violations.push(Violation::new(
            &format!("{folder}README.md"),
            0,
            "is missing; say what the crate is for, with an example",
        ));
    }
    let is_member_library = path.join("src/lib.rs").is_file() && !folder.is_empty();
    let examples = std::fs::read_dir(path.join("examples"));
    let has_example = examples.is_ok_and(|mut entries| entries.next().is_some());
    if is_member_library && !has_example {
        violations.push(Violation::new(
            &format!("{folder}examples"),
            0,
            "is missing; every library has an example that runs",
        ));
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::layers::tests::metadata;

    #[test]
    fn crates_that_decide_bytes_are_pinned() {
        let found = |req: &str| pins(&metadata(&[("minutia-viz", &[("resvg", req)], &[])]));
        assert_eq!(found("=0.49.0"), []);
        assert!(found("^0.49.0")[0].message.contains("resvg \"^0.49.0\""));
        assert_eq!(pins(&metadata(&[("minutia-viz", &[("serde", "^1")], &[])])), []);
    }

    #[test]
    fn other_deflate_backends_are_noticed() {
        let found = |feature: &str| features(&metadata(&[("flate2", &[], &[feature])]));
        assert_eq!(found("rust_backend"), []);
        for feature in ["zlib-rs", "zlib", "zlib-ng"] {
            assert!(found(feature)[0].message.contains(feature));
        }
    }

    #[test]
    fn all_are_default_members_that_everybody_can_build() {
        let found = |names: [&str; 2], by_default: &[&str]| -> Vec<String> {
            let mut metadata =
                serde_json::to_value(metadata(&names.map(|name| (name, &[][..], &[][..])))).unwrap();
            metadata["workspace_default_members"] = by_default.into();
            let metadata = serde_json::from_value(metadata).unwrap();
            defaults(&metadata).into_iter().map(|v| v.message).collect()
        };
        let names = ["minutia-viz", "minutia-mpi"];
        assert_eq!(found(names, &["minutia-viz"]), Vec::<String>::new());
        assert!(found(names, &[])[0].contains("minutia-viz is no default member"));
        assert!(found(names, &names)[0].contains("minutia-mpi is a default member"));
    }

    #[test]
    fn libraries_have_a_readme_and_an_example() {
        let folder = tempfile::tempdir().unwrap();
        let crate_folder = folder.path().join("crates/a");
        std::fs::create_dir_all(crate_folder.join("src")).unwrap();
        std::fs::create_dir_all(crate_folder.join("examples")).unwrap();
        let missing = || -> Vec<String> {
            companions(folder.path(), "crates/a/").into_iter().map(|v| v.file).collect()
        };
        assert_eq!(missing(), ["crates/a/README.md"]);
        std::fs::write(crate_folder.join("src/lib.rs"), "").unwrap();
        assert_eq!(missing(), ["crates/a/README.md", "crates/a/examples"]);
        std::fs::write(crate_folder.join("README.md"), "").unwrap();
        std::fs::write(crate_folder.join("examples/a.rs"), "").unwrap();
        assert_eq!(missing(), Vec::<String>::new());
    }

    #[test]
    fn packages_hold_the_licences_of_the_workspace() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("crates/a")).unwrap();
        let write = |file: &str, text: &str| std::fs::write(folder.path().join(file), text).unwrap();
        let wrong =
            || -> Vec<String> { licences(folder.path(), "crates/a/").into_iter().map(|v| v.file).collect() };
        let [mit, apache] = ["crates/a/LICENSE-MIT", "crates/a/LICENSE-APACHE"];
        assert_eq!(wrong(), [mit, apache]);
        for name in ["LICENSE-MIT", "LICENSE-APACHE"] {
            write(name, name);
            write(&format!("crates/a/{name}"), name);
        }
        assert_eq!(wrong(), Vec::<String>::new());
        write(apache, "other");
        assert_eq!(wrong(), [apache]);
    }

    #[test]
    fn a_package_says_what_a_registry_asks_for() {
        let metadata = metadata(&[("minutia-viz", &[], &[])]);
        let found: Vec<String> =
            described(&metadata.packages[0], "a/Cargo.toml").into_iter().map(|v| v.message).collect();
        assert!(found.contains(&"has no keywords; add it".to_string()), "{found:?}");
    }

    #[test]
    fn manifests_are_named_below_the_workspace() {
        let metadata = metadata(&[("minutia-viz", &[], &[]), ("xtask", &[], &[])]);
        assert_eq!(relative("/w/minutia-viz/Cargo.toml".into(), &metadata), "minutia-viz/Cargo.toml");
        assert_eq!(relative("/w/Cargo.toml".into(), &metadata), "Cargo.toml");
    }
}
