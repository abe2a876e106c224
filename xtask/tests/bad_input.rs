//! What a command line, a folder or a file can have wrong: one clear message each, and nothing half-written.

mod common;

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

use common::{Place, fail, succeed, xtask};

#[test]
fn usage_errors_name_the_argument() {
    let place = Place::new();
    for (arguments, messages) in [
        (&["classifer"][..], &["classifer", "classifier"][..]),
        (&["--epoch", "3"], &["--epoch", "--epochs"]),
        (&["--epochs", "0"], &["--epochs", "1..=100000"]),
        (&["--threads", "0"], &["--threads", "1..=1024"]),
        (&["--threads", "many"], &["--threads", "many"]),
        (&["--seed", "-1"], &["-1"]),
        (&["--dataset", "cifar"], &["cifar", "auto, mnist, digits"]),
        (&["--dataset", "digits"], &["--dataset digits", "--data-dir"]),
        (&["--verify", "--epochs", "3"], &["--verify", "--epochs"]),
        (&["--verify", "--bless"], &["--verify", "--bless"]),
        (&["--bless", "--seed", "3"], &["--bless", "--seed"]),
        (&["--bless", "--dry-run"], &["--bless", "--dry-run"]),
        (&["inverse_seeds", "--shard", "3"], &["--shard", "'3'", "such as 3/8"]),
        (&["inverse_seeds", "--shard", "0/4"], &["--shard", "'0/4'", "from 1 to N"]),
        (&["inverse_seeds", "--shard", "5/4"], &["--shard", "'5/4'", "from 1 to N"]),
        (&["--shard", "1/4"], &["--shard", "inverse_seeds"]),
        (&["inverse_seeds", "inverse", "--shard", "1/4"], &["--shard", "inverse_seeds"]),
        (&["inverse_seeds", "--shard", "1/4", "--verify"], &["--shard", "--verify"]),
        (&["inverse_seeds", "--shard", "1/4", "--merge", "4"], &["--shard", "--merge"]),
        (&["inverse_seeds", "--shard", "1/4", "--tensorboard"], &["--shard", "--tensorboard", "--merge can"]),
        (&["inverse", "--shard", "launcher"], &["--shard launcher", "inverse_seeds"]),
        (&["--shard", "launcher", "--verify"], &["--shard", "--verify"]),
        (&["--shard", "launcher", "--fresh"], &["--shard launcher", "--fresh", "--out"]),
        (&["--shard", "launcher", "--dry-run"], &["--shard launcher", "--dry-run"]),
        (&["inverse", "--merge", "4"], &["--merge", "inverse_seeds"]),
        (&["--merge", "0"], &["--merge", "'0'"]),
    ] {
        let error = fail(place.reproduce("out", arguments), 2, None);
        for message in messages {
            assert!(error.contains(message), "{arguments:?}: {message:?} is not in {error}");
        }
        assert!(!place.path("out").exists(), "{arguments:?}");
    }
    assert!(fail(xtask(&["reprodcue"]), 2, None).contains("reproduce"));
}

#[test]
fn bad_folders_and_files_are_named_with_a_cure() {
    let place = Place::new();
    let file = place.path("a file");
    fs::write(&file, "x").unwrap();
    let empty = place.path("empty");
    fs::create_dir(&empty).unwrap();
    let path = |path: &PathBuf| path.to_string_lossy().into_owned();
    let base = |arguments: &[&str]| {
        let mut command = xtask(&["reproduce", "inverse", "dataset"]);
        command.arg("--config").arg(place.config()).args(arguments);
        command
    };
    let out = path(&place.path("out"));
    let inside_a_file = path(&file.join("out"));
    for (arguments, messages) in [
        (vec!["--out", &out, "--data-dir", "/no/such/folder"], vec!["/no/such/folder"]),
        (vec!["--out", &out, "--data-dir", &path(&file)], vec!["a file", "not a folder"]),
        (vec!["--out", &out, "--data-dir", &path(&empty)], vec!["empty", "train-images-idx3-ubyte"]),
        (vec!["--out", &path(&file)], vec!["a file", "--out"]),
        (vec!["--out", &inside_a_file], vec!["a file", "--out"]),
        (vec!["--out", &out, "--config", "/no/such.toml"], vec!["/no/such.toml"]),
    ] {
        let mut command = base(&[]);
        if arguments.contains(&"--config") {
            command = xtask(&["reproduce"]);
        }
        let error = fail(
            {
                command.args(&arguments);
                command
            },
            1,
            Some(&place.path("out")),
        );
        for message in messages {
            assert!(error.contains(message), "{arguments:?}: {message:?} is not in {error}");
        }
    }
}

#[test]
fn senseless_variables_are_named() {
    let place = Place::new();
    for (variable, value, message) in
        [("MINUTIA_SIMD", "sse9", "scalar, avx2, avx512 or neon"), ("MINUTIA_THREADS", "0", "from 1 to 1024")]
    {
        let mut command = place.reproduce("out", &["inverse"]);
        command.env(variable, value);
        let error = fail(command, 1, None);
        assert!(error.contains(variable) && error.contains(message), "{error}");
    }
    let mut command = xtask(&["reproduce", "dataset"]);
    command.arg("--config").arg(place.config()).arg("--out").arg(place.path("out"));
    command.env("MINUTIA_DATA_DIR", "/no/such/folder");
    assert!(fail(command, 1, Some(&place.path("out"))).contains("/no/such/folder"));
}

#[test]
fn other_images_are_not_mnist() {
    let place = Place::new();
    let error = fail(place.reproduce("out", &["dataset", "--dataset", "mnist"]), 1, Some(&place.path("out")));
    assert!(error.contains("other images than MNIST") && error.contains("cargo xtask fetch"), "{error}");
}

#[test]
fn a_bad_configuration_or_lock_file_is_named() {
    let place = Place::new();
    fs::write(place.lock(), "[[[").unwrap();
    let error = fail(place.reproduce("out", &["inverse"]), 1, None);
    assert!(error.contains("repro.lock is damaged") && error.contains("--bless"), "{error}");
    assert!(!place.path("out").exists(), "nothing was begun");

    fs::remove_file(place.lock()).unwrap();
    let error = fail(place.reproduce("out", &["inverse", "--verify"]), 1, Some(&place.path("out")));
    assert!(error.contains("has no set") && error.contains("--bless"), "{error}");

    let config = fs::read_to_string(place.config()).unwrap();
    fs::write(place.config(), config.replace("batch = 100", "batch = 0")).unwrap();
    let error = fail(place.reproduce("out", &["inverse"]), 1, None);
    assert!(
        error.contains("reproduce.toml")
            && error.contains("classifier.batch: found 0, expected a whole number"),
        "{error}"
    );

    fs::write(place.config(), config.replace("batch = 100", "batch = 300")).unwrap();
    let error = fail(place.reproduce("out", &["dataset"]), 1, Some(&place.path("out")));
    assert!(error.contains("5200 training images") && error.contains("batch of 300"), "{error}");
}

#[test]
fn two_runs_on_one_folder_are_an_error_and_a_dead_one_blocks_nobody() {
    let place = Place::new();
    let path = place.path("out").join(".cache/lock");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "4711").unwrap();
    let other = File::open(&path).unwrap();
    other.try_lock().unwrap();
    let error = fail(place.reproduce("out", &["inverse"]), 1, Some(&place.path("out")));
    assert!(error.contains("process 4711") && error.contains("wait") && error.contains("--out"), "{error}");
    drop(other);
    succeed(place.reproduce("out", &["inverse"]));
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_one_message_and_leaves_nothing_half_written() {
    let place = Place::new();
    // No file may grow beyond a block: what a full disk does, without one.
    let run = place.reproduce("out", &["inverse"]);
    let mut command = Command::new("bash");
    command
        .args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$@\"", "bash"])
        .arg(run.get_program())
        .args(run.get_args());
    let error = fail(command, 1, Some(&place.path("out")));
    assert!(error.contains("cannot write") && error.contains("make room"), "{error}");
    // With room again it is as if nothing had happened.
    succeed(place.reproduce("out", &["inverse"]));
    succeed(place.reproduce("whole", &["inverse"]));
    assert_eq!(place.manifest("out"), place.manifest("whole"));
}
