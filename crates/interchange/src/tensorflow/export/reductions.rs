//! Products, reductions and sums along axes.

use super::{Written, proto, site::Site};
use minutia_graph::DType;
use std::slice::from_ref;

pub fn write(site: &mut Site) -> Option<Written> {
    Some(match site.node.op {
        "MatMul" => product(site),
        "Einsum" => einsum(site),
        "Sum" | "Mean" | "Max" | "Min" | "Prod" => reduce(site),
        "ProdGrad" => product_of_others(site),
        "SumLike" => sum_like(site),
        "ArgMax" | "ArgMin" => position(site),
        "ArgSort" => order(site),
        "Cumsum" => running_sum(site),
        _ => return None,
    })
}

fn product(site: &mut Site) -> Written {
    let turned = [site.flag("transpose_a"), site.flag("transpose_b")];
    let matrices = site.rank(0) == 2 && site.rank(1) == 2;
    let (op, [a, b]) = if matrices {
        ("MatMul", ["transpose_a", "transpose_b"])
    } else {
        ("BatchMatMulV2", ["adj_x", "adj_y"])
    };
    let dtype = proto::dtype("T", site.dtype());
    site.finish(op, site.inputs(), &[dtype, proto::flag(a, turned[0]), proto::flag(b, turned[1])])
}

fn einsum(site: &mut Site) -> Written {
    let equation = site.text("equation")?;
    if !equation.contains("->") {
        return Err(format!("the equation '{equation}' does not name the axes of the result by '->'"));
    }
    let inputs = site.inputs();
    let attributes = [
        proto::dtype("T", site.dtype()),
        proto::int("N", inputs.len() as i64),
        proto::word("equation", equation),
    ];
    site.finish("Einsum", inputs, &attributes)
}

fn reduce(site: &mut Site) -> Written {
    let axes = match site.node.attributes.contains_key("axes") {
        true => site.ints("axes")?,
        false => (0..site.rank(0) as i64).collect(),
    };
    let axes = site.numbers("reduction_indices", &axes)?;
    let attributes = [proto::dtype("T", site.dtype()), proto::flag("keep_dims", site.flag("keep_dims"))];
    site.finish(site.node.op, vec![site.input(0), axes], &attributes)
}

/// For each element the product of all others: of those before it and of those behind it.
fn product_of_others(site: &mut Site) -> Written {
    let axes = site.ints("axes")?;
    let (flat, dtype) = (axes.len() == site.rank(0), proto::dtype("T", DType::F32));
    let mut x = site.input(0);
    if site.node.inputs.len() > 1 {
        return Err("it is the second derivative of a product".to_string());
    }
    if !flat && axes.len() != 1 {
        return Err("the product goes over some axes, and not over one or all".to_string());
    }
    if flat {
        let all = site.numbers("all", &[-1])?;
        x = site.helper("Reshape", "Reshape", vec![x, all], from_ref(&dtype));
    }
    let axis = site.number("axis", if flat { 0 } else { axes[0] })?;
    let mut others = Vec::new();
    for (name, reverse) in [("before", false), ("behind", true)] {
        let attributes = [dtype.clone(), proto::flag("exclusive", true), proto::flag("reverse", reverse)];
        others.push(site.helper(name, "Cumprod", vec![x.clone(), axis.clone()], &attributes));
    }
    if !flat {
        return site.finish("Mul", others, &[dtype]);
    }
    let product = site.helper("Mul", "Mul", others, from_ref(&dtype));
    let shape = site.shape(0)?;
    site.finish("Reshape", vec![product, shape], &[dtype])
}

/// TensorFlow's own gradient of what broadcasts.
fn sum_like(site: &mut Site) -> Written {
    let dtype = proto::dtype("T", site.dtype());
    let axes = match (site.extents(0), site.extents(1)) {
        (Some(x), Some(like)) => {
            let missing = x.len() - like.len();
            let stretched = |&a: &usize| a < missing || like[a - missing] != x[a];
            let axes: Vec<i64> = (0..x.len()).filter(stretched).map(|axis| axis as i64).collect();
            site.numbers("reduction_indices", &axes)?
        }
        _ => {
            let (from, to) = (site.shape(1)?, site.shape(0)?);
            let int = proto::dtype("T", DType::I32);
            site.helper("BroadcastGradientArgs", "BroadcastGradientArgs", vec![from, to], &[int])
        }
    };
    let sum = site.helper("Sum", "Sum", vec![site.input(0), axes], from_ref(&dtype));
    let shape = site.shape(1)?;
    site.finish("Reshape", vec![sum, shape], &[dtype])
}

fn position(site: &mut Site) -> Written {
    let axis = site.int("axis")?;
    let axis = site.number("dimension", axis)?;
    let attributes = [proto::dtype("T", site.dtype()), proto::dtype("output_type", DType::I32)];
    site.finish(site.node.op, vec![site.input(0), axis], &attributes)
}

/// The largest elements along the last axis, in descending order: of equal ones the first comes first.
fn order(site: &mut Site) -> Written {
    let rank = site.rank(0);
    let (axis, dtype) = (site.axis("axis", rank)?, proto::dtype("T", site.dtype()));
    let last = rank - 1;
    let mut turn: Vec<i64> = (0..rank as i64).collect();
    turn.swap(axis, last);
    let (mut x, mut order) = (site.input(0), None);
    if axis != last {
        let turn = site.numbers("perm", &turn)?;
        x = site.helper("Transpose", "Transpose", vec![x, turn.clone()], from_ref(&dtype));
        order = Some(turn);
    }
    if !site.flag("descending") {
        if site.dtype() == DType::I32 {
            return Err("integers in ascending order".to_string());
        }
        x = site.helper("Neg", "Neg", vec![x], from_ref(&dtype));
    }
    let count = match site.int("first") {
        Ok(first) => site.number("k", first)?,
        Err(_) => site.extent(0, axis)?,
    };
    let sorted = site.helper("TopKV2", "TopKV2", vec![x, count], &[dtype]);
    let positions = format!("{sorted}:1");
    let int = proto::dtype("T", DType::I32);
    match order {
        Some(turn) => site.finish("Transpose", vec![positions, turn], &[int]),
        None => site.finish("Identity", vec![positions], &[int]),
    }
}

fn running_sum(site: &mut Site) -> Written {
    let axis = site.int("axis")?;
    let axis = site.number("axis", axis)?;
    let attributes = [
        proto::dtype("T", site.dtype()),
        proto::flag("exclusive", site.flag("exclusive")),
        proto::flag("reverse", site.flag("reverse")),
    ];
    site.finish("Cumsum", vec![site.input(0), axis], &attributes)
}
