//! Every way in which a file or folder can be wrong is one clear message.

use minutia_datasets::{
    Problem,
    idx::{self, Data, Idx},
    mnist,
};
use std::{
    fs,
    io::{self, Read, Write},
    path::Path,
};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bytes(idx: &Idx) -> Vec<u8> {
    let mut bytes = Vec::new();
    idx::write(idx, &mut bytes).unwrap();
    bytes
}

fn images(n: usize, rows: usize, columns: usize) -> Vec<u8> {
    bytes(&Idx { dims: vec![n, rows, columns], data: Data::U8(vec![9; n * rows * columns]) })
}

fn labels(values: &[u8]) -> Vec<u8> {
    bytes(&Idx { dims: vec![values.len()], data: Data::U8(values.to_vec()) })
}

#[test]
fn a_bad_file_is_one_message() {
    let good = images(2, 2, 2);
    let mut bomb = vec![0, 0, 8, 1, 0, 0, 0, 4];
    bomb.extend(vec![0; 1 << 20]);
    let mut damaged = gzip(&good);
    let checksum = damaged.len() - 8;
    damaged[checksum] ^= 0xff;
    let compressed = gzip(&good);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("is empty", vec![]),
        ("is empty", gzip(&[])),
        ("is truncated: the header has 3 bytes of 4", good[..3].to_vec()),
        ("is truncated: the header has 10 bytes of 16", good[..10].to_vec()),
        ("promises 8 bytes of data, 7 are there", good[..good.len() - 1].to_vec()),
        ("has bytes after the 8", [&good[..], &[1]].concat()),
        ("has bytes after the 4", gzip(&bomb)),
        ("web page", b"<!DOCTYPE html><html>503</html>".to_vec()),
        ("web page", b"\r\n <html>503</html>".to_vec()),
        ("web page", "\u{feff}<html>503</html>".into()),
        ("web page", gzip(b"<html>503</html>")),
        ("magic number 0x00000701", vec![0, 0, 7, 1, 0, 0, 0, 0]),
        ("magic number 0x01000801", vec![1, 0, 8, 1, 0, 0, 0, 0]),
        ("promises 1099511627776 bytes of data, 0 are there", vec![0, 0, 8, 2, 0, 16, 0, 0, 0, 16, 0, 0]),
        ("more data than can be addressed", [&[0, 0, 8, 3][..], &[0xff; 12]].concat()),
        ("is damaged", damaged),
        ("is damaged", [&compressed[..], b"more"].concat()),
        ("is damaged", compressed[..compressed.len() - 9].to_vec()),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.gz");
    for (expected, contents) in cases {
        fs::write(&path, &contents).unwrap();
        let error = idx::read_file(&path).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("file.gz"), "expected {expected:?}: {error}");
    }
    let error = idx::read_file(folder.path()).unwrap_err().to_string();
    assert!(error.contains("is a folder"), "{error}");
}

fn write_set(folder: &Path, files: [&[u8]; 4]) {
    for (name, contents) in mnist::FILES.iter().zip(files) {
        fs::write(folder.join(name), contents).unwrap();
    }
}

#[test]
fn a_bad_set_is_one_message() {
    let (train, test) = (images(5001, 2, 2), images(2, 2, 2));
    let (many, two) = (labels(&vec![3; 5001]), labels(&[0, 9]));
    let folder = tempfile::tempdir().unwrap();
    let message = |files: [&[u8]; 4]| {
        write_set(folder.path(), files);
        mnist::load(folder.path()).map(|_| ()).map_err(|e| e.to_string())
    };
    assert_eq!(message([&train, &many, &test, &two]), Ok(()));
    let wide = bytes(&Idx { dims: vec![2, 2, 2], data: Data::I16(vec![9; 8]) });
    let cases: [(&str, &str, [&[u8]; 4]); 8] = [
        ("train-images", "expected images", [&many, &train, &test, &two]),
        ("t10k-images", "holds i16 of [2, 2, 2], expected images", [&train, &many, &wide, &two]),
        ("train-labels", "expected labels", [&train, &train, &test, &two]),
        ("train-labels", "holds 2 labels for 5001 images", [&train, &two, &test, &many]),
        ("t10k-images", "no images", [&train, &many, &images(0, 2, 2), &labels(&[])]),
        ("t10k-images", "no images", [&train, &many, &images(2, 0, 2), &two]),
        (
            "t10k-images",
            "[3, 2] pixels, the training images have [2, 2]",
            [&train, &many, &images(2, 3, 2), &two],
        ),
        ("train-images", "holds 2 images", [&test, &two, &test, &two]),
    ];
    for (file, expected, files) in cases {
        let error = message(files).unwrap_err();
        assert!(error.contains(expected) && error.contains(file), "expected {expected:?} of {file}: {error}");
    }
    fs::remove_file(folder.path().join(mnist::FILES[3])).unwrap();
    let error = mnist::load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("does not hold t10k-labels-idx1-ubyte"), "{error}");
    fs::create_dir(folder.path().join(mnist::FILES[3])).unwrap();
    let error = mnist::load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("t10k-labels") && error.contains("is a folder"), "{error}");
    let file = folder.path().join(mnist::FILES[0]);
    assert!(mnist::load(&file).unwrap_err().to_string().contains("is not a folder"));
    assert!(mnist::load(folder.path().join("nowhere")).unwrap_err().to_string().contains("nowhere"));
}

#[test]
fn other_spellings_of_the_names_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let files = [images(5001, 1, 1), labels(&vec![1; 5001]), images(1, 1, 1), labels(&[1])];
    for (name, contents) in mnist::FILES.iter().zip(&files) {
        fs::write(folder.path().join(name.replace("-idx", ".idx") + ".gz"), gzip(contents)).unwrap();
    }
    let set = mnist::load(folder.path()).unwrap();
    assert!(!set.is_mnist());
    assert_eq!((set.split().validation.len(), set.split().train.len()), (5000, 1));
}

/// How many bytes were read through it.
struct Counted<R>(R, u64);

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.0.read(buffer)?;
        self.1 += n as u64;
        Ok(n)
    }
}

#[test]
fn a_gzip_bomb_is_refused_before_it_goes_off() {
    // A stream without an end, after each header.
    let bomb = |header: &'static [u8]| {
        Counted(flate2::read::GzEncoder::new(header.chain(io::repeat(0)), flate2::Compression::best()), 0)
    };
    // The header hides it ...
    let mut hidden = bomb(&[0, 0, 8, 1, 0, 0, 0, 4]);
    let problem = idx::read(&mut hidden).unwrap_err();
    assert!(matches!(problem, Problem::Trailing { expected: 4, .. }), "{problem}");
    // ... or owns up to it: 2^40 bytes.
    let mut honest = bomb(&[0, 0, 8, 2, 0, 16, 0, 0, 0, 16, 0, 0]);
    let problem = idx::read_at_most(&mut honest, 1 << 30).unwrap_err();
    assert!(matches!(problem, Problem::OverLimit { expected: 0x100_0000_0000, .. }), "{problem}");
    assert!(hidden.1 < 1 << 17 && honest.1 < 1 << 17, "{} and {} bytes were read", hidden.1, honest.1);
    assert!(problem.to_string().contains("at most 1073741824 are accepted"), "{problem}");

    // A data set never takes one in.
    let folder = tempfile::tempdir().unwrap();
    let mut start = Vec::new();
    bomb(&[0, 0, 8, 3, 0, 16, 0, 0, 0, 0, 4, 0, 0, 0, 4, 0]).take(1 << 16).read_to_end(&mut start).unwrap();
    fs::write(folder.path().join(mnist::FILES[0]), &start).unwrap();
    for name in &mnist::FILES[1..] {
        fs::write(folder.path().join(name), labels(&[1])).unwrap();
    }
    let error = mnist::load(folder.path()).unwrap_err();
    assert!(matches!(error.problem, Problem::OverLimit { .. }), "{error}");
    assert_eq!(error.path, folder.path().join(mnist::FILES[0]));
}
