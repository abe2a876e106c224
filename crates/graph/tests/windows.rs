//! Bad input of what moves windows over images and of products with batches: an error of the node that names
//! it, its line, what was found and what is expected, when the graph is built or, where only the feeds show
//! it, when it runs; never a panic.

use minutia_graph::{DType, Device, Error, Graph, Output, Session, Tensor, Window, feeds};

const HUGE: usize = usize::MAX;

/// The node, what its error begins with, what else it says.
type Row = (Output, &'static str, &'static [&'static str]);

#[track_caller]
fn all_refused(rows: &[Row]) {
    for (i, (node, begin, expected)) in rows.iter().enumerate() {
        let Err(error) = node.check() else { panic!("row {i}, {begin}: {} is no error", node.name()) };
        let text = error.to_string();
        assert!(text.starts_with(begin), "row {i}: {begin:?} does not begin {text}");
        for expected in *expected {
            assert!(text.contains(expected), "row {i}: {expected:?} is not in {text}");
        }
        assert!(text.contains("windows.rs:"), "row {i}: {text}");
    }
}

#[test]
fn windows_that_are_none_are_errors_of_convolutions_and_pools() {
    let graph = Graph::new();
    let x = graph.zeros([2, 8, 7, 3]);
    let filter = graph.zeros([3, 3, 3, 2]);
    let open = graph.placeholder("open", DType::F32, [None, None, None, Some(3)]);
    let small = graph.zeros([1, 4, 4, 2]);
    let (same, valid) = (Window::same(), Window::valid());
    let wide = graph.zeros([9, 3, 3, 2]);
    let none = graph.zeros([0, 3, 3, 2]);
    let strides: &[&str] = &["strides [0, 1]", "at least 1"];
    let dilations: &[&str] = &["dilations [1, 0]", "at least 1"];
    all_refused(&[
        (x.conv2d(&filter, same.strides([0, 1])), "Conv2D 'Conv2D", strides),
        (x.conv2d(&filter, same.dilations([1, 0])), "Conv2D 'Conv2D", dilations),
        (open.conv2d(&filter, valid.strides([0, 1])), "Conv2D 'Conv2D", strides),
        (
            x.conv2d(&wide, valid),
            "Conv2D 'Conv2D",
            &["windows of height 9 over images of height 8", "Window::same()"],
        ),
        (x.conv2d(&filter, valid.dilations([1, 4])), "Conv2D 'Conv2D", &["width 9 over images of width 7"]),
        (x.conv2d(&filter, same.dilations([HUGE, 1])), "Conv2D 'Conv2D", &["more than there is memory for"]),
        (x.conv2d(&none, same), "Conv2D 'Conv2D", &["without elements"]),
        (x.depthwise_conv2d(&filter, same.strides([0, 1])), "DepthwiseConv2dNative '", strides),
        (x.depthwise_conv2d(&filter, same.dilations([1, 0])), "DepthwiseConv2dNative '", dilations),
        (x.depthwise_conv2d(&wide, valid), "DepthwiseConv2dNative '", &["height 9 over images of height 8"]),
        (x.depthwise_conv2d(&none, same), "DepthwiseConv2dNative '", &["without elements"]),
        (small.conv2d_transpose(&filter, [8, 8], same.strides([0, 1])), "Conv2DBackpropInput '", strides),
        (small.conv2d_transpose(&filter, [8, 8], same.dilations([1, 0])), "Conv2DBackpropInput '", dilations),
        (
            small.conv2d_transpose(&filter, [2, 2], valid),
            "Conv2DBackpropInput '",
            &["windows of height 3 over images of height 2"],
        ),
        (
            small.conv2d_transpose(&filter, [9, 8], same.strides([2, 2])),
            "Conv2DBackpropInput '",
            &["[1, 4, 4, 2]", "[1, 5, 4, 2]"],
        ),
        (small.conv2d_transpose(&filter, [HUGE, 1], same), "Conv2DBackpropInput '", &["[1, 4, 4, 2]"]),
        (x.max_pool([2, 2], same.strides([0, 1])), "MaxPool 'MaxPool", strides),
        (x.max_pool([2, 2], same.dilations([1, 0])), "MaxPool 'MaxPool", dilations),
        (x.max_pool([9, 1], valid), "MaxPool 'MaxPool", &["height 9 over images of height 8"]),
        (x.max_pool([0, 2], same), "MaxPool 'MaxPool", &["without elements"]),
        (x.max_pool([HUGE, HUGE], same), "MaxPool 'MaxPool", &["too many to number"]),
        (open.max_pool([HUGE, 1], valid), "MaxPool 'MaxPool", &["too many to number"]),
        (x.avg_pool([2, 2], same.strides([0, 1])), "SumPool 'SumPool", strides),
        (x.avg_pool([1, 8], valid), "SumPool 'SumPool", &["width 8 over images of width 7"]),
        (x.avg_pool([2, 0], same), "SumPool 'SumPool", &["without elements"]),
    ]);
    let sequences = graph.zeros([2, 7, 3]);
    let taps = graph.zeros([3, 3, 2]);
    all_refused(&[
        (sequences.conv1d(&taps, same.strides([1, 0])), "Conv2D 'Conv2D", &["strides [1, 0]"]),
        (sequences.conv1d(&taps, same.dilations([1, 0])), "Conv2D 'Conv2D", dilations),
        (
            sequences.conv1d(graph.zeros([8, 3, 2]), valid),
            "Conv2D 'Conv2D",
            &["width 8 over images of width 7"],
        ),
    ]);
}

#[test]
fn ranks_types_and_channels_that_do_not_fit_are_errors_of_convolutions_and_pools() {
    let graph = Graph::new();
    let x = graph.zeros([2, 8, 7, 3]);
    let filter = graph.zeros([3, 3, 3, 2]);
    let matrix = graph.zeros([8, 7]);
    let sequences = graph.zeros([2, 7, 3]);
    let ints = x.cast(DType::I32);
    let same = Window::same();
    let images: &[&str] = &["takes images [batch, height, width, channels], not [8, 7]"];
    all_refused(&[
        (matrix.conv2d(&filter, same), "Conv2D 'Conv2D", images),
        (
            x.conv2d(&matrix, same),
            "Conv2D 'Conv2D",
            &["a filter [height, width, channels, outputs], not [8, 7]"],
        ),
        (
            x.conv2d(graph.zeros([3, 3, 4, 2]), same),
            "Conv2D 'Conv2D",
            &["4 channels in the filter", "3 are expected"],
        ),
        (ints.conv2d(&filter, same), "Conv2D 'Conv2D", &["takes f32, not i32", "cast"]),
        (x.conv2d(filter.cast(DType::I32), same), "Conv2D 'Conv2D", &["takes f32, not i32"]),
        (matrix.depthwise_conv2d(&filter, same), "DepthwiseConv2dNative '", images),
        (
            x.depthwise_conv2d(graph.zeros([3, 3, 4, 2]), same),
            "DepthwiseConv2dNative '",
            &["4 channels in the filter and 3 in images"],
        ),
        (ints.depthwise_conv2d(&filter, same), "DepthwiseConv2dNative '", &["takes f32, not i32"]),
        (matrix.conv2d_transpose(&filter, [8, 8], same), "Conv2DBackpropInput '", &["rank 4, not [8, 7]"]),
        (x.conv2d_transpose(&matrix, [8, 7], same), "Conv2DBackpropInput '", &["rank 4"]),
        (
            x.conv2d_transpose(&filter, [8, 7], same),
            "Conv2DBackpropInput '",
            &["[2, 8, 7, 3]", "[2, 8, 7, 2]"],
        ),
        (ints.conv2d_transpose(&filter, [8, 7], same), "Conv2DBackpropInput '", &["f32, not i32"]),
        (matrix.max_pool([2, 2], same), "MaxPool 'MaxPool", images),
        (ints.max_pool([2, 2], same), "MaxPool 'MaxPool", &["takes f32, not i32"]),
        (sequences.avg_pool([2, 2], same), "SumPool 'SumPool", &["takes images", "not [2, 7, 3]"]),
        (ints.avg_pool([2, 2], same), "SumPool 'SumPool", &["takes f32, not i32"]),
        (sequences.conv1d(graph.zeros([3, 4, 2]), same), "Conv2D 'Conv2D", &["4 channels in the filter"]),
        (matrix.conv1d(graph.zeros([3, 3, 2]), same), "Conv2D 'Conv2D", &["takes images", "not [8, 1, 7]"]),
        (sequences.conv1d(&matrix, same), "Conv2D 'Conv2D", &["takes a filter", "not [1, 8, 7]"]),
        (graph.constant(1.0_f32).conv1d(&matrix, same), "ExpandDims 'ExpandDims", &["axis 1 does not exist"]),
    ]);
}

#[test]
fn what_only_the_feeds_show_is_an_error_of_the_run() -> Result<(), Error> {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, [None, None, None, None]);
    let filter = graph.zeros([3, 3, 3, 2]);
    let (rows, columns) = (x.reshape([4, -1]), graph.zeros([5, 2]));
    let mut session = Session::new(&graph, &Device::cpu()?)?;
    let valid = Window::valid();
    for (node, dims, expected) in [
        (x.conv2d(&filter, valid), [1, 2, 4, 3], "height 3 over images of height 2"),
        (x.conv2d(&filter, valid), [1, 4, 4, 2], "3 channels in the filter where 2 are expected"),
        (x.depthwise_conv2d(&filter, valid), [1, 4, 2, 3], "width 3 over images of width 2"),
        (x.depthwise_conv2d(&filter, valid), [1, 4, 4, 1], "3 channels in the filter and 1 in images"),
        (x.conv2d_transpose(&filter, [8, 8], valid), [1, 6, 6, 1], "[1, 6, 6, 1]"),
        (x.max_pool([3, 3], valid), [1, 2, 3, 1], "height 3 over images of height 2"),
        (x.avg_pool([3, 3], valid), [1, 3, 2, 1], "width 3 over images of width 2"),
        (rows.matmul(&columns), [1, 4, 4, 1], "inner dimensions differ: 4 (lhs axis 1) and 5"),
        (graph.einsum("ij,jk->ik", &[&rows, &columns]), [1, 4, 4, 1], "axis 'j' has extents 4 and 5"),
        (x.matmul(graph.zeros([2, 3, 1, 1])), [2, 2, 1, 1], "do not broadcast"),
    ] {
        node.check()?;
        let text = session
            .run(&node, feeds! { x => Tensor::zeros(DType::F32, dims)? })
            .expect_err(expected)
            .to_string();
        assert!(text.contains(expected), "{expected:?} is not in {text}");
        assert!(text.contains("windows.rs:"), "{text}");
    }
    Ok(())
}

#[test]
fn equations_that_say_nothing_are_errors_of_einsum() {
    let graph = Graph::new();
    let (a, b) = (graph.zeros([2, 3]), graph.zeros([3, 4]));
    let ints = a.cast(DType::I32);
    let two = |equation: &str| graph.einsum(equation, &[&a, &b]);
    let begin = "Einsum 'Einsum";
    all_refused(&[
        (two("ij,jk->il"), begin, &["no operand has the axis 'l'", "'ij,jk->il'"]),
        (two("ii,jk->ik"), begin, &["'i' stands twice in 'ii'"]),
        (two("ij,jk->ikk"), begin, &["'k' stands twice"]),
        (two("i1,1k->ik"), begin, &["'1' is no letter", "each axis is a letter"]),
        (two("...j,jk->...k"), begin, &["'.' is no letter"]),
        (two("ij,jk->i->k"), begin, &["'-' is no letter"]),
        (two("ij->i"), begin, &["1 operands, 2 are given"]),
        (two("ij,jk,kl->il"), begin, &["3 operands, 2 are given"]),
        (two(""), begin, &["1 operands, 2 are given"]),
        (two("->"), begin, &["1 operands, 2 are given"]),
        (two("ijk,jk->ik"), begin, &["takes a tensor of axes 'ijk', not [2, 3]"]),
        (two("ij,ik->jk"), begin, &["axis 'i' has extents 2 and 3"]),
        (graph.einsum("ij->ji", &[&ints]), begin, &["takes f32, not i32"]),
        (graph.einsum("->", &[&a]), begin, &["not [2, 3]"]),
        (graph.einsum("ij,jk,kl->il", &[&a, &b, &b]), begin, &["it takes one or two"]),
    ]);
    // No operands at all: still an error, though no node comes before it.
    assert!(graph.einsum("->", &[]).check().is_err());
}

#[test]
fn batches_that_do_not_meet_are_errors_of_products() {
    let graph = Graph::new();
    let zeros = |dims: &[usize]| graph.zeros(dims);
    let begin = "MatMul 'MatMul";
    let x = zeros(&[2, 3, 4]);
    all_refused(&[
        (x.matmul(zeros(&[3, 4, 5])), begin, &["do not broadcast", "2 (axis 0) against 3 (axis 0)"]),
        (x.matmul(zeros(&[5, 6])), begin, &["inner dimensions differ: 4 (lhs axis 2) and 5 (rhs axis 0)"]),
        (x.matmul(zeros(&[2, 5, 4])), begin, &["4 (lhs axis 2) and 5 (rhs axis 1)", "matmul_nt"]),
        (x.matmul_nt(zeros(&[2, 4, 5])), begin, &["4 (lhs axis 2) and 5 (rhs axis 2)"]),
        (x.matmul_tn(zeros(&[2, 4, 5])), begin, &["3 (lhs axis 1) and 4 (rhs axis 1)"]),
        (x.matmul_tt(zeros(&[2, 4, 5])), begin, &["3 (lhs axis 1) and 5 (rhs axis 2)"]),
        (x.matmul(zeros(&[4])), begin, &["takes matrices, not rank 1", "expand_dims"]),
        (zeros(&[]).matmul(&x), begin, &["takes matrices, not rank 0"]),
        (x.matmul(x.cast(DType::I32)), begin, &["takes f32, not i32"]),
        (zeros(&[7, 1, 3, 4]).matmul(zeros(&[2, 2, 4, 3])), begin, &["7 (axis 0) against 2 (axis 0)"]),
    ]);
}

#[test]
fn strides_beyond_the_image_are_those_that_just_reach_over_it() -> Result<(), Error> {
    let graph = Graph::new();
    let numbers: Vec<f32> = (0..18).map(|i| i as f32).collect();
    let x = graph.constant(numbers).reshape([1, 3, 3, 2]);
    let filter = graph.constant([0.5_f32, -1.0, 2.0, 0.25, 1.0, -0.5, 3.0, -2.0]).reshape([2, 2, 2, 1]);
    let both = |stride: usize| -> Result<Vec<Output>, Error> {
        let window = Window::same().strides([stride, stride]);
        let (wide, deep) = (x.conv2d(&filter, window), x.depthwise_conv2d(&filter, window));
        let of_wide = graph.gradients(wide.square().reduce_sum(..), [&x, &filter])?;
        let of_deep = graph.gradients(deep.square().reduce_sum(..), [&x, &filter])?;
        Ok(of_wide.into_iter().chain(of_deep).flatten().chain([wide, deep]).collect())
    };
    let mut session = Session::new(&graph, &Device::cpu()?)?;
    let (just, beyond) = (session.run(both(3)?, ())?, session.run(both(usize::MAX)?, ())?);
    assert_eq!(just.len(), 6);
    for (just, beyond) in just.iter().zip(&beyond) {
        assert_eq!(just, beyond);
    }
    Ok(())
}
