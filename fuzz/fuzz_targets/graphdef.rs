//! TensorFlow's graphs, as bytes and as text, and its checkpoints: read, or refused. A graph that was read is
//! valid, and written again where TensorFlow has all of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use minutia_fuzz::as_file;
use minutia_interchange::tensorflow::{self, checkpoint};
use std::fs;

fuzz_target!(|data: &[u8]| {
    let Some((&how, data)) = data.split_first() else { return };
    let program = as_file(data, |path| match how % 3 {
        0 => tensorflow::read(path).ok(),
        1 => {
            let path = path.with_extension("pbtxt");
            fs::write(&path, data).expect("the folder takes files");
            tensorflow::read(path).ok()
        }
        _ => {
            // A table whose tensors lie in an empty file.
            fs::write(path.with_extension("index"), data).expect("the folder takes files");
            fs::write(path.with_extension("data-00000-of-00001"), []).expect("the folder takes files");
            let _ = checkpoint::read(path);
            None
        }
    });
    let Some(program) = program else { return };
    program.graph().check().expect("a graph that was read is valid");
    let _ = tensorflow::to_bytes(program.graph());
});
