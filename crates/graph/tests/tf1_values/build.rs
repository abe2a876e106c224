//! Each operation of the file, as it is built here.

use super::case::Case;
use minutia_graph::{Graph, Output};

/// The outputs of a case; nothing for an operation that is not known.
pub fn build(graph: &Graph, case: &Case, inputs: &[Output]) -> Option<Vec<Output>> {
    elementwise(case, inputs)
        .or_else(|| losses(graph, case, inputs))
        .or_else(|| reductions(case, inputs))
        .or_else(|| rows(graph, case, inputs))
        .map(|output| vec![output])
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
        "reduce_prod" => x.reduce_prod(case.int("axis")?),
        "l2_normalize" => x.l2_normalize(case.int("axis")?, case.float("epsilon")?),
        "batch_normalization" => {
            let [x, mean, variance, offset, scale] = inputs else { return None };
            x.batch_normalization(mean, variance, offset, scale, case.float("variance_epsilon")?)
        }
        "matmul" if case.text("note").is_empty() => x.matmul(inputs.get(1)?),
        _ => return None,
    })
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
            let rows = case.lists("indices")?.into_iter().map(|index| index[0] as i32);
            x.tensor_scatter_add(graph.constant(rows.collect::<Vec<_>>()), inputs.get(1)?)
        }
        _ => return None,
    })
}
