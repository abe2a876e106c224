//! Which crate may depend on which, from `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{Dependency, DependencyKind, Metadata};

use super::Violation;

/// What each crate may see of ours. Who is not named here may see nothing.
const MAY_SEE: [(&str, &[&str]); 17] = [
    ("minutia-files", &[]),
    ("minutia-kernels", &[]),
    ("minutia-cuda-emulator", &["minutia-kernels"]),
    ("minutia-tensor", &["minutia-kernels"]),
    ("minutia-test-support", &["minutia-cuda-emulator", "minutia-tensor"]),
    ("minutia-graph", &["minutia-files", "minutia-kernels", "minutia-tensor"]),
    ("minutia-optim", &["minutia-kernels", "minutia-tensor", "minutia-graph"]),
    ("minutia-layers", &["minutia-kernels", "minutia-tensor", "minutia-graph"]),
    ("minutia-interchange", &["minutia-files", "minutia-kernels", "minutia-tensor", "minutia-graph"]),
    ("minutia-models", &["minutia-kernels", "minutia-tensor", "minutia-graph", "minutia-optim"]),
    (
        "minutia-mpi",
        &["minutia-files", "minutia-kernels", "minutia-tensor", "minutia-graph", "minutia-optim"],
    ),
    ("minutia-datasets", &["minutia-files", "minutia-kernels", "minutia-tensor"]),
    ("minutia-viz", &[]),
    (
        "minutia-web",
        &[
            "minutia-kernels",
            "minutia-tensor",
            "minutia-graph",
            "minutia-optim",
            "minutia-models",
            "minutia-datasets",
        ],
    ),
    ("minutia", LIBRARIES),
    ("minutia-platforms", &["minutia-tensor", "minutia-graph", "minutia-datasets", "minutia-models"]),
    ("xtask", PROGRAMS),
];

/// What is published below the facade.
const LIBRARIES: &[&str] = &[
    "minutia-files",
    "minutia-kernels",
    "minutia-tensor",
    "minutia-graph",
    "minutia-optim",
    "minutia-layers",
    "minutia-interchange",
    "minutia-datasets",
    "minutia-viz",
];

/// The same, and the models of the workspace's own programs and of web pages.
const PROGRAMS: &[&str] = &[
    "minutia-files",
    "minutia-kernels",
    "minutia-tensor",
    "minutia-graph",
    "minutia-optim",
    "minutia-layers",
    "minutia-interchange",
    "minutia-models",
    "minutia-datasets",
    "minutia-viz",
    "minutia-web",
];

/// What any crate's tests and benches may see, but no library: these crates are not published.
const FOR_TESTS: [&str; 4] =
    ["minutia-cuda-emulator", "minutia-models", "minutia-platforms", "minutia-test-support"];

/// What the tests and examples of a library may see beside that: they train something.
const TESTS_MAY_SEE: [(&str, &[&str]); 3] = [
    ("minutia-layers", &["minutia-optim"]),
    ("minutia-interchange", &["minutia-optim", "minutia-datasets"]),
    ("minutia-mpi", &["minutia-datasets", "minutia-viz"]),
];

/// The dependencies that point the wrong way.
pub fn check(metadata: &Metadata) -> Vec<Violation> {
    let members = metadata.workspace_packages();
    let ours: BTreeSet<&str> = members.iter().map(|package| package.name.as_ref()).collect();
    let places: BTreeMap<&str, &[&str]> = MAY_SEE.into_iter().collect();
    let mut violations = Vec::new();
    for package in members {
        let manifest = super::manifests::relative(&package.manifest_path, metadata);
        let Some(allowed) = places.get(package.name.as_ref()) else {
            let message = format!(
                "the crate {} has no place among the layers; give it one in xtask/src/tidy/layers.rs",
                package.name
            );
            violations.push(Violation::new(&manifest, 0, message));
            continue;
        };
        let others = TESTS_MAY_SEE.iter().find(|(name, _)| *name == package.name.as_ref());
        let others = others.map_or(&[][..], |(_, others)| others);
        let of_a_test = |dependency: &Dependency| {
            dependency.kind == DependencyKind::Development
                && FOR_TESTS.iter().chain(others).any(|name| *name == dependency.name)
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
    use serde_json::json;

    /// A made-up package: name, dependencies with requirement, features.
    type Made<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [&'a str]);

    /// Metadata of made-up packages, whose dependencies are normal ones.
    pub fn metadata(packages: &[Made<'_>]) -> Metadata {
        of_kind(packages, DependencyKind::Normal)
    }

    fn of_kind(packages: &[Made<'_>], kind: DependencyKind) -> Metadata {
        let dependency = |&(name, req): &(&str, &str)| {
            json!({
                "name": name, "req": req, "kind": kind, "optional": false, "uses_default_features": true, "features": [],
            })
        };
        let package = |&(name, dependencies, _): &Made<'_>| {
            json!({
                "name": name, "version": "0.1.0", "id": name, "targets": [], "features": {},
                "manifest_path": format!("/w/{name}/Cargo.toml"),
                "dependencies": dependencies.iter().map(dependency).collect::<Vec<_>>(),
            })
        };
        let node =
            |&(name, _, features): &Made<'_>| json!({"id": name, "dependencies": [], "features": features});
        let is_member = |name: &&str| name.starts_with("minutia") || ["xtask", "new"].contains(name);
        let document = json!({
            "packages": packages.iter().map(package).collect::<Vec<_>>(),
            "workspace_members": packages.iter().map(|package| package.0).filter(is_member).collect::<Vec<_>>(),
            "resolve": {"nodes": packages.iter().map(node).collect::<Vec<_>>(), "root": null},
            "workspace_root": "/w", "target_directory": "/w/target", "version": 1,
        });
        serde_json::from_value(document).unwrap()
    }

    #[test]
    fn arrows_point_down() {
        let down = metadata(&[
            ("minutia-kernels", &[("serde", "^1")], &[]),
            ("minutia-tensor", &[("minutia-kernels", "^0.1")], &[]),
            ("minutia-graph", &[("minutia-tensor", "^0.1")], &[]),
            ("minutia-models", &[("minutia-graph", "^0.1")], &[]),
            ("xtask", &[("minutia-viz", "^0.1"), ("minutia-models", "*")], &[]),
            ("minutia-viz", &[], &[]),
        ]);
        assert_eq!(check(&down), []);
        for (from, to) in [
            ("minutia-kernels", "minutia-tensor"),
            ("minutia-tensor", "minutia-graph"),
            ("minutia-graph", "minutia-optim"),
            ("minutia-datasets", "minutia-graph"),
            ("minutia-viz", "minutia-kernels"),
            ("minutia-optim", "minutia-layers"),
            ("minutia-optim", "minutia-datasets"),
            ("minutia-interchange", "minutia-optim"),
        ] {
            let up = metadata(&[(from, &[(to, "^0.1")], &[]), (to, &[], &[])]);
            let violations = check(&up);
            assert_eq!(violations.len(), 1, "{from} -> {to}");
            assert!(violations[0].message.contains(&format!("{from} depends on {to}")), "{}", violations[0]);
        }
    }

    #[test]
    fn what_tests_alone_may_see_no_library_may() {
        for (from, to) in [
            ("minutia-layers", "minutia-optim"),
            ("minutia-interchange", "minutia-datasets"),
            ("minutia-tensor", "minutia-cuda-emulator"),
            ("minutia", "minutia-models"),
            ("minutia-graph", "minutia-models"),
        ] {
            let packages = [(from, &[(to, "*")][..], &[][..]), (to, &[], &[])];
            let of_the_library = of_kind(&packages, DependencyKind::Normal);
            assert_eq!(check(&of_the_library).len(), 1, "{from} -> {to}");
            let of_its_tests = of_kind(&packages, DependencyKind::Development);
            assert_eq!(check(&of_its_tests), [], "{from} -> {to}");
        }
        let program = metadata(&[("xtask", &[("minutia-models", "*")], &[]), ("minutia-models", &[], &[])]);
        assert_eq!(check(&program), []);
    }

    #[test]
    fn a_new_crate_must_be_given_a_place() {
        let violations = check(&metadata(&[("new", &[], &[])]));
        assert!(violations[0].message.contains("no place among the layers"), "{}", violations[0]);
    }
}
