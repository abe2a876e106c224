//! What is wrong with a launch is said once, with the rank that is meant and the cure, and ends every rank.

use crate::{images, launch::Launch};
use std::fs;

/// Arguments with the small set, unless they name another.
fn with_images<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    let own = if arguments.contains(&"--data-dir") { vec![] } else { vec!["--data-dir", images::small()] };
    [&own[..], arguments].concat()
}

#[test]
fn ranks_that_do_not_do_the_same_are_refused() {
    let other = images::other();
    let [here, there] = [images::small(), other.path().to_str().unwrap()];
    for (what, ours, theirs) in [
        ("data", ["--data-dir", here], ["--data-dir", there]),
        ("seed", ["--seed", "7"], ["--seed", "8"]),
        ("shards", ["--shards", "8"], ["--shards", "4"]),
        ("epochs", ["--epochs", "1"], ["--epochs", "2"]),
        ("batch", ["--batch", "200"], ["--batch", "400"]),
        ("", ["--hidden", "20"], ["--hidden", "30"]),
        ("", ["--rate", "0.1"], ["--rate", "0.2"]),
        ("", ["--optimizer", "sgd"], ["--optimizer", "adam"]),
        ("", ["--dropout", "0.1"], ["--dropout", "0.2"]),
        ("", ["--clip", "0.1"], ["--clip", "0.2"]),
    ] {
        let message = Launch::of(2, &with_images(&ours)).and(1, &with_images(&theirs)).telling().refused();
        assert!(message.contains("rank 2") && message.contains(what), "{what}: {message}");
    }
}

#[test]
fn what_no_rank_can_train_is_refused() {
    for (ranks, arguments, words) in [
        (3, ["--shards", "2"], &["rank 2", "2 shards"][..]),
        (5, ["--shards", "3"], &["ranks 3 and 4", "3 shards"]),
        (2, ["--batch", "100"], &["100", "8 equal shards"]),
        (2, ["--shards", "0"], &["0"]),
        (2, ["--batch", "0"], &["0"]),
        (2, ["--epoch", "2"], &["--epoch"]),
        (2, ["--rate", "nan"], &["rate", "NaN"]),
        (2, ["--dropout", "1.5"], &["1.5"]),
        (2, ["--data-dir", "/nowhere/at-all"], &["/nowhere/at-all"]),
    ] {
        let message = Launch::of(ranks, &with_images(&arguments)).telling().refused();
        assert!(words.iter().all(|word| message.contains(word)), "{arguments:?}: {message}");
    }
}

#[test]
fn what_one_rank_cannot_do_ends_all() {
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name).to_str().unwrap().to_string();
    fs::write(path("file"), "in the way").unwrap();
    let [file, below, folder] = ["file", "file/folder", "folder"].map(path);
    for (wrong, cause) in [
        (["--checkpoint", &below], "file/folder"),
        (["--checkpoint", &file], "file"),
        (["--checkpoint", "/proc/checkpoints"], "/proc/checkpoints"),
        (["--data-dir", "/nowhere/at-all"], "/nowhere/at-all"),
        (["--threads", "0"], "--threads"),
    ] {
        for rank in [0, 2] {
            let good = with_images(&["--checkpoint", &folder]);
            let bad = match wrong[0] {
                "--checkpoint" => with_images(&wrong),
                _ => [&wrong[..], &["--checkpoint", &folder]].concat(),
            };
            let launch = match rank {
                0 => Launch::of(1, &bad).and(2, &good),
                _ => Launch::of(2, &good).and(1, &bad),
            };
            let message = launch.telling().refused();
            assert!(
                message.contains(&format!("rank {rank}")) && message.contains(cause),
                "{wrong:?}: {message}"
            );
            assert_eq!(fs::read_to_string(path("file")).unwrap(), "in the way");
        }
    }
}
