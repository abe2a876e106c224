//! Links of documents: files and headings that they lead to are there.

use std::collections::BTreeMap;
use std::path::Path;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::Violation;

/// The violations of a document's links, which is named relative to the workspace.
pub fn check(workspace: &Path, file: &str, text: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        let (Event::Start(Tag::Link { dest_url, .. }) | Event::Start(Tag::Image { dest_url, .. })) = event
        else {
            continue;
        };
        if dest_url.contains("://") || dest_url.starts_with("mailto:") {
            continue;
        }
        if let Err(reason) = follow(workspace, file, text, &dest_url) {
            let line = text[..range.start].matches('\n').count() + 1;
            violations.push(Violation::new(
                file,
                line,
                format!("the link to {dest_url} {reason}; correct it"),
            ));
        }
    }
    violations
}

/// Follows a link from a document to what it names.
fn follow(workspace: &Path, file: &str, text: &str, url: &str) -> Result<(), String> {
    let (path, heading) = url.split_once('#').map_or((url, None), |(path, heading)| (path, Some(heading)));
    let folder = workspace.join(file);
    let target = folder.parent().unwrap_or(workspace).join(path);
    if !path.is_empty() && !target.exists() {
        return Err("leads nowhere".to_string());
    }
    let Some(heading) = heading else { return Ok(()) };
    let headings = if path.is_empty() {
        headings(text)
    } else if path.ends_with(".md") {
        headings(&std::fs::read_to_string(&target).map_err(|error| format!("cannot be read ({error})"))?)
    } else {
        return Ok(());
    };
    let known = || headings.keys().cloned().collect::<Vec<_>>().join(", ");
    if headings.contains_key(heading) {
        Ok(())
    } else {
        Err(format!("names no heading of the document, which has {}", known()))
    }
}

/// The headings of a document, as links name them: in small letters, blanks as hyphens, without punctuation;
/// a second one of a name gets a number.
fn headings(text: &str) -> BTreeMap<String, usize> {
    let (mut headings, mut current) = (BTreeMap::new(), None::<String>);
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::Heading { .. }) => current = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                let name = current.take().unwrap_or_default();
                let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
                let slug: String =
                    name.chars().filter(kept).collect::<String>().to_lowercase().replace(' ', "-");
                let count = *headings.entry(slug.clone()).and_modify(|count| *count += 1).or_insert(0_usize);
                if count > 0 {
                    headings.insert(format!("{slug}-{count}"), 0);
                }
            }
            Event::Text(text) | Event::Code(text) => {
                if let Some(name) = &mut current {
                    name.push_str(&text);
                }
            }
            _ => {}
        }
    }
    headings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_lead_nowhere_are_found_and_others_are_not() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("docs")).unwrap();
        std::fs::write(folder.path().join("a.md"), "# The `same` bits, everywhere\n# One\n# One\n").unwrap();
        for (text, expected) in [
            ("[a](../a.md)", None),
            ("[a](../a.md#the-same-bits-everywhere) and [b](../a.md#one-1)", None),
            ("# Here\n[a](#here)", None),
            ("[a](https://example.org/b.md#c) <https://example.org>", None),
            ("`[a](b.md)`\n\n```text\n[a](b.md)\n```", None),
            ("a\n\n[a](b.md)", Some((3, "leads nowhere"))),
            ("![a](b.png)", Some((1, "leads nowhere"))),
            ("[a](../a.md#two)", Some((1, "names no heading"))),
            ("[a](#here)", Some((1, "names no heading"))),
            ("| a |\n|---|\n| [a](b.md) |", Some((3, "leads nowhere"))),
        ] {
            let found = check(folder.path(), "docs/b.md", text);
            match expected {
                None => assert_eq!(found, [], "{text}"),
                Some((line, reason)) => {
                    assert_eq!(found.iter().map(|v| v.line).collect::<Vec<_>>(), [line], "{text}");
                    assert!(found[0].message.contains(reason), "{text}: {}", found[0].message);
                }
            }
        }
    }
}
