//! Windows that move over images.

use super::{
    Written,
    proto::{self, Named},
    site::Site,
};
use minutia_graph::{DType, NodeInfo, Tensor};

pub fn write(site: &mut Site) -> Option<Written> {
    Some(match site.node.op {
        "Conv2D" | "DepthwiseConv2dNative" => {
            convolution(site).and_then(|window| site.finish(site.node.op, site.inputs(), &window))
        }
        "Conv2DBackpropInput" | "DepthwiseConv2dNativeBackpropInput" => input_gradient(site),
        "Conv2DBackpropFilter" | "DepthwiseConv2dNativeBackpropFilter" => filter_gradient(site),
        "MaxPool" => {
            pool(site).and_then(|(attributes, _)| site.finish("MaxPool", vec![site.input(0)], &attributes))
        }
        "MaxPoolGrad" => max_pool_gradient(site),
        "MaxPoolPosition" => position(site),
        "SumPool" => sum_pool(site),
        "SumPoolGrad" => sum_pool_gradient(site),
        _ => return None,
    })
}

/// Strides, dilations and padding, in TensorFlow's words.
fn window(site: &Site) -> Result<([i64; 2], [i64; 2], &'static str), String> {
    let pair = |name: &str| {
        site.ints(name)?.try_into().map_err(|_| format!("its {name} are not those of rows and columns"))
    };
    let padding = match site.text("padding")? {
        "Same" => "SAME",
        "Valid" => "VALID",
        other => return Err(format!("the padding {other}")),
    };
    Ok((pair("strides")?, pair("dilations")?, padding))
}

fn convolution(site: &Site) -> Result<Vec<Named>, String> {
    let (strides, dilations, padding) = window(site)?;
    if site.node.op.starts_with("Depthwise") {
        // What TensorFlow's kernels refuse.
        if dilations != [1, 1] {
            return Err("dilations of a depthwise convolution".to_string());
        }
        if strides[0] != strides[1] {
            return Err("strides of a depthwise convolution that differ".to_string());
        }
    }
    Ok(vec![
        proto::dtype("T", DType::F32),
        proto::ints("strides", &[1, strides[0], strides[1], 1]),
        proto::ints("dilations", &[1, dilations[0], dilations[1], 1]),
        proto::word("padding", padding),
    ])
}

/// Inputs: windows, the filter, and the images where the size is not given.
fn input_gradient(site: &mut Site) -> Written {
    let attributes = convolution(site)?;
    let shape = match site.node.inputs.len() {
        2 => sizes(site)?,
        _ => site.shape(2)?,
    };
    site.finish(site.node.op, vec![shape, site.input(1), site.input(0)], &attributes)
}

/// The shape of images whose height and width are given.
fn sizes(site: &mut Site) -> Result<String, String> {
    let size = site.ints("size")?;
    let channels = site.signature(1).shape[2].and_then(|extent| i64::try_from(extent).ok());
    let batch = site.signature(0).shape[0].and_then(|extent| i64::try_from(extent).ok());
    if let (Some(batch), Some(channels)) = (batch, channels) {
        return site.numbers("input_sizes", &[batch, size[0], size[1], channels]);
    }
    let mut extents = vec![site.extent(0, 0)?];
    for extent in size {
        extents.push(site.number("size", extent)?);
    }
    extents.push(site.extent(1, 2)?);
    Ok(site.helper("input_sizes", "Pack", extents, &[proto::dtype("T", DType::I32), proto::int("N", 4)]))
}

/// Inputs: the images, windows, the filter.
fn filter_gradient(site: &mut Site) -> Written {
    let attributes = convolution(site)?;
    let shape = site.shape(2)?;
    site.finish(site.node.op, vec![site.input(0), shape, site.input(1)], &attributes)
}

/// The attributes of a pool, and of how many elements its windows are.
fn pool(site: &Site) -> Result<(Vec<Named>, [i64; 2]), String> {
    let (strides, dilations, padding) = window(site)?;
    if dilations != [1, 1] {
        return Err("dilations of a pool".to_string());
    }
    let size = site.ints("size")?;
    let [height, width] = size[..] else { return Err("its size is not of rows and columns".to_string()) };
    let attributes = vec![
        proto::dtype("T", DType::F32),
        proto::ints("ksize", &[1, height, width, 1]),
        proto::ints("strides", &[1, strides[0], strides[1], 1]),
        proto::word("padding", padding),
    ];
    Ok((attributes, [height, width]))
}

/// Inputs: the gradient, the images, the positions of the largest. TensorFlow finds the positions anew.
fn max_pool_gradient(site: &mut Site) -> Written {
    let found = site.giver(2);
    let same = |name: &str| found.attributes.get(name) == site.node.attributes.get(name);
    let of_these = found.op == "MaxPoolPosition" && found.inputs[0] == site.node.inputs[1];
    if !of_these || !["size", "strides", "dilations", "padding"].iter().all(|name| same(name)) {
        return Err("the positions are those of another pool".to_string());
    }
    let (attributes, _) = pool(site)?;
    let largest = site.helper("MaxPool", "MaxPool", vec![site.input(1)], &attributes);
    site.finish("MaxPoolGrad", vec![site.input(1), largest, site.input(0)], &attributes)
}

/// Nothing, where gradients of the pool alone read it.
fn position(site: &mut Site) -> Written {
    let name = &site.node.name;
    let reads = |node: &&NodeInfo| node.inputs.contains(name) || node.control.contains(name);
    let mut readers = site.export().nodes.iter().filter(reads).peekable();
    if readers.peek().is_none() || readers.any(|node| node.op != "MaxPoolGrad") {
        return Err("positions that are for more than the gradient of the pool".to_string());
    }
    Ok(())
}

/// How many elements of the image each window has, `[1, height, width, 1]`, or one number for all.
fn counts(site: &Site, images: usize, size: [i64; 2]) -> Result<Tensor, String> {
    let (strides, _, padding) = window(site)?;
    if padding == "VALID" {
        return Ok(Tensor::scalar((size[0] * size[1]) as f32));
    }
    let shape = &site.signature(images).shape;
    let mut along = Vec::new();
    for axis in 0..2 {
        let extent = shape[axis + 1].and_then(|extent| i64::try_from(extent).ok());
        let extent = extent.ok_or("the height or the width of the padded images is not known")?;
        let windows = extent.div_euclid(strides[axis]) + i64::from(extent % strides[axis] != 0);
        let around = ((windows - 1) * strides[axis] + size[axis] - extent).max(0);
        let count = |window: i64| {
            let begin = window * strides[axis] - around / 2;
            (begin + size[axis]).min(extent) - begin.max(0)
        };
        along.push((0..windows).map(count).collect::<Vec<i64>>());
    }
    let counts = along[0].iter().flat_map(|rows| along[1].iter().map(move |columns| (rows * columns) as f32));
    let dims = [1, along[0].len(), along[1].len(), 1];
    Tensor::from_vec(dims, counts.collect()).map_err(|error| error.to_string())
}

/// The mean of each window, as many times as it has elements.
fn sum_pool(site: &mut Site) -> Written {
    let (attributes, size) = pool(site)?;
    let counts = counts(site, 0, size)?;
    let counts = site.constant("counts", &counts);
    let means = site.helper("AvgPool", "AvgPool", vec![site.input(0)], &attributes);
    site.finish("Mul", vec![means, counts], &[proto::dtype("T", DType::F32)])
}

/// Inputs: the gradient, the images.
fn sum_pool_gradient(site: &mut Site) -> Written {
    let (attributes, size) = pool(site)?;
    let counts = counts(site, 1, size)?;
    let counts = site.constant("counts", &counts);
    let float = proto::dtype("T", DType::F32);
    let gradient = site.helper("Mul", "Mul", vec![site.input(0), counts], &[float]);
    let shape = site.shape(1)?;
    site.finish("AvgPoolGrad", vec![shape, gradient], &attributes)
}
