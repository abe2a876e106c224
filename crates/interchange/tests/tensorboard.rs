//! What is written is read; wounded files give what stands before the wound.

mod common;

use common::frugal;
use minutia_graph::{DType, Graph, Tensor};
use minutia_interchange::{
    Error, Problem,
    tensorboard::{Event, EventReader, Options, SummaryWriter, Value},
};
use proptest::prelude::*;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;

const CLOCK: Duration = Duration::from_secs(1_500_000_000);

fn writer(folder: &TempDir) -> SummaryWriter {
    SummaryWriter::with_options(folder.path(), Options::new().fixed_clock(CLOCK)).unwrap()
}

fn read(path: &Path) -> Vec<Event> {
    EventReader::open(path).unwrap().collect::<Result<_, Error>>().unwrap()
}

/// A file with an event of each kind.
fn file(folder: &TempDir) -> PathBuf {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, (None, 2));
    let w = graph.variable("w", [[1.0_f32], [2.0]]);
    let _y = x.matmul(&w);
    let mut writer = writer(folder);
    writer.graph(&graph).unwrap();
    writer.scalars(1, [("loss", 0.5), ("accuracy", f32::NAN)]).unwrap();
    writer.histogram("w", 2, &Tensor::from([1.0_f32, 2.0])).unwrap();
    writer.image("x", 3, &Tensor::from([[[0.0_f32], [1.0], [0.5]]])).unwrap();
    writer.text("notes", -4, "*text*").unwrap();
    writer.path().to_path_buf()
}

/// A record whose checksums are right.
fn record(data: &[u8], stated: u64) -> Vec<u8> {
    let masked =
        |bytes: &[u8]| crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes();
    let length = stated.to_le_bytes();
    [&length[..], &masked(&length), data, &masked(data)].concat()
}

/// Where each record of a file ends.
fn ends(bytes: &[u8]) -> Vec<usize> {
    let mut ends = vec![0];
    while let Some(length) = ends.last().and_then(|&at| bytes.get(at..at + 8)) {
        let length = u64::from_le_bytes(length.try_into().unwrap()) as usize;
        ends.push(ends[ends.len() - 1] + length + 16);
    }
    ends
}

#[test]
fn the_bytes_are_those_of_the_format() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = writer(&folder);
    writer.scalar("loss", 3, 0.5).unwrap();
    writer.flush().unwrap();
    assert_eq!(writer.path().file_name().unwrap(), "events.out.tfevents.1500000000.000000.minutia");
    let time = 1.5e9_f64.to_le_bytes();
    // Field 1 is the time, field 3 a text of 13 bytes.
    let version = [&[9][..], &time, &[0x1a, 13], b"brain.Event:2"].concat();
    // Field 2 is the step, field 5 the summary, whose field 1 is a value: a tag and the number 0.5.
    let value = [&[0x0a, 4][..], b"loss", &[0x15, 0, 0, 0, 0x3f]].concat();
    let scalar = [&[9][..], &time, &[0x10, 3, 0x2a, 13, 0x0a, 11], &value].concat();
    let expected = [record(&version, 24), record(&scalar, 26)].concat();
    assert_eq!(fs::read(writer.path()).unwrap(), expected);
    // The checksum of the CRC's own standard test, masked.
    assert_eq!(
        record(b"123456789", 9)[21..],
        0xe306_9283_u32.rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
    );
}

#[test]
fn every_kind_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let events = read(&file(&folder));
    assert!(events.iter().all(|event| event.wall_time == CLOCK.as_secs_f64()));
    assert_eq!(events.iter().map(|event| event.step).collect::<Vec<_>>(), [0, 1, 2, 3, -4]);
    assert!(events[0].graph_def.as_ref().is_some_and(|graph| !graph.is_empty()));
    assert_eq!(events[1].values[0], ("loss".into(), Value::Scalar(0.5)));
    assert!(matches!(&events[1].values[1], (tag, Value::Scalar(nan)) if tag == "accuracy" && nan.is_nan()));
    let Value::Histogram(histogram) = &events[2].values[0].1 else { panic!("{:?}", events[2]) };
    assert_eq!((histogram.min, histogram.max, histogram.num), (1.0, 2.0, 2.0));
    assert_eq!((histogram.sum, histogram.sum_squares), (3.0, 5.0));
    let Value::Image(image) = &events[3].values[0].1 else { panic!("{:?}", events[3]) };
    assert_eq!((image.height, image.width), (1, 3));
    let mut pixels = [0; 3];
    let mut png = png::Decoder::new(std::io::Cursor::new(&image.png)).read_info().unwrap();
    png.next_frame(&mut pixels).unwrap();
    assert_eq!(pixels, [0, 255, 128]);
    assert_eq!(events[4].values, [("notes".into(), Value::Text("*text*".into()))]);

    let mut copy = writer(&folder);
    copy.png("figure", 5, &image.png).unwrap();
    copy.flush().unwrap();
    assert_eq!(read(copy.path())[0].values, [("figure".into(), Value::Image(image.clone()))]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_scalars_and_texts_survive(
        scalars in prop::collection::vec((".{0,4}", any::<i64>(), any::<u32>()), 0..6),
        texts in prop::collection::vec(".{0,9}", 0..3),
        buffer in 0_usize..200,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let options = Options::new().fixed_clock(CLOCK).buffer_bytes(buffer);
        let mut writer = SummaryWriter::with_options(folder.path(), options).unwrap();
        for (tag, step, bits) in &scalars {
            writer.scalar(tag, *step, f32::from_bits(*bits)).unwrap();
        }
        for text in &texts {
            writer.text("text", 0, text).unwrap();
        }
        writer.flush().unwrap();
        let events = read(writer.path());
        prop_assert_eq!(events.len(), scalars.len() + texts.len());
        for ((tag, step, bits), event) in scalars.iter().zip(&events) {
            let Value::Scalar(value) = event.values[0].1 else { panic!("{event:?}") };
            prop_assert_eq!((&event.values[0].0, event.step, value.to_bits()), (tag, *step, *bits));
        }
        for (text, event) in texts.iter().zip(&events[scalars.len()..]) {
            prop_assert_eq!(&event.values[0].1, &Value::Text(text.clone()));
        }
    }

    #[test]
    fn any_histogram_counts_every_element(values in prop::collection::vec(-1e30_f32..1e30, 0..20)) {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = writer(&folder);
        writer.histogram("h", 0, &Tensor::from(&values)).unwrap();
        writer.flush().unwrap();
        let Value::Histogram(histogram) = &read(writer.path())[0].values[0].1 else { panic!() };
        prop_assert_eq!(histogram.bucket.iter().sum::<f64>(), values.len() as f64);
        prop_assert!(histogram.bucket_limit.is_sorted());
    }
}

#[test]
fn a_file_that_is_cut_off_has_all_records_that_are_complete() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder);
    let (whole, all) = (fs::read(&path).unwrap(), read(&path));
    let ends = ends(&whole);
    assert_eq!((ends.len(), ends[ends.len() - 1]), (all.len() + 2, whole.len()));
    for size in 0..whole.len() {
        fs::write(&path, &whole[..size]).unwrap();
        let mut reader = EventReader::open(&path).unwrap();
        let events = reader.by_ref().collect::<Result<Vec<_>, _>>().unwrap();
        let complete = ends.iter().filter(|&&end| end <= size).count() - 1;
        assert_eq!(events.len(), complete.saturating_sub(1), "{size} bytes");
        assert_eq!(reader.torn_tail(), (size - ends[complete]) as u64, "{size} bytes");
    }
}

#[test]
fn a_changed_byte_is_found_and_hides_nothing_that_stands_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder);
    let whole = fs::read(&path).unwrap();
    let ends = ends(&whole);
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x10;
        fs::write(&path, changed).unwrap();
        let before = ends.iter().filter(|&&end| end <= at).count() - 1;
        let mut reader = match EventReader::open(&path) {
            Ok(reader) => reader,
            Err(error) => {
                assert_eq!(before, 0, "byte {at}: {error}");
                continue;
            }
        };
        let events: Vec<_> = reader.by_ref().take_while(Result::is_ok).collect();
        // Not the events themselves: one of them has a NaN.
        assert_eq!((events.len(), reader.torn_tail()), (before - 1, (whole.len() - ends[before]) as u64));
    }
}

#[test]
fn lengths_that_lie_and_strangers_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let start = fs::read(writer(&folder).path()).unwrap();
    let path = folder.path().join("tfevents");
    let open = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        frugal(|| {
            let mut reader = EventReader::open(&path)?;
            let events = reader.by_ref().collect::<Result<Vec<_>, _>>()?;
            Ok::<_, Error>((events.len(), reader.torn_tail()))
        })
    };
    for length in [5, 1 << 60, u64::MAX] {
        let tail = record(b"data", length);
        assert_eq!(open(&[&start[..], &tail].concat()).unwrap(), (0, tail.len() as u64), "{length}");
    }
    // A text of a million bytes that is not there, one that is no text, groups in groups, half a number.
    for data in [&[0x1a, 0xc0, 0x84, 0x3d][..], &[0x1a, 1, 0xff], &[0x7b; 200], &[9, 0]] {
        let error = open(&[start.clone(), record(data, data.len() as u64)].concat()).unwrap_err();
        let Problem::Record { offset, .. } = error.problem else { panic!("{error}") };
        assert_eq!(offset, start.len() as u64);
    }
    let version = |text: &str| [&[0x1a, text.len() as u8], text.as_bytes()].concat();
    let strangers = [
        (b"text, and more of it".to_vec(), "no length of a record"),
        (record(&version("brain.Event:3"), 15), "the version \"brain.Event:3\""),
        (record(&[0x10, 1], 2), "does not have the version"),
    ];
    for (bytes, expected) in strangers {
        let message = open(&bytes).unwrap_err().to_string();
        assert!(message.contains("is not an event file") && message.contains(expected), "{message}");
    }
    assert_eq!(open(&[]).unwrap(), (0, 0));
}

#[test]
fn a_run_that_goes_on_writes_another_file() {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = (0..3).map(|_| writer(&folder).path().to_path_buf()).collect();
    assert!(paths.is_sorted_by(|a, b| a < b), "{paths:?}");
    assert!(paths.iter().all(|path| read(path).is_empty()));
}

#[test]
fn records_wait_in_a_buffer_that_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    for (bytes, expected) in [(0, 3), (70, 2), (1 << 20, 0)] {
        let options = Options::new().buffer_bytes(bytes);
        let mut writer = SummaryWriter::with_options(folder.path(), options).unwrap();
        // Each takes 40 bytes.
        (0..3).for_each(|step| writer.scalar("a", step, 0.5).unwrap());
        assert_eq!(read(writer.path()).len(), expected, "{bytes} bytes");
        writer.flush().unwrap();
        assert_eq!(read(writer.path()).len(), 3, "{bytes} bytes");
    }
}

#[test]
fn what_cannot_be_shown_is_refused_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = writer(&folder);
    let zeros = |dtype, dims: &[usize]| Tensor::zeros(dtype, dims).unwrap();
    let images = [
        (zeros(DType::U8, &[2, 2]), "u8 [2, 2]"),
        (zeros(DType::U8, &[2, 2, 5]), "[2, 2, 5]"),
        (zeros(DType::U8, &[2, 0, 1]), "[2, 0, 1]"),
        (zeros(DType::I32, &[2, 2, 1]), "of type i32"),
        (Tensor::from([[[0.0_f32], [1.5]]]), "1.5 at element 1"),
        (Tensor::from([[[f32::NAN]]]), "NaN at element 0"),
    ];
    for (tensor, expected) in images {
        let message = writer.image("a", 0, &tensor).unwrap_err().to_string();
        assert!(
            message.contains(expected) && message.contains("reshape it, cast it or clip it"),
            "{message}"
        );
    }
    let message = writer.png("a", 0, b"text").unwrap_err().to_string();
    assert!(message.contains("the image 'a' is 4 bytes"), "{message}");
    for (value, expected) in [(f32::NAN, "NaN at element 1"), (f32::NEG_INFINITY, "-inf at element 1")] {
        let message = writer.histogram("a", 0, &Tensor::from([0.0, value])).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
    writer.flush().unwrap();
    assert_eq!(read(writer.path()), []);

    let options = Options::new().file_name_suffix("/../x");
    let error = SummaryWriter::with_options(folder.path(), options).unwrap_err();
    assert!(matches!(error.problem, Problem::Suffix { .. }), "{error}");
    let error = SummaryWriter::new(writer.path()).unwrap_err();
    assert!(matches!(error.problem, Problem::Io(_)), "{error}");
}
