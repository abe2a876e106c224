//! Records with a right digest and a forged outcome: an error or a run, never a panic, and no more memory
//! than usual.
#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{Place, succeed, text};
use minutia_kernels::rng::Generator;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Puts an outcome in the place of a record's, and the digest that belongs to it.
fn forge(path: &Path, change: impl FnOnce(&mut Value)) {
    let text = fs::read_to_string(path).unwrap();
    let mut record: Value = serde_json::from_str(text.split_once('\n').unwrap().1).unwrap();
    change(&mut record);
    let text = record.to_string();
    let digest: String = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
    fs::write(path, format!("{digest}\n{text}\n")).unwrap();
}

/// Values that no stage has written.
fn hostile() -> Vec<Value> {
    let names = ["../../x", "/dev/zero", "", "\u{0}<svg>", "loss"];
    let numbers =
        [json!(-1), json!(1e308), json!(-1e308), json!(u64::MAX), json!(i64::MIN), json!(1e-320), json!(0)];
    let lists =
        [json!([]), json!([[]]), json!([1e308, -1e308]), json!([null]), json!({}), json!({"name": ["x"]})];
    let words = names.into_iter().map(Value::from);
    words.chain(numbers).chain(lists).chain([Value::Null, json!(true)]).collect()
}

/// Puts a value somewhere into another one.
fn spoil(value: &mut Value, generator: &mut Generator, bad: &Value) {
    let pick = |generator: &mut Generator, length: usize| generator.below(length as u32) as usize;
    let inside = match value {
        _ if generator.below(5) == 0 => None,
        Value::Array(items) if !items.is_empty() => {
            let at = pick(generator, items.len());
            items.get_mut(at)
        }
        Value::Object(fields) if !fields.is_empty() => {
            let at = pick(generator, fields.len());
            fields.iter_mut().nth(at).map(|(_, value)| value)
        }
        _ => None,
    };
    match inside {
        Some(inside) => spoil(inside, generator, bad),
        None => *value = bad.clone(),
    }
}

/// The command, in 4 GB of address space.
fn confined(run: &Command) -> Command {
    let mut command = Command::new("bash");
    command.args(["-c", "ulimit -v 4000000; exec \"$@\"", "bash"]);
    command.arg(run.get_program()).args(run.get_args());
    command.envs(run.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

#[test]
fn forged_outcomes_are_errors_or_are_computed_anew() {
    let place = Place::new();
    let kept =
        ["dataset", "inverse", "inverse_seeds", "classifier", "fingerprints", "ideal_images", "convnet"];
    succeed(place.reproduce("out", &kept));
    let cache = place.path("out/.cache");
    let jobs: Vec<String> = kept.iter().flat_map(|job| [job.to_string(), format!("{job} figures")]).collect();
    let whole: Vec<Vec<u8>> =
        jobs.iter().map(|job| fs::read(cache.join(format!("{job}.json"))).unwrap()).collect();
    let mut generator = Generator::new(3, "tampered");
    let values = hostile();
    for round in 0..jobs.len() {
        let job = &jobs[round];
        let bad = &values[generator.below(values.len() as u32) as usize];
        let mut changed = Value::Null;
        forge(&cache.join(format!("{job}.json")), |record| {
            spoil(&mut record["outcome"], &mut generator, bad);
            changed = record["outcome"].clone();
        });
        let output = confined(&place.reproduce("out", &kept)).output().unwrap();
        let words = text(&output);
        let code = output.status.code();
        assert!(
            matches!(code, Some(0 | 1)) && !words.contains("panicked"),
            "{job}, {bad}: {code:?} {words}\n{changed}"
        );
        for (job, bytes) in jobs.iter().zip(&whole) {
            fs::write(cache.join(format!("{job}.json")), bytes).unwrap();
        }
    }
    // What was forged for a while has left no trace.
    succeed(place.reproduce("out", &kept));
    succeed(place.reproduce("anew", &kept));
    assert_eq!(place.manifest("out"), place.manifest("anew"));
}

#[test]
fn forged_shards_are_computed_anew() {
    let place = Place::new();
    succeed(place.reproduce("whole", &["inverse_seeds"]));
    let mut generator = Generator::new(4, "tampered");
    let shard = place.path("out/.cache/shards/inverse_seeds-1-of-2.json");
    succeed(place.reproduce("out", &["inverse_seeds", "--shard", "1/2"]));
    let written = fs::read(&shard).unwrap();
    for bad in hostile() {
        fs::write(&shard, &written).unwrap();
        let mut changed = Value::Null;
        forge(&shard, |record| {
            spoil(&mut record["outcome"], &mut generator, &bad);
            changed = record["outcome"].clone();
        });
        let output = confined(&place.reproduce("out", &["inverse_seeds", "--merge", "2"])).output().unwrap();
        let words = text(&output);
        let told = words.contains("1 of 2 cannot be used: the record of its earlier result is damaged");
        // A number in the place of another one is a number.
        let fine = told || bad.is_number();
        assert!(output.status.code() == Some(1) && fine, "{bad}: {words}\n{changed}");
    }
    succeed(place.reproduce("out", &["inverse_seeds", "--fresh"]));
    assert_eq!(place.manifest("out"), place.manifest("whole"));
}

#[test]
fn counts_of_a_forged_record_ask_for_no_memory() {
    let place = Place::new();
    succeed(place.reproduce("out", &["fingerprints"]));
    let record = place.path("out/.cache/fingerprints.json");
    let whole = fs::read(&record).unwrap();
    let many = 1_u64 << 60;
    for counts in [vec![many; 10], vec![many; 2], vec![5; 11], vec![0; 10], vec![u64::MAX; 10]] {
        forge(&record, |record| record["outcome"]["results"]["images_per_class"] = json!(counts));
        let output = confined(&place.reproduce("out", &["fingerprints"])).output().unwrap();
        let words = text(&output);
        assert_eq!(output.status.code(), Some(1), "{counts:?}: {words}");
        let told = words.contains("the figures of fingerprints failed; --fresh computes their numbers anew");
        assert!(told && !words.contains("panicked"), "{counts:?}: {words}");
        fs::write(&record, &whole).unwrap();
    }
}
