//! Checkpoints, which know nothing of ranks.

use crate::{
    images,
    launch::{Launch, alone, digest},
};
use std::{fs, path::Path};

/// Arguments with a folder for checkpoints.
fn arguments<'a>(folder: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
    let folders = ["--data-dir", images::small(), "--checkpoint", folder.to_str().unwrap()];
    [&folders[..], more].concat()
}

#[test]
fn training_goes_on_with_more_epochs_on_another_number_of_ranks() {
    let place = tempfile::tempdir().unwrap();
    let [whole, parts] = ["whole", "parts"].map(|name| place.path().join(name));
    let expected = alone(&arguments(&whole, &["--epochs", "3"]));
    Launch::of(3, &arguments(&parts, &["--epochs", "1"])).succeed();
    Launch::of(2, &arguments(&parts, &["--epochs", "2"])).succeed();
    let printed = alone(&arguments(&parts, &["--epochs", "3"]));
    assert_eq!(digest(&printed), digest(&expected));
    // Nothing is left to train.
    assert_eq!(digest(&Launch::of(4, &arguments(&parts, &["--epochs", "3"])).succeed()), digest(&expected));
    assert_eq!(fs::read(parts.join("checkpoint")).unwrap(), fs::read(whole.join("checkpoint")).unwrap());
}

#[test]
fn a_checkpoint_that_does_not_fit_is_refused_and_stays_as_it_is() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("folder");
    Launch::of(2, &arguments(&folder, &["--epochs", "1"])).succeed();
    let path = folder.join("checkpoint");
    let good = fs::read(&path).unwrap();
    let mut bad = good.clone();
    bad[good.len() / 2] ^= 1;
    for (name, bytes, more) in [
        ("other shards", &good[..], &["--epochs", "2", "--shards", "4"][..]),
        ("fewer epochs", &good, &["--epochs", "0"]),
        ("another seed", &good, &["--epochs", "2", "--seed", "8"]),
        ("another network", &good, &["--epochs", "2", "--hidden", "20"]),
        ("another optimizer", &good, &["--epochs", "2", "--optimizer", "adam"]),
        ("damaged", &bad, &["--epochs", "2"]),
        ("cut short", &good[..good.len() / 2], &["--epochs", "2"]),
        ("empty", &[], &["--epochs", "2"]),
    ] {
        fs::write(&path, bytes).unwrap();
        for ranks in [1, 3] {
            let message = Launch::of(ranks, &arguments(&folder, more)).telling().refused();
            assert!(message.contains("checkpoint"), "{name}: {message}");
            assert_eq!(fs::read(&path).unwrap(), bytes, "{name}");
            assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "{name}");
        }
    }
}
