//! Laws of shapes, over random ones, against naive loops.

use minutia_graph::{DType, Device, Error, Graph, Output, PartialShape, Session, Tensor, feeds};
use proptest::prelude::*;

/// Extents, and elements that are exact in every sum that is made of them.
fn tensor(dims: &[usize], seed: usize) -> Tensor {
    let count = dims.iter().product::<usize>();
    let values = (0..count).map(|i| ((i * 7 + seed * 3) % 11) as f32 - 5.0).collect();
    Tensor::from_vec(dims, values).unwrap()
}

fn run(fetches: &[Output], feeds: &[(&Output, &Tensor)]) -> Vec<Tensor> {
    let mut session = Session::new(fetches[0].graph(), &Device::cpu().unwrap()).unwrap();
    let feeds = feeds.iter().fold(feeds! {}, |all, (x, t)| all.with(*x, *t));
    session.run(fetches, feeds).unwrap()
}

/// Every index, row-major.
fn indices(dims: &[usize]) -> Vec<Vec<usize>> {
    dims.iter().fold(vec![Vec::new()], |all, &dim| {
        all.iter().flat_map(|i| (0..dim).map(move |j| [&i[..], &[j]].concat())).collect()
    })
}

/// Position of the element that broadcasting puts at `index`.
fn source(dims: &[usize], index: &[usize]) -> usize {
    let own = &index[index.len() - dims.len()..];
    dims.iter().zip(own).fold(0, |at, (&dim, &i)| at * dim + if dim == 1 { 0 } else { i })
}

/// A shape, and two that broadcast to it: axes left out at the front, extents set to 1.
fn broadcastable() -> impl Strategy<Value = (Vec<usize>, Vec<usize>, Vec<usize>)> {
    let part = |wide: Vec<usize>| {
        (0..=wide.len(), prop::collection::vec(any::<bool>(), wide.len())).prop_map(move |(skip, ones)| {
            let dims = wide.iter().zip(ones).map(|(&d, one)| if one { 1 } else { d });
            dims.skip(skip).collect::<Vec<usize>>()
        })
    };
    prop::collection::vec(0..4_usize, 0..4)
        .prop_flat_map(move |wide| (part(wide.clone()), part(wide)))
        .prop_map(|(a, b)| {
            let rank = a.len().max(b.len());
            let at =
                |dims: &[usize], axis: usize| (axis + dims.len()).checked_sub(rank).map_or(1, |i| dims[i]);
            let wide = (0..rank).map(|i| if at(&a, i) == 1 { at(&b, i) } else { at(&a, i) }).collect();
            (a, b, wide)
        })
}

/// The shape with some extents forgotten.
fn forget(dims: &[usize], mask: u8) -> PartialShape {
    dims.iter().enumerate().map(|(i, &d)| (mask >> i & 1 == 0).then_some(d)).collect::<Vec<_>>().into()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn broadcasting_is_the_naive_loop((a, b, wide) in broadcastable(), open in any::<u8>()) {
        let graph = Graph::new();
        let x = graph.placeholder("x", DType::F32, forget(&a, open));
        let y = graph.placeholder("y", DType::F32, forget(&b, open >> 3));
        let z = &x * &y;
        prop_assert!(z.shape().admits(&wide), "{} for {wide:?}", z.shape());
        let weights = graph.placeholder("weights", DType::F32, &wide[..]);
        let gradients = graph.gradients(&(&z * &weights), &[&x, &y]).unwrap();
        let fetches: Vec<Output> = [z].into_iter().chain(gradients.into_iter().flatten()).collect();
        let (tx, ty, tw) = (tensor(&a, 1), tensor(&b, 2), tensor(&wide, 3));
        let found = run(&fetches, &[(&x, &tx), (&y, &ty), (&weights, &tw)]);

        let (vx, vy, vw) =
            (tx.as_slice::<f32>().unwrap(), ty.as_slice::<f32>().unwrap(), tw.as_slice::<f32>().unwrap());
        let (mut dx, mut dy) = (vec![0.0; vx.len()], vec![0.0; vy.len()]);
        let mut product = Vec::new();
        for (at, index) in indices(&wide).iter().enumerate() {
            let (i, j) = (source(&a, index), source(&b, index));
            product.push(vx[i] * vy[j]);
            dx[i] += vw[at] * vy[j];
            dy[j] += vw[at] * vx[i];
        }
        for (found, (dims, values)) in found.iter().zip([(&wide, product), (&a, dx), (&b, dy)]) {
            prop_assert_eq!(found.dims(), &dims[..]);
            prop_assert_eq!(found.as_slice::<f32>().unwrap(), &values[..]);
        }
    }

    #[test]
    fn what_does_not_broadcast_names_both_shapes(
        (a, b, wide) in broadcastable(), axis in 0..3_usize, open in any::<bool>()
    ) {
        // Two extents above 1 that differ, at one axis from the end.
        let long = |dims: &[usize], extent: usize| {
            let mut dims = dims.to_vec();
            while dims.len() <= axis { dims.insert(0, 1); }
            let at = dims.len() - 1 - axis;
            dims[at] = extent;
            dims
        };
        let (a, b) = (long(&a, 5), long(&b, 6));
        let graph = Graph::new();
        let shape = |dims: &[usize]| if open { forget(dims, 255) } else { PartialShape::from(dims) };
        let x = graph.placeholder("x", DType::F32, shape(&a));
        let y = graph.placeholder("y", DType::F32, shape(&b));
        let z = &x + &y;
        let error = if open {
            prop_assert!(z.check().is_ok());
            let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
            session.run(&z, feeds! { x => tensor(&a, 1), y => tensor(&b, 2) }).unwrap_err()
        } else {
            z.check().unwrap_err()
        };
        prop_assert!(matches!(error, Error::Op(_)));
        let text = error.to_string();
        for dims in [&a, &b] {
            prop_assert!(text.contains(&PartialShape::from(&dims[..]).to_string()), "{}", text);
        }
        prop_assert!(text.contains("shapes do not broadcast") && wide.len() < 4);
    }

    #[test]
    fn partial_shapes_admit_what_they_were_made_of(
        dims in prop::collection::vec(0..5_usize, 0..5), mask in any::<u8>(), more in any::<u8>()
    ) {
        let known = PartialShape::from(&dims[..]);
        prop_assert_eq!(known.known().map(|shape| shape.to_vec()), Some(dims.clone()));
        let open = forget(&dims, mask);
        prop_assert!(known.admits(&dims) && open.admits(&dims));
        prop_assert_eq!(open.known().is_some(), open == known);
        // Forgetting more admits all that was admitted before.
        let wider = forget(&dims, mask | more);
        for (axis, extent) in dims.iter().enumerate() {
            let mut other = dims.clone();
            other[axis] = extent + 1;
            prop_assert_eq!(open.admits(&other), open[axis].is_none());
            prop_assert!(!open.admits(&other) || wider.admits(&other));
        }
        prop_assert!(!open.admits(&[&dims[..], &[1]].concat()), "the rank is always known");
        let text = open.to_string();
        prop_assert_eq!(text.matches('?').count(), open.iter().filter(|d| d.is_none()).count());
    }

    #[test]
    fn broadcast_shapes_do_not_depend_on_the_order((a, b, wide) in broadcastable(), open in any::<u8>()) {
        let graph = Graph::new();
        let x = graph.placeholder("x", DType::F32, forget(&a, open));
        let y = graph.placeholder("y", DType::F32, forget(&b, open >> 3));
        prop_assert_eq!((&x + &y).shape(), (&y + &x).shape());
        prop_assert_eq!((&x + &x).shape(), x.shape());
        prop_assert_eq!((&x + 1.0).shape(), x.shape(), "a scalar changes no shape");
        prop_assert!((&x + &y).shape().admits(&wide));
    }

    #[test]
    fn moving_there_and_back_changes_nothing(
        dims in prop::collection::vec(1..5_usize, 1..4), turn in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(), axis in any::<prop::sample::Index>()
    ) {
        let (rank, count) = (dims.len(), dims.iter().product::<usize>() as isize);
        let (turn, axis) = (turn.index(rank), axis.index(rank));
        let cut = cut.index(dims[axis] + 1);
        let graph = Graph::new();
        let x = graph.placeholder("x", DType::F32, &dims[..]);
        let whole: Vec<isize> = dims.iter().map(|&d| d as isize).collect();

        let order: Vec<usize> = (0..rank).map(|i| (i + turn) % rank).collect();
        let inverse: Vec<usize> = (0..rank).map(|i| (i + rank - turn) % rank).collect();
        let turned = x.transpose(order.clone());
        let back = turned.transpose(inverse.clone());
        let flat = x.reshape([count]).reshape(whole.clone());
        let through = turned.reshape([-1]).reshape(order.iter().map(|&a| whole[a]).collect::<Vec<_>>()).transpose(inverse);

        let (mut begin, mut size, mut rest) = (vec![0; rank], whole.clone(), whole.clone());
        size[axis] = cut as isize;
        let front = x.slice(begin.clone(), size);
        begin[axis] = cut;
        rest[axis] = -1;
        let joined = graph.concat(&[front, x.slice(begin, rest)], axis as isize);
        let thin = x.expand_dims(axis as isize).squeeze(axis as isize);

        let ways = [back, flat, through, joined, thin];
        // Each way is the identity, and so is its gradient.
        let weights = graph.constant(tensor(&dims, 9));
        let gradients = ways.iter().map(|y| graph.gradients(&(y * &weights), &[&x]).unwrap()[0].clone().unwrap());
        let fetches: Vec<Output> = ways.iter().cloned().chain(gradients).collect();
        let input = tensor(&dims, 4);
        for (i, found) in run(&fetches, &[(&x, &input)]).iter().enumerate() {
            let expected = if i < ways.len() { &input } else { &tensor(&dims, 9) };
            prop_assert_eq!(found, expected, "way {}", i);
        }
    }
}
