//! No name stands for two types within a crate: who meets it in a call chain would have to ask which one.

use std::collections::BTreeMap;

use syn::visit::{self, Visit};

use super::Violation;

/// Names that may stand for several types of a crate, and why.
const ALLOWED: [(&str, &[&str], &str); 3] = [
    (
        "crates/tensor",
        &["Cuda", "Entry", "Executable", "Memory"],
        "each backend has its own, and the public type holds that of its device",
    ),
    ("crates/tensor", &["State"], "the floating-point state of one CPU family or of another"),
    ("xtask", &["Results", "State"], "each stage has its own, which its module names"),
];

/// The types that a crate declares outside tests, and where.
#[derive(Default)]
pub struct Names(BTreeMap<(String, String), Vec<(String, usize)>>);

impl Names {
    /// Adds the types of a file. What is no source of a crate, or cannot be parsed, has none.
    pub fn add(&mut self, file: &str, text: &str) {
        let Some((package, rest)) = file.split_once("src/") else { return };
        if rest.split('/').any(|part| part == "tests" || part == "tests.rs") {
            return;
        }
        let Ok(parsed) = syn::parse_file(text) else { return };
        let mut declared = TypeNames(Vec::new());
        declared.visit_file(&parsed);
        for name in declared.0 {
            let key = (package.trim_end_matches('/').to_string(), name.to_string());
            self.0.entry(key).or_default().push((file.to_string(), name.span().start().line));
        }
    }

    /// A violation for each declaration of a name that has several.
    pub fn check(&self) -> Vec<Violation> {
        let several = self.0.iter().filter(|((package, name), places)| {
            let allowed = |(p, names, _): &(&str, &[&str], &str)| p == package && names.contains(&&name[..]);
            places.len() > 1 && !ALLOWED.iter().any(allowed)
        });
        several
            .flat_map(|((_, name), places)| places.iter().map(|place| violation(name, place, places)))
            .collect()
    }
}

fn violation(name: &str, place: &(String, usize), places: &[(String, usize)]) -> Violation {
    let others: Vec<String> =
        places.iter().filter(|other| *other != place).map(|(file, line)| format!("{file}:{line}")).collect();
    let message = format!("{name} is the name of another type too, at {}; rename one", others.join(", "));
    Violation::new(&place.0, place.1, message)
}

/// The types of a file, but those of tests and of functions.
struct TypeNames(Vec<syn::Ident>);

impl<'ast> Visit<'ast> for TypeNames {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let (attributes, name) = match item {
            syn::Item::Struct(item) => (&item.attrs, Some(&item.ident)),
            syn::Item::Enum(item) => (&item.attrs, Some(&item.ident)),
            syn::Item::Union(item) => (&item.attrs, Some(&item.ident)),
            syn::Item::Trait(item) => (&item.attrs, Some(&item.ident)),
            syn::Item::Type(item) => (&item.attrs, Some(&item.ident)),
            syn::Item::Mod(item) => (&item.attrs, None),
            _ => return,
        };
        if !attributes.iter().any(is_for_tests) {
            self.0.extend(name.cloned());
            visit::visit_item(self, item);
        }
    }
}

/// Whether an attribute is `#[cfg(test)]`, or `#[cfg(all(test, ..))]`.
fn is_for_tests(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute.meta.require_list().is_ok_and(|list| {
            let words = list.tokens.to_string();
            words == "test" || words.starts_with("all (test")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_two_types_is_found_and_what_is_none_of_a_crate_is_not() {
        let cases: [(&[(&str, &str)], usize); 7] = [
            (&[("crates/a/src/x.rs", "struct A;"), ("crates/a/src/y.rs", "pub enum A {}")], 2),
            (&[("crates/a/src/x.rs", "mod m { trait A {} }\ntype A = u8;")], 2),
            (&[("crates/a/src/x.rs", "struct A;"), ("crates/b/src/x.rs", "struct A;")], 0),
            (&[("crates/a/src/x.rs", "struct A;\n#[cfg(test)]\nmod tests { struct A; }")], 0),
            (&[("crates/a/src/x.rs", "struct A;"), ("crates/a/tests/x.rs", "struct A;")], 0),
            (&[("crates/a/src/x.rs", "struct A;\nfn f() { struct A; }")], 0),
            (
                &[("crates/tensor/src/x.rs", "struct Memory;"), ("crates/tensor/src/y.rs", "struct Memory;")],
                0,
            ),
        ];
        for (files, expected) in cases {
            let mut names = Names::default();
            files.iter().for_each(|(file, text)| names.add(file, text));
            let violations = names.check();
            assert_eq!(violations.len(), expected, "{files:?}: {violations:?}");
            assert!(violations.iter().all(|v| v.line > 0 && v.message.starts_with("A is the name")));
        }
    }
}
