//! Convolutions and pools. ONNX has channels second: transposes stand around each, which its runtimes take
//! out where two meet.

use super::{
    Rule,
    emission::{Origin, int, ints, text},
};
use crate::onnx::messages::AttributeProto;
use minutia_graph::Tensor;

/// What writes an operation, if it is one of these.
pub fn rule(operation: &str) -> Option<Rule> {
    Some(match operation {
        "Conv2D" => conv,
        "Conv2DBackpropInput" => conv_transpose,
        "DepthwiseConv2dNative" => depthwise,
        "MaxPool" => max_pool,
        "SumPool" => sum_pool,
        _ => return None,
    })
}

/// How the windows of a node move, as attributes, where a window has this height and width.
fn window(at: &Origin, size: [i64; 2]) -> Result<Vec<AttributeProto>, String> {
    let (strides, dilations) = (at.ints("strides")?, at.ints("dilations")?);
    let padding = if at.text("padding")? != "Same" {
        text("auto_pad", "VALID")
    } else if dilations == [1, 1] {
        text("auto_pad", "SAME_UPPER")
    } else if strides == [1, 1] {
        // onnxruntime takes no name of a padding beside dilations.
        let around = [0, 1].map(|axis| (size[axis] - 1).saturating_mul(dilations[axis]));
        let before = around.map(|n| n / 2);
        ints("pads", &[before[0], before[1], around[0] - before[0], around[1] - before[1]])
    } else {
        return Err("it has the padding Same beside strides and dilations".into());
    };
    Ok(vec![padding, ints("strides", &strides), ints("dilations", &dilations)])
}

/// Height and width of the filter.
fn filter_size(at: &Origin) -> Result<[i64; 2], String> {
    let dims = at.dims(1)?;
    let [height, width, ..] = dims[..] else { return Err("its filter has no height and width".into()) };
    Ok([height as i64, width as i64])
}

/// Height and width of the windows of a pool.
fn pool_size(at: &Origin) -> Result<[i64; 2], String> {
    at.ints("size")?.try_into().map_err(|_| "its windows have no height and width".to_string())
}

/// The first input with channels second.
fn channels_second(at: &mut Origin) -> String {
    at.node("Transpose", &[at.input(0)], vec![ints("perm", &[0, 3, 1, 2])])
}

/// The result of the node, from images that have channels second.
fn channels_last(at: &mut Origin, images: &str) {
    at.last("Transpose", &[images], vec![ints("perm", &[0, 2, 3, 1])]);
}

fn conv(at: &mut Origin) -> Result<(), String> {
    let attributes = window(at, filter_size(at)?)?;
    let images = channels_second(at);
    let filter = at.node("Transpose", &[at.input(1)], vec![ints("perm", &[3, 2, 0, 1])]);
    let result = at.node("Conv", &[&images, &filter], attributes);
    channels_last(at, &result);
    Ok(())
}

/// Each channel is a group of its own.
fn depthwise(at: &mut Origin) -> Result<(), String> {
    let mut attributes = window(at, filter_size(at)?)?;
    let filter = at.dims(1)?;
    let [height, width, channels, multiplier] = filter[..] else {
        return Err("its filter has no rank 4".into());
    };
    attributes.push(int("group", channels as i64));
    let images = channels_second(at);
    let turned = at.node("Transpose", &[at.input(1)], vec![ints("perm", &[2, 3, 0, 1])]);
    let shape = [channels * multiplier, 1, height, width].map(|extent| extent as i64);
    let shape = at.emission.list(&shape);
    let filter = at.node("Reshape", &[&turned, &shape], vec![]);
    let result = at.node("Conv", &[&images, &filter], attributes);
    channels_last(at, &result);
    Ok(())
}

/// The transpose of a convolution, over images whose size it is given.
fn conv_transpose(at: &mut Origin) -> Result<(), String> {
    let size = at.ints("size").map_err(|_| "it is the gradient of a convolution".to_string())?;
    let (strides, dilations) = (at.ints("strides")?, at.ints("dilations")?);
    let (images, filter) = (at.dims(0).map(|dims| dims[1..3].to_vec()), at.dims(1)?);
    let images = match images {
        Ok(images) => images,
        Err(_) => {
            let shape = at.inputs[0].shape[1..3].iter().copied().collect::<Option<Vec<usize>>>();
            shape.ok_or("its windows are known at the run alone")?
        }
    };
    let (mut pads, mut more) = ([0_i64; 4], [0_i64; 2]);
    for axis in 0..2 {
        let reach = (filter[axis] as i64 - 1).saturating_mul(dilations[axis]).saturating_add(1);
        let whole = (images[axis] as i64 - 1).saturating_mul(strides[axis]).saturating_add(reach);
        // What is too much is cut off, half of it before; what is missing no window touches.
        let cut = if at.text("padding")? == "Same" { (whole - size[axis]).max(0) } else { 0 };
        (pads[axis], pads[axis + 2]) = (cut / 2, cut - cut / 2);
        more[axis] = size[axis] - (whole - cut);
        if more[axis] < 0 || more[axis] >= strides[axis].max(1) {
            return Err(format!("its size {} has no equivalent", size[axis]));
        }
    }
    let attributes = vec![
        ints("pads", &pads),
        ints("output_padding", &more),
        ints("strides", &strides),
        ints("dilations", &dilations),
    ];
    let windows = channels_second(at);
    let filter = at.node("Transpose", &[at.input(1)], vec![ints("perm", &[3, 2, 0, 1])]);
    let result = at.node("ConvTranspose", &[&windows, &filter], attributes);
    channels_last(at, &result);
    Ok(())
}

fn max_pool(at: &mut Origin) -> Result<(), String> {
    let size = pool_size(at)?;
    let mut attributes = window(at, size)?;
    attributes.push(ints("kernel_shape", &size));
    let images = channels_second(at);
    let result = at.node("MaxPool", &[&images], attributes);
    channels_last(at, &result);
    Ok(())
}

/// The mean with the padding, times the number of a window's elements.
fn sum_pool(at: &mut Origin) -> Result<(), String> {
    let size = pool_size(at)?;
    let mut attributes = window(at, size)?;
    if at.ints("dilations")? != [1, 1] {
        return Err("this version of ONNX has no dilations of a mean".into());
    }
    attributes.retain(|attribute| attribute.name != "dilations");
    attributes.extend([ints("kernel_shape", &size), int("count_include_pad", 1)]);
    let images = channels_second(at);
    let mean = at.node("AveragePool", &[&images], attributes);
    let elements = at.constant(&Tensor::scalar(size.iter().product::<i64>() as f32));
    let sum = at.node("Mul", &[&mean, &elements], vec![]);
    channels_last(at, &sum);
    Ok(())
}
