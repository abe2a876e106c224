//! The known answers of `docs/contract` that are of this layer: computed here on every level, by another
//! implementation in `docs/contract/check.py`. `MINUTIA_CONTRACT_BLESS=1` writes them again.

#[path = "../common/mod.rs"]
mod common;
mod functions;
mod generator;
mod products;
mod reductions;

use common::{assert_agrees, canonical, reference, single};
use minutia_tensor::{DType, program::Primitive};

/// The words of a type that a step writes to a buffer: those of plain loops, which every device must give.
fn results(what: &str, step: Primitive, buffers: &[Vec<u8>], (output, dtype): (usize, DType)) -> Vec<u32> {
    let program = single(step, buffers, &[output]);
    assert_agrees(what, &program, buffers);
    let mut after = buffers.to_vec();
    reference::run(&program, &mut after).expect("nothing that a run can refuse");
    let word = |bytes: &[u8]| u32::from_ne_bytes(bytes.try_into().expect("four bytes"));
    match dtype {
        DType::F32 => canonical(&after[output]),
        _ => after[output].chunks_exact(4).map(word).collect(),
    }
}

/// Words as the bytes of a buffer.
fn buffer(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

/// A buffer for results.
fn room(words: usize) -> Vec<u8> {
    vec![0; 4 * words]
}
