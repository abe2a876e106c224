//! What the tests of formats of tensors share.
#![allow(dead_code, reason = "each test uses a part of it")]

use minutia_graph::{DType, Device, Graph, Session, Tensor};
use minutia_test_support::refusing::{self, Allocator};
use proptest::prelude::*;
use std::{collections::BTreeMap, fs, path::Path};

/// Any bits of one of the four types, with extents from 0 to 3.
pub fn tensors() -> impl Strategy<Value = Tensor> {
    let dims = prop::collection::vec(0_usize..4, 0..4);
    let dtypes = prop::sample::select(vec![DType::F32, DType::I32, DType::U8, DType::Bool]);
    (dims, dtypes).prop_flat_map(|(dims, dtype)| {
        let bytes = dims.iter().product::<usize>() * dtype.size();
        let bytes = prop::collection::vec(any::<u8>(), bytes);
        bytes.prop_map(move |bytes| Tensor::from_bytes(dtype, &dims[..], &bytes).unwrap())
    })
}

/// Type, shape and bits of a tensor: equal also for NaNs, which `==` is not.
pub type Bits = (DType, Vec<usize>, Vec<u8>);

/// The bits of one tensor.
pub fn bits(tensor: &Tensor) -> Bits {
    (tensor.dtype(), tensor.dims().to_vec(), tensor.as_bytes().to_vec())
}

/// The bits of all tensors of a file.
pub fn all_bits(tensors: &BTreeMap<String, Tensor>) -> Vec<(String, Bits)> {
    tensors.iter().map(|(name, tensor)| (name.clone(), bits(tensor))).collect()
}

/// Tensors of every type, with and without elements.
pub fn samples() -> BTreeMap<String, Tensor> {
    let tensors = [
        ("dense/kernel", Tensor::from([[1.0_f32, f32::NAN, -0.0], [f32::INFINITY, 2.5, 1e-40]])),
        ("step", Tensor::scalar(7)),
        ("image", Tensor::from([[0_u8, 255]])),
        ("mask", Tensor::from([true, false, true])),
        ("nothing", Tensor::zeros(DType::F32, [2, 0]).unwrap()),
    ];
    tensors.map(|(name, tensor)| (name.to_string(), tensor)).into()
}

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// Calls `read` with little memory at once: whoever takes what a small file merely claims ends the test.
pub fn frugal<T>(read: impl FnOnce() -> T) -> T {
    refusing::with_at_most(1 << 18, read)
}

/// A file cut off at every byte, and with every byte changed: `read` must refuse the first, and may take the
/// second or not, but must not panic.
pub fn wound<T>(path: &Path, read: impl Fn(&Path) -> Result<T, minutia_interchange::Error>) {
    let whole = fs::read(path).unwrap();
    for end in 0..whole.len() {
        fs::write(path, &whole[..end]).unwrap();
        assert!(frugal(|| read(path)).is_err(), "{end} of {} bytes were read", whole.len());
    }
    for at in 0..whole.len() {
        for flipped in [0x01, 0x80, 0xff] {
            let mut changed = whole.clone();
            changed[at] ^= flipped;
            fs::write(path, changed).unwrap();
            let _ = frugal(|| read(path));
        }
    }
    fs::write(path, whole).unwrap();
}

/// A session of two variables, which have these values.
pub fn session(w: [f32; 2], step: i32) -> Session {
    let graph = Graph::new();
    graph.variable("w", w);
    graph.untrainable_variable("step", step);
    let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    session.run(graph.global_variables_initializer(), ()).unwrap();
    session
}

/// The values of all variables, by name.
pub fn values(session: &Session) -> Vec<(String, Option<Tensor>)> {
    let variables = session.graph().global_variables();
    variables.iter().map(|v| (v.name(), session.variable(v).unwrap())).collect()
}
