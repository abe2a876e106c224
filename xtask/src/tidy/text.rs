//! Rules that a single file can break.

use super::Violation;
use super::scan::{Line, scan};

const MAX_LINES: usize = 500;

/// Where `unsafe` may stand: what talks to the machine.
const UNSAFE_FOLDERS: [&str; 6] = [
    "crates/cuda-emulator/src/driver/",
    "crates/cuda-emulator/src/exec/vector.rs",
    "crates/tensor/src/bytes.rs",
    "crates/tensor/src/cpu/",
    "crates/tensor/src/cuda/",
    "kernels/src/gpu/",
];

/// Where these names are operations of the graph.
const GRAPH_FOLDERS: [&str; 5] =
    ["crates/graph/", "crates/optim/", "src/", "fuzz/", "xtask/src/reproduce/compute/"];
const GRAPH_OPERATIONS: [&str; 3] = ["exp", "log", "tanh"];

/// Functions of floats whose bits differ from machine to machine.
const FLOAT_FUNCTIONS: [&str; 26] = [
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "cos", "cosh", "exp", "exp2",
    "exp_m1", "hypot", "ln", "ln_1p", "log", "log10", "log2", "powf", "powi", "sin", "sin_cos", "sinh",
    "tan", "tanh",
];

/// The violations in one file, which is named relative to the workspace.
pub fn check(file: &str, text: &str) -> Vec<Violation> {
    if !file.ends_with(".rs") {
        let lines = text.lines().enumerate();
        return lines.filter_map(|(i, line)| unfinished_note(file, i + 1, line)).collect();
    }
    let mut violations = Vec::new();
    let count = text.lines().count();
    if count > MAX_LINES {
        let message = format!("has {count} lines, at most {MAX_LINES} are allowed; split it by ideas");
        violations.push(Violation::new(file, 0, message));
    }
    let lines = scan(text);
    let outside_product = ["tests", "benches", "examples"]
        .iter()
        .any(|folder| file.starts_with(&format!("{folder}/")) || file.contains(&format!("/{folder}/")));
    for (i, line) in lines.iter().enumerate() {
        let product = !outside_product && !line.test;
        violations.extend(unfinished_note(file, i + 1, &line.comment));
        violations.extend(unfinished_code(file, i + 1, &line.code));
        violations.extend(unsafe_code(file, i, &lines, product));
        if product {
            violations.extend(float_functions(file, i + 1, &line.code));
        }
    }
    violations
}

fn unfinished_note(file: &str, line: usize, text: &str) -> Option<Violation> {
    let word = ["TODO", "FIXME", "XXX"].into_iter().find(|word| has_word(text, word))?;
    Some(Violation::new(file, line, format!("{word}: finish it, or say in plain words what is not done")))
}

fn unfinished_code(file: &str, line: usize, code: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    for name in ["todo", "dbg", "unimplemented"] {
        if find_words(code, name).any(|at| code[at + name.len()..].starts_with('!')) {
            violations.push(Violation::new(file, line, format!("{name}! must not stay; finish the code")));
        }
    }
    let attribute = code.replace(' ', "");
    if attribute.contains("#[ignore]") || attribute.contains("#[ignore=") {
        violations.push(Violation::new(
            file,
            line,
            "an ignored test tests nothing; make it fast, or remove it",
        ));
    }
    violations
}

fn unsafe_code(file: &str, index: usize, lines: &[Line], product: bool) -> Vec<Violation> {
    let code = &lines[index].code;
    let mut violations = Vec::new();
    for at in find_words(code, "unsafe") {
        if product && !UNSAFE_FOLDERS.iter().any(|folder| file.starts_with(folder)) {
            let message = format!(
                "unsafe code belongs in {}; offer a safe function there",
                UNSAFE_FOLDERS.join(" or ")
            );
            violations.push(Violation::new(file, index + 1, message));
        }
        let after = code[at + "unsafe".len()..].trim_start();
        let declares = ["fn", "extern", "trait"].iter().any(|word| after.starts_with(word));
        let opens = after.starts_with('{') || after.starts_with("impl") || after.is_empty();
        if !declares && opens && !has_reason(index, lines) {
            violations.push(Violation::new(
                file,
                index + 1,
                "unsafe without a reason; say above it, after `// SAFETY:`, why it is sound",
            ));
        }
    }
    violations
}

/// Whether a comment with `SAFETY:` stands on the line or above the statement that it belongs to.
fn has_reason(index: usize, lines: &[Line]) -> bool {
    for line in lines[..=index].iter().rev().enumerate().map_while(|(distance, line)| {
        let code = line.code.trim();
        let ends_before = distance > 0 && [";", "{", "}"].iter().any(|end| code.ends_with(end));
        let blank = distance > 0 && code.is_empty() && line.comment.is_empty();
        (!ends_before && !blank).then_some(line)
    }) {
        if line.comment.contains("SAFETY:") {
            return true;
        }
    }
    false
}

fn float_functions(file: &str, line: usize, code: &str) -> Vec<Violation> {
    let graph = GRAPH_FOLDERS.iter().any(|folder| file.starts_with(folder));
    let mut violations = Vec::new();
    for name in FLOAT_FUNCTIONS {
        let forbidden = find_words(code, name).any(|at| {
            let (before, after) = (&code[..at], &code[at + name.len()..]);
            let an_operation = graph && GRAPH_OPERATIONS.contains(&name);
            let method = before.ends_with('.') && after.starts_with('(') && !an_operation;
            method || before.ends_with("f32::") || before.ends_with("f64::") || before.ends_with("libm::")
        });
        if forbidden {
            let message = format!(
                "{name} of std differs from machine to machine; use minutia_kernels::math, or `+ - * / sqrt`"
            );
            violations.push(Violation::new(file, line, message));
        }
    }
    violations
}

fn has_word(text: &str, word: &str) -> bool {
    find_words(text, word).next().is_some()
}

/// Where a word stands by itself.
fn find_words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).map(|(at, _)| at).filter(move |&at| {
        let before = text[..at].chars().next_back().is_some_and(part_of_word);
        let after = text[at + word.len()..].chars().next().is_some_and(part_of_word);
        !before && !after
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CPU: &str = "crates/tensor/src/cpu/a.rs";
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
        let cases: [Case<'_>; 22] = [
            (CPU, &long, &[(0, "has")]),
            (CPU, "// TODO later", &[(1, "TODO")]),
            ("README.md", "a\nFIXME", &[(2, "FIXME")]),
            ("Cargo.toml", "# XXX", &[(1, "XXX")]),
            (CPU, "fn f() { todo!() }", &[(1, "todo!")]),
            (CPU, "fn f() { dbg!(1); unimplemented!() }", &[(1, "dbg!"), (1, "unimplemented!")]),
            ("tests/a.rs", "#[test]\n#[ignore]\nfn t() {}", &[(2, "an")]),
            ("tests/a.rs", "#[ignore = \"slow\"]\nfn t() {}", &[(1, "an")]),
            (GRAPH, "// SAFETY: fine\nunsafe { f() }", &[(2, "unsafe")]),
            ("kernels/src/map.rs", "// SAFETY: fine\nunsafe { f() }", &[(2, "unsafe")]),
            (CPU, "unsafe { f() }", &[(1, "unsafe")]),
            (CPU, "// SAFETY: a\nf();\nunsafe { f() }", &[(3, "unsafe")]),
            (CPU, "// SAFETY: a\n\nunsafe { f() }", &[(3, "unsafe")]),
            (CPU, "unsafe impl Send for A {}", &[(1, "unsafe")]),
            (CPU, "let a = x.exp();", &[(1, "exp")]),
            (CPU, "let a = x.powf(2.0) + y.ln();", &[(1, "ln"), (1, "powf")]),
            (GRAPH, "let a = values.map(f32::tanh);", &[(1, "tanh")]),
            (GRAPH, "let a = x.sin();", &[(1, "sin")]),
            (CPU, "let a = libm::exp(x) + x.log(2.0);", &[(1, "exp"), (1, "log")]),
            ("xtask/src/a.rs", "let a = f64::powi(x, 2);", &[(1, "powi")]),
            ("tests/a.rs", "unsafe { f() }", &[(1, "unsafe")]),
            (GRAPH, "unsafe { f() }", &[(1, "unsafe"), (1, "unsafe")]),
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
            (CPU, "// SAFETY: a\n// and b\n#[inline]\nunsafe { f() }"),
            (CPU, "// SAFETY: a\nlet b =\n    unsafe { f() };"),
            (CPU, "f(unsafe { g() }) // SAFETY: a"),
            ("kernels/src/gpu/map.rs", "// SAFETY: a\nunsafe { f() }"),
            (CPU, "/// # Safety\n/// a\nunsafe fn f() {}"),
            (GRAPH, "#![deny(unsafe_code)]\nlet s = \"unsafe { todo!() }\"; // unsafe"),
            (GRAPH, "let y = x.exp() * x.tanh() + x.log();"),
            (CPU, "let a = math::exp(x) + x.sqrt() + explain(x).expect(\"\");"),
            ("crates/tensor/tests/a.rs", "let a = x.exp();"),
            (CPU, "#[cfg(test)]\nmod tests {\n    fn f() { x.exp(); }\n}"),
            ("README.md", "The TODOs of others"),
            (CPU, &"//\n".repeat(500)),
        ] {
            assert_eq!(check(file, text), [], "{file}: {}", &text[..text.len().min(60)]);
        }
    }
}
