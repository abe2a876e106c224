//! Every file is the same bytes in every checkout: digests are of bytes, and git turns line ends into the
//! system's unless `.gitattributes` says otherwise.

use std::path::Path;
use std::process::Command;

use super::Violation;

/// Files that git may check out with other line ends, or that have some. None where there is no git, or no
/// repository, as in an archive of the sources.
pub fn check(workspace: &Path) -> Vec<Violation> {
    let output = Command::new("git").args(["ls-files", "-z", "--eol"]).current_dir(workspace).output();
    match output {
        Ok(output) if output.status.success() => violations(&String::from_utf8_lossy(&output.stdout)),
        _ => Vec::new(),
    }
}

/// Reads what git says of each file: its line ends in the repository and in the folder, its attributes, and
/// its name after a tab.
fn violations(listing: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    for entry in listing.split('\0') {
        let Some((about, file)) = entry.split_once('\t') else { continue };
        let has = |word: &str| about.split([' ', '/']).any(|part| part == word);
        if !has("-text") && !has("eol=lf") {
            let message = "git changes its line ends on some systems; cover it in .gitattributes";
            violations.push(Violation::new(file, 0, message));
        } else if has("crlf") || has("mixed") {
            violations.push(Violation::new(file, 0, "has lines that end in CR LF; end them in LF"));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_bytes_or_have_lines_that_end_in_lf() {
        let found = |entry: &str| -> Vec<String> {
            violations(entry).into_iter().map(|violation| violation.to_string()).collect()
        };
        for fine in [
            "i/lf    w/lf    attr/text=auto eol=lf \ta b.rs\0",
            "i/-text w/-text attr/-text            \tpicture.png\0",
            "i/none  w/none  attr/text=auto eol=lf \tempty\0",
            "",
        ] {
            assert_eq!(found(fine), Vec::<String>::new(), "{fine}");
        }
        for (bad, start) in [
            ("i/lf    w/crlf  attr/text=auto        \trepro.lock\0", "repro.lock: git changes"),
            ("i/lf    w/lf    attr/                 \ta.ptx\0", "a.ptx: git changes"),
            ("i/crlf  w/crlf  attr/text=auto eol=lf \ta.rs\0", "a.rs: has lines"),
            ("i/mixed w/mixed attr/text eol=lf      \ta.md\0", "a.md: has lines"),
        ] {
            let found = found(bad);
            assert!(found.len() == 1 && found[0].starts_with(start), "{bad}: {found:?}");
        }
    }

    #[test]
    fn this_repository_is_the_same_bytes_in_every_checkout() {
        assert_eq!(check(&crate::workspace()), []);
    }
}
