//! What runs, what is skipped, and what is compared.

mod common;

use std::fs;

use common::{Place, fail, succeed};

/// The lines that say that a job runs.
fn runs(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.starts_with("run ")).collect()
}

#[test]
fn a_second_run_skips_everything_and_says_so() {
    let place = Place::new();
    let first = succeed(place.reproduce("out", &[]));
    assert_eq!(runs(&first).len(), 13, "six stages in two jobs each, and the report: {first}");
    let before = place.manifest("out");
    let second = succeed(place.reproduce("out", &[]));
    assert_eq!(runs(&second), Vec::<&str>::new(), "{second}");
    assert_eq!(
        second.lines().filter(|line| line.starts_with("skip") && line.contains("unchanged")).count(),
        13
    );
    assert_eq!(place.manifest("out"), before);

    let manifest: std::collections::BTreeMap<String, String> = serde_json::from_str(&before).unwrap();
    for figure in [
        "mnist_samples",
        "computation_graph",
        "inverse_loss",
        "inverse_check",
        "inverse_seeds",
        "network_architecture",
        "classifier_graph",
        "training_curves",
        "fingerprints",
        "ideal_unregularized",
        "ideal_l1",
        "ideal_l2",
    ] {
        for ending in ["svg", "png"] {
            assert!(manifest.contains_key(&format!("figures/{figure}.{ending}")), "{figure}.{ending}");
        }
        let report = fs::read_to_string(place.path("out").join("report.html")).unwrap();
        assert!(report.contains(&format!("id=\"{figure}\"")), "{figure} is not in the report");
    }
    let digests = ["report.html", "results.json", "data/classifier/W1.f32"];
    assert!(digests.iter().all(|name| manifest.contains_key(*name)));
    assert!(!manifest.contains_key("environment.json") && place.path("out/environment.json").exists());
}

#[test]
fn the_reason_to_run_again_is_named() {
    let place = Place::new();
    succeed(place.reproduce("out", &["inverse"]));
    let out = place.path("out");

    fs::write(out.join("figures/inverse_loss.svg"), "<svg/>").unwrap();
    let text = succeed(place.reproduce("out", &["inverse"]));
    assert_eq!(
        runs(&text),
        ["run  inverse figures          figures/inverse_loss.svg is not what was written"],
        "{text}"
    );

    fs::remove_file(out.join("results.json")).unwrap();
    let text = succeed(place.reproduce("out", &["inverse"]));
    assert_eq!(runs(&text), ["run  report                   results.json is missing"], "{text}");

    fs::write(out.join(".cache/inverse.json"), "{").unwrap();
    let text = succeed(place.reproduce("out", &["inverse"]));
    assert_eq!(
        runs(&text),
        ["run  inverse                  the record of its earlier result is damaged"],
        "{text}"
    );

    let text = succeed(place.reproduce("out", &["inverse", "--seed", "12", "--dry-run"]));
    assert!(text.contains("run  inverse                  parameter seed 11 -> 12"), "{text}");
    assert!(text.contains("nothing was written"));

    let text = succeed(place.reproduce("out", &["inverse", "--fresh"]));
    assert!(text.contains("run  inverse                  --fresh"), "{text}");
}

#[test]
fn a_dry_run_writes_nothing() {
    let place = Place::new();
    let text = succeed(place.reproduce("out", &["--dry-run"]));
    assert!(text.contains("run  classifier               the input dataset may change"), "{text}");
    assert!(!place.path("out").exists());
}

#[test]
fn stages_that_were_not_asked_for_stay_in_the_report() {
    let place = Place::new();
    succeed(place.reproduce("out", &[]));
    let whole = place.manifest("out");
    succeed(place.reproduce("out", &["inverse"]));
    assert_eq!(place.manifest("out"), whole);
    // With another seed the other stages' results are not these.
    let text = succeed(place.reproduce("out", &["inverse", "--seed", "12"]));
    assert!(text.contains("Not the published parameters: seed 11 -> 12"), "{text}");
    assert!(!place.manifest("out").contains("training_curves"));
    // They are still there for the next run.
    let text = succeed(place.reproduce("out", &[]));
    assert_eq!(runs(&text).len(), 3, "the inverse, its figures and the report: {text}");
    assert_eq!(place.manifest("out"), whole);
}

#[test]
fn verify_accepts_what_was_blessed_and_names_a_single_changed_bit() {
    let place = Place::new();
    succeed(place.reproduce("out", &["--bless"]));
    let text = succeed(place.reproduce("out", &["--verify"]));
    assert!(text.contains("run  classifier               --verify"), "{text}");
    assert!(text.contains("are those of repro.lock"), "{text}");

    let lock = fs::read_to_string(place.lock()).unwrap();
    for name in ["inverse.final_loss", "classifier.epochs.6.test_accuracy", "figures/inverse_loss.png"] {
        let line = lock.lines().find(|line| line.starts_with(&format!("\"{name}\" = "))).unwrap();
        // The last digit, one bit away.
        let at = line.rfind(|c: char| c.is_ascii_hexdigit()).unwrap();
        let mut changed = line.as_bytes().to_vec();
        changed[at] ^= 1;
        let changed = String::from_utf8(changed).unwrap();
        fs::write(place.lock(), lock.replacen(line, &changed, 1)).unwrap();
        let stage = if name.starts_with("classifier") { "classifier" } else { "inverse" };
        let error = fail(place.reproduce("out", &[stage, "--verify"]), 1, Some(&place.path("out")));
        assert!(error.contains("1 of ") && error.contains(&format!("{name}: got ")), "{error}");
        // A plain run does not fail, but says so.
        let text = succeed(place.reproduce("out", &[stage]));
        assert!(text.contains("1 of ") && text.contains("differ from repro.lock"), "{text}");
    }
}

#[test]
fn other_parameters_are_marked_and_not_compared() {
    let place = Place::new();
    succeed(place.reproduce("out", &["--bless"]));
    let text = succeed(place.reproduce("out", &["--epochs", "2"]));
    assert!(
        text.contains("classifier.epochs 6 -> 2") && text.contains("not compared with repro.lock"),
        "{text}"
    );
    let results: serde_json::Value =
        serde_json::from_slice(&fs::read(place.path("out/results.json")).unwrap()).unwrap();
    assert_eq!(results["published_parameters"], false);
    assert_eq!(results["classifier"]["epochs"].as_array().unwrap().len(), 2);
    let report = fs::read_to_string(place.path("out/report.html")).unwrap();
    assert!(report.contains("Not the published parameters: classifier.epochs 6 -&gt; 2"));
    // The published number is no other parameter.
    let text = succeed(place.reproduce("out", &["--epochs", "6"]));
    assert!(text.contains("are those of repro.lock"), "{text}");
}
