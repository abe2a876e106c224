//! Models of ONNX: read, or refused. A graph that was read is valid.
#![no_main]

use libfuzzer_sys::fuzz_target;
use minutia_fuzz::as_file;
use minutia_interchange::onnx;

fuzz_target!(|data: &[u8]| {
    let Ok(model) = as_file(data, |path| onnx::read(path)) else { return };
    model.graph.check().expect("a graph that was read is valid");
});
