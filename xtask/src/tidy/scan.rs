//! A Rust file as lines of code and comments: just enough of a lexer to tell them from strings.

/// A line of a source file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The code; the contents of strings and characters are left out.
    pub code: String,
    /// The comments.
    pub comment: String,
    /// Whether the line belongs to an item under `#[cfg(test)]`.
    pub test: bool,
}

/// Splits a file into lines.
pub fn scan(source: &str) -> Vec<Line> {
    let mut scanner = Scanner { rest: source, lines: vec![Line::default()] };
    while scanner.token() {}
    let mut lines = scanner.lines;
    mark_tests(&mut lines);
    lines
}

struct Scanner<'a> {
    rest: &'a str,
    lines: Vec<Line>,
}

impl Scanner<'_> {
    /// Takes one token; false at the end.
    fn token(&mut self) -> bool {
        let rest = self.rest;
        let Some(first) = rest.chars().next() else { return false };
        if rest.starts_with("//") {
            self.comment(rest.find('\n').unwrap_or(rest.len()));
        } else if rest.starts_with("/*") {
            self.comment(block_comment(rest));
        } else if let Some(length) = raw_string(rest) {
            self.string(length);
        } else if first == '"' || rest.starts_with("b\"") || rest.starts_with("c\"") {
            self.string(string(rest));
        } else if let Some(length) = character(rest) {
            self.string(length);
        } else if first.is_alphanumeric() || first == '_' {
            // A whole word at once, so that the last letter of a name does not start a string.
            self.code(rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len()));
        } else {
            self.code(first.len_utf8());
        }
        true
    }

    fn take(&mut self, length: usize, mut put: impl FnMut(&mut Line, char)) {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        for c in taken.chars() {
            match c {
                '\n' => self.lines.push(Line::default()),
                c => put(self.lines.last_mut().expect("there is a first line"), c),
            }
        }
    }

    fn code(&mut self, length: usize) {
        self.take(length, |line, c| line.code.push(c));
    }

    fn comment(&mut self, length: usize) {
        self.take(length, |line, c| line.comment.push(c));
    }

    /// Keeps the quotes alone, so that `"a"` is still an expression.
    fn string(&mut self, length: usize) {
        let mark =
            |scanner: &mut Self| scanner.lines.last_mut().expect("there is a first line").code.push('"');
        mark(self);
        self.take(length, |_, _| {});
        mark(self);
    }
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let tail = &rest[at..];
        if tail.starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if tail.starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += tail.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn raw_string(rest: &str) -> Option<usize> {
    let prefix = ["r", "br", "cr"].into_iter().find(|prefix| {
        rest.strip_prefix(prefix).is_some_and(|tail| tail.trim_start_matches('#').starts_with('"'))
    })?;
    let tail = &rest[prefix.len()..];
    let hashes = tail.len() - tail.trim_start_matches('#').len();
    let start = prefix.len() + hashes + 1;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(rest[start..].find(&end).map_or(rest.len(), |at| start + at + end.len()))
}

fn string(rest: &str) -> usize {
    let start = rest.find('"').map_or(rest.len(), |at| at + 1);
    let mut escaped = false;
    for (at, c) in rest[start..].char_indices() {
        match c {
            '"' if !escaped => return start + at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    rest.len()
}

/// A character literal; a lifetime is none.
fn character(rest: &str) -> Option<usize> {
    let tail = rest.strip_prefix("b'").or_else(|| rest.strip_prefix('\''))?;
    let start = rest.len() - tail.len();
    let mut chars = tail.char_indices();
    let (_, first) = chars.next()?;
    if first == '\\' {
        // The character after the backslash may itself be a quote.
        chars.next()?;
        return tail[2..].find('\'').map(|at| start + 2 + at + 1);
    }
    let (at, second) = chars.next()?;
    (second == '\'').then_some(start + at + 1)
}

/// Marks the items under `#[cfg(test)]`, from the attribute to the end of their block or to their semicolon.
fn mark_tests(lines: &mut [Line]) {
    let mut at = 0;
    while at < lines.len() {
        if !lines[at].code.contains("#[cfg(test)]") && !lines[at].code.contains("#[cfg(all(test") {
            at += 1;
            continue;
        }
        let (mut depth, mut opened) = (0_i32, false);
        while at < lines.len() {
            lines[at].test = true;
            for c in lines[at].code.chars() {
                match c {
                    '{' => (depth, opened) = (depth + 1, true),
                    '}' => depth -= 1,
                    ';' if depth == 0 => opened = true,
                    _ => {}
                }
            }
            at += 1;
            if opened && depth <= 0 {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(source: &str) -> Vec<String> {
        scan(source).into_iter().map(|line| line.code).collect()
    }

    #[test]
    fn strings_and_comments_are_no_code() {
        for (source, expected) in [
            ("a // b", "a "),
            ("a /* b /* c */ d */ e", "a  e"),
            ("f(\"un//safe \\\" x\") + 1", "f(\"\") + 1"),
            ("f(r#\"a \" b\"#)", "f(\"\")"),
            ("f(br\"\\\")", "f(\"\")"),
            ("f('\"', 'a', '\\'', '\\\\', '\\u{1F600}')", "f(\"\", \"\", \"\", \"\", \"\")"),
            ("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}"),
            ("bar\"x\"", "bar\"\""),
            ("'outer: loop {}", "'outer: loop {}"),
            ("b'x' b\"y\"", "\"\" \"\""),
        ] {
            assert_eq!(code(source), [expected], "{source}");
        }
    }

    #[test]
    fn lines_are_kept_apart() {
        let lines = scan("let a = \"x\ny\"; // one\n/* two\nthree */ b");
        let comments: Vec<&str> = lines.iter().map(|line| line.comment.as_str()).collect();
        assert_eq!(comments, ["", "// one", "/* two", "three */"]);
        assert_eq!(lines[3].code, " b");
    }

    #[test]
    fn tests_are_marked_to_their_end() {
        let source = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n#[cfg(test)]\nmod d;\nfn e() {}";
        let marked: Vec<bool> = scan(source).iter().map(|line| line.test).collect();
        assert_eq!(marked, [false, true, true, true, true, false, true, true, false]);
    }
}
