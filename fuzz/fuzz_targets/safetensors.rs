//! Files of safetensors, whose table has the length that it states or any other: read, or refused; what was
//! read is written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use minutia_fuzz::{as_file, same};
use minutia_interchange::safetensors;

fuzz_target!(|data: &[u8]| {
    let Some((&how, data)) = data.split_first() else { return };
    let bytes = match how % 2 {
        0 => data.to_vec(),
        // The table ends at the last brace.
        _ => {
            let end = data.iter().rposition(|&byte| byte == b'}').map_or(data.len(), |at| at + 1);
            [&(end as u64).to_le_bytes(), data].concat()
        }
    };
    let Ok(tensors) = as_file(&bytes, |path| safetensors::read(path)) else { return };
    let again = as_file(&[], |path| {
        safetensors::write(path, &tensors).expect("what was read can be written");
        safetensors::read(path).expect("what was written can be read")
    });
    assert!(same(&tensors, &again), "{tensors:?} {again:?}");
});
