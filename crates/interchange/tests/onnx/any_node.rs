//! Each operation, with inputs and attributes that nobody would write.

use crate::{
    messages::{AttributeProto, ModelProto, OnnxTensor, OperatorSet},
    models::{model, node, value, write},
};
use minutia_graph::{DType, Device, Feeds, Session, Tensor};
use minutia_interchange::onnx;
use minutia_test_support::refusing;
use proptest::{
    prelude::*,
    test_runner::{TestRng, TestRunner},
};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    env,
    path::Path,
};

/// More than a tensor of the test needs, and less than a file may claim.
const MEMORY: usize = 1 << 26;

/// The attributes that operations ask for, by what they hold.
const INTEGERS: &str = "allowzero axis batch_dims blocksize broadcast ceil_mode count_include_pad \
    detect_negative detect_positive end exclusive fmod group ignore_index is_test k keepdims largest \
    noop_with_empty_axes num_groups num_outputs p reverse saturate select_last_index size sorted spatial start \
    stash_type storage_order to training_mode transA transB upper value_int";
const LISTS: &str = "axes dilations kernel_shape output_padding output_shape pads perm shape split strides \
    value_ints";
const FLOATS: &str = "alpha beta bias epsilon gamma lambd momentum ratio value_float";
const TEXTS: [(&str, &str); 5] = [
    ("approximate", "none tanh"),
    ("auto_pad", "VALID SAME_UPPER SAME_LOWER NOTSET"),
    ("equation", "ij,jk->ik ii->i i,i -> ...i->i... ij->"),
    ("mode", "constant edge reflect wrap DCR CRD"),
    ("reduction", "none add mean sum mul"),
];

/// An input: a tensor, which the model holds or a feed brings; or one that is left out.
#[derive(Clone, Debug)]
enum Given {
    Held(Tensor),
    Fed(Tensor),
    Nothing,
}

fn extents(tensor: &Tensor) -> Vec<i64> {
    tensor.dims().iter().map(|&extent| extent as i64).collect()
}

/// ONNX's number of a tensor's type.
fn onnx_type(tensor: &Tensor) -> i32 {
    match tensor.dtype() {
        DType::F32 => 1,
        DType::U8 => 2,
        DType::I32 => 6,
        DType::Bool => 9,
    }
}

/// A tensor of small numbers.
fn tensor(dims: Vec<usize>, dtype: DType, seed: u32) -> Tensor {
    let count = dims.iter().product::<usize>() as u32;
    let numbers = (0..count).map(|i| (seed.wrapping_add(i).wrapping_mul(0x9e37_79b9) >> 28) as i32 - 4);
    let tensor = match dtype {
        DType::Bool => Tensor::from_vec(dims, numbers.map(|n| n.rem_euclid(2) == 1).collect()),
        DType::U8 => Tensor::from_vec(dims, numbers.map(|n| n.unsigned_abs() as u8).collect()),
        DType::I32 => Tensor::from_vec(dims, numbers.map(|n| if n < -1 { -n } else { n }).collect()),
        DType::F32 => Tensor::from_vec(dims, numbers.map(|n| n as f32 / 2.0).collect()),
    };
    tensor.expect("as many numbers as elements")
}

/// Up to five inputs with extents from 0 to 3, of which many have one shape and one type.
fn inputs() -> impl Strategy<Value = Vec<Given>> {
    let dims = || {
        prop_oneof![
            3 => prop::collection::vec(1_usize..4, 0..5),
            1 => prop::collection::vec(0_usize..4, 0..5),
            1 => prop::collection::vec(Just(2_usize), 0..5),
        ]
    };
    let dtype = || {
        prop_oneof![
            5 => Just(DType::F32),
            2 => Just(DType::I32),
            1 => Just(DType::Bool),
            1 => Just(DType::U8),
        ]
    };
    // The shape, 0 for the common one, 1 for one number and 2 for a list; the type likewise.
    let one = (0..4, dims(), 0..3, dtype(), 0..8, any::<u32>());
    (dims(), dtype(), prop::collection::vec(one, 0..6)).prop_map(|(common, common_type, all)| {
        let given = |(shape, dims, kind, dtype, how, seed): (i32, Vec<usize>, i32, DType, i32, u32)| {
            let dims = match shape {
                0 => common.clone(),
                1 => Vec::new(),
                2 => vec![common.len()],
                _ => dims,
            };
            let tensor = tensor(dims, if kind == 0 { dtype } else { common_type }, seed);
            match how {
                0 => Given::Nothing,
                1..4 => Given::Held(tensor),
                _ => Given::Fed(tensor),
            }
        };
        all.into_iter().map(given).collect()
    })
}

/// A half of all attributes, each with any value.
fn attributes() -> impl Strategy<Value = Vec<AttributeProto>> {
    let named = |name: &str, r#type| AttributeProto { name: name.into(), r#type, ..<_>::default() };
    let mut all: Vec<BoxedStrategy<AttributeProto>> = Vec::new();
    for name in INTEGERS.split_whitespace() {
        let value = prop_oneof![4 => 0_i64..2, 1 => -3_i64..5];
        all.push(value.prop_map(move |i| AttributeProto { i: Some(i), ..named(name, 2) }).boxed());
    }
    for name in LISTS.split_whitespace() {
        let values =
            prop_oneof![prop::collection::vec(0_i64..3, 0..5), prop::collection::vec(-3_i64..5, 0..6)];
        all.push(values.prop_map(move |ints| AttributeProto { ints, ..named(name, 7) }).boxed());
    }
    for name in FLOATS.split_whitespace() {
        let value = prop::sample::select(vec![-1.0_f32, 0.0, 0.5, f32::NAN]);
        all.push(value.prop_map(move |f| AttributeProto { f: Some(f), ..named(name, 1) }).boxed());
    }
    for (name, words) in TEXTS {
        let word = prop::sample::select(words.split(' ').collect::<Vec<_>>());
        all.push(
            word.prop_map(move |word| AttributeProto { s: Some(word.into()), ..named(name, 3) }).boxed(),
        );
    }
    let most = all.len();
    (all, prop::collection::vec(prop::bool::weighted(0.3), most)).prop_map(|(all, there)| {
        all.into_iter().zip(there).filter(|(_, there)| *there).map(|(attribute, _)| attribute).collect()
    })
}

/// A model of one node, from these inputs to `y`.
fn model_of(operation: &str, inputs: &[Given], opset: i64) -> ModelProto {
    let mut proto = model(value("unused", 1, &[]), Vec::new(), vec![node(operation, "", "y", Vec::new())]);
    proto.opset_import = vec![OperatorSet { domain: None, version: Some(opset) }];
    let graph = proto.graph.as_mut().expect("a graph");
    for (index, input) in inputs.iter().enumerate() {
        let mut name = format!("x{index}");
        match input {
            Given::Held(tensor) => graph.initializer.push(OnnxTensor {
                name: name.clone(),
                dims: extents(tensor),
                data_type: onnx_type(tensor),
                raw_data: Some(tensor.as_bytes().to_vec()),
                ..OnnxTensor::default()
            }),
            Given::Fed(tensor) => graph.input.push(value(&name, onnx_type(tensor), &extents(tensor))),
            Given::Nothing => name.clear(),
        }
        graph.node[0].input.push(name);
    }
    proto
}

/// Reads a model with those of the attributes that its operation knows; `strangers` has those that it does
/// not.
fn read(
    path: &Path,
    mut proto: ModelProto,
    attributes: Vec<AttributeProto>,
    strangers: &mut BTreeSet<String>,
) -> Option<onnx::Model> {
    loop {
        let known = attributes.iter().filter(|attribute| !strangers.contains(&attribute.name));
        proto.graph.as_mut().expect("a graph").node[0].attribute = known.cloned().collect();
        write(path, &proto);
        let error = match refusing::with_at_most(MEMORY, || onnx::read(path)) {
            Ok(model) => return Some(model),
            Err(error) => error.to_string(),
        };
        let (_, rest) = error.split_once("has an attribute ")?;
        let (stranger, _) = rest.split_once(", which is not read")?;
        strangers.insert(stranger.to_string());
    }
}

/// Whether a model of one node was read and ran.
fn runs(device: &Device, model: &onnx::Model, inputs: &[Given]) -> bool {
    model.graph.check().expect("a graph that was read is valid");
    let mut session = Session::new(&model.graph, device).expect("a session");
    let mut feeds = Feeds::new();
    for (index, input) in inputs.iter().enumerate() {
        if let Given::Fed(tensor) = input {
            feeds = feeds.with(model.input(&format!("x{index}")).expect("an input"), tensor.clone());
        }
    }
    session.run(model.output("y").expect("y"), feeds).is_ok()
}

/// `MINUTIA_ONNX_NODES` says how many nodes of each operation are tried.
#[test]
fn any_node_is_refused_or_runs() {
    let cases = env::var("MINUTIA_ONNX_NODES").map_or(16, |cases| cases.parse().expect("a number"));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("model.onnx");
    let any = (inputs(), attributes(), prop::sample::select(vec![6_i64, 11, 13, 18, 22, 24]));
    let device = Device::cpu().expect("a CPU");
    let mut ran = BTreeMap::new();
    for operation in onnx::operations() {
        let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(<_>::default()));
        let (count, strangers) = (Cell::new(0_u32), RefCell::default());
        let outcome = runner.run(&any, |(inputs, attributes, opset)| {
            let proto = model_of(operation, &inputs, opset);
            let model = read(&path, proto, attributes, &mut strangers.borrow_mut());
            if model.is_some_and(|model| runs(&device, &model, &inputs)) {
                count.set(count.get() + 1);
            }
            Ok(())
        });
        outcome.unwrap_or_else(|why| panic!("{operation}: {why}"));
        ran.insert(operation, count.get());
    }
    // What is refused tests little.
    let never: Vec<_> = ran.iter().filter(|(_, count)| **count == 0).collect();
    assert!(3 * never.len() < ran.len(), "of {} operations these never ran: {never:?}", ran.len());
}
