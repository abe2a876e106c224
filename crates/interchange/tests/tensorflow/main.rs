//! Graphs in TensorFlow's form, beside what TensorFlow made of them.
//!
//! `values.npz` has what TensorFlow computed, with its version: `check_export.py` makes it, and says how.
//! `digests.txt` has the SHA-256 of each graph's bytes. Both may lack what is newer than they are.

mod cases;
mod round_trips;

use cases::Case;
use minutia_graph::{DType, Graph, PadMode, Tensor};
use minutia_interchange::{Problem, npz, tensorflow};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, env, fmt::Write, fs, path::Path};

/// How far a number may be from TensorFlow's, in units in the last place of the largest of its tensor: nearly
/// all are within 2.
fn tolerance(name: &str) -> f32 {
    match name {
        // Steps divide by roots of small gradients, and go on from what they have made.
        name if name.starts_with("ten steps of") => 64.0,
        _ => 16.0,
    }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(12).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A line for each graph that goes out.
fn digests() -> String {
    let line = |case: &Case| Some(format!("{} {}\n", digest(&case.bytes()?), case.name));
    let all = cases::all();
    // Gradients are built of operations as rules say, and rules may change.
    all.iter().filter(|case| !case.name.starts_with("gradients of ")).filter_map(line).collect()
}

#[test]
fn graphs_keep_their_bytes() {
    let found = digests();
    let found: BTreeMap<&str, &str> =
        found.lines().filter_map(|line| line.split_once(' ')).map(|(a, b)| (b, a)).collect();
    let mut changed = Vec::new();
    let committed = include_str!("digests.txt");
    assert!(committed.lines().count() > 200, "{} digests are committed", committed.lines().count());
    for line in committed.lines() {
        let (digest, name) = line.split_once(' ').unwrap();
        if found.get(name) != Some(&digest) {
            changed.push(format!("{} {name}", found.get(name).unwrap_or(&"does not go out:")));
        }
    }
    assert!(changed.is_empty(), "{} graphs have other bytes:\n{}", changed.len(), changed.join("\n"));
}

#[test]
fn values_are_those_that_tensorflow_computed() {
    if let Some(folder) = env::var_os("MINUTIA_EXPORT_CASES") {
        write_cases(Path::new(&folder));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tensorflow/values.npz");
    let mut expected = npz::read(path).unwrap();
    let version = expected.remove("TensorFlow").expect("the version of TensorFlow");
    assert!(version.as_slice::<u8>().unwrap().starts_with(b"2."), "{version:?}");
    assert!(expected.len() > 300, "{} values are committed", expected.len());
    let mut failures = Vec::new();
    for case in cases::all() {
        let prefix = format!("{} | ", case.name);
        if !expected.keys().any(|name| name.starts_with(&prefix)) {
            continue;
        }
        for (name, found) in case.values() {
            if let Some(expected) = expected.remove(&name)
                && let Err(difference) = near(&found, &expected, tolerance(&case.name))
            {
                failures.push(format!("{name}: {difference}"));
            }
        }
    }
    failures.extend(expected.into_keys().map(|name| format!("{name}: is no longer computed")));
    assert!(failures.is_empty(), "{} values differ:\n{}", failures.len(), failures.join("\n"));
}

/// Whether shapes and types agree, and numbers nearly.
fn near(found: &Tensor, expected: &Tensor, tolerance: f32) -> Result<(), String> {
    if (found.dtype(), found.shape()) != (expected.dtype(), expected.shape()) {
        let [found, expected] = [found, expected].map(|t| format!("{} {}", t.dtype(), t.shape()));
        return Err(format!("{found}, not {expected}"));
    }
    let (Ok(numbers), Ok(wanted)) = (found.as_slice::<f32>(), expected.as_slice::<f32>()) else {
        return if found == expected { Ok(()) } else { Err(format!("{found:?}, not {expected:?}")) };
    };
    let finite = wanted.iter().filter(|x| x.is_finite());
    let largest = finite.fold(f32::MIN_POSITIVE, |largest, x| largest.max(x.abs()));
    let unit = f32::from_bits(largest.to_bits() + 1) - largest;
    for (i, (&x, &y)) in numbers.iter().zip(wanted).enumerate() {
        let off = (x - y).abs() / unit;
        if !(off <= tolerance || x == y || x.is_nan() && y.is_nan()) {
            return Err(format!("number {i} is {x}, not {y}: {off} units off, {tolerance} allowed"));
        }
    }
    Ok(())
}

/// Writes all cases for `check_export.py`.
fn write_cases(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("digests.txt"), digests()).unwrap();
    for (number, case) in cases::all().iter().enumerate() {
        let (Some(bytes), None) = (case.bytes(), case.apart()) else { continue };
        fs::write(folder.join(format!("{number:04}.pb")), bytes).unwrap();
        let text = tensorflow::to_text(&case.graph).unwrap();
        fs::write(folder.join(format!("{number:04}.pbtxt")), text).unwrap();
        let mut tensors = BTreeMap::new();
        tensors.insert("name".to_string(), Tensor::from(case.name.clone().into_bytes()));
        for (i, run) in case.runs.iter().enumerate() {
            tensors.insert(format!("{i} | targets"), Tensor::from(run.targets.join("\n").into_bytes()));
            tensors.insert(format!("{i} | fetches"), Tensor::from(run.fetches.join("\n").into_bytes()));
            for (name, tensor) in &run.feeds {
                tensors.insert(format!("{i} | feed | {name}"), tensor.clone());
            }
        }
        for (name, value) in case.values() {
            tensors.insert(format!("value | {name}"), value);
        }
        npz::write(folder.join(format!("{number:04}.npz")), &tensors).unwrap();
    }
}

#[test]
fn what_tensorflow_has_not_is_named_at_once_with_its_nodes() {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, [3]);
    let body = |[i, x]: [minutia_graph::Output; 2]| [i + 1, x * 2.0];
    let _loop = graph.while_loop(|[i, _]| i.less(5), body, [&graph.constant(0), &x], 5);
    let _order = graph.constant([3, 1, 2]).argsort(0).with_name("sorted");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("graph.pb");
    let error = tensorflow::write(&graph, &path).unwrap_err();
    let Problem::Export(tensorflow::ExportError::Unsupported { nodes }) = &error.problem else {
        panic!("{error}")
    };
    let found: Vec<&str> = nodes.iter().map(|stranger| stranger.op).collect();
    for op in ["LoopVariable", "While", "LoopResult", "ArgSort"] {
        assert!(found.contains(&op), "{found:?}");
    }
    assert!(error.to_string().contains("ArgSort 'sorted' (integers in ascending order)"), "{error}");
    assert!(!path.exists());
}

#[test]
fn a_name_that_is_taken_leaves_the_helper_another() {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, [2, 3]);
    let taken = graph.constant(1.0_f32).with_name("Sum/reduction_indices");
    let _sum = x.reduce_sum(0);
    let text = tensorflow::to_text(&graph).unwrap();
    assert!(text.contains(&format!("name: \"{}\"", taken.name())));
    assert!(text.contains("input: \"Sum/reduction_indices_1\""), "{text}");
}

#[test]
fn the_end_of_the_name_says_which_form_it_is() {
    let graph = Graph::new();
    let _padded = graph.placeholder("x", DType::F32, [2]).pad([(1, 1)], PadMode::Constant(f32::NAN));
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str| {
        tensorflow::write(&graph, folder.path().join(name))
            .map(|()| fs::read(folder.path().join(name)).unwrap())
    };
    assert_eq!(read("graph.pb").unwrap(), tensorflow::to_bytes(&graph).unwrap());
    assert_eq!(read("graph.pbtxt").unwrap(), tensorflow::to_text(&graph).unwrap().into_bytes());
    for name in ["graph", "graph.onnx", "pb"] {
        let error = read(name).unwrap_err().to_string();
        assert!(error.contains("expected .pb"), "{error}");
        assert!(!folder.path().join(name).exists());
    }
}

#[test]
fn text_says_what_bytes_say() {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, (None, 2));
    let table = graph.constant([[1_u8, 34, 92, 255]]).with_name("table");
    let _shape = x.reshape([-1]).with_name("flat");
    drop(table);
    let expected = r#"node {
  name: "x"
  op: "Placeholder"
  attr {
    key: "_output_shapes"
    value {
      list {
        shape {
          dim {
            size: -1
          }
          dim {
            size: 2
          }
        }
      }
    }
  }
  attr {
    key: "dtype"
    value {
      type: DT_FLOAT
    }
  }
"#;
    let text = tensorflow::to_text(&graph).unwrap();
    assert!(text.starts_with(expected), "{text}");
    assert!(text.contains(r#"tensor_content: "\001\"\\\377""#), "{text}");
    assert!(text.contains("int_val: -1"), "{text}");
    assert!(text.ends_with("versions {\n  producer: 27\n}\n"), "{text}");
}

#[test]
fn an_invalid_graph_is_its_error() {
    let graph = Graph::new();
    let _product = graph.zeros([2, 3]).matmul(graph.zeros([2, 3]));
    assert!(matches!(tensorflow::to_bytes(&graph), Err(Problem::Graph(_))));
}
