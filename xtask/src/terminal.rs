//! What goes to standard output and standard error, and how wide it may be.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use anyhow::{Context, Result};

/// Columns where there is neither a terminal nor the variable `COLUMNS`.
const COLUMNS: usize = 100;

/// Prints a line (or several) to standard output.
///
/// A reader that has gone away, as in `cargo xtask reproduce | head -1`, is no reason to stop: the command
/// does all that it was asked for, and the rest of its words is dropped.
///
/// # Errors
/// When standard output cannot be written otherwise, as on a full disk.
pub fn say(text: impl Display) -> Result<()> {
    write(&mut io::stdout().lock(), &text).context("cannot write to standard output")
}

fn write(to: &mut impl Write, text: &impl Display) -> io::Result<()> {
    match writeln!(to, "{text}").and_then(|()| to.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Prints the message of an error to standard error.
pub fn complain(error: &anyhow::Error) {
    tell(&format!("error: {error:#}\n"));
}

/// Prints a warning to standard error.
pub fn warn(text: impl Display) {
    tell(&format!("warning: {text}\n"));
}

/// Writes to standard error, which has no buffer, in one piece: other processes may write there, too.
fn tell(text: &str) {
    // Where standard error cannot be written there is nobody left to tell; the exit code stays.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Columns of the terminal: what the variable `COLUMNS` says, else what standard output knows, else 100.
pub fn columns() -> usize {
    let said = std::env::var("COLUMNS").ok().and_then(|text| text.trim().parse().ok());
    let known = || console::Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
    said.or_else(known).filter(|&columns| columns > 0).unwrap_or(COLUMNS)
}

/// A text that begins after `head`, broken between words so that no line is wider than `columns`; further
/// lines are indented as far as `head` is wide. A word that is wider than what is left has a line of its own.
pub fn wrapped(head: &str, text: &str, columns: usize) -> String {
    let width = |text: &str| text.chars().count();
    let indent = width(head);
    let mut lines = head.to_string();
    let mut column = indent;
    for word in text.split_whitespace() {
        if column > indent && column + 1 + width(word) > columns {
            lines += &format!("\n{:indent$}", "");
            column = indent;
        }
        if column > indent {
            lines.push(' ');
            column += 1;
        }
        lines += word;
        column += width(word);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream whose every write ends in this error.
    struct Broken(ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_pipe_is_no_error_and_a_full_disk_is_one() {
        write(&mut Broken(ErrorKind::BrokenPipe), &"x").unwrap();
        let error = write(&mut Broken(ErrorKind::StorageFull), &"x").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull);
    }

    #[test]
    fn texts_are_broken_between_words_and_keep_their_indent() {
        assert_eq!(wrapped("holds  ", "one two three", 100), "holds  one two three");
        assert_eq!(wrapped("holds  ", "one two three", 14), "holds  one two\n       three");
        assert_eq!(wrapped("  ", "a verylongword b", 5), "  a\n  verylongword\n  b");
        assert_eq!(wrapped("  ", "· − ×", 5), "  · −\n  ×");
        assert_eq!(wrapped("x ", "", 5), "x ");
        for columns in 8..40 {
            let text = wrapped("  ", &"four word text ".repeat(9), columns);
            assert!(text.lines().all(|line| line.chars().count() <= columns), "{columns}: {text}");
        }
    }
}
