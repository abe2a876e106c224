//! Operations on whole numbers that are computed while a graph is read.

use super::{
    constant,
    node::{Node, NodeValue, Refusal},
    numbers::{MOST, Number, Numbers},
};
use crate::tensorflow::messages::Attribute;

/// What a node gives, if it can be computed; nothing where the graph has to.
pub type Folded = Result<Option<Vec<NodeValue>>, Refusal>;

type Fold = fn(&Node<'_>) -> Folded;

const FOLDS: &[(&str, Fold)] = &[
    ("Const", constant),
    ("Identity", |n| same(n, |numbers| numbers.dims.clone())),
    ("Cast", cast),
    ("Shape", |n| Ok(Some(vec![shape_of(n, 0)?]))),
    ("ShapeN", |n| (0..n.inputs.len()).map(|input| shape_of(n, input)).collect::<Result<_, _>>().map(Some)),
    ("VariableShape", |n| Ok(Some(vec![Numbers::vector(n.shape(n.variable(0)?)).into()]))),
    ("Size", |n| {
        let shape = n.shape(&n.tensor(0)?);
        Ok(Some(vec![Numbers::scalar(product(&shape)?).into()]))
    }),
    ("Rank", |n| Ok(Some(vec![Numbers::scalar(Number::Known(n.tensor(0)?.shape().len() as i64)).into()]))),
    ("Add", |n| arithmetic(n, i64::checked_add, |a, b| a + b)),
    ("AddV2", |n| arithmetic(n, i64::checked_add, |a, b| a + b)),
    ("Sub", |n| arithmetic(n, i64::checked_sub, |a, b| a - b)),
    ("Mul", |n| arithmetic(n, i64::checked_mul, |a, b| a * b)),
    ("FloorDiv", |n| arithmetic(n, floor_div, |a, b| a.floor_div(b))),
    ("FloorMod", |n| arithmetic(n, floor_mod, |a, b| a.floor_mod(b))),
    ("Maximum", |n| arithmetic(n, |a, b| Some(a.max(b)), |a, b| a.maximum(b))),
    ("Minimum", |n| arithmetic(n, |a, b| Some(a.min(b)), |a, b| a.minimum(b))),
    ("Prod", prod),
    ("Fill", fill),
    ("ExpandDims", |n| same(n, |_| vec![1])),
    ("Reshape", reshape),
    ("Squeeze", |n| same(n, |_| Vec::new())),
    ("Pack", pack),
    ("ConcatV2", concat),
    ("Slice", slice),
    ("StridedSlice", strided_slice),
    ("GatherV2", gather),
    ("Gather", gather),
    ("Range", range),
    ("DynamicStitch", dynamic_stitch),
    ("ListDiff", list_diff),
    ("InvertPermutation", invert_permutation),
    ("ConcatOffset", concat_offset),
    ("BroadcastGradientArgs", broadcast_gradient_args),
];

/// How an operation is computed on numbers.
pub fn find(op: &str) -> Option<Fold> {
    FOLDS.iter().find(|fold| fold.0 == op).map(|fold| fold.1)
}

impl From<Numbers> for NodeValue {
    fn from(numbers: Numbers) -> NodeValue {
        NodeValue::Numbers(numbers)
    }
}

fn one(numbers: Numbers) -> Folded {
    Ok(Some(vec![numbers.into()]))
}

fn constant(node: &Node<'_>) -> Folded {
    Ok(constant::numbers(node.constant("value")?).map(|numbers| vec![numbers.into()]))
}

/// The same numbers in a shape that has as many.
fn same(node: &Node<'_>, dims: fn(&Numbers) -> Vec<usize>) -> Folded {
    let Some(numbers) = node.numbers(0) else { return Ok(None) };
    let dims = dims(numbers);
    if dims.iter().product::<usize>() != numbers.elements.len() {
        return Ok(None);
    }
    one(Numbers { dims, elements: numbers.elements.clone() })
}

/// From one type of whole numbers to another.
fn cast(node: &Node<'_>) -> Folded {
    let whole = matches!(node.attribute("DstT"), Some(Attribute::Type(3 | 9)));
    if whole { same(node, |numbers| numbers.dims.clone()) } else { Ok(None) }
}

fn shape_of(node: &Node<'_>, input: usize) -> Result<NodeValue, Refusal> {
    Ok(Numbers::vector(node.shape(&node.tensor(input)?)).into())
}

fn product(numbers: &[Number]) -> Result<Number, Refusal> {
    numbers.iter().try_fold(Number::Known(1), |product, number| product.times(number))
}

fn floor_div(a: i64, b: i64) -> Option<i64> {
    let quotient = a.checked_div(b)?;
    Some(if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient })
}

fn floor_mod(a: i64, b: i64) -> Option<i64> {
    a.checked_sub(floor_div(a, b)?.checked_mul(b)?)
}

/// Number by number; one number stands beside each of a list.
fn arithmetic(
    node: &Node<'_>,
    here: fn(i64, i64) -> Option<i64>,
    there: fn(&minutia_graph::Output, &minutia_graph::Output) -> minutia_graph::Output,
) -> Folded {
    let (Some(a), Some(b)) = (node.numbers(0), node.numbers(1)) else { return Ok(None) };
    let wide = if a.elements.len() >= b.elements.len() { a } else { b };
    let count = wide.elements.len();
    let fits =
        |x: &Numbers| x.dims == wide.dims || (x.elements.len() == 1 && x.dims.len() <= wide.dims.len());
    if !fits(a) || !fits(b) {
        return Ok(None);
    }
    let at = |x: &Numbers, i: usize| x.elements[if x.elements.len() == 1 { 0 } else { i }].clone();
    let elements = (0..count).map(|i| at(a, i).with(&at(b, i), here, there)).collect::<Result<_, _>>()?;
    one(Numbers { dims: wide.dims.clone(), elements })
}

/// The product of all numbers.
fn prod(node: &Node<'_>) -> Folded {
    let (Some(numbers), Some(axes)) = (node.numbers(0), node.numbers(1)) else { return Ok(None) };
    let all = numbers.dims.is_empty() || matches!(axes.all_known().as_deref(), Some([0 | -1]));
    if numbers.dims.len() > 1 || !all || node.flag("keep_dims") {
        return Ok(None);
    }
    one(Numbers::scalar(product(&numbers.elements)?))
}

fn fill(node: &Node<'_>) -> Folded {
    let (Some(dims), Some(value)) = (node.numbers(0).and_then(Numbers::extents), node.numbers(1)) else {
        return Ok(None);
    };
    let count = dims.iter().try_fold(1_usize, |count, &extent| count.checked_mul(extent));
    match (count.filter(|&count| count <= MOST), value.single()) {
        (Some(count), Some(value)) => one(Numbers { dims, elements: vec![value.clone(); count] }),
        _ => Ok(None),
    }
}

/// To a scalar or a list.
fn reshape(node: &Node<'_>) -> Folded {
    let (Some(numbers), Some(shape)) = (node.numbers(0), node.numbers(1).and_then(Numbers::all_known)) else {
        return Ok(None);
    };
    let count = numbers.elements.len();
    match shape[..] {
        [] if count == 1 => one(Numbers { dims: Vec::new(), ..numbers.clone() }),
        [extent] if extent == -1 || usize::try_from(extent) == Ok(count) => {
            one(Numbers::vector(numbers.elements.clone()))
        }
        _ => Ok(None),
    }
}

/// A list of scalars, of which some may be computed in the run; or a matrix of lists.
fn pack(node: &Node<'_>) -> Folded {
    let is_scalar = |input: usize| node.tensor(input).is_ok_and(|x| x.shape().is_empty());
    let known = (0..node.inputs.len()).filter(|&input| node.numbers(input).is_some()).count();
    if known == node.inputs.len() && known > 0 && !is_scalar(0) {
        return Ok(pack_lists(node).map(|matrix| vec![matrix.into()]));
    }
    if known == 0 || node.inputs.len() > MOST || !(0..node.inputs.len()).all(is_scalar) {
        return Ok(None);
    }
    let number = |input: usize| match node.numbers(input).and_then(Numbers::single) {
        Some(number) => Ok(number.clone()),
        None => node.tensor(input).map(Number::Computed),
    };
    one(Numbers::vector((0..node.inputs.len()).map(number).collect::<Result<_, _>>()?))
}

/// Lists of one length as the rows of a matrix, or as its columns.
fn pack_lists(node: &Node<'_>) -> Option<Numbers> {
    let lists = (0..node.inputs.len()).map(|input| node.numbers(input)).collect::<Option<Vec<_>>>()?;
    let [length] = lists.first()?.dims[..] else { return None };
    let count = lists.len();
    if lists.iter().any(|list| list.dims != [length]) || length.saturating_mul(count) > MOST {
        return None;
    }
    let at = |row: usize, column: usize| lists[row].elements[column].clone();
    let (dims, elements) = match node.int("axis", 0) {
        0 | -2 => {
            let rows = (0..count).flat_map(|row| (0..length).map(move |column| (row, column)));
            ([count, length], rows.map(|(row, column)| at(row, column)).collect())
        }
        1 | -1 => {
            let columns = (0..length).flat_map(|column| (0..count).map(move |row| (row, column)));
            ([length, count], columns.map(|(row, column)| at(row, column)).collect())
        }
        _ => return None,
    };
    Some(Numbers { dims: dims.into(), elements })
}

fn concat(node: &Node<'_>) -> Folded {
    let last = node.inputs.len().saturating_sub(1);
    let mut all = Vec::new();
    for input in 0..last {
        match node.numbers(input) {
            Some(part) if part.dims.len() == 1 => all.extend(part.elements.iter().cloned()),
            _ => return Ok(None),
        }
    }
    if all.len() > MOST { Ok(None) } else { one(Numbers::vector(all)) }
}

fn slice(node: &Node<'_>) -> Folded {
    let (Some(numbers), Some(begin), Some(size)) = (node.numbers(0), node.numbers(1), node.numbers(2)) else {
        return Ok(None);
    };
    let ([_], Some(begin), Some(size)) = (&numbers.dims[..], begin.all_known(), size.all_known()) else {
        return Ok(None);
    };
    let ([begin], [size]) = (&begin[..], &size[..]) else { return Ok(None) };
    let count = numbers.elements.len();
    let begin = usize::try_from(*begin).ok().filter(|&begin| begin <= count);
    let begin = begin.ok_or_else(|| Refusal::new("begins outside its input"))?;
    let size = if *size == -1 { Some(count - begin) } else { usize::try_from(*size).ok() };
    let end = size.and_then(|size| begin.checked_add(size)).filter(|&end| end <= count);
    let end = end.ok_or_else(|| Refusal::new("ends outside its input"))?;
    one(Numbers::vector(numbers.elements[begin..end].to_vec()))
}

/// One number of a list, or those between two bounds.
fn strided_slice(node: &Node<'_>) -> Folded {
    let known = |input: usize| node.numbers(input).and_then(Numbers::all_known);
    let (Some(numbers), Some(begin), Some(end), Some(stride)) =
        (node.numbers(0), known(1), known(2), known(3))
    else {
        return Ok(None);
    };
    let ([_], [begin], [end], [stride]) = (&numbers.dims[..], &begin[..], &end[..], &stride[..]) else {
        return Ok(None);
    };
    let bit = |mask: &str| node.int(mask, 0) & 1 == 1;
    if bit("new_axis_mask") || bit("ellipsis_mask") || *stride == 0 {
        return Ok(None);
    }
    let count = numbers.elements.len() as i64;
    let counted = |at: i64| if at < 0 { at.saturating_add(count) } else { at };
    if bit("shrink_axis_mask") {
        let at = usize::try_from(counted(*begin)).ok().and_then(|at| numbers.elements.get(at));
        let at = at.ok_or_else(|| Refusal::new(format!("takes number {begin} of {count}")))?;
        return one(Numbers::scalar(at.clone()));
    }
    let (first, last) = if *stride > 0 { (0, count) } else { (-1, count - 1) };
    let bound = |at: i64, mask: &str, whole: i64| {
        if bit(mask) { whole } else { counted(at).clamp(first, last) }
    };
    let (whole_begin, whole_end) = if *stride > 0 { (0, count) } else { (count - 1, -1) };
    let mut at = bound(*begin, "begin_mask", whole_begin);
    let end = bound(*end, "end_mask", whole_end);
    let mut all = Vec::new();
    while if *stride > 0 { at < end } else { at > end } {
        all.extend(usize::try_from(at).ok().and_then(|at| numbers.elements.get(at)).cloned());
        at = at.saturating_add(*stride);
    }
    one(Numbers::vector(all))
}

/// Numbers of a list.
fn gather(node: &Node<'_>) -> Folded {
    let (Some(numbers), Some(indices)) = (node.numbers(0), node.numbers(1)) else { return Ok(None) };
    let ([_], Some(known)) = (&numbers.dims[..], indices.all_known()) else { return Ok(None) };
    let at = |index: &i64| {
        let found = usize::try_from(*index).ok().and_then(|index| numbers.elements.get(index)).cloned();
        found.ok_or_else(|| Refusal::new(format!("takes number {index} of {}", numbers.elements.len())))
    };
    let elements = known.iter().map(at).collect::<Result<_, _>>()?;
    one(Numbers { dims: indices.dims.clone(), elements })
}

fn range(node: &Node<'_>) -> Folded {
    let known = |input: usize| node.numbers(input)?.all_known()?.first().copied();
    let (Some(start), Some(limit), Some(delta)) = (known(0), known(1), known(2)) else { return Ok(None) };
    let mut all = Vec::new();
    let mut at = start;
    while if delta > 0 { at < limit } else { at > limit } {
        if delta == 0 || all.len() == MOST {
            return Ok(None);
        }
        all.push(at);
        at = at.saturating_add(delta);
    }
    one(Numbers::known(all))
}

/// A list made of lists, each number at the place that a list of places tells; the last one stays.
fn dynamic_stitch(node: &Node<'_>) -> Folded {
    let count = node.inputs.len() / 2;
    let mut places: Vec<(usize, Number)> = Vec::new();
    for input in 0..count {
        let (Some(indices), Some(data)) = (node.numbers(input), node.numbers(count + input)) else {
            return Ok(None);
        };
        let Some(indices) = indices.all_known() else { return Ok(None) };
        if indices.len() != data.elements.len() {
            return Ok(None);
        }
        for (index, number) in indices.into_iter().zip(&data.elements) {
            let place = usize::try_from(index).ok().filter(|&place| place < MOST);
            places.push((
                place.ok_or_else(|| Refusal::new(format!("puts a number at {index}")))?,
                number.clone(),
            ));
        }
    }
    let length = places.iter().map(|place| place.0 + 1).max().unwrap_or(0);
    let mut all = vec![Number::Known(0); length];
    for (place, number) in places {
        all[place] = number;
    }
    one(Numbers::vector(all))
}

/// The numbers of a list that another has not, and where they stand.
fn list_diff(node: &Node<'_>) -> Folded {
    let known = |input: usize| node.numbers(input).and_then(Numbers::all_known);
    let (Some(list), Some(without)) = (known(0), known(1)) else { return Ok(None) };
    let (numbers, places): (Vec<i64>, Vec<i64>) =
        list.into_iter().zip(0..).filter(|(number, _)| !without.contains(number)).unzip();
    Ok(Some(vec![Numbers::known(numbers).into(), Numbers::known(places).into()]))
}

fn invert_permutation(node: &Node<'_>) -> Folded {
    let Some(order) = node.numbers(0).and_then(Numbers::all_known) else { return Ok(None) };
    let at = |axis: i64| order.iter().position(|&other| other == axis);
    let inverse: Option<Vec<i64>> = (0..order.len() as i64).map(|axis| Some(at(axis)? as i64)).collect();
    inverse.map_or_else(
        || Err(Refusal::new(format!("inverts {order:?}, which is no order"))),
        |i| one(Numbers::known(i)),
    )
}

/// Where each of several tensors begins in all of them side by side.
fn concat_offset(node: &Node<'_>) -> Folded {
    let Some(axis) = node.numbers(0).and_then(Numbers::all_known).and_then(|axis| axis.first().copied())
    else {
        return Ok(None);
    };
    let (mut offset, mut all) = (Number::Known(0), Vec::new());
    for input in 1..node.inputs.len() {
        let Some(shape) = node.numbers(input) else { return Ok(None) };
        let rank = shape.elements.len() as i64;
        let at = usize::try_from(if axis < 0 { axis + rank } else { axis }).ok();
        let Some((at, extent)) = at.and_then(|at| Some((at, shape.elements.get(at)?))) else {
            return Err(Refusal::new(format!("has no axis {axis}")));
        };
        let mut begin = vec![Number::Known(0); shape.elements.len()];
        begin[at] = offset.clone();
        offset = offset.with(extent, i64::checked_add, |a, b| a + b)?;
        all.push(Numbers::vector(begin).into());
    }
    Ok(Some(all))
}

/// The axes along which each of two shapes is stretched beside the other.
fn broadcast_gradient_args(node: &Node<'_>) -> Folded {
    let (Some(a), Some(b)) = (node.numbers(0), node.numbers(1)) else { return Ok(None) };
    Ok(Some(vec![stretched_axes(a, b), stretched_axes(b, a)]))
}

/// The axes along which `own` is stretched beside `other`, counted in the shape of both.
fn stretched_axes(own: &Numbers, other: &Numbers) -> NodeValue {
    let rank = own.elements.len().max(other.elements.len());
    let at = |shape: &Numbers, axis: usize| {
        let axis = (axis + shape.elements.len()).checked_sub(rank);
        axis.map_or(Number::Known(1), |axis| shape.elements[axis].clone())
    };
    let one = Number::Known(1);
    let mut axes = Vec::new();
    for axis in 0..rank {
        let (own_extent, beside) = (at(own, axis), at(other, axis));
        if own_extent == beside {
            continue;
        }
        match own_extent {
            Number::Known(1) => axes.push(axis as i64),
            Number::Known(_) => {}
            // Nothing is stretched beside 1; else it may be 1 itself.
            _ if beside == one => {}
            _ => return NodeValue::Stretched(own.clone()),
        }
    }
    Numbers::known(axes).into()
}
