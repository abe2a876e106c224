//! IDX files, plain and compressed: read, or refused; what was read is written as it was.
#![no_main]

use flate2::{Compression, write::GzEncoder};
use libfuzzer_sys::fuzz_target;
use minutia_datasets::idx;
use std::io::Write;

/// Bytes of elements that are read at most: what a few hundred compressed bytes can claim and have.
const LIMIT: u64 = 1 << 20;

fuzz_target!(|data: &[u8]| {
    let Some((&how, data)) = data.split_first() else { return };
    let bytes = match how % 3 {
        // As it is, compressed or not.
        0 => data.to_vec(),
        1 => compressed(data),
        // Two members, with whatever follows.
        _ => {
            let (a, rest) = data.split_at(data.len() / 2);
            let (b, rest) = rest.split_at(rest.len() / 2);
            [compressed(a), compressed(b), rest.to_vec()].concat()
        }
    };
    let Ok(array) = idx::read_at_most(&bytes[..], LIMIT) else { return };
    assert_eq!(array.dims.iter().product::<usize>(), array.data.len());
    let mut written = Vec::new();
    idx::write(&array, &mut written).expect("what was read can be written");
    let again = idx::read_at_most(&written[..], LIMIT).expect("what was written can be read");
    // A NaN is not itself, so that bytes are compared.
    let mut twice = Vec::new();
    idx::write(&again, &mut twice).expect("as before");
    assert_eq!(written, twice);
});

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes what is written")
}
