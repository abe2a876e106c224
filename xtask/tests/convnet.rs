//! The stage beyond the post: it runs where it is asked for, and is compared like the others.

mod common;

use std::collections::BTreeMap;
use std::fs;

use common::{Place, catch_checkpoint, fail, instructions, interrupt, succeed};

/// The jobs that run, by name.
fn runs(text: &str) -> Vec<&str> {
    let jobs = text.lines().filter_map(|line| line.strip_prefix("run  "));
    jobs.map(|job| job.split("  ").next().unwrap_or(job)).collect()
}

fn results(place: &Place) -> serde_json::Value {
    serde_json::from_slice(&fs::read(place.path("out/results.json")).unwrap()).unwrap()
}

#[test]
fn it_runs_where_it_is_asked_for_and_then_stays_in_the_report() {
    let place = Place::new();
    let text = succeed(place.reproduce("out", &[]));
    assert!(!text.contains("convnet"), "{text}");
    let post = place.manifest("out");
    assert!(!post.contains("convnet"));

    let text = succeed(place.reproduce("out", &["convnet"]));
    assert_eq!(runs(&text), ["convnet", "convnet figures", "report"], "{text}");
    let manifest: BTreeMap<String, String> = serde_json::from_str(&place.manifest("out")).unwrap();
    let report = fs::read_to_string(place.path("out/report.html")).unwrap();
    for figure in ["convnet_curves", "convnet_filters", "convnet_activations", "convnet_misread"] {
        for ending in ["svg", "png"] {
            assert!(manifest.contains_key(&format!("figures/{figure}.{ending}")), "{figure}.{ending}");
        }
        assert!(report.contains(&format!("id=\"{figure}\"")), "{figure} is not in the report");
    }
    let before: BTreeMap<String, String> = serde_json::from_str(&post).unwrap();
    for (name, digest) in before.iter().filter(|(name, _)| name.contains('/')) {
        assert_eq!(manifest.get(name), Some(digest), "{name}, which is the post's");
    }

    let results = &results(&place)["convnet"];
    let epochs = results["epochs"].as_array().unwrap();
    assert_eq!(epochs.len(), 4);
    for (epoch, number) in epochs.iter().zip(1..) {
        assert_eq!(epoch["epoch"], number);
        for name in ["train_cross_entropy", "test_cross_entropy", "test_accuracy"] {
            assert!(epoch[name].is_f64(), "{name} of {epoch}");
        }
    }
    assert_eq!(results["parameters_sha256"].as_str().unwrap().len(), 64);
    let misread = results["misread"]["images"].as_array().unwrap().len() as f64;
    let accuracy = epochs[3]["test_accuracy"].as_f64().unwrap();
    assert!((accuracy - (1.0 - misread / 50.0)).abs() < 1e-9, "{accuracy}, {misread} of 50 are misread");

    let whole = place.manifest("out");
    let text = succeed(place.reproduce("out", &[]));
    assert_eq!(runs(&text), Vec::<&str>::new(), "{text}");
    assert_eq!(place.manifest("out"), whole, "a run of the post leaves it in the report");
}

#[test]
fn epochs_are_its_own_where_it_is_asked_for() {
    let place = Place::new();
    succeed(place.reproduce("out", &["convnet"]));
    let text = succeed(place.reproduce("out", &["convnet", "--epochs", "2"]));
    assert_eq!(runs(&text), ["convnet", "convnet figures", "report"], "{text}");
    assert!(text.contains("convnet.epochs 4 -> 2") && text.contains("not compared"), "{text}");
    let results = results(&place);
    assert_eq!(results["convnet"]["epochs"].as_array().unwrap().len(), 2);
    assert_eq!(results["classifier"]["epochs"].as_array().unwrap().len(), 6);
    let report = fs::read_to_string(place.path("out/report.html")).unwrap();
    assert!(report.contains("cargo xtask reproduce convnet --epochs 2<"));
    assert!(report.contains("cargo xtask reproduce classifier<"));
}

#[test]
fn the_lock_holds_it_beside_the_post_and_each_is_verified_alone() {
    let place = Place::new();
    succeed(place.reproduce("out", &["--bless"]));
    let post = fs::read_to_string(place.lock()).unwrap();
    let error = fail(place.reproduce("out", &["convnet", "--verify"]), 1, Some(&place.path("out")));
    assert!(error.contains("convnet.parameters_sha256: not in repro.lock"), "{error}");

    let text = succeed(place.reproduce("out", &["convnet", "--bless"]));
    assert!(text.contains("Wrote dataset, classifier, convnet to the set"), "{text}");
    let both = fs::read_to_string(place.lock()).unwrap();
    let post_alone: Vec<&str> = both.lines().filter(|line| !line.contains("convnet")).collect();
    assert!(both.len() > post.len());
    for line in post.lines() {
        assert!(post_alone.contains(&line), "{line} was lost");
    }
    succeed(place.reproduce("out", &["--bless"]));
    assert_eq!(fs::read_to_string(place.lock()).unwrap(), both, "a run of the post loses nothing of it");

    let line = both.lines().find(|line| line.starts_with("\"convnet.epochs.4.test_accuracy\" = ")).unwrap();
    fs::write(place.lock(), both.replacen(line, "\"convnet.epochs.4.test_accuracy\" = \"2\"", 1)).unwrap();
    let text = succeed(place.reproduce("out", &["--verify"]));
    assert!(text.contains("are those of repro.lock") && !text.contains("convnet"), "{text}");
    let error = fail(place.reproduce("out", &["convnet", "--verify"]), 1, Some(&place.path("out")));
    assert!(error.contains("1 of ") && error.contains("convnet.epochs.4.test_accuracy: got "), "{error}");
}

#[test]
fn a_run_goes_on_from_its_checkpoint_with_the_same_random_numbers() {
    let place = Place::new();
    succeed(place.reproduce("out", &["convnet"]));
    let (out, whole) = (place.path("out"), place.manifest("out"));
    let checkpoint = catch_checkpoint(&place, "convnet");

    interrupt(&out, "convnet", &checkpoint);
    let text = succeed(place.reproduce("out", &["convnet"]));
    assert!(text.contains("going on from epoch"), "{text}");
    assert_eq!(place.manifest("out"), whole);

    let mut damaged = checkpoint.clone();
    *damaged.last_mut().unwrap() ^= 1;
    interrupt(&out, "convnet", &damaged);
    let text = succeed(place.reproduce("out", &["convnet"]));
    assert!(text.contains("the checkpoint is damaged: starting anew"), "{text}");
    assert_eq!(place.manifest("out"), whole);
}

#[test]
fn threads_and_instructions_change_nothing() {
    let place = Place::new();
    succeed(place.reproduce("out", &["convnet", "--threads", "1"]));
    let expected = place.manifest("out");
    for threads in ["2", "3"] {
        succeed(place.reproduce("threads", &["convnet", "--fresh", "--threads", threads]));
        assert_eq!(place.manifest("threads"), expected, "{threads} threads");
    }
    for simd in instructions() {
        let mut command = place.reproduce("simd", &["convnet", "--fresh"]);
        command.env("MINUTIA_SIMD", simd);
        succeed(command);
        assert_eq!(place.manifest("simd"), expected, "{simd}");
    }
}
