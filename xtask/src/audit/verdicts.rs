//! What an audit has found, said line by line.

use std::fmt::Display;

use anyhow::{Result, bail};
use serde_json::Value;

use crate::terminal;

/// How many problems of one check are named.
const NAMED: usize = 10;

/// How many characters of somebody else's text are shown.
const SHOWN: usize = 100;

/// How many checks held and how many did not.
#[derive(Debug, Default)]
pub struct Verdicts {
    held: usize,
    failed: usize,
}

impl Verdicts {
    /// Says what became of a check: that it holds and what that means, or each of its problems.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn check(&mut self, what: &str, holds: impl Display, problems: &[String]) -> Result<()> {
        if problems.is_empty() {
            self.held += 1;
            return terminal::say(format_args!("holds  {what:10} {holds}"));
        }
        self.failed += 1;
        for problem in problems.iter().take(NAMED) {
            terminal::say(format_args!("FAILS  {what:10} {problem}"))?;
        }
        match problems.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => terminal::say(format_args!("FAILS  {what:10} and {more} more")),
        }
    }

    /// The verdict.
    ///
    /// # Errors
    /// When a check failed.
    pub fn end(self) -> Result<()> {
        let Verdicts { held, failed } = self;
        if failed > 0 {
            bail!("{failed} of {} checks fail: this folder is not what this program computes", held + failed);
        }
        terminal::say(format_args!("All {held} checks hold."))
    }
}

/// Somebody else's text as it may stand on a terminal: short, and without control characters.
pub fn plain(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown += "...";
    }
    shown
}

/// In words, every place at which a value that was told is not the one found here.
pub fn differences(path: &str, told: Option<&Value>, here: Option<&Value>) -> Vec<String> {
    let mut found = Vec::new();
    compare(path, told, here, &mut found);
    found
}

fn compare(path: &str, told: Option<&Value>, here: Option<&Value>, found: &mut Vec<String>) {
    match (told, here) {
        (told, here) if told == here => {}
        (Some(Value::Object(told)), Some(Value::Object(here))) => {
            let more = told.keys().filter(|name| !here.contains_key(*name));
            for name in here.keys().chain(more) {
                compare(&format!("{path}.{}", plain(name)), told.get(name), here.get(name), found);
            }
        }
        (Some(Value::Array(told)), Some(Value::Array(here))) if told.len() == here.len() => {
            for (i, (told, here)) in told.iter().zip(here).enumerate() {
                compare(&format!("{path}.{}", i + 1), Some(told), Some(here), found);
            }
        }
        (told, here) => found.push(format!("{path} is {}, found {} here", words(told), words(here))),
    }
}

fn words(value: Option<&Value>) -> String {
    match value {
        None => "not there".to_string(),
        Some(Value::Array(items)) => format!("a list of {}", items.len()),
        Some(Value::Object(fields)) => format!("an object of {} fields", fields.len()),
        Some(Value::String(text)) => format!("\"{}\"", plain(text)),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_difference_is_named_with_its_place() {
        let here = json!({"a": [{"b": 1.5}, {"b": 2}], "c": "x"});
        let cases = [
            (here.clone(), ""),
            (json!({"a": [{"b": 1.5}, {"b": 3}], "c": "x"}), "r.a.2.b is 3, found 2 here"),
            (json!({"a": [{"b": 1.5}], "c": "x"}), "r.a is a list of 1, found a list of 2 here"),
            (json!({"a": here["a"]}), "r.c is not there, found \"x\" here"),
            (json!({"a": here["a"], "c": "x", "d\u{1b}": null}), "r.d\\u{1b} is null, found not there here"),
            (
                json!("\u{1b}[2J\u{9b}\u{202e}"),
                "r is \"\\u{1b}[2J\\u{9b}\\u{202e}\", found an object of 2 fields here",
            ),
        ];
        for (told, expected) in cases {
            assert_eq!(differences("r", Some(&told), Some(&here)).join("; "), expected);
        }
        assert_eq!(plain(&"x".repeat(101)), format!("{}...", "x".repeat(100)));
    }
}
