//! NumPy's arrays, alone and in archives: read, or refused; what was read is written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use minutia_fuzz::{as_file, same};
use minutia_graph::Tensor;
use minutia_interchange::npz::{self, Npy};
use std::collections::BTreeMap;

fuzz_target!(|data: &[u8]| {
    let Some((&how, data)) = data.split_first() else { return };
    let read = match how % 2 {
        0 => as_file(data, |path| Tensor::read_npy(path).map(|array| BTreeMap::from([("x".into(), array)]))),
        _ => as_file(data, |path| npz::read(path)),
    };
    let Ok(arrays) = read else { return };
    let again = as_file(&[], |path| {
        npz::write(path, &arrays).expect("what was read can be written");
        npz::read(path).expect("what was written can be read")
    });
    assert!(same(&arrays, &again), "{arrays:?} {again:?}");
});
