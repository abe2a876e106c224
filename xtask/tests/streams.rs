//! Readers that go away, disks that are full, and narrow terminals.
#![cfg(unix)]

mod common;

use std::fs::{self, File};
use std::io::Read;
use std::process::{Command, Stdio};

use common::{Place, succeed, xtask};

/// A stream that nobody reads.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

#[test]
fn a_reader_that_goes_away_stops_nothing() {
    let place = Place::new();
    succeed(place.reproduce("whole", &["inverse"]));
    for (out, stderr) in [("quiet", Stdio::piped()), ("silent", closed())] {
        let output = place.reproduce(out, &["inverse"]).stdout(closed()).stderr(stderr).output().unwrap();
        assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.stderr, b"");
        assert_eq!(place.manifest(out), place.manifest("whole"));
    }
    // One that reads a line and has enough.
    let mut child = place.reproduce("head", &["inverse"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut word = [0; 6];
    child.stdout.take().unwrap().read_exact(&mut word).unwrap();
    assert_eq!(&word, b"device");
    assert!(child.wait().unwrap().success());
    assert_eq!(place.manifest("head"), place.manifest("whole"));
}

#[test]
fn every_command_ends_quietly_without_a_reader() {
    let place = Place::new();
    let commands: [(Command, i32); 5] = [
        (xtask(&["--help"]), 0),
        (xtask(&["reproduce", "--help"]), 0),
        (place.reproduce("dry", &["--dry-run"]), 0),
        (xtask(&["fetch"]), 1),
        (xtask(&["reproduce", "--nonsense"]), 2),
    ];
    for (mut command, code) in commands {
        let output = command.stdout(closed()).stderr(closed()).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{command:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_standard_output_is_one_message() {
    let place = Place::new();
    for mut command in
        [xtask(&["--help"]), place.reproduce("dry", &["--dry-run"]), place.reproduce("out", &["inverse"])]
    {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = command.stdout(full).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{command:?}: {message}");
        assert!(message.starts_with("error: cannot write to standard output: "), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}

#[test]
fn claims_are_wrapped_with_their_indent() {
    let place = Place::new();
    let mut command = place.reproduce("out", &["inverse"]);
    command.env("COLUMNS", "60");
    let text = succeed(command);
    let from = text.lines().position(|line| line.contains("holds  inverse-loss")).unwrap();
    let claims: Vec<&str> = text.lines().skip(from).take_while(|line| !line.is_empty()).collect();
    assert!(claims.len() >= 4, "{text}");
    for line in claims {
        assert!(line.chars().count() <= 60, "{line}");
        let head: String = line.chars().take(22).collect();
        let claim = ["holds  ", "FAILS  "].iter().any(|verdict| head.starts_with(verdict));
        let continued = head.trim().is_empty() && !line[22..].starts_with(' ');
        let data = head.starts_with("Data: ") || line.starts_with("      ") && !head.trim().is_empty();
        assert!(claim || continued || data, "{line}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_of_any_width_keeps_each_line_of_progress_in_one_row() {
    if Command::new("script").arg("--version").output().is_err() {
        return;
    }
    let place = Place::new();
    let config = fs::read_to_string(place.config()).unwrap();
    fs::write(place.config(), config.replace("steps = 400", "steps = 20000")).unwrap();
    for columns in [30, 79, 100] {
        let run = place.reproduce("out", &["classifier", "inverse", "--fresh"]);
        let words: Vec<String> = std::iter::once(run.get_program())
            .chain(run.get_args().filter(|argument| *argument != "--no-progress"))
            .map(|word| format!("'{}'", word.to_string_lossy()))
            .collect();
        let line = format!("stty columns {columns} rows 24; exec {}", words.join(" "));
        let mut command = Command::new("script");
        command.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
        command.stdin(Stdio::null()).env("TERM", "xterm").env_remove("COLUMNS");
        let text = succeed(command);
        let drawn: Vec<String> = text
            .split(['\r', '\n'])
            .map(plain)
            .filter(|line| line.contains(" classifier ") && line.contains('/'))
            .collect();
        assert!(!drawn.is_empty(), "{text}");
        for line in drawn {
            assert!(line.chars().count() <= columns, "{columns}: {line}");
        }
    }
}

/// A line without what moves the cursor.
#[cfg(target_os = "linux")]
fn plain(line: &str) -> String {
    let mut plain = String::new();
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' {
            rest.by_ref().find(|c| c.is_ascii_alphabetic());
        } else {
            plain.push(c);
        }
    }
    plain.trim_end().to_string()
}
