//! Rules that a single file can break and that no lint knows.

use super::Violation;

const MAX_LINES: usize = 500;

/// The modules that may allow unsafe code, which every crate denies: what talks to the machine.
const UNSAFE_MODULES: [&str; 8] = [
    "crates/cuda-emulator/src/driver/mod.rs",
    "crates/cuda-emulator/src/exec/vector.rs",
    "crates/tensor/src/bytes.rs",
    "crates/tensor/src/cpu/mod.rs",
    "crates/tensor/src/cuda/mod.rs",
    "crates/test-support/src/refusing.rs",
    "crates/web/src/exports.rs",
    "kernels/src/gpu/mod.rs",
];

/// Code for other machines than this one, of which the lints see nothing.
const UNLINTED: [&str; 2] = ["crates/tensor/src/cpu/simd/vector/", "kernels/src/gpu/"];

/// The violations in one file, which is named relative to the workspace.
pub fn check(file: &str, text: &str) -> Vec<Violation> {
    let lines: Vec<&str> = text.lines().collect();
    if !file.ends_with(".rs") {
        return lines.iter().zip(1..).filter_map(|(line, number)| unfinished(file, number, line)).collect();
    }
    let mut violations = Vec::new();
    if lines.len() > MAX_LINES {
        let message =
            format!("has {} lines, at most {MAX_LINES} are allowed; split it by ideas", lines.len());
        violations.push(Violation::new(file, 0, message));
    }
    for (i, line) in lines.iter().enumerate() {
        let (code, comment) = line.split_once("//").unwrap_or((line, ""));
        violations.extend(unfinished(file, i + 1, comment));
        if code.trim_start().starts_with("#[ignore") {
            let message = "an ignored test tests nothing; make it fast, or remove it";
            violations.push(Violation::new(file, i + 1, message));
        }
        let tests = file.starts_with("tests/") || file.contains("/tests/");
        if allows_unsafe(code) && !tests && !UNSAFE_MODULES.contains(&file) {
            let message = format!(
                "unsafe code belongs in {}; offer a safe function there",
                UNSAFE_MODULES.map(|module| module.trim_end_matches("mod.rs")).join(" or ")
            );
            violations.push(Violation::new(file, i + 1, message));
        }
        let unlinted = UNLINTED.iter().any(|folder| file.starts_with(folder));
        if unlinted && opens_unsafe(code) && !has_reason(&lines[..=i]) {
            let message = "unsafe without a reason; say above it, after `// SAFETY:`, why it is sound";
            violations.push(Violation::new(file, i + 1, message));
        }
    }
    violations
}

fn unfinished(file: &str, line: usize, text: &str) -> Option<Violation> {
    let word = ["TODO", "FIXME", "XXX"].into_iter().find(|word| has_word(text, word))?;
    Some(Violation::new(file, line, format!("{word}: finish it, or say in plain words what is not done")))
}

fn allows_unsafe(code: &str) -> bool {
    let attribute = code.trim_start().starts_with('#') && code.contains("unsafe_code");
    attribute && ["allow(", "expect("].iter().any(|level| code.contains(level))
}

fn opens_unsafe(code: &str) -> bool {
    code.contains("unsafe {") || code.trim_start().starts_with("unsafe impl")
}

/// Whether a comment with `SAFETY:` stands above the statement that the last of these lines belongs to.
fn has_reason(lines: &[&str]) -> bool {
    let above = lines.iter().rev().enumerate().take_while(|(distance, line)| {
        let ends = line.is_empty() || line.ends_with([';', '{', '}']);
        *distance == 0 || line.trim_start().starts_with("//") || !ends
    });
    above.into_iter().any(|(_, line)| line.contains("SAFETY:"))
}

/// Whether a word stands by itself.
fn has_word(text: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back().is_some_and(part_of_word);
        let after = text[at + word.len()..].chars().next().is_some_and(part_of_word);
        !before && !after
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CPU: &str = "crates/tensor/src/cpu/a.rs";
    const GPU: &str = "kernels/src/gpu/a.rs";
    const GRAPH: &str = "crates/graph/src/a.rs";

    /// Lines and first words of the violations.
    fn found(file: &str, text: &str) -> Vec<(usize, String)> {
        let first = |message: &str| message.split([' ', ':']).next().unwrap_or_default().to_string();
        check(file, text).into_iter().map(|v| (v.line, first(&v.message))).collect()
    }

    #[test]
    fn each_rule_finds_what_breaks_it() {
        let long = "//\n".repeat(501);
        type Case<'a> = (&'a str, &'a str, &'a [(usize, &'a str)]);
        let cases: [Case<'_>; 13] = [
            (CPU, &long, &[(0, "has")]),
            (CPU, concat!("/", "/ TODO later"), &[(1, "TODO")]),
            ("README.md", "a\nFIXME", &[(2, "FIXME")]),
            ("Cargo.toml", "# XXX", &[(1, "XXX")]),
            ("tests/a.rs", "#[test]\n#[ignore]\nfn t() {}", &[(2, "an")]),
            ("tests/a.rs", "    #[ignore = \"slow\"]\nfn t() {}", &[(1, "an")]),
            (GRAPH, "#![allow(unsafe_code)]", &[(1, "unsafe")]),
            (CPU, "#[expect(unsafe_code, reason = \"fast\")]", &[(1, "unsafe")]),
            ("crates/graph/benches/a.rs", "#![allow(unsafe_code)]", &[(1, "unsafe")]),
            (GPU, "unsafe { f() }", &[(1, "unsafe")]),
            (GPU, "// SAFETY: a\nf();\nunsafe { f() }", &[(3, "unsafe")]),
            (GPU, "// SAFETY: a\n\nunsafe { f() }", &[(3, "unsafe")]),
            (GPU, "unsafe impl Send for A {}", &[(1, "unsafe")]),
        ];
        for (file, text, expected) in cases {
            let expected: Vec<(usize, String)> =
                expected.iter().map(|(line, word)| (*line, word.to_string())).collect();
            assert_eq!(found(file, text), expected, "{file}: {}", &text[..text.len().min(60)]);
        }
    }

    #[test]
    fn what_only_looks_alike_is_allowed() {
        for (file, text) in [
            (GPU, "// SAFETY: a\n// and b\n#[inline]\nunsafe { f() }"),
            (GPU, "// SAFETY: a\nlet b =\n    unsafe { f() };"),
            (GPU, "f(unsafe { g() }) // SAFETY: a"),
            (GPU, "/// # Safety\n/// a\nunsafe fn f() {}"),
            (CPU, "unsafe { f() } // a lint asks for the reason"),
            ("crates/tensor/src/cpu/mod.rs", "#![allow(unsafe_code)]"),
            ("crates/tensor/tests/a.rs", "#![allow(unsafe_code)]"),
            (GRAPH, "#![deny(unsafe_code)] // allow(unsafe_code) in a comment"),
            ("README.md", "The TODOs of others"),
            (CPU, &"//\n".repeat(500)),
        ] {
            assert_eq!(check(file, text), [], "{file}: {}", &text[..text.len().min(60)]);
        }
    }
}
