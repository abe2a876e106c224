//! Tensors survive `.npy` and `.npz`; files that lie are refused.

mod common;

use common::{all_bits, bits, frugal, samples, session, tensors, values, wound};
use minutia_graph::Tensor;
use minutia_interchange::{
    Problem,
    npz::{self, Npy},
};
use proptest::prelude::*;
use std::{fs, io::Write};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// A file of version 1.0 with this dictionary and these elements.
fn npy(header: &str, elements: &[u8]) -> Vec<u8> {
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [&b"\x93NUMPY\x01\x00"[..], &length, header.as_bytes(), elements].concat()
}

fn read(bytes: &[u8]) -> Result<Tensor, Problem> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    fs::write(&path, bytes).unwrap();
    frugal(|| Tensor::read_npy(&path)).map_err(|error| error.problem)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_tensors_survive(tensors in prop::collection::btree_map("[a-z/]{0,5}", tensors(), 0..4)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tensors.npz");
        npz::write(&path, &tensors).unwrap();
        prop_assert_eq!(all_bits(&npz::read(&path).unwrap()), all_bits(&tensors));
        for tensor in tensors.values() {
            tensor.write_npy(&path).unwrap();
            prop_assert_eq!(bits(&Tensor::read_npy(&path).unwrap()), bits(tensor));
        }
    }
}

#[test]
fn orders_of_bytes_and_axes_are_read() {
    let header = |descr: &str, order: &str, shape: &str| {
        format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}  \n")
    };
    let big: Vec<u8> = [1.5_f32, -2.0].iter().flat_map(|x| x.to_be_bytes()).collect();
    let numbers: Vec<u8> = (0..12).collect();
    // Element [i, j, k] of the file is at i + 2 (j + 3 k).
    let turned = [[[0_u8, 6], [2, 8], [4, 10]], [[1, 7], [3, 9], [5, 11]]];
    let cases: [(String, &[u8], Tensor); 6] = [
        (header(">f4", "False", "(2,)"), &big, [1.5_f32, -2.0].into()),
        (header(">i4", "False", "()"), &[0, 0, 1, 0], Tensor::scalar(256)),
        (header("<i4", "True", "(1, 1)"), &[0, 0, 1, 0], [[65536]].into()),
        (header("|u1", "True", "(2, 3, 2)"), &numbers, turned.into()),
        (header("|b1", "False", "(3L,)"), &[0, 1, 7], [false, true, true].into()),
        ("{\"shape\":(1,),\"fortran_order\":False,\"descr\":\"=u1\"}".into(), &[9], [9_u8].into()),
    ];
    for (header, elements, expected) in cases {
        assert_eq!(read(&npy(&header, elements)).unwrap(), expected, "{header}");
    }
}

#[test]
fn headers_that_lie_are_refused_and_say_what_is_wrong() {
    let cases: [(&str, &str); 16] = [
        (
            "{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}",
            "'x.npy' as <c8, expected numbers of at most 64 bits or bool",
        ),
        ("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "as |O"),
        ("{'descr': '', 'fortran_order': False, 'shape': (1,)}", "as ,"),
        ("{'descr': 'é', 'fortran_order': False, 'shape': (1,)}", "as é"),
        ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "as [('a', '<f4')]"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "shape [2] takes 8 bytes, 4 are there"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': ()} {", "behind the dictionary"),
        ("{'descr': '|u1', 'fortran_order': False, 'shape': (3,)}", "takes 3 bytes, 4 are there"),
        (
            "{'descr': '<f4', 'fortran_order': True, 'shape': (1152921504606846976, 16)}",
            "takes more than 2^64",
        ),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 1152921504606846976)}", "takes 0 bytes"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", "expected an extent"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "expected an extent"),
        ("{'descr': '<f4', 'fortran_order': 1, 'shape': (1,)}", "expected True or False"),
        ("{'descr': '<f4', 'fortran_order': False}", "lacks the key 'shape'"),
        ("{'shape': (), 'shape': (1,)}", "the key 'shape' twice"),
        ("", "expected '{'"),
    ];
    for (header, expected) in cases {
        let message = read(&npy(header, &[0; 4])).unwrap_err().to_string();
        assert!(message.contains(expected), "{header}: {message}");
    }
    let message = read(b"\x93NUMPY\x02\x00\xff\xff\xff\xff{").unwrap_err().to_string();
    assert!(message.contains("ends in its header"), "{message}");
    assert!(read(b"\x93NUMPY\x04\x00\x00\x00").unwrap_err().to_string().contains("the version 4.0"));
}

#[test]
fn wounded_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wounded");
    samples()["dense/kernel"].write_npy(&path).unwrap();
    wound(&path, |path| Tensor::read_npy(path));
    npz::write(&path, &samples()).unwrap();
    wound(&path, |path| npz::read(path));
}

/// An archive of entries that are compressed.
fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        archive.start_file(*name, options).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn archives_may_be_compressed_but_not_be_bombs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npz");
    let count = 4_u32 << 20;
    let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({count},)}}");
    let zeros = npy(&header, &vec![0; count as usize]);
    fs::write(&path, archive(&[("x.npy", &zeros)])).unwrap();
    let error = npz::read(&path).unwrap_err().to_string();
    assert!(error.contains("unpacks to more than"), "{error}");
    assert_eq!(npz::read_at_most(&path, 5 << 20).unwrap()["x"].elements(), count as usize);
}

#[test]
fn archives_of_something_else_are_refused() {
    let one = npy("{'descr': '|u1', 'fortran_order': False, 'shape': ()}", &[1]);
    // Two entries of one name, which the library does not write: the second name is changed in both places.
    let mut twice = archive(&[("x.npy", &one), ("y.npy", &one)]);
    for at in 0..twice.len() - 5 {
        if &twice[at..at + 5] == b"y.npy" {
            twice[at] = b'x';
        }
    }
    let mut huge = archive(&[("x.npy", &one)]);
    // The number of entries in the directory at the end.
    let end = huge.len() - 22;
    huge[end + 8..end + 12].fill(0xff);
    let cases: [(Vec<u8>, &str); 5] = [
        (twice, "one name"),
        (huge, ""),
        (archive(&[("readme.txt", b"x")]), "'readme.txt', which is no array"),
        (archive(&[("x.npy", b"text")]), "'x' does not begin with \\x93NUMPY"),
        (b"text".to_vec(), "does not begin with PK"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npz");
    for (bytes, expected) in cases {
        fs::write(&path, bytes).unwrap();
        let message = frugal(|| npz::read(&path)).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_name_stands_for_one_tensor() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npz");
    let x = Tensor::scalar(1.0_f32);
    let twice = npz::write(&path, [("x", &x), ("x", &x)]).unwrap_err();
    assert!(matches!(twice.problem, Problem::Twice { name } if name == "x"));
    let long = npz::write(&path, [("x".repeat(65532), &x)]).unwrap_err();
    assert!(matches!(long.problem, Problem::Name { .. }), "{long}");
    assert!(!path.exists());
}

#[test]
fn variables_go_out_and_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.npz");
    let trained = session([1.0, 2.0], 3);
    npz::save(&trained, &path).unwrap();
    let mut other = session([0.0, 0.0], 0);
    npz::load(&mut other, &path).unwrap();
    assert_eq!(values(&other), values(&trained));
    let left = npz::load_partial(&mut other, &path).unwrap().left;
    assert!(left.is_empty(), "{left}");
}
