//! An audit passes what this program has computed, and names what somebody has changed.

mod alterations;
#[path = "../common/mod.rs"]
mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use alterations::{ALTERATIONS, Alteration, flip};
use common::{Place, fail, images, succeed, text, xtask};

/// A run of eight epochs, of which it keeps 1, 2, 4, 5 and 6.
fn place() -> &'static Place {
    static PLACE: OnceLock<Place> = OnceLock::new();
    PLACE.get_or_init(|| {
        let place = Place::new();
        succeed(place.reproduce("out", &["classifier", "--epochs", "8"]));
        place
    })
}

/// `xtask audit` of a folder, all segments of it, with the images that it was trained on.
fn audit(out: &Path, arguments: &[&str]) -> Command {
    let mut command = xtask(&["audit"]);
    command.arg(out).arg("--config").arg(place().config()).arg("--data-dir").arg(images()).args(arguments);
    command
}

const ALL: [&str; 2] = ["--segments", "100"];

/// A copy of the run's folder.
fn copy(name: &str) -> PathBuf {
    fn copy_all(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let to = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                copy_all(&entry.path(), &to);
            } else {
                fs::copy(entry.path(), to).unwrap();
            }
        }
    }
    let to = place().path(name);
    copy_all(&place().path("out"), &to);
    to
}

fn find(alterations: &[Alteration]) {
    for Alteration { what, change, checks, named } in alterations {
        let out = copy(what);
        change(&out);
        let output = audit(&out, &ALL).output().unwrap();
        let text = text(&output);
        assert_eq!(output.status.code(), Some(1), "{what}: {text}");
        assert!(!text.contains("panicked") && !text.contains('\u{1b}'), "{what}: {text}");
        let failed = text.lines().filter_map(|line| line.strip_prefix("FAILS  ")?.split(' ').next());
        let failed: BTreeSet<&str> = failed.collect();
        assert_eq!(failed, checks.iter().copied().collect(), "{what}: {text}");
        for name in *named {
            assert!(text.contains(name), "{what}: {name:?} is not in {text}");
        }
        fs::remove_dir_all(out).unwrap();
    }
}

#[test]
fn what_somebody_has_changed_is_named() {
    find(ALTERATIONS);
}

#[cfg(unix)]
#[test]
fn links_and_pipes_are_named_and_not_followed() {
    find(alterations::LINKS);
}

/// Everything below a folder.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
            found.insert(path, None);
        } else {
            let bytes = fs::read(&path).unwrap();
            found.insert(path, Some(bytes));
        }
    }
    found
}

#[test]
fn an_untouched_folder_passes_and_stays_as_it_is() {
    let out = place().path("out");
    let before = contents(&out);
    for (arguments, said) in [
        (
            &ALL[..],
            &["recomputing segments: all 6", "epochs 3 to 4: each digest, loss", "All 14 checks hold."][..],
        ),
        (
            &["--epoch", "7"],
            &["the one with epoch 7", "epochs 7 to 8: each", "not recomputed: epoch 1; epoch 2; "],
        ),
        (&["--segments", "1", "--seed", "5"], &["1 of 6, as --seed 5 chooses", "All 9 checks hold."]),
        (&["--threads", "1", "--device", "cpu"], &["2 of 6, as --seed ", "All 10 checks hold."]),
    ] {
        let text = succeed(audit(&out, arguments));
        for words in said {
            assert!(text.contains(words), "{arguments:?}: {words:?} is not in {text}");
        }
        assert!(!text.contains("FAILS"), "{text}");
    }
    // Without what differs from machine to machine, and what a run keeps for itself.
    let bare = copy("bare");
    fs::remove_dir_all(bare.join(".cache")).unwrap();
    fs::remove_file(bare.join("environment.json")).unwrap();
    succeed(audit(&bare, &["--epoch", "1"]));
    assert_eq!(contents(&out), before);
}

#[test]
fn other_images_are_named_and_nothing_is_trained_on_them() {
    let others = place().path("other images");
    fs::create_dir(&others).unwrap();
    for entry in fs::read_dir(images()).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, others.join(path.file_name().unwrap())).unwrap();
    }
    flip(&others.join("train-images-idx3-ubyte"));
    let mut command = xtask(&["audit", "--config"]);
    command.arg(place().config()).arg(place().path("out")).arg("--data-dir").arg(&others);
    let output = command.output().unwrap();
    let text = text(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("FAILS  data       dataset.sha256.train-images-idx3-ubyte is "), "{text}");
    assert!(!text.contains("recomputing"), "{text}");
}

#[test]
fn what_cannot_be_audited_is_one_message() {
    let out = place().path("out");
    let nowhere = place().path("nowhere");
    for (folder, arguments, code, message) in [
        (&nowhere, &[][..], 1, "nowhere"),
        (&place().config(), &[], 1, "it is no folder"),
        (&out, &["--epoch", "9"], 1, "--epoch 9: the run has 8 epochs"),
        (&out, &["--epoch", "0"], 2, "--epoch"),
        (&out, &["--segments", "0"], 2, "--segments"),
        (&out, &["--epoch", "3", "--segments", "2"], 2, "cannot be used with"),
        (&out, &["--epoch", "3", "--seed", "2"], 2, "cannot be used with"),
    ] {
        let error = fail(audit(folder, arguments), code, None);
        assert!(error.contains(message), "{arguments:?}: {message:?} is not in {error}");
    }
    assert!(fail(xtask(&["audit"]), 2, None).contains("OUT"));
    // A hole of a tebibyte is not read.
    let huge = copy("huge");
    fs::File::create(huge.join("results.json")).unwrap().set_len(1 << 40).unwrap();
    assert!(fail(audit(&huge, &[]), 1, None).contains("more than a run leaves"));
}
