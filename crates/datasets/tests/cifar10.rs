//! CIFAR-10's binary files: what is read, and what is refused.

use minutia_datasets::{
    Labelled, Problem,
    cifar10::{CHANNELS, CLASSES, Cifar10, FILES, SIDE, load, read},
};
use std::{fs, path::Path};

const PIXELS: usize = SIDE * SIDE;
const RECORD: usize = 1 + CHANNELS * PIXELS;

/// The byte of an image at a pixel and a channel.
fn byte(image: usize, pixel: usize, channel: usize) -> u8 {
    (image * 31 + pixel * 7 + channel * 101) as u8
}

/// Records of the images from `first` on, each with another label.
fn records(first: usize, count: usize) -> Vec<u8> {
    let record = |image: usize| {
        let planes = (0..CHANNELS).flat_map(|c| (0..PIXELS).map(move |pixel| byte(image, pixel, c)));
        std::iter::once((image % CLASSES.len()) as u8).chain(planes.collect::<Vec<_>>())
    };
    (first..first + count).flat_map(record).collect()
}

/// Writes the six files, with three images each.
fn write(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for (i, name) in FILES.into_iter().enumerate() {
        fs::write(folder.join(name), records(3 * i, 3)).unwrap();
    }
}

fn check(half: &Labelled, first: usize, count: usize) {
    assert_eq!((half.len(), half.size, half.channels, half.classes), (count, [SIDE, SIDE], CHANNELS, 10));
    let labels: Vec<i32> = (first..first + count).map(|image| (image % 10) as i32).collect();
    assert_eq!(half.labels.as_slice::<i32>().unwrap(), labels);
    let pixels = half.images.as_slice::<u8>().unwrap();
    assert_eq!(half.images.dims(), [count, CHANNELS * PIXELS]);
    for (i, &found) in pixels.iter().enumerate() {
        let (image, pixel, channel) = (i / (CHANNELS * PIXELS), i / CHANNELS % PIXELS, i % CHANNELS);
        assert_eq!(found, byte(first + image, pixel, channel), "image {image}, {pixel}, {channel}");
    }
}

#[test]
fn the_files_are_read_in_their_order_wherever_people_unpack_them() {
    let folder = tempfile::tempdir().unwrap();
    for place in ["plain", "unpacked/cifar-10-batches-bin"] {
        write(&folder.path().join(place));
    }
    for place in ["plain", "unpacked", "unpacked/cifar-10-batches-bin"] {
        let Cifar10 { train, test } = load(folder.path().join(place)).unwrap();
        check(&train, 0, 15);
        check(&test, 15, 3);
    }
}

#[test]
fn what_is_no_file_of_records_is_named_with_its_cure() {
    let mut of_no_class = records(0, 2);
    of_no_class[RECORD] = 10;
    let too_many = vec![0; 10_001 * RECORD];
    let (record, most) = (RECORD as u64, 10_000);
    for (name, bytes, expected) in [
        ("nothing", vec![], Problem::Empty),
        ("half a record", records(0, 1)[..9].to_vec(), Problem::Records { bytes: 9, record, most }),
        (
            "a byte too much",
            [records(0, 1), vec![0]].concat(),
            Problem::Records { bytes: 3074, record, most },
        ),
        ("an unknown class", of_no_class, Problem::Label { label: 10, position: 1, classes: 10 }),
        ("too many", too_many, Problem::Records { bytes: 10_000 * record + 1, record, most }),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path());
        fs::write(folder.path().join(FILES[2]), &bytes).unwrap();
        let error = load(folder.path()).unwrap_err();
        assert_eq!(error.path, folder.path().join(FILES[2]), "{name}");
        assert_eq!(error.problem.to_string(), expected.to_string(), "{name}");
        assert_eq!(read(&bytes[..]).unwrap_err().to_string(), expected.to_string(), "{name}");
    }
}

#[test]
fn what_is_not_there_is_named_with_its_cure() {
    let folder = tempfile::tempdir().unwrap();
    let message = || load(folder.path()).unwrap_err().to_string();
    assert!(
        message()
            .contains("does not hold data_batch_1.bin; it is one of the files of cifar-10-binary.tar.gz")
    );
    write(folder.path());
    fs::remove_file(folder.path().join(FILES[5])).unwrap();
    assert!(message().contains("does not hold test_batch.bin"), "{}", message());
    fs::create_dir(folder.path().join(FILES[5])).unwrap();
    assert!(message().contains("test_batch.bin: is a folder, expected a file"), "{}", message());
    let file = load(folder.path().join(FILES[0])).unwrap_err().to_string();
    assert!(file.contains("is not a folder"), "{file}");
}
