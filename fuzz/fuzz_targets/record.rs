//! The pipeline's records and `repro.lock`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = xtask::readers::record(text);
    let _ = xtask::readers::lock(text);
});
