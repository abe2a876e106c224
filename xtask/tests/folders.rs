//! Files of others in and around an output folder: nothing of theirs is removed, overwritten or read.

mod common;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use common::{Place, fail, partials, succeed};
use sha2::{Digest, Sha256};

/// A name that a killed run leaves beside a file.
fn left(file: &str) -> String {
    format!(".{file}.0123456789abcdef.minutia-partial")
}

/// Everything below a folder: what it holds and when it was last changed. Links are not followed.
fn snapshot(folder: &Path) -> BTreeMap<PathBuf, (Option<Vec<u8>>, SystemTime)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        let bytes = kind.is_file().then(|| fs::read(&path).unwrap());
        found.insert(path.clone(), (bytes, fs::symlink_metadata(&path).unwrap().modified().unwrap()));
        if kind.is_dir() {
            found.extend(snapshot(&path));
        }
    }
    found
}

#[cfg(unix)]
#[test]
fn only_what_killed_runs_left_is_removed_and_never_through_a_link() {
    use std::os::unix::fs::symlink;
    let place = Place::new();
    let (out, theirs) = (place.path("out"), place.path("theirs"));
    fs::create_dir_all(&theirs).unwrap();
    let folders = ["figures/more", "data/inverse", "data/my own", "tensorboard/inverse", ".cache/shards"];
    for folder in folders {
        fs::create_dir_all(out.join(folder)).unwrap();
    }
    let kept = [
        "theirs/download.iso.partial".to_string(),
        format!("theirs/{}", left("a")),
        "out/download.partial".to_string(),
        "out/figures/inverse_loss.svg.partial".to_string(),
        "out/figures/.x.0123.minutia-partial".to_string(),
        format!("out/figures/more/{}", left("a")),
        format!("out/data/my own/{}", left("a")),
    ];
    let removed = [
        format!("out/{}", left("results.json")),
        format!("out/figures/{}", left("fingerprints.png")),
        format!("out/data/inverse/{}", left("x.f32")),
        format!("out/tensorboard/inverse/{}", left("events")),
        format!("out/.cache/{}", left("inverse.checkpoint")),
        format!("out/.cache/shards/{}", left("inverse_seeds-1-of-2.json")),
    ];
    kept.iter().chain(&removed).for_each(|name| fs::write(place.path(name), name).unwrap());
    symlink(&theirs, out.join("figures/linked")).unwrap();
    symlink(theirs.join("download.iso.partial"), out.join("figures").join(left("b"))).unwrap();
    succeed(place.reproduce("out", &["inverse"]));
    for name in &kept {
        assert_eq!(fs::read_to_string(place.path(name)).unwrap(), *name);
    }
    for name in &removed {
        assert!(!place.path(name).exists(), "{name} is left");
    }
}

#[cfg(unix)]
#[test]
fn links_in_the_place_of_our_folders_and_of_the_lock_are_refused() {
    use std::os::unix::fs::symlink;
    let folders =
        [".cache", ".cache/shards", "figures", "data", "data/inverse", "tensorboard", "tensorboard/inverse"];
    for folder in folders {
        let place = Place::new();
        let (out, theirs) = (place.path("out"), place.path("theirs"));
        fs::create_dir_all(out.join(folder).parent().unwrap()).unwrap();
        fs::create_dir_all(theirs.join("inverse")).unwrap();
        for name in ["inverse.json", "inverse.checkpoint", "lock", &left("a")] {
            fs::write(theirs.join(name), "theirs").unwrap();
        }
        symlink(&theirs, out.join(folder)).unwrap();
        let before = snapshot(&theirs);
        let error = fail(place.reproduce("out", &["inverse"]), 1, None);
        assert!(error.contains(folder) && error.contains("is a symbolic link"), "{error}");
        assert_eq!(snapshot(&theirs), before, "{folder}");
    }
    let place = Place::new();
    fs::create_dir_all(place.path("out/.cache")).unwrap();
    fs::write(place.path("precious"), "precious").unwrap();
    for target in ["precious", "not there"] {
        let lock = place.path("out/.cache/lock");
        symlink(place.path(target), &lock).unwrap();
        let error = fail(place.reproduce("out", &["inverse"]), 1, None);
        assert!(
            error.contains("lock is a symbolic link") || error.contains("is a symbolic link where"),
            "{error}"
        );
        fs::remove_file(lock).unwrap();
    }
    assert_eq!(fs::read_to_string(place.path("precious")).unwrap(), "precious");
    assert!(!place.path("not there").exists());
}

#[test]
fn a_dry_run_writes_and_removes_nothing_also_beside_a_live_run() {
    let place = Place::new();
    succeed(place.reproduce("out", &["inverse"]));
    let out = place.path("out");
    let left = left("results.json");
    for name in [".cache/inverse.checkpoint", ".cache/classifier.checkpoint", &left] {
        fs::write(out.join(name), "of a live run").unwrap();
    }
    let live = File::open(out.join(".cache/lock")).unwrap();
    live.try_lock().unwrap();
    let before = snapshot(&out);
    for arguments in [&["inverse", "--dry-run"][..], &["--dry-run"], &["--dry-run", "--fresh"]] {
        assert!(succeed(place.reproduce("out", arguments)).contains("nothing was written"));
        assert_eq!(snapshot(&out), before, "{arguments:?}");
    }
}

#[test]
fn a_record_of_files_elsewhere_is_no_record() {
    let place = Place::new();
    succeed(place.reproduce("out", &["inverse"]));
    let whole = place.manifest("out");
    fs::write(place.path("theirs.svg"), "<svg>theirs</svg>").unwrap();
    let digest = hex(b"<svg>theirs</svg>");
    for job in ["inverse", "inverse figures", "report"] {
        for outside in ["../theirs.svg".to_string(), place.path("theirs.svg").display().to_string()] {
            let path = place.path("out").join(format!(".cache/{job}.json"));
            let text = fs::read_to_string(&path).unwrap();
            let mut record: serde_json::Value =
                serde_json::from_str(text.split_once('\n').unwrap().1).unwrap();
            record["outputs"] = serde_json::json!({ outside: digest });
            let text = record.to_string();
            fs::write(&path, format!("{}\n{text}\n", hex(text.as_bytes()))).unwrap();
            let text = succeed(place.reproduce("out", &["inverse"]));
            let line = format!("run  {job:24} the record of its earlier result is damaged");
            assert!(text.contains(&line), "{text}");
            assert_eq!(place.manifest("out"), whole);
        }
    }
    assert_eq!(fs::read_to_string(place.path("theirs.svg")).unwrap(), "<svg>theirs</svg>");
    assert_eq!(partials(&place.path("out")), Vec::<PathBuf>::new());
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
