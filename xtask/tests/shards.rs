//! A stage in shards: the results of an ordinary run, whoever computes them and in which order.

mod common;

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use common::{Place, catch_checkpoint_of, fail, partials, succeed};

/// The arguments that compute a shard of `inverse_seeds`, which has four matrices.
fn shard(which: &str) -> [&str; 3] {
    ["inverse_seeds", "--shard", which]
}

fn record(place: &Place, out: &str, shard: &str) -> PathBuf {
    place.path(out).join(format!(".cache/shards/inverse_seeds-{shard}.json"))
}

#[test]
fn shards_beside_each_other_give_the_results_of_an_ordinary_run() {
    let place = Place::new();
    succeed(place.reproduce("whole", &["inverse_seeds"]));
    for count in 1..=4 {
        let out = format!("in {count}");
        let children: Vec<Child> = (1..=count)
            .map(|i| {
                let mut run = place.reproduce(&out, &shard(&format!("{i}/{count}")));
                run.stdout(Stdio::null()).spawn().unwrap()
            })
            .collect();
        children.into_iter().for_each(|mut child| assert!(child.wait().unwrap().success(), "{count}"));
        assert!(!place.path(&out).join("manifest.json").exists(), "a shard is no stage");
        let text = succeed(place.reproduce(&out, &["inverse_seeds", "--merge", &count.to_string()]));
        assert!(text.contains("shards give 4 of 4 matrices") && !text.contains("matrix"), "{text}");
        assert_eq!(place.manifest(&out), place.manifest("whole"), "{count}");
        assert_eq!(partials(&place.path(&out)), Vec::<PathBuf>::new());
    }
}

#[test]
fn a_shard_that_is_there_is_skipped_and_one_that_was_killed_goes_on() {
    let place = Place::new();
    let checkpoint = catch_checkpoint_of(&place, "shards/inverse_seeds-1-of-2", &shard("1/2"));
    let text = succeed(place.reproduce("caught", &shard("1/2")));
    assert!(text.contains("going on from 1 matrices") || text.contains("going on from 2 matrices"), "{text}");
    assert!(!place.path("caught/.cache/shards/inverse_seeds-1-of-2.checkpoint").exists());
    let text = succeed(place.reproduce("caught", &shard("1/2")));
    assert!(text.contains("skip shards/inverse_seeds-1-of-2"), "{text}");
    let text = succeed(place.reproduce("caught", &[&shard("1/2")[..], &["--fresh"]].concat()));
    assert!(text.contains("run  shards/inverse_seeds-1-of-2 --fresh"), "{text}");
    // Another number of shards takes what is there.
    let text = succeed(place.reproduce("caught", &shard("1/1")));
    assert!(text.contains("shards give 2 of 4 matrices"), "{text}");
    succeed(place.reproduce("caught", &["inverse_seeds", "--merge", "1"]));
    succeed(place.reproduce("whole", &["inverse_seeds"]));
    assert_eq!(place.manifest("caught"), place.manifest("whole"));
    // So does it take what a shard has begun, if it is whole.
    let damaged = &checkpoint[..checkpoint.len() - 1];
    for (bytes, expected) in [
        (&checkpoint[..], "  shards give "),
        (damaged, "  the checkpoint of shard 1 of 2 is not used: it is damaged"),
    ] {
        fs::create_dir_all(place.path("begun/.cache/shards")).unwrap();
        fs::write(place.path("begun/.cache/shards/inverse_seeds-1-of-2.checkpoint"), bytes).unwrap();
        let text = succeed(place.reproduce("begun", &["inverse_seeds"]));
        assert!(text.lines().any(|line| line.starts_with(expected)), "no {expected:?}: {text}");
        assert_eq!(place.manifest("begun"), place.manifest("whole"));
        fs::remove_dir_all(place.path("begun")).unwrap();
    }
}

#[test]
fn an_ordinary_run_takes_what_is_there_and_computes_the_rest() {
    let place = Place::new();
    succeed(place.reproduce("whole", &["inverse_seeds"]));
    succeed(place.reproduce("out", &shard("2/3")));
    succeed(place.reproduce("out", &shard("3/3")));
    succeed(place.reproduce("out", &[&shard("1/4")[..], &["--seed", "12"]].concat()));
    fs::write(record(&place, "out", "3-of-3"), "{").unwrap();
    fs::write(record(&place, "out", "1-of-999"), "{").unwrap();
    fs::write(place.path("out/.cache/shards/theirs.json"), "theirs").unwrap();
    let text = succeed(place.reproduce("out", &["inverse_seeds"]));
    let damaged = "is not used: the record of its earlier result is damaged";
    for line in [
        "  shards give 1 of 4 matrices",
        &format!("  shard 3 of 3 {damaged}"),
        &format!("  shard 1 of 999 {damaged}"),
        "  shard 1 of 4 is not used: parameter seed 12 -> 11",
    ] {
        assert!(text.lines().any(|found| found == line), "no {line:?}: {text}");
    }
    assert_eq!(place.manifest("out"), place.manifest("whole"));
    assert_eq!(fs::read_to_string(place.path("out/.cache/shards/theirs.json")).unwrap(), "theirs");
    // Who wants everything anew gets nothing from others.
    let text = succeed(place.reproduce("out", &["inverse_seeds", "--fresh"]));
    assert!(!text.contains("shard"), "{text}");
}

#[test]
fn a_merge_names_every_shard_that_it_lacks() {
    let place = Place::new();
    succeed(place.reproduce("out", &shard("1/4")));
    succeed(place.reproduce("out", &shard("2/4")));
    succeed(place.reproduce("out", &[&shard("3/4")[..], &["--seed", "12"]].concat()));
    fs::write(record(&place, "out", "2-of-4"), "").unwrap();
    let lock = place.path("out/.cache/shards/inverse_seeds-4-of-4.lock");
    fs::write(&lock, "4711").unwrap();
    let held = File::open(&lock).unwrap();
    held.try_lock().unwrap();
    let merge = || fail(place.reproduce("out", &["--merge", "4"]), 1, Some(&place.path("out")));
    let error = merge();
    for message in [
        "3 of the 4 shards of inverse_seeds",
        "2 of 4 cannot be used: the record of its earlier result is damaged",
        "3 of 4 cannot be used: parameter seed 12 -> 11",
        "4 of 4 is being computed",
        "cargo xtask reproduce inverse_seeds --shard I/4",
    ] {
        assert!(error.contains(message), "{message:?} is not in {error}");
    }
    let busy = fail(place.reproduce("out", &shard("4/4")), 1, Some(&place.path("out")));
    assert!(busy.contains("shard 4 of 4: process 4711 is writing"), "{busy}");
    drop(held);
    assert!(merge().contains("4 of 4 is missing"));
    assert!(!place.path("out/.cache/inverse_seeds.json").exists() && !place.path("out/data").exists());
    for which in ["2/4", "3/4", "4/4"] {
        succeed(place.reproduce("out", &shard(which)));
    }
    succeed(place.reproduce("out", &["inverse_seeds", "--merge", "4"]));
    succeed(place.reproduce("whole", &["inverse_seeds"]));
    assert_eq!(place.manifest("out"), place.manifest("whole"));
}

#[test]
fn there_are_at_most_as_many_shards_as_matrices() {
    let place = Place::new();
    for arguments in [&shard("3/5")[..], &["--merge", "5"]] {
        let error = fail(place.reproduce("out", arguments), 1, Some(&place.path("out")));
        let message =
            "inverse_seeds has 4 matrices, which cannot be computed in 5 shards; choose from 1 to 4";
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn a_dry_run_of_a_shard_writes_nothing() {
    let place = Place::new();
    let text = succeed(place.reproduce("out", &[&shard("1/4")[..], &["--dry-run"]].concat()));
    assert!(text.contains("run  shards/inverse_seeds-1-of-4 no earlier result"), "{text}");
    assert!(text.contains("nothing was written") && !place.path("out").exists(), "{text}");
}
