//! What nodes say of their operations.

use minutia_graph::{Attribute, Graph, Tensor, conformance};
use std::collections::{BTreeMap, BTreeSet};

/// The attributes of each operation that has any. What other formats are written from: a name that changes
/// here changes there.
const NAMES: &str = "
ArgMax: axis largest
ArgMin: axis largest
ArgSort: axis descending first
Assign: variable
BroadcastTo: dims
Cast: to
Concat: axis
ConcatPart: axis index
Const: value
Conv2D: dilations padding strides
Conv2DBackpropFilter: dilations padding strides
Conv2DBackpropInput: dilations padding size strides
Cumsum: axis exclusive reverse
DepthwiseConv2dNative: dilations padding strides which
DepthwiseConv2dNativeBackpropFilter: dilations padding strides which
DepthwiseConv2dNativeBackpropInput: dilations padding strides which
Einsum: equation
ExpandDims: axis
Identity: stop_gradient
LogSoftmax: log
LoopResult: index
LoopStack: rows
LoopVariable: dtype shape
MatMul: transpose_a transpose_b
Max: axes keep_dims kind
MaxPool: dilations kind padding size strides
MaxPoolGrad: dilations kind padding size strides
MaxPoolGradGrad: dilations kind padding size strides
MaxPoolPosition: dilations kind padding size strides
Mean: axes keep_dims kind
Min: axes keep_dims kind
MirrorPad: paddings symmetric
MirrorPadGrad: paddings symmetric
OneHot: depth
Pad: paddings value
Placeholder: dtype shape
Prod: axes keep_dims kind
ProdGrad: axes
RandomNormal: dims kind offset scale
RandomNormalLike: kind offset scale
RandomUniform: dims kind offset scale
RandomUniformLike: kind offset scale
Range: count delta start
ReadVariable: variable
Reshape: dims
Reverse: axes
Roll: axis shift
Slice: begin size
SliceGrad: begin
Softmax: log
SplitGrad: axis parts
SplitPart: axis share span
Squeeze: axis
StopGradient: stop_gradient
StridedSlice: begin end strides
StridedSliceGrad: begin end strides
Sum: axes keep_dims kind
SumPool: dilations kind padding size strides
SumPoolGrad: dilations kind padding size strides
TakeAlongAxis: axis
TakeAlongAxisGrad: axis
TensorScatterAdd: kind
TensorScatterSub: kind
TensorScatterUpdate: kind
Tile: multiples
TileGrad: multiples
Transpose: order
TruncatedNormal: dims kind offset scale
TruncatedNormalLike: kind offset scale
UnsortedSegmentMax: largest segments
UnsortedSegmentMin: largest segments
UnsortedSegmentSum: segments
Variable: dtype shape
While: has_limit has_predicate most variables
";

#[test]
fn every_operation_says_what_it_is_made_of_under_stable_names() {
    let mut found: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (_, samples) in conformance::samples() {
        for sample in samples {
            let graph = Graph::new();
            let placeholder = |(i, input): (usize, &Tensor)| {
                graph.placeholder(&format!("x{i}"), input.dtype(), input.dims().to_vec())
            };
            let inputs: Vec<_> = sample.inputs.iter().enumerate().map(placeholder).collect();
            sample.build(&graph, &inputs).check().unwrap();
            for node in graph.nodes() {
                found.entry(node.op).or_default().extend(node.attributes.into_keys());
            }
        }
    }
    let line = |(op, names): (&str, BTreeSet<String>)| {
        format!("{op}: {}", names.into_iter().collect::<Vec<_>>().join(" "))
    };
    let lines: Vec<String> = found.into_iter().filter(|(_, names)| !names.is_empty()).map(line).collect();
    assert_eq!(lines.join("\n"), NAMES.trim());
}

#[test]
fn a_part_says_where_it_lies_and_an_open_extent_that_it_is_open() {
    let graph = Graph::new();
    let x = graph.placeholder("x", minutia_graph::DType::F32, (None, 6));
    let [share, ..] = &x.split(3, 1)[..] else { panic!("three parts") };
    let span = &x.split([1, -1, 2], 1)[2];
    let nodes = graph.nodes();
    let of = |name: &str, attribute: &str| {
        let node = nodes.iter().find(|node| node.name == name).unwrap();
        node.attributes[attribute].as_list().unwrap().to_vec()
    };
    use Attribute::{Int, Open};
    assert_eq!(of("x", "shape"), [Open, Int(6)]);
    assert_eq!(of(&share.name(), "share"), [Int(0), Int(3)]);
    assert_eq!(of(&span.name(), "span"), [Open, Int(2), Int(0)]);
}

#[test]
fn a_constant_is_shared_with_the_graph() {
    let graph = Graph::new();
    let value = Tensor::zeros(minutia_graph::DType::F32, [1000]).unwrap();
    graph.constant(&value);
    let Attribute::Tensor(shown) = &graph.nodes()[0].attributes["value"] else { panic!("a tensor") };
    assert_eq!(shown.as_bytes().as_ptr(), value.as_bytes().as_ptr());
}

#[test]
fn numbers_that_text_has_none_for_are_numbers() {
    let graph = Graph::new();
    let _padded = graph.zeros([1]).pad([(1, 1)], minutia_graph::PadMode::Constant(f32::NEG_INFINITY));
    let pad = graph.nodes().pop().unwrap();
    assert_eq!(pad.attributes["value"], Attribute::Float(f32::NEG_INFINITY));
    assert_eq!(pad.attributes["paddings"].as_list().unwrap()[0].as_ints(), Some(vec![1, 1]));
}

#[test]
fn the_initial_value_of_a_variable_is_the_second_input_of_its_initializer() {
    let graph = Graph::new();
    let w = graph.variable("w", [1.0_f32, 2.0]);
    let initializer = w.initializer().name();
    let nodes = graph.nodes();
    let assign = nodes.iter().find(|node| node.name == initializer).unwrap();
    assert_eq!(assign.inputs, ["w", "w/initial_value"]);
}
