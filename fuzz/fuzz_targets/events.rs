//! TensorBoard's event files, whose records have the checksums that they should have or any others: every
//! event up to the first that is refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use minutia_fuzz::{as_file, record};
use minutia_interchange::tensorboard::EventReader;

fuzz_target!(|data: &[u8]| {
    let Some((&how, data)) = data.split_first() else { return };
    let bytes = match how % 2 {
        0 => data.to_vec(),
        // The version, and a record of what stands between bytes of 255.
        _ => {
            let version = record(&[b"\x1a\x0d", &b"brain.Event:2"[..]].concat());
            let records = data.split(|&byte| byte == 255).flat_map(record);
            version.into_iter().chain(records).collect()
        }
    };
    as_file(&bytes, |path| {
        let Ok(mut reader) = EventReader::open(path) else { return };
        let read = reader.by_ref().take_while(Result::is_ok).count();
        assert!(16 * read as u64 + reader.torn_tail() <= bytes.len() as u64, "an event takes 16 bytes");
    });
});
