//! Each operation of the file, as it is built here.

use super::case::Case;
use minutia_graph::{Graph, Output, PadMode, Window};
use minutia_tensor::Tensor;

/// The outputs of a case; nothing for an operation that is not known.
pub fn build(graph: &Graph, case: &Case, inputs: &[Output]) -> Option<Vec<Output>> {
    elementwise(case, inputs)
        .or_else(|| losses(graph, case, inputs))
        .or_else(|| reductions(case, inputs))
        .or_else(|| products(graph, case, inputs))
        .or_else(|| windows(case, inputs))
        .or_else(|| structure(graph, case, inputs))
        .or_else(|| rows(graph, case, inputs))
        .or_else(|| control_flow(graph, case, inputs))
        .map(|output| vec![output])
        .or_else(|| several(case, inputs))
}

fn elementwise(case: &Case, inputs: &[Output]) -> Option<Output> {
    let x = inputs.first()?;
    let y = || inputs.get(1);
    Some(match case.op.as_str() {
        "softplus" => x.softplus(),
        "softsign" => x.softsign(),
        "elu" => x.elu(),
        "selu" => x.selu(),
        "leaky_relu" => x.leaky_relu(0.2),
        "relu6" => x.relu6(),
        "gelu" if case.flag("approximate") => x.gelu_tanh(),
        "gelu" => x.gelu(),
        "log_sigmoid" => x.log_sigmoid(),
        "erf" => x.erf(),
        "sin" => x.sin(),
        "cos" => x.cos(),
        "floor" => x.floor(),
        "ceil" => x.ceil(),
        "round" => x.round(),
        "expm1" => x.expm1(),
        "log1p" => x.log1p(),
        "reciprocal" => x.reciprocal(),
        "floordiv" => x.floor_div(y()?),
        "floormod" => x.floor_mod(y()?),
        "truncatediv" => x.truncate_div(y()?),
        "truncatemod" => x.truncate_mod(y()?),
        "squared_difference" => x.squared_difference(y()?),
        "atan2" => x.atan2(y()?),
        "xdivy" | "div_no_nan" => x.xdivy(y()?),
        _ => return None,
    })
}

fn losses(graph: &Graph, case: &Case, inputs: &[Output]) -> Option<Output> {
    let x = inputs.first()?;
    let other = || inputs.get(1);
    Some(match case.op.as_str() {
        "sigmoid_cross_entropy_with_logits" => other()?.sigmoid_cross_entropy_with_logits(x),
        "weighted_cross_entropy_with_logits" => {
            other()?.weighted_cross_entropy_with_logits(x, case.float("pos_weight")?)
        }
        "sparse_softmax_cross_entropy_with_logits" => {
            let labels: Vec<i32> = case.ints("labels")?.into_iter().map(|x| x as i32).collect();
            x.sparse_softmax_cross_entropy_with_logits(graph.constant(labels))
        }
        "l2_loss" => x.l2_loss(),
        "huber_loss" => other()?.huber_loss(x, case.float("delta")?),
        _ => return None,
    })
}

fn reductions(case: &Case, inputs: &[Output]) -> Option<Output> {
    let x = inputs.first()?;
    Some(match case.op.as_str() {
        "reduce_logsumexp" => x.reduce_logsumexp(case.int("axis")?),
        "reduce_max" => x.reduce_max(case.int("axis")?),
        "reduce_any" => x.reduce_any(case.int("axis")?),
        "reduce_all" => x.reduce_all(case.int("axis")?),
        "reduce_prod" => x.reduce_prod(case.int("axis")?),
        "l2_normalize" => x.l2_normalize(case.int("axis")?, case.float("epsilon")?),
        "batch_normalization" => {
            let [x, mean, variance, offset, scale] = inputs else { return None };
            x.batch_normalization(mean, variance, offset, scale, case.float("variance_epsilon")?)
        }
        _ => return None,
    })
}

fn products(graph: &Graph, case: &Case, inputs: &[Output]) -> Option<Output> {
    let x = inputs.first()?;
    Some(match case.op.as_str() {
        "matmul" => {
            let y = inputs.get(1)?;
            match (case.flag("transpose_a"), case.flag("transpose_b")) {
                (false, false) => x.matmul(y),
                (false, true) => x.matmul_nt(y),
                (true, false) => x.matmul_tn(y),
                (true, true) => x.matmul_tt(y),
            }
        }
        "einsum" => graph.einsum(case.text("equation"), &inputs.iter().collect::<Vec<_>>()),
        _ => return None,
    })
}

fn windows(case: &Case, inputs: &[Output]) -> Option<Output> {
    let x = inputs.first()?;
    let extent = |name: &str| case.int(name).map(|n| n as usize);
    let step = extent("strides").or_else(|| extent("stride")).unwrap_or(1);
    let gap = extent("dilations").unwrap_or(1);
    let window = if case.text("padding") == "SAME" { Window::same() } else { Window::valid() };
    let window = window.strides([step; 2]).dilations([gap; 2]);
    let size = || extent("ksize").map(|size| [size; 2]);
    Some(match case.op.as_str() {
        "conv2d" => x.conv2d(inputs.get(1)?, window),
        "conv1d" => x.conv1d(inputs.get(1)?, window.strides([1, step])),
        "depthwise_conv2d" => x.depthwise_conv2d(inputs.get(1)?, window),
        "conv2d_transpose" => {
            let size = case.ints("output_shape")?;
            x.conv2d_transpose(inputs.get(1)?, [*size.get(1)? as usize, *size.get(2)? as usize], window)
        }
        "extract_image_patches" => x.extract_image_patches([extent("sizes")?; 2], window),
        "space_to_depth" => x.space_to_depth(extent("block_size")?),
        "depth_to_space" => x.depth_to_space(extent("block_size")?),
        "local_response_normalization" => x.local_response_normalization(
            extent("depth_radius")?,
            case.float("bias")?,
            case.float("alpha")?,
            case.float("beta")?,
        ),
        "max_pool" => x.max_pool(size()?, window),
        "avg_pool" => x.avg_pool(size()?, window),
        _ => return None,
    })
}

fn structure(graph: &Graph, case: &Case, inputs: &[Output]) -> Option<Output> {
    let x = inputs.first()?;
    let axis = || case.int("axis");
    Some(match case.op.as_str() {
        "stack" => graph.stack(inputs, axis()?),
        "reverse" => x.reverse(case.ints("axis")?),
        "tile" => x.tile(case.ints("multiples")?.into_iter().map(|n| n as usize).collect::<Vec<_>>()),
        "pad" => {
            let mode = match case.text("mode") {
                "CONSTANT" => PadMode::Constant(0.0),
                "REFLECT" => PadMode::Reflect,
                "SYMMETRIC" => PadMode::Symmetric,
                _ => return None,
            };
            let paddings = case.rows("paddings")?;
            x.pad(paddings.iter().map(|pair| (pair[0] as usize, pair[1] as usize)).collect::<Vec<_>>(), mode)
        }
        "strided_slice" => {
            x.strided_slice(case.options("begin")?, case.options("end")?, case.ints("strides")?)
        }
        "cumsum" => x.cumsum(axis()?, case.flag("exclusive"), case.flag("reverse")),
        "argsort" if case.text("direction") == "ASCENDING" => x.argsort(-1),
        "argsort" => x.argsort_descending(-1),
        "gather_nd" => {
            let rows = case.rows("indices")?;
            let flat = rows.iter().flatten().map(|&i| i as i32).collect();
            x.gather_nd(graph.constant(Tensor::from_vec([rows.len(), rows.first()?.len()], flat).ok()?))
        }
        _ => return None,
    })
}

/// What has several outputs.
fn several(case: &Case, inputs: &[Output]) -> Option<Vec<Output>> {
    let x = inputs.first()?;
    let axis = case.int("axis").unwrap_or(-1);
    Some(match case.op.as_str() {
        "unstack" => x.unstack(case.outputs.len(), axis),
        "split" => x.split(case.ints("sizes")?, axis),
        "moments" => {
            let (mean, variance) = x.moments(case.ints("axes")?);
            vec![mean, variance]
        }
        "top_k" => {
            let (values, indices) = x.top_k(case.int("k")? as usize);
            vec![values, indices]
        }
        _ => return None,
    })
}

/// Loops and branches, whose bodies the arguments spell out.
fn control_flow(graph: &Graph, case: &Case, inputs: &[Output]) -> Option<Output> {
    let x = inputs.first()?;
    let a = || inputs.get(1);
    match (case.op.as_str(), case.text("body"), case.text("fn"), case.text("pred")) {
        ("while_loop", "i < 5: x = x * a + 1", ..) => {
            let a = a()?;
            let body = |[i, x]: [Output; 2]| [i + 1, x * a + 1.0];
            let [_, x] = graph.while_loop(|[i, _]| i.less(5), body, [&graph.constant(0), x], 5);
            Some(x)
        }
        ("scan", _, "carry * a + x", _) => {
            let a = a()?;
            // Without an initial value TensorFlow begins with the first row.
            let (first, others) = (x.gather(graph.constant(0)), x.slice([1, 0], [-1, -1]));
            let [carried] = graph.scan(|[carry], [x]| [carry * a + x], [&others], [&first]);
            Some(graph.concat(&[first.expand_dims(0), carried], 0))
        }
        ("cond", _, _, "sum(x) > 0") => {
            let [y] = graph.cond(x.reduce_sum(..).greater(0.0), || [x * x], || [-x]);
            Some(y)
        }
        _ => None,
    }
}

/// What picks, changes and adds up rows.
fn rows(graph: &Graph, case: &Case, inputs: &[Output]) -> Option<Output> {
    let x = inputs.first()?;
    let list = |name: &str| {
        let numbers: Vec<i32> = case.ints(name)?.into_iter().map(|x| x as i32).collect();
        Some(graph.constant(numbers))
    };
    let segments = || case.int("num_segments").map(|n| n as usize);
    Some(match case.op.as_str() {
        "gather" if case.int("axis")? == 0 => x.gather(list("indices")?),
        // Rows of a matrix that lies the other way round.
        "gather" => x.transpose([1, 0]).gather(list("indices")?).transpose([1, 0]),
        "unsorted_segment_sum" => x.unsorted_segment_sum(list("segment_ids")?, segments()?),
        "unsorted_segment_max" => x.unsorted_segment_max(list("segment_ids")?, segments()?),
        "unsorted_segment_mean" => x.unsorted_segment_mean(list("segment_ids")?, segments()?),
        "tensor_scatter_nd_add" => {
            let rows = case.rows("indices")?.into_iter().map(|index| index[0] as i32);
            x.tensor_scatter_add(graph.constant(rows.collect::<Vec<_>>()), inputs.get(1)?)
        }
        _ => return None,
    })
}
