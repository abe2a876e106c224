//! `--tensorboard`: event files with what the stages found, of the same bytes however a run came about.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use common::{Place, catch_checkpoint, interrupt, succeed};
use minutia_interchange::tensorboard::{Event, EventReader, Value};
use serde_json::Value as Json;

const FILE: &str = "events.out.tfevents.1538870400.000000.minutia";
const STAGES: [&str; 7] =
    ["dataset", "inverse", "inverse_seeds", "classifier", "fingerprints", "ideal_images", "convnet"];

/// All stages, also the one beyond the post.
fn all() -> Vec<&'static str> {
    STAGES.into_iter().chain(["--tensorboard"]).collect()
}

/// Steps and values by kind and tag.
type Tags = BTreeMap<String, Vec<(i64, Value)>>;

/// The events of a stage, and what they hold under each tag.
fn read(place: &Place, stage: &str) -> (Vec<Event>, Tags) {
    let reader = EventReader::open(place.path("out/tensorboard").join(stage).join(FILE)).unwrap();
    let events: Vec<Event> = reader.collect::<Result<_, _>>().unwrap();
    let mut tags = Tags::new();
    for event in &events {
        for (tag, value) in &event.values {
            let kind = match value {
                Value::Scalar(_) => "scalar",
                Value::Histogram(_) => "histogram",
                Value::Image(_) => "image",
                Value::Text(_) => "text",
                other => panic!("{tag} is {other:?}"),
            };
            tags.entry(format!("{kind} {tag}")).or_default().push((event.step, value.clone()));
        }
    }
    // TensorBoard shows one kind alone of a tag.
    let names: BTreeSet<&str> = tags.keys().filter_map(|tag| Some(tag.split_once(' ')?.1)).collect();
    assert_eq!(names.len(), tags.len(), "a tag of {stage} has values of two kinds: {:?}", tags.keys());
    (events, tags)
}

/// Every event file of a run.
fn files(place: &Place, out: &str) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for stage in fs::read_dir(place.path(out).join("tensorboard")).unwrap() {
        for file in fs::read_dir(stage.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.strip_prefix(place.path(out)).unwrap().to_string_lossy().into_owned();
            found.insert(name, fs::read(path).unwrap());
        }
    }
    found
}

fn points(values: &[(i64, Value)]) -> Vec<(i64, f32)> {
    let point = |(step, value): &(i64, Value)| match value {
        Value::Scalar(value) => (*step, *value),
        other => panic!("{other:?}"),
    };
    values.iter().map(point).collect()
}

#[test]
fn each_stage_has_its_curves_histograms_images_texts_and_graph() {
    let place = Place::new();
    succeed(place.reproduce("out", &all()));
    let results: Json = serde_json::from_slice(&fs::read(place.path("out/results.json")).unwrap()).unwrap();
    let number = |value: &Json| value.as_f64().unwrap() as f32;
    for (stage, expected, figures) in [
        ("dataset", &["histogram class_means", "histogram samples"][..], &["mnist_samples"][..]),
        (
            "inverse",
            &["histogram x", "scalar loss", "text claims/inverse"],
            &["computation_graph", "inverse_loss", "inverse_check"],
        ),
        ("inverse_seeds", &["text claims/inverse-seeds"], &["inverse_seeds"]),
        (
            "classifier",
            &[
                "histogram W1",
                "histogram W2",
                "histogram b1",
                "histogram b2",
                "scalar accuracy/test",
                "scalar cross_entropy/test",
                "scalar cross_entropy/train",
            ],
            &["network_architecture", "classifier_graph", "training_curves"],
        ),
        ("fingerprints", &["histogram hidden"], &["fingerprints"]),
        (
            "ideal_images",
            &["histogram l1", "histogram l2", "histogram unregularized"],
            &["ideal_unregularized", "ideal_l1", "ideal_l2"],
        ),
        ("convnet", &["histogram filters", "scalar accuracy/test"], &[]),
    ] {
        let (events, tags) = read(&place, stage);
        for tag in expected.iter().chain(&["text parameters"]) {
            assert!(tags.contains_key(*tag), "{stage} has no {tag}: {:?}", tags.keys());
        }
        for figure in figures {
            let png = fs::read(place.path("out/figures").join(format!("{figure}.png"))).unwrap();
            let shown = &tags[&format!("image figures/{figure}")][0].1;
            assert!(matches!(shown, Value::Image(image) if image.png == png), "{stage}: {figure}");
            assert!(tags.contains_key(&format!("text captions/{figure}")), "{stage}: {figure}");
        }
        let graphs: Vec<&Vec<u8>> = events.iter().filter_map(|event| event.graph_def.as_ref()).collect();
        let built = ["inverse", "classifier", "convnet"].contains(&stage);
        assert_eq!(graphs.len(), usize::from(built), "{stage}");
        // Each node stands there under its name, in the order of the results.
        let mut rest = graphs.first().map_or(&[][..], |graph| &graph[..]);
        for node in results[stage]["graph"].as_array().into_iter().flatten() {
            let name = node["name"].as_str().unwrap();
            // Field 1 of a node, a text.
            let field = [&[0x0a, u8::try_from(name.len()).unwrap()][..], name.as_bytes()].concat();
            let at = rest.windows(field.len()).position(|bytes| bytes == field);
            rest = &rest[at.unwrap_or_else(|| panic!("{stage}: no node '{name}'")) + field.len()..];
        }
    }

    let (_, tags) = read(&place, "classifier");
    let epochs = results["classifier"]["epochs"].as_array().unwrap();
    let curve = |name: &str| -> Vec<(i64, f32)> {
        epochs.iter().map(|epoch| (epoch["epoch"].as_i64().unwrap(), number(&epoch[name]))).collect()
    };
    assert_eq!(points(&tags["scalar cross_entropy/train"]), curve("train_cross_entropy"));
    assert_eq!(points(&tags["scalar cross_entropy/test"]), curve("test_cross_entropy"));
    assert_eq!(points(&tags["scalar accuracy/test"]), curve("test_accuracy"));
    let [(0, Value::Histogram(before)), (6, Value::Histogram(after))] = &tags["histogram W1"][..] else {
        panic!("{:?}", tags["histogram W1"])
    };
    assert_eq!((before.num, after.num), (784.0 * 20.0, 784.0 * 20.0));
    assert_ne!(before, after, "training changes weights");

    let (_, tags) = read(&place, "inverse");
    let losses = results["inverse"]["loss"].as_array().unwrap();
    let steps = (0..).step_by(10).zip(losses.iter().map(number));
    let last = (400, number(&results["inverse"]["final_loss"]));
    assert_eq!(points(&tags["scalar loss"]), steps.chain([last]).collect::<Vec<_>>());
}

#[test]
fn the_same_bytes_come_of_any_run_and_nothing_else_changes() {
    let place = Place::new();
    let stages = &["inverse", "classifier"];
    let shown = &["inverse", "classifier", "--tensorboard"];
    succeed(place.reproduce("out", shown));
    let expected = files(&place, "out");
    assert_eq!(expected.len(), 3, "the data, too: {:?}", expected.keys());

    succeed(place.reproduce("plain", stages));
    assert_eq!(place.manifest("plain"), place.manifest("out"));
    assert!(!place.path("plain/tensorboard").exists());
    // A run that is done has only the events left to write.
    let text =
        succeed(place.reproduce("plain", &["inverse", "classifier", "--tensorboard", "--threads", "1"]));
    let runs: Vec<&str> = text.lines().filter(|line| line.starts_with("run ")).collect();
    assert!(runs.len() == 3 && runs.iter().all(|run| run.contains(" tensorboard ")), "{text}");
    assert_eq!(files(&place, "plain"), expected);
    assert_eq!(place.manifest("plain"), place.manifest("out"));
    assert!(!succeed(place.reproduce("plain", shown)).contains("run "), "all is done");

    // One that was interrupted, and left a part of an event file and a file of somebody else.
    let checkpoint = catch_checkpoint(&place, "classifier");
    interrupt(&place.path("out"), "classifier", &checkpoint);
    let folder = place.path("out/tensorboard/classifier");
    let whole = &expected[&format!("tensorboard/classifier/{FILE}")];
    fs::write(folder.join(FILE), &whole[..whole.len() / 2]).unwrap();
    fs::write(folder.join("notes"), "theirs").unwrap();
    let text = succeed(place.reproduce("out", shown));
    assert!(text.contains("going on from epoch"), "{text}");
    assert_eq!(fs::read(folder.join("notes")).unwrap(), b"theirs");
    fs::remove_file(folder.join("notes")).unwrap();
    assert_eq!(files(&place, "out"), expected);
}
