//! What somebody may change in an output folder, and what an audit must say of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use sha2::{Digest, Sha256};

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Gives every file that the manifest names the digest that it has now.
fn adjust(out: &Path) {
    let path = out.join("manifest.json");
    let mut manifest: BTreeMap<String, String> = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for (name, sha256) in &mut manifest {
        *sha256 = hex(&fs::read(out.join(name)).unwrap());
    }
    fs::write(path, format!("{}\n", serde_json::to_string_pretty(&manifest).unwrap())).unwrap();
}

/// Changes a byte of a file, low in a number.
pub fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    bytes[400] ^= 1;
    fs::write(path, bytes).unwrap();
}

/// Puts a text in the place of another one, which is there.
fn replace(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{} has no {from:?}", path.display());
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

fn results(out: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(out.join("results.json")).unwrap()).unwrap()
}

/// Changes the result of an epoch, as results.json writes it.
fn of_epoch(out: &Path, epoch: usize, field: &str, value: &str) {
    let path = out.join("results.json");
    let text = fs::read_to_string(&path).unwrap();
    let head = text.find(&format!("\"epoch\": {epoch},")).unwrap();
    let at = head + text[head..].find(&format!("\"{field}\": ")).unwrap() + field.len() + 4;
    let end = at + text[at..].find([',', '\n']).unwrap();
    fs::write(path, format!("{}{value}{}", &text[..at], &text[end..])).unwrap();
}

/// What somebody has changed, the checks that must fail, and what must be named.
pub struct Alteration {
    pub what: &'static str,
    pub change: fn(&Path),
    pub checks: &'static [&'static str],
    pub named: &'static [&'static str],
}

const CHECKPOINT: &str = "data/classifier/checkpoint_2.f32";

/// Those that are found whichever segments are recomputed, and those that only a recomputation finds.
pub const ALTERATIONS: &[Alteration] = &[
    Alteration {
        what: "a changed checkpoint",
        change: |out| flip(&out.join(CHECKPOINT)),
        checks: &["files", "chain", "recomputed"],
        named: &["data/classifier/checkpoint_2.f32: its SHA-256 is ", "epochs 3 to 4 cannot be recomputed"],
    },
    Alteration {
        what: "a changed checkpoint, and a manifest that fits",
        change: |out| {
            flip(&out.join(CHECKPOINT));
            adjust(out);
        },
        checks: &["chain", "recomputed"],
        named: &["data/classifier/checkpoint_2.f32: the parameters have the SHA-256 "],
    },
    Alteration {
        what: "a changed checkpoint, and a chain and a manifest that fit",
        change: |out| {
            flip(&out.join(CHECKPOINT));
            let sha256 = hex(&fs::read(out.join(CHECKPOINT)).unwrap());
            of_epoch(out, 2, "parameters_sha256", &format!("\"{sha256}\""));
            adjust(out);
        },
        checks: &["recomputed"],
        named: &["classifier.epochs.2.parameters_sha256 is ", "classifier.epochs.3.parameters_sha256 is "],
    },
    Alteration {
        what: "two checkpoints that have changed places",
        change: |out| {
            let (one, other) = (out.join(CHECKPOINT), out.join("data/classifier/checkpoint_5.f32"));
            fs::rename(&one, out.join("aside")).unwrap();
            fs::rename(&other, &one).unwrap();
            fs::rename(out.join("aside"), &other).unwrap();
            adjust(out);
        },
        checks: &["chain", "recomputed"],
        named: &["checkpoint_2.f32: the parameters have", "checkpoint_5.f32: the parameters have"],
    },
    Alteration {
        what: "a checkpoint that is cut short",
        change: |out| {
            let bytes = fs::read(out.join(CHECKPOINT)).unwrap();
            fs::write(out.join(CHECKPOINT), &bytes[..bytes.len() - 2]).unwrap();
            adjust(out);
        },
        checks: &["chain", "recomputed"],
        named: &["data/classifier/checkpoint_2.f32 has 63638 bytes, expected 15910 numbers of 4 bytes"],
    },
    Alteration {
        what: "a checkpoint that is larger than it can be",
        change: |out| {
            fs::File::options().write(true).open(out.join(CHECKPOINT)).unwrap().set_len(1 << 20).unwrap();
            adjust(out);
        },
        checks: &["chain", "recomputed"],
        named: &["data/classifier/checkpoint_2.f32 has 1048576 bytes, at most 63640 are read"],
    },
    Alteration {
        what: "a changed weight of the trained network, and a manifest that fits",
        change: |out| {
            flip(&out.join("data/classifier/W1.f32"));
            adjust(out);
        },
        checks: &["chain"],
        named: &["W1, b1, W2 and b2: the parameters have the SHA-256 "],
    },
    Alteration {
        what: "a better accuracy at the end",
        change: |out| {
            of_epoch(out, 8, "test_accuracy", "0.99");
            adjust(out);
        },
        checks: &["figures", "evaluated", "recomputed"],
        named: &["classifier.epochs.8.test_accuracy is 0.99, found "],
    },
    Alteration {
        what: "a better loss of an epoch whose parameters are not kept",
        change: |out| {
            of_epoch(out, 3, "train_cross_entropy", "0.0625");
            adjust(out);
        },
        checks: &["figures", "recomputed"],
        named: &["classifier.epochs.3.train_cross_entropy is 0.0625, found "],
    },
    Alteration {
        what: "another digest of an epoch whose parameters are not kept",
        change: |out| {
            of_epoch(out, 7, "parameters_sha256", &format!("\"{}\"", "0".repeat(64)));
            adjust(out);
        },
        checks: &["recomputed"],
        named: &["classifier.epochs.7.parameters_sha256 is \"0000"],
    },
    Alteration {
        what: "an answer that says more than the numbers",
        change: |out| {
            replace(&out.join("results.json"), " % of the test images", ".9 % of the test images");
            adjust(out);
        },
        checks: &["evaluated"],
        named: &["the claim accuracy.measured is "],
    },
    Alteration {
        what: "epochs that are not counted",
        change: |out| {
            replace(&out.join("results.json"), "\"epoch\": 3,", "\"epoch\": 4,");
            adjust(out);
        },
        checks: &["results"],
        named: &["results.json: classifier.epochs.3.epoch is 4, expected 3"],
    },
    Alteration {
        what: "a field that no run writes",
        change: |out| {
            replace(&out.join("results.json"), "\"epoch\": 3,", "\"epoch\": 3,\n        \"extra\": 1,");
            adjust(out);
        },
        checks: &["results"],
        named: &["results.json: classifier.epochs.3 has other fields"],
    },
    Alteration {
        what: "a field that is there twice",
        change: |out| {
            replace(&out.join("results.json"), "\"epoch\": 3,", "\"epoch\": 3,\n        \"epoch\": 3,");
            adjust(out);
        },
        checks: &["results"],
        named: &["results.json: it is not written as this program writes it"],
    },
    Alteration {
        what: "results that are nested deeply",
        change: |out| {
            fs::write(out.join("results.json"), "{\"a\":".repeat(100_000)).unwrap();
            adjust(out);
        },
        checks: &["results"],
        named: &["results.json: recursion limit exceeded"],
    },
    Alteration {
        what: "a manifest that is nested deeply",
        change: |out| fs::write(out.join("manifest.json"), "[".repeat(100_000)).unwrap(),
        checks: &["files"],
        named: &["manifest.json: "],
    },
    Alteration {
        what: "a manifest with a file elsewhere",
        change: |out| replace(&out.join("manifest.json"), "data/classifier/W1.f32", "../W1.f32"),
        checks: &["files"],
        named: &["manifest.json: it "],
    },
    Alteration {
        what: "the results of another learning rate",
        change: |out| {
            let rate = results(out)["parameters"]["classifier"]["learning_rate"].to_string();
            replace(
                &out.join("results.json"),
                &format!("\"learning_rate\": {rate}"),
                "\"learning_rate\": 0.5",
            );
            adjust(out);
        },
        checks: &["settings"],
        named: &["parameters.classifier.learning_rate is 0.5, found 0.1"],
    },
    Alteration {
        what: "another seed than the run's",
        change: |out| {
            replace(&out.join("results.json"), "\"seed\": 11", "\"seed\": 12");
            adjust(out);
        },
        checks: &["settings", "recomputed"],
        named: &[
            "changed_parameters is a list of 1, found a list of 2 here",
            "classifier.epochs.1.parameters_sha256",
        ],
    },
    Alteration {
        what: "parameters that are said to be the published ones",
        change: |out| {
            replace(
                &out.join("results.json"),
                "\"published_parameters\": false",
                "\"published_parameters\": true",
            );
            adjust(out);
        },
        checks: &["settings"],
        named: &["published_parameters is true, found false here"],
    },
    Alteration {
        what: "another operation in the graph",
        change: |out| {
            replace(&out.join("results.json"), "\"op\": \"MatMul\"", "\"op\": \"MatMulX\"");
            adjust(out);
        },
        checks: &["figures", "graph"],
        named: &["classifier.graph.", ".op is \"MatMulX\", found \"MatMul\" here"],
    },
    Alteration {
        what: "the digest of other images",
        change: |out| {
            let sha256 = &results(out)["dataset"]["sha256"]["train-images-idx3-ubyte"];
            replace(&out.join("results.json"), sha256.as_str().unwrap(), &"a".repeat(64));
            adjust(out);
        },
        checks: &["data"],
        named: &["dataset.sha256.train-images-idx3-ubyte is \"aaaa"],
    },
    Alteration {
        what: "other numbers of the images",
        change: |out| {
            flip(&out.join("data/dataset/class_means.f32"));
            replace(&out.join("results.json"), "\"test\": 50", "\"test\": 5000");
            adjust(out);
        },
        checks: &["data"],
        named: &["dataset.test is 5000, found 50 here", "data/dataset/class_means.f32 is not what"],
    },
    Alteration {
        what: "a figure that was drawn by somebody else",
        change: |out| {
            replace(&out.join("figures/training_curves.svg"), "accuracy", "Accuracy");
            adjust(out);
        },
        checks: &["figures"],
        named: &["figures/training_curves.svg is not what is drawn here"],
    },
    Alteration {
        what: "a file more",
        change: |out| fs::write(out.join("data/classifier/more\u{1b}.f32"), "").unwrap(),
        checks: &["files"],
        named: &["data/classifier/more\\u{1b}.f32: manifest.json does not name it"],
    },
    Alteration {
        what: "a file less",
        change: |out| fs::remove_file(out.join("figures/training_curves.png")).unwrap(),
        checks: &["files", "figures"],
        named: &["figures/training_curves.png is missing"],
    },
    Alteration {
        what: "a folder more",
        change: |out| fs::create_dir_all(out.join("data/classifier/deeper")).unwrap(),
        checks: &["files"],
        named: &["data/classifier/deeper is a folder that no run makes"],
    },
];

/// Those that take a file system of Unix.
#[cfg(unix)]
pub const LINKS: &[Alteration] = &[
    Alteration {
        what: "a link to a file elsewhere, which is the same",
        change: |out| {
            let (inside, outside) = (out.join("data/classifier/W1.f32"), out.with_extension("W1"));
            fs::rename(&inside, &outside).unwrap();
            std::os::unix::fs::symlink(&outside, &inside).unwrap();
        },
        checks: &["files", "chain"],
        named: &["data/classifier/W1.f32 is a symbolic link, which is not followed", "W1.f32 is missing"],
    },
    Alteration {
        what: "a link to a folder elsewhere, which is the same",
        change: |out| {
            let (inside, outside) = (out.join("data/classifier"), out.with_extension("data"));
            fs::rename(&inside, &outside).unwrap();
            std::os::unix::fs::symlink(&outside, &inside).unwrap();
        },
        checks: &["files", "chain", "recomputed"],
        named: &["data/classifier is a symbolic link, which is not followed"],
    },
    Alteration {
        what: "a pipe in the place of the results",
        change: |out| {
            fs::remove_file(out.join("results.json")).unwrap();
            assert!(Command::new("mkfifo").arg(out.join("results.json")).status().unwrap().success());
        },
        checks: &["files", "results"],
        named: &["results.json is neither a file nor a folder", "results.json is missing"],
    },
];
