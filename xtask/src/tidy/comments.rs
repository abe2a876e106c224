//! The width of comments, which rustfmt leaves as it is.

use super::Violation;

/// Characters of a line, as in `rustfmt.toml`.
const WIDTH: usize = 110;

/// Comment lines of a Rust file that are too wide. A line without a blank behind its beginning, such as an
/// address, and a row of a table cannot be broken.
pub fn check(file: &str, text: &str) -> Vec<Violation> {
    let wide = |line: &str| {
        let comment = line.trim_start();
        let words = comment.trim_start_matches(['/', '!']).trim();
        comment.starts_with("//")
            && line.chars().count() > WIDTH
            && words.contains(' ')
            && !words.starts_with('|')
    };
    let lines = text.lines().enumerate().filter(|(_, line)| wide(line));
    lines
        .map(|(i, line)| {
            let message = format!("a comment of {} characters; break it at {WIDTH}", line.chars().count());
            Violation::new(file, i + 1, message)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_comments_are_found_and_what_cannot_be_broken_is_not() {
        let words = "a ".repeat(60);
        let address = format!("/// https://example.org/{}", "a".repeat(100));
        for (line, expected) in [
            (format!("// {words}"), 1),
            (format!("    /// {words}"), 1),
            (format!("//! {words}"), 1),
            (format!("// {}", &words[..104]), 0),
            (format!("let a = \"{words}\";"), 0),
            (address, 0),
            (format!("//! | {words}|"), 0),
        ] {
            assert_eq!(check("a.rs", &line).len(), expected, "{line}");
        }
    }
}
