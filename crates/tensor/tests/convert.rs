//! What becomes a tensor, and how one is printed.

use minutia_tensor::{
    Error, Tensor,
    ndarray::{Array3, arr1, arr2, s},
};

type Made = Result<Tensor, Error>;

fn tensor(dims: &[usize], values: &[i32]) -> Tensor {
    Tensor::from_vec(dims, values.to_vec()).unwrap()
}

#[test]
fn numbers_and_lists_of_one_shape_become_tensors() {
    let list = vec![1, 2, 3];
    let rows = vec![[1, 2], [3, 4]];
    let matrix = arr2(&[[1, 2, 3], [4, 5, 6]]);
    let cases: Vec<(&str, Tensor, Tensor)> = vec![
        ("a number", 7.into(), tensor(&[], &[7])),
        ("a reference to a number", (&7).into(), tensor(&[], &[7])),
        ("an array", [1, 2, 3].into(), tensor(&[3], &[1, 2, 3])),
        ("a reference to an array", (&[1, 2, 3]).into(), tensor(&[3], &[1, 2, 3])),
        ("a slice", list[1..].into(), tensor(&[2], &[2, 3])),
        ("a reference to a Vec", (&list).into(), tensor(&[3], &[1, 2, 3])),
        ("a Vec", list.clone().into(), tensor(&[3], &[1, 2, 3])),
        ("rank 2", [[1, 2], [3, 4]].into(), tensor(&[2, 2], &[1, 2, 3, 4])),
        ("rank 3", [[[1], [2]], [[3], [4]]].into(), tensor(&[2, 2, 1], &[1, 2, 3, 4])),
        ("rank 4", (&[[[[1, 2]], [[3, 4]]]]).into(), tensor(&[1, 2, 1, 2], &[1, 2, 3, 4])),
        ("a Vec of arrays", rows.clone().into(), tensor(&[2, 2], &[1, 2, 3, 4])),
        ("a reference to a Vec of arrays", (&rows).into(), tensor(&[2, 2], &[1, 2, 3, 4])),
        ("a slice of arrays", rows[1..].into(), tensor(&[1, 2], &[3, 4])),
        ("no rows", Vec::<[i32; 3]>::new().into(), tensor(&[0, 3], &[])),
        ("rows of nothing", [[0_i32; 0]; 2].into(), tensor(&[2, 0], &[])),
        ("a reference to an ndarray", (&matrix).into(), tensor(&[2, 3], &[1, 2, 3, 4, 5, 6])),
        ("a view", matrix.slice(s![.., ..;2]).into(), tensor(&[2, 2], &[1, 3, 4, 6])),
        ("a reference to a view", (&matrix.t()).into(), tensor(&[3, 2], &[1, 4, 2, 5, 3, 6])),
        ("a shared ndarray", (&arr1(&[1, 2]).into_shared()).into(), tensor(&[2], &[1, 2])),
        ("an ndarray of nothing", Array3::<i32>::zeros([2, 0, 3]).into(), tensor(&[2, 0, 3], &[])),
    ];
    for (what, found, expected) in cases {
        assert_eq!(found, expected, "{what}");
    }
}

#[test]
fn arrays_that_hold_nothing_may_have_any_extents() {
    let none = [[[0_u8; 0]; usize::MAX]; 2];
    assert_eq!(Tensor::from(&none).dims(), [2, usize::MAX, 0]);
}

#[test]
fn lists_in_lists_become_tensors_where_they_are_equally_long() {
    let (one, two) = (vec![1, 2], vec![3, 4]);
    let rows = vec![one.clone(), two.clone()];
    let cases: Vec<(&str, Made, Tensor)> = vec![
        ("a Vec of Vecs", rows.clone().try_into(), tensor(&[2, 2], &[1, 2, 3, 4])),
        ("a reference", (&rows).try_into(), tensor(&[2, 2], &[1, 2, 3, 4])),
        ("a slice", rows[..].try_into(), tensor(&[2, 2], &[1, 2, 3, 4])),
        ("an array of Vecs", [one.clone(), two.clone()].try_into(), tensor(&[2, 2], &[1, 2, 3, 4])),
        ("an array of slices", [&one[..], &two[..]].try_into(), tensor(&[2, 2], &[1, 2, 3, 4])),
        ("a Vec of slices", vec![&one[..], &two[..]].try_into(), tensor(&[2, 2], &[1, 2, 3, 4])),
        ("rank 3", vec![rows.clone()].try_into(), tensor(&[1, 2, 2], &[1, 2, 3, 4])),
        ("arrays inside", vec![vec![[1, 2]], vec![[3, 4]]].try_into(), tensor(&[2, 1, 2], &[1, 2, 3, 4])),
        ("no lists", Vec::<Vec<i32>>::new().try_into(), tensor(&[0, 0], &[])),
        ("empty lists", vec![Vec::<i32>::new(); 3].try_into(), tensor(&[3, 0], &[])),
    ];
    for (what, found, expected) in cases {
        assert_eq!(found, Ok(expected), "{what}");
    }
}

#[test]
fn ragged_lists_are_errors_that_say_where() {
    let ragged = |axis, position: &[usize], expected, found| {
        Err(Error::Ragged { axis, position: position.to_vec(), expected, found })
    };
    let cases: Vec<(&str, Made, Made)> = vec![
        ("a short row", vec![vec![1, 2], vec![3]].try_into(), ragged(1, &[1], 2, 1)),
        ("a long row", [vec![1], vec![2], vec![3, 4]].try_into(), ragged(1, &[2], 1, 2)),
        ("an empty row", vec![vec![], vec![3]].try_into(), ragged(1, &[1], 0, 1)),
        ("a matrix less", vec![vec![vec![1], vec![2]], vec![vec![3]]].try_into(), ragged(1, &[1], 2, 1)),
        ("deep", vec![vec![vec![1], vec![2]], vec![vec![3], vec![]]].try_into(), ragged(2, &[1, 1], 1, 0)),
    ];
    for (what, found, expected) in cases {
        assert_eq!(found, expected, "{what}");
    }
}

#[test]
fn tensors_print_as_numpy_prints_them() {
    let count =
        |dims: &[usize]| tensor(dims, &(0..dims.iter().product::<usize>() as i32).collect::<Vec<_>>());
    let cases: Vec<(&str, Tensor, &str)> = vec![
        ("a scalar", 0.5_f32.into(), "0.5"),
        ("a whole scalar", 3.0_f32.into(), "3.0"),
        ("a vector", [1.0_f32, 2.5].into(), "[1.  2.5]"),
        ("what is no number", [f32::NAN, -f32::INFINITY, 1.5].into(), "[ nan -inf  1.5]"),
        ("a large number", [1e10_f32, 1.0, 0.0].into(), "[1e10  1e0  0e0]"),
        ("a small number", [1e-7_f32].into(), "[1e-7]"),
        ("truth values", [[true], [false]].into(), "[[ true]\n [false]]"),
        ("integers", [[1, -20], [300, 4]].into(), "[[  1 -20]\n [300   4]]"),
        ("bytes", [1_u8, 200].into(), "[  1 200]"),
        ("rank 3", count(&[2, 2, 1]), "[[[0]\n  [1]]\n\n [[2]\n  [3]]]"),
        ("nothing", count(&[0]), "[]"),
        ("nothing in rows", count(&[2, 0]), "[]"),
        ("a long row", count(&[1001]), "[   0    1    2 ...  998  999 1000]"),
        (
            "many rows",
            count(&[400, 3]),
            "[[   0    1    2]\n [   3    4    5]\n [   6    7    8]\n ...\n [1191 1192 1193]\n [1194 1195 1196]\n \
             [1197 1198 1199]]",
        ),
        (
            "a row of more than a line",
            count(&[30]),
            "[ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23\n 24 25 26 27 28 29]",
        ),
    ];
    for (what, tensor, text) in cases {
        assert_eq!(tensor.to_string(), text, "{what}");
    }
}
