//! Which crate may depend on which, from `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::Violation;

/// The part of `cargo metadata` that the rules need.
#[derive(Debug, Deserialize)]
pub struct Metadata {
    pub packages: Vec<Package>,
    pub workspace_members: Vec<String>,
    pub resolve: Resolve,
}

/// A package.
#[derive(Debug, Deserialize)]
pub struct Package {
    pub id: String,
    pub name: String,
    pub manifest_path: String,
    pub dependencies: Vec<Dependency>,
}

/// A dependency as a manifest declares it.
#[derive(Debug, Deserialize)]
pub struct Dependency {
    pub name: String,
    /// The version requirement.
    pub req: String,
    /// `None` for a normal one.
    pub kind: Option<String>,
}

/// What cargo made of the declarations.
#[derive(Debug, Deserialize)]
pub struct Resolve {
    pub nodes: Vec<Node>,
}

/// A package with the features that are on.
#[derive(Debug, Deserialize)]
pub struct Node {
    pub id: String,
    pub features: Vec<String>,
}

impl Metadata {
    /// The packages of this workspace.
    pub fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }
}

/// What each crate may see of ours. Who is not named here may see nothing.
const MAY_SEE: [(&str, &[&str]); 11] = [
    ("minutia-files", &[]),
    ("minutia-kernels", &[]),
    ("minutia-cuda-emulator", &["minutia-kernels"]),
    ("minutia-tensor", &["minutia-kernels"]),
    ("minutia-graph", &["minutia-files", "minutia-kernels", "minutia-tensor"]),
    ("minutia-optim", &["minutia-kernels", "minutia-tensor", "minutia-graph"]),
    ("minutia-datasets", &["minutia-files", "minutia-kernels", "minutia-tensor"]),
    ("minutia-viz", &[]),
    ("minutia", ALL),
    ("minutia-platforms", ALL),
    ("xtask", ALL),
];

const ALL: &[&str] = &[
    "minutia-files",
    "minutia-kernels",
    "minutia-tensor",
    "minutia-graph",
    "minutia-optim",
    "minutia-datasets",
    "minutia-viz",
    "minutia",
];

/// What tests may see, and nothing else.
const FOR_TESTS: [&str; 1] = ["minutia-cuda-emulator"];

/// The dependencies that point the wrong way.
pub fn check(metadata: &Metadata) -> Vec<Violation> {
    let ours: BTreeSet<&str> = metadata.members().map(|package| package.name.as_str()).collect();
    let allowed: BTreeMap<&str, &[&str]> = MAY_SEE.into_iter().collect();
    let mut violations = Vec::new();
    for package in metadata.members() {
        let manifest = super::manifests::relative(&package.manifest_path, metadata);
        let Some(allowed) = allowed.get(package.name.as_str()) else {
            let message = format!(
                "the crate {} has no place among the layers; give it one in xtask/src/tidy/layers.rs",
                package.name
            );
            violations.push(Violation::new(&manifest, 0, message));
            continue;
        };
        let of_a_test = |dependency: &Dependency| {
            dependency.kind.as_deref() == Some("dev") && FOR_TESTS.contains(&dependency.name.as_str())
        };
        let inner = package.dependencies.iter().filter(|dependency| ours.contains(dependency.name.as_str()));
        let inner = inner.filter(|dependency| !of_a_test(dependency));
        for dependency in inner.filter(|dependency| !allowed.contains(&dependency.name.as_str())) {
            let may = if allowed.is_empty() { "none of ours".to_string() } else { allowed.join(", ") };
            let message = format!(
                "{} depends on {}, but may see {may}; move what is needed to a layer that both see",
                package.name, dependency.name
            );
            violations.push(Violation::new(&manifest, 0, message));
        }
    }
    violations
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A made-up package: name, dependencies with requirement, features.
    type Made<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [&'a str]);

    /// Metadata of made-up packages.
    pub fn metadata(packages: &[Made<'_>]) -> Metadata {
        let dependency =
            |&(name, req): &(&str, &str)| Dependency { name: name.into(), req: req.into(), kind: None };
        let package = |&(name, dependencies, _): &Made<'_>| Package {
            id: name.to_string(),
            name: name.to_string(),
            manifest_path: format!("/w/{name}/Cargo.toml"),
            dependencies: dependencies.iter().map(dependency).collect(),
        };
        let node = |&(name, _, features): &Made<'_>| Node {
            id: name.to_string(),
            features: features.iter().map(ToString::to_string).collect(),
        };
        let members =
            packages.iter().map(|p| p.0).filter(|n| n.starts_with("minutia") || *n == "xtask" || *n == "new");
        Metadata {
            packages: packages.iter().map(package).collect(),
            workspace_members: members.map(str::to_string).collect(),
            resolve: Resolve { nodes: packages.iter().map(node).collect() },
        }
    }

    #[test]
    fn arrows_point_down() {
        let down = metadata(&[
            ("minutia-kernels", &[("serde", "^1")], &[]),
            ("minutia-tensor", &[("minutia-kernels", "^0.1")], &[]),
            ("minutia-graph", &[("minutia-tensor", "^0.1")], &[]),
            ("xtask", &[("minutia-viz", "^0.1"), ("minutia-graph", "^0.1")], &[]),
            ("minutia-viz", &[], &[]),
        ]);
        assert_eq!(check(&down), []);
        for (from, to) in [
            ("minutia-kernels", "minutia-tensor"),
            ("minutia-tensor", "minutia-graph"),
            ("minutia-graph", "minutia-optim"),
            ("minutia-datasets", "minutia-graph"),
            ("minutia-viz", "minutia-kernels"),
            ("minutia-optim", "minutia-datasets"),
        ] {
            let up = metadata(&[(from, &[(to, "^0.1")], &[]), (to, &[], &[])]);
            let violations = check(&up);
            assert_eq!(violations.len(), 1, "{from} -> {to}");
            assert!(violations[0].message.contains(&format!("{from} depends on {to}")), "{}", violations[0]);
        }
    }

    #[test]
    fn the_stand_in_driver_is_for_tests() {
        let mut metadata = metadata(&[
            ("minutia-tensor", &[("minutia-cuda-emulator", "^0.1")], &[]),
            ("minutia-cuda-emulator", &[], &[]),
        ]);
        assert_eq!(check(&metadata).len(), 1, "as a dependency of the library");
        metadata.packages[0].dependencies[0].kind = Some("dev".into());
        assert_eq!(check(&metadata), [], "as a dependency of its tests");
    }

    #[test]
    fn a_new_crate_must_be_given_a_place() {
        let violations = check(&metadata(&[("new", &[], &[])]));
        assert!(violations[0].message.contains("no place among the layers"), "{}", violations[0]);
    }
}
