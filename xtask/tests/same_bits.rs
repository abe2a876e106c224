//! One manifest, whatever the threads and instructions, and however often a run was killed.

mod common;

use std::time::{Duration, Instant};

use common::{Place, catch_checkpoint, instructions, interrupt, succeed};
use minutia_kernels::rng::Generator;
use sha2::{Digest, Sha256};

#[test]
fn threads_and_instructions_change_nothing() {
    let place = Place::new();
    succeed(place.reproduce("out", &["--threads", "1"]));
    let expected = place.manifest("out");
    for threads in ["2", "3"] {
        succeed(place.reproduce("threads", &["--fresh", "--threads", threads]));
        assert_eq!(place.manifest("threads"), expected, "{threads} threads");
    }
    for simd in instructions() {
        let mut command = place.reproduce("simd", &["--fresh"]);
        command.env("MINUTIA_SIMD", simd);
        succeed(command);
        assert_eq!(place.manifest("simd"), expected, "{simd}");
    }
}

#[test]
fn killed_runs_end_in_the_same_manifest() {
    let place = Place::new();
    let start = Instant::now();
    succeed(place.reproduce("whole", &[]));
    let whole = start.elapsed();
    let mut generator = Generator::new(2, "kill");
    for round in 0..2 {
        let out = format!("killed {round}");
        for _ in 0..5 {
            let mut child = place.reproduce(&out, &[]).stdout(std::process::Stdio::null()).spawn().unwrap();
            std::thread::sleep(Duration::from_secs_f32(whole.as_secs_f32() * generator.uniform()));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        succeed(place.reproduce(&out, &[]));
        assert_eq!(place.manifest(&out), place.manifest("whole"));
        assert_eq!(common::partials(&place.path(&out)), Vec::<std::path::PathBuf>::new());
    }
}

#[test]
fn a_run_goes_on_from_its_checkpoint_unless_it_is_damaged() {
    let place = Place::new();
    succeed(place.reproduce("out", &["classifier"]));
    let (out, whole) = (place.path("out"), place.manifest("out"));

    let checkpoint = catch_checkpoint(&place, "classifier");
    interrupt(&out, "classifier", &checkpoint);
    let text = succeed(place.reproduce("out", &["classifier"]));
    assert!(text.contains("going on from epoch"), "{text}");
    assert_eq!(place.manifest("out"), whole);

    let mut damaged = checkpoint.clone();
    *damaged.last_mut().unwrap() ^= 1;
    for damaged in [&damaged[..], &checkpoint[..checkpoint.len() / 2], b""] {
        interrupt(&out, "classifier", damaged);
        let text = succeed(place.reproduce("out", &["classifier"]));
        assert!(text.contains("the checkpoint is damaged: starting anew"), "{text}");
        assert_eq!(place.manifest("out"), whole);
    }

    interrupt(&out, "classifier", &checkpoint);
    let text = succeed(place.reproduce("out", &["classifier", "--fresh"]));
    assert!(!text.contains("going on"), "{text}");
}

#[test]
fn a_forged_checkpoint_is_refused_before_anything_is_allocated() {
    let place = Place::new();
    succeed(place.reproduce("out", &["classifier"]));
    let (out, whole) = (place.path("out"), place.manifest("out"));
    let checkpoint = catch_checkpoint(&place, "classifier");
    // Lists that claim 2^60 elements: epochs, digests, parameters, checkpoints, parameters of a checkpoint.
    // Lists of none; an epoch without a digest, and one with a digest and without parameters.
    let long = [&[253][..], &(1_u64 << 60).to_le_bytes()].concat();
    let epoch = [&[1, 1][..], &[0; 24]].concat();
    for (state, message) in [
        (long.clone(), "is damaged"),
        ([&[0][..], &long].concat(), "is damaged"),
        ([&[0, 0][..], &long].concat(), "is damaged"),
        ([&[0, 0, 0][..], &long].concat(), "is damaged"),
        ([&[0, 0, 0, 1][..], &long].concat(), "is damaged"),
        (vec![0; 4], "does not fit (it is of 0 epochs"),
        ([&epoch[..], &[0; 3]].concat(), "does not fit (it has 0 digests of 1 epochs"),
        (
            [&epoch[..], &[1], &[0; 32], &[0, 1, 0]].concat(),
            "does not fit (it has 0 parameters after epoch 1",
        ),
    ] {
        let rest = [&checkpoint[64..128], &state].concat();
        let digest: String = Sha256::digest(&rest).iter().map(|byte| format!("{byte:02x}")).collect();
        interrupt(&out, "classifier", &[digest.into_bytes(), rest].concat());
        let text = succeed(place.reproduce("out", &["classifier"]));
        let line = text.lines().find(|line| line.starts_with("  the checkpoint")).unwrap_or(&text);
        assert!(line.contains(message) && line.ends_with(": starting anew"), "{state:?}: {line}");
        assert_eq!(place.manifest("out"), whole);
    }
}
