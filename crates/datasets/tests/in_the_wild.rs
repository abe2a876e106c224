//! Files and folders as people have them: loaded where they can be, otherwise one message that says what they
//! are.

use minutia_datasets::{
    idx::{self, Data, Idx},
    mnist::{self, FILES},
};
use std::{fs, io::Write, path::Path, sync::mpsc, thread, time::Duration};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn file(dims: &[usize], data: Data) -> Vec<u8> {
    let mut bytes = Vec::new();
    idx::write(&Idx { dims: dims.to_vec(), data }, &mut bytes).unwrap();
    bytes
}

/// The four files of a small set with labels up to the largest.
fn set(largest: u8) -> [Vec<u8>; 4] {
    let labels =
        |n: usize| file(&[n], Data::U8((0..n).map(|i| (i % (usize::from(largest) + 1)) as u8).collect()));
    let images = |n: usize| file(&[n, 2, 1], Data::U8((0..2 * n).map(|i| i as u8).collect()));
    [images(5001), labels(5001), images(3), labels(3)]
}

fn write(path: impl AsRef<Path>, bytes: &[u8]) {
    fs::create_dir_all(path.as_ref().parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// Writes a set below a folder, each file by its name for MNIST's.
fn write_set(folder: &Path, set: &[Vec<u8>; 4], name: impl Fn(&str) -> String) {
    FILES.iter().zip(set).for_each(|(file, bytes)| write(folder.join(name(file)), bytes));
}

fn message(folder: &Path) -> String {
    mnist::load(folder).map(|_| ()).expect_err("it is not to be loaded").to_string()
}

#[test]
fn compressed_files_are_read_as_gzip_reads_them() {
    let plain = set(9)[1].clone();
    let (first, second) = plain.split_at(1000);
    let zeros = vec![0; 100_000];
    for (what, bytes) in [
        ("padded with zeros", [&gzip(&plain)[..], &zeros].concat()),
        ("of two members", [gzip(first), gzip(second)].concat()),
        ("of members with zeros between", [&gzip(first)[..], &zeros, &gzip(second), &[0]].concat()),
        ("with an empty member", [gzip(&[]), gzip(&plain)].concat()),
        ("compressed twice", gzip(&gzip(&plain))),
        (
            "compressed twice and padded",
            [&gzip(&[&gzip(&plain)[..], &[0; 512]].concat())[..], &[0; 512]].concat(),
        ),
    ] {
        let read = idx::read(&bytes[..]).unwrap_or_else(|problem| panic!("{what}: {problem}"));
        assert_eq!(read, idx::read(&plain[..]).unwrap(), "{what}");
    }
    for (expected, bytes) in [
        ("is compressed with gzip more than 2 times", gzip(&gzip(&gzip(&plain)))),
        ("is damaged", [&gzip(&plain)[..], &zeros, b"x"].concat()),
        ("is damaged", gzip(&gzip(&plain)[..40])),
        ("has bytes after", gzip(&[&plain[..], &[0]].concat())),
        ("is damaged: more than 65536 members", gzip(&gzip(&[]).repeat(1 << 18))),
    ] {
        let problem = idx::read(&bytes[..]).unwrap_err().to_string();
        assert!(problem.contains(expected), "expected {expected:?}: {problem}");
    }
}

#[test]
fn what_is_no_idx_file_is_named_with_its_cure() {
    let tar = [&b"train-images-idx3-ubyte"[..], &[0; 234], b"ustar\x0000", &[0; 248]].concat();
    let little = |dims: &[u32], data: usize| {
        let extents = dims.iter().flat_map(|d| d.to_le_bytes()).collect::<Vec<_>>();
        [&[0, 0, 8, dims.len() as u8][..], &extents, &vec![7; data]].concat()
    };
    let cases: Vec<(&[&str], Vec<u8>)> = vec![
        (&["is a zip archive", "unzip"], b"PK\x03\x04\x14\0\0\0\x08\0".to_vec()),
        (&["is a tar archive", "tar -xf"], tar.clone()),
        (&["is a tar archive", "tar -xf"], gzip(&tar)),
        (&["is a 7z archive"], b"7z\xbc\xaf\x27\x1c\0\x04".to_vec()),
        (&["is a bzip2 file", "bunzip2"], b"BZh91AY&SY".to_vec()),
        (&["is an xz file", "xz -d"], b"\xfd7zXZ\0\0\x04".to_vec()),
        (&["is a zstd file", "zstd -d"], b"\x28\xb5\x2f\xfd\x04\0".to_vec()),
        (&["is a NumPy array (.npy)"], b"\x93NUMPY\x01\0v\0{'descr'".to_vec()),
        (&["is a PNG picture"], b"\x89PNG\r\n\x1a\n\0\0".to_vec()),
        (
            &["is a pointer of Git LFS", "git lfs pull"],
            b"version https://git-lfs.github.com/spec/v1\noid".to_vec(),
        ),
        (
            &[r#"is JSON ("{\"error\": \"not found\"}")"#, "download it again"],
            br#"{"error": "not found"}"#.to_vec(),
        ),
        (&["is a web page", "download it again"], b"\n <!doctype html><html>".to_vec()),
        (&["is XML", "AccessDenied"], b"<?xml version='1.0'?><Error><Code>AccessDenied".to_vec()),
        (&["is text (\"not found\")", "download it again"], b"not found\n".to_vec()),
        (&["is text (\"404\")"], b"404".to_vec()),
        (&["is text (\"\u{e4}\u{e4}"], "\u{e4}".repeat(600).into_bytes()),
        (&["is a table of comma-separated values"], b"5,0,0,0,0,12,255\n4,0,0".to_vec()),
        (&["starts with 512 zeros", "download it again"], vec![0; 4000]),
        (&["little-endian header"], [&[3, 8, 0, 0][..], &[2, 0, 0, 0].repeat(3), &[0; 8]].concat()),
        // Extents that are too many for any memory, for the reader, and for the file.
        (&["little-endian header"], little(&[5001, 28, 28], 5001 * 784)),
        (&["little-endian header"], little(&[60000], 60000)),
        (&["little-endian header"], little(&[3], 3)),
        (&["magic number 0x00000701"], vec![0, 0, 7, 1, 0, 0, 0, 0]),
        (&["magic number 0xffd7a1b2"], vec![0xff, 0xd7, 0xa1, 0xb2]),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (parts, bytes) in &cases {
        let path = folder.path().join(FILES[0]);
        write(&path, bytes);
        let error = idx::read_file_at_most(&path, 1 << 30).unwrap_err().to_string();
        for part in [FILES[0]].iter().chain(*parts) {
            assert!(error.contains(part), "expected {part:?}: {error}");
        }
    }
}

#[test]
fn every_layout_that_people_have_is_found() {
    type Named = fn(&str) -> String;
    let layouts: [(&str, Named); 14] = [
        ("plain", str::to_string),
        ("gz", |name| format!("{name}.gz")),
        ("Kaggle's dotted", |name| name.replace("-idx", ".idx")),
        ("Kaggle's folders", |name| format!("{name}/{name}")),
        ("dotted in folders", |name| format!("{0}/{0}", name.replace("-idx", ".idx"))),
        ("folders that unzip makes of .gz", |name| format!("{name}.gz/{name}")),
        ("torchvision's", |name| format!("MNIST/raw/{name}")),
        ("torchvision's, one up", |name| format!("raw/{name}")),
        ("torchvision's, Fashion-MNIST", |name| format!("FashionMNIST/raw/{name}.gz")),
        ("torchvision's, EMNIST", |name| {
            format!("EMNIST/raw/emnist-letters-{}", name.replace("t10k", "test"))
        }),
        ("EMNIST's archive", |name| format!("gzip/emnist-byclass-{}.gz", name.replace("t10k", "test"))),
        ("EMNIST", |name| format!("emnist-letters-{}", name.replace("t10k", "test"))),
        ("EMNIST, dotted", |name| {
            format!("emnist-letters-{}", name.replace("t10k", "test").replace("-idx", ".idx"))
        }),
        ("QMNIST", |name| format!("qmnist-{}.gz", name.replace("t10k", "test"))),
    ];
    let files = set(9);
    for (what, name) in layouts {
        let folder = tempfile::tempdir().unwrap();
        write_set(folder.path(), &files, name);
        let set = mnist::load(folder.path()).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!((set.train.len(), set.test.len()), (5001, 3), "{what}");
    }
    // Kaggle's folder has both, as it comes.
    let folder = tempfile::tempdir().unwrap();
    write_set(folder.path(), &files, |name| format!("{name}/{name}"));
    write_set(folder.path(), &files, |name| name.replace("-idx", ".idx"));
    mnist::load(folder.path()).unwrap();
    for name in FILES {
        fs::remove_file(folder.path().join(name).join(name)).unwrap();
    }
    mnist::load(folder.path()).unwrap();
    // Plain files that an interrupted gunzip left empty.
    write_set(folder.path(), &files.clone().map(|bytes| gzip(&bytes)), |name| {
        format!("{}.gz", name.replace("-idx", ".idx"))
    });
    write_set(folder.path(), &[(); 4].map(|()| Vec::new()), |name| name.replace("-idx", ".idx"));
    mnist::load(folder.path()).unwrap();
}

#[test]
fn a_folder_without_a_set_says_what_it_has() {
    let files = set(9);
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let check = |path: &Path, parts: &[&str]| {
        let error = message(path);
        parts.iter().for_each(|part| assert!(error.contains(part), "expected {part:?}: {error}"));
    };
    fs::create_dir(at("empty")).unwrap();
    check(&at("empty"), &["does not hold train-images-idx3-ubyte, plain or as .gz"]);
    write(at("packed/archive.zip"), b"PK\x03\x04");
    check(&at("packed"), &["packed: does not hold train-images-idx3-ubyte, but archive.zip; unpack it"]);
    check(&at("packed/archive.zip"), &["archive.zip: is a zip archive", "unzip"]);
    write_set(&at("two"), &files, |name| format!("emnist-letters-{name}"));
    write_set(&at("two"), &files, |name| format!("emnist-digits-{name}"));
    check(&at("two"), &["several sets; name one of them: ", "two/emnist-digits, ", "two/emnist-letters"]);
    mnist::load(at("two/emnist-letters")).unwrap();
    check(&at("two/emnist-none"), &["emnist-none: "]);
    write_set(&at("root"), &files, |name| format!("MNIST/raw/{name}"));
    write_set(&at("root"), &files, |name| format!("KMNIST/raw/{name}"));
    check(&at("root"), &["several sets", "KMNIST/raw"]);
    mnist::load(at("root/MNIST")).unwrap();
    fs::create_dir_all(at("folder").join(FILES[0])).unwrap();
    check(&at("folder"), &[FILES[0], "is a folder, expected a file"]);
}

#[test]
fn the_labels_say_how_many_classes_there_are() {
    let folder = tempfile::tempdir().unwrap();
    for (largest, classes) in [(3, 10), (9, 10), (26, 27), (46, 47), (61, 62), (255, 256)] {
        write_set(folder.path(), &set(largest), str::to_string);
        let set = mnist::load(folder.path()).unwrap();
        // The test images have labels 0 to 2 alone: the set decides, not the half.
        assert_eq!(
            (set.train.classes, set.test.classes, set.split().validation.classes),
            (classes, classes, classes)
        );
        assert_eq!(set.test.one_hot().dims(), [3, classes]);
        let ones: Vec<usize> = set
            .test
            .one_hot()
            .as_slice::<f32>()
            .unwrap()
            .chunks(classes)
            .map(|r| r.iter().position(|&x| x == 1.0).unwrap())
            .collect();
        assert_eq!(ones, [0, 1, 2]);
    }
}

#[test]
fn the_first_column_of_qmnists_labels_is_the_class() {
    let folder = tempfile::tempdir().unwrap();
    let columns = |n: usize, first: i32| {
        let row = |i: usize| [(i as i32 + first) % 10, 4, 2421, -1, 9, 0, i as i32, 0];
        file(&[n, 8], Data::I32((0..n).flat_map(row).collect()))
    };
    let [train, _, test, _] = set(9);
    let name =
        |name: &str| format!("qmnist-{}", name.replace("t10k", "test").replace("idx1-ubyte", "idx2-int"));
    write_set(folder.path(), &[train, columns(5001, 1), test, columns(3, 7)], name);
    let set = mnist::load(folder.path()).unwrap();
    assert_eq!(set.test.labels.as_slice::<i32>().unwrap(), [7, 8, 9]);
    assert_eq!(set.train.labels.as_slice::<i32>().unwrap()[..3], [1, 2, 3]);
    let path = folder.path().join("qmnist-test-labels-idx2-int");
    write(&path, &file(&[3, 2], Data::I32(vec![0, 0, 300, 0, 0, 0])));
    assert!(message(folder.path()).contains("holds label 300 at position 1; labels go from 0 to 255"));
    write(&path, &file(&[3, 0], Data::I32(vec![])));
    assert!(message(folder.path()).contains("expected labels: u8 of [n], or QMNIST's i32 of [n, 8]"));
}

#[test]
fn images_are_turned_upright() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = set(9);
    files[0] = file(&[5001, 2, 3], Data::U8(vec![1; 5001 * 6]));
    files[2] = file(&[3, 2, 3], Data::U8((0..18).collect()));
    write_set(folder.path(), &files, str::to_string);
    let test = mnist::load(folder.path()).unwrap().test;
    let turned = test.transposed();
    assert_eq!(turned.size, [3, 2]);
    assert_eq!(turned.images.as_slice::<u8>().unwrap()[..6], [0, 3, 1, 4, 2, 5]);
    assert_eq!(turned.transposed().images.as_bytes(), test.images.as_bytes());
}

#[cfg(unix)]
#[test]
fn links_that_lead_nowhere_and_pipes_are_named() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    write_set(folder.path(), &set(9), str::to_string);
    let path = folder.path().join(FILES[1]);
    let restore = |bytes: &[u8]| {
        fs::remove_file(&path).unwrap();
        write(&path, bytes);
    };
    fs::rename(&path, folder.path().join("elsewhere")).unwrap();
    symlink("elsewhere", &path).unwrap();
    mnist::load(folder.path()).unwrap();
    fs::remove_file(folder.path().join("elsewhere")).unwrap();
    let error = message(folder.path());
    assert!(
        error.contains(FILES[1]) && error.contains("is a symbolic link to elsewhere, which is not there"),
        "{error}"
    );
    // What is whole comes before a link that leads nowhere.
    write(folder.path().join(format!("{}.gz", FILES[1])), &gzip(&set(9)[1]));
    mnist::load(folder.path()).unwrap();
    fs::remove_file(folder.path().join(format!("{}.gz", FILES[1]))).unwrap();
    restore(&set(9)[1]);
    symlink("away", folder.path().join("link")).unwrap();
    assert!(message(&folder.path().join("link")).contains("is a symbolic link to away, which is not there"));
    fs::remove_file(&path).unwrap();
    symlink(FILES[1], &path).unwrap();
    let error = message(folder.path());
    assert!(error.contains(FILES[1]) && !error.contains("does not hold"), "a link to itself: {error}");

    fs::remove_file(&path).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let (sender, receiver) = mpsc::channel();
    let place = folder.path().to_path_buf();
    thread::spawn(move || sender.send((message(&place), idx::read_file(place.join(FILES[1])))).unwrap());
    let (error, read) = receiver.recv_timeout(Duration::from_secs(30)).expect("a pipe is not waited for");
    assert!(error.contains("is a pipe (FIFO), not a file"), "{error}");
    assert!(read.unwrap_err().to_string().contains("is a pipe (FIFO)"));
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_read_says_so() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let closed = folder.path().join("closed");
    write_set(&closed, &set(9), str::to_string);
    let allow = |mode| fs::set_permissions(&closed, fs::Permissions::from_mode(mode)).unwrap();
    for mode in [0o000, 0o400, 0o100] {
        allow(mode);
        // Who may do everything is refused nothing; and to pass through is enough where the names are known.
        let open = fs::metadata(closed.join(FILES[0])).is_ok();
        match mnist::load(&closed) {
            Ok(_) => assert!(open),
            Err(error) => assert!(!open && error.to_string().contains("denied"), "{mode:o}: {error}"),
        }
    }
    allow(0o700);
}
