//! Tensors survive safetensors; files that lie are refused; sessions take what fits.

mod common;

use common::{all_bits, frugal, samples, session, tensors, values, wound};
use minutia_graph::{Device, Session, Tensor};
use minutia_interchange::{Problem, safetensors};
use proptest::prelude::*;
use std::{collections::BTreeMap, fs};

/// A file with this table and these elements.
fn file(table: &str, elements: &[u8]) -> Vec<u8> {
    [&(table.len() as u64).to_le_bytes()[..], table.as_bytes(), elements].concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_tensors_survive(tensors in prop::collection::btree_map("[a-zé\"/]{0,5}", tensors(), 0..4)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tensors");
        safetensors::write(&path, &tensors).unwrap();
        prop_assert_eq!(all_bits(&safetensors::read(&path).unwrap()), all_bits(&tensors));
    }
}

#[test]
fn files_that_lie_are_refused_and_say_what_is_wrong() {
    let x = |dtype: &str, shape: &str, offsets: &str| {
        format!("{{\"x\":{{\"dtype\":\"{dtype}\",\"shape\":{shape},\"data_offsets\":{offsets}}}}}")
    };
    let deep = format!("{{\"x\":{}", "[".repeat(100_000));
    let one = x("U8", "[8]", "[0,8]");
    let twice = format!("{},{}", &one[..one.len() - 1], &one[1..]);
    let cases: [(Vec<u8>, &str); 12] = [
        (file(&twice, &[0; 8]), "holds 'x' twice"),
        (file(&x("F8_E4M3", "[8]", "[0,8]"), &[0; 8]), "'x' as F8_E4M3, expected numbers"),
        (file(&x("F64", "[1]", "[0,8]"), &[0xab; 8]), "element 0 of 'x' is -2.5"),
        (file(&x("F32", "[3]", "[0,8]"), &[0; 8]), "invalid shape"),
        (file(&x("F32", "[2]", "[0,4]"), &[0; 8]), "invalid shape"),
        (file(&x("F32", "[1]", "[0,4]"), &[0; 8]), "not fully covered"),
        (file(&x("F32", "[1]", "[8,4]"), &[0; 8]), "invalid offset"),
        (file(&x("U8", "[1152921504606846976,16]", "[0,8]"), &[0; 8]), "overflow"),
        (file(&x("U8", "[1152921504606846976]", "[0,1152921504606846976]"), &[0; 8]), "not fully covered"),
        (file(&deep, &[]), "is not a safetensors file"),
        (u64::MAX.to_le_bytes().to_vec(), "is not a safetensors file"),
        (b"text".to_vec(), "header too small"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    for (bytes, expected) in cases {
        fs::write(&path, bytes).unwrap();
        let message = frugal(|| safetensors::read(&path)).unwrap_err().to_string();
        assert!(message.contains(expected), "expected {expected}: {message}");
    }
}

#[test]
fn wounded_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wounded");
    safetensors::write(&path, &samples()).unwrap();
    wound(&path, |path| safetensors::read(path));
}

#[test]
fn files_that_several_threads_read_hold_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    let tensors: BTreeMap<String, Tensor> = (0..5_usize)
        .map(|number| {
            let elements = (0..600_000 + number).map(|i| (i * 5 + number) as f32);
            (format!("w{number}"), Tensor::from(elements.collect::<Vec<_>>()))
        })
        .collect();
    safetensors::write(&path, &tensors).unwrap();
    assert!(fs::metadata(&path).unwrap().len() > 8 << 20);
    assert_eq!(safetensors::read(&path).unwrap(), tensors);
}

#[test]
fn a_name_stands_for_one_tensor() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let x = Tensor::scalar(1.0_f32);
    let twice = safetensors::write(&path, [("x", &x), ("x", &x)]).unwrap_err();
    assert!(matches!(twice.problem, Problem::Twice { name } if name == "x"));
    let table = safetensors::write(&path, [("__metadata__", &x)]).unwrap_err();
    assert!(matches!(table.problem, Problem::Name { .. }), "{table}");
    assert!(!path.exists());
}

#[test]
fn variables_go_out_and_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w");
    let trained = session([f32::MAX, -0.0], 3);
    safetensors::save(&trained, &path).unwrap();
    let mut other = session([0.0, 0.0], 0);
    safetensors::load(&mut other, &path).unwrap();
    assert_eq!(values(&other), values(&trained));
}

#[test]
fn what_does_not_fit_is_listed_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w");
    let (w, step, head) = (Tensor::from([1.0_f32, 2.0, 3.0]), Tensor::scalar(9), Tensor::scalar(1.0_f32));
    safetensors::write(&path, [("w", &w), ("step", &step), ("head", &head)]).unwrap();
    let mut session = session([5.0, 6.0], 0);
    session.graph().variable("late", 1.0_f32);
    let before = values(&session);
    let message = safetensors::load(&mut session, &path).unwrap_err().to_string();
    for part in ["lacks 'late'", "the graph lacks: 'head'", "holds 'w' as f32 [3], the graph as f32 [2]"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert_eq!(values(&session), before);

    let restored = safetensors::load_partial(&mut session, &path).unwrap();
    assert_eq!(restored.variables, ["step"]);
    assert_eq!((restored.left.missing, restored.left.unknown), (vec!["late".into()], vec!["head".into()]));
    let step = session.graph().global_variables()[1].clone();
    assert_eq!(session.variable(&step).unwrap(), Some(Tensor::scalar(9)));
}

#[test]
fn variables_without_a_value_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w");
    let session = session([0.0, 0.0], 0);
    let fresh = Session::new(session.graph(), &Device::cpu().unwrap()).unwrap();
    let message = safetensors::save(&fresh, &path).unwrap_err().to_string();
    assert!(message.contains("'w', 'step'"), "{message}");
    assert!(!path.exists());
}
