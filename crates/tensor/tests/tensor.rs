//! Host tensors: shapes, conversions, errors.

use minutia_tensor::{
    DType, Error, Shape, Tensor,
    ndarray::{Array, IxDyn, arr2, s},
};
use proptest::prelude::*;

#[test]
fn arrays_keep_their_logical_order() -> Result<(), Error> {
    let array = arr2(&[[1, 2, 3], [4, 5, 6]]);
    let rows: [(&str, Tensor, &[usize], &[i32]); 4] = [
        ("plain", array.clone().into(), &[2, 3], &[1, 2, 3, 4, 5, 6]),
        ("transposed", array.clone().reversed_axes().into(), &[3, 2], &[1, 4, 2, 5, 3, 6]),
        ("sliced", array.clone().slice_move(s![.., 1..]).into(), &[2, 2], &[2, 3, 5, 6]),
        ("reversed", array.slice_move(s![..;-1, ..]).into(), &[2, 3], &[4, 5, 6, 1, 2, 3]),
    ];
    for (what, tensor, dims, values) in rows {
        assert_eq!((tensor.dims(), tensor.as_slice::<i32>()?), (dims, values), "{what}");
    }
    Ok(())
}

#[test]
fn misuse_is_an_error() {
    let t = Tensor::from([1.0_f32, 2.0]);
    let shape = |dims: &[usize]| Shape::from(dims);
    let rows: [(&str, Result<(), Error>, Error); 7] = [
        (
            "too few values",
            Tensor::from_vec([3], vec![1]).map(drop),
            Error::ElementCount { shape: shape(&[3]), found: 1 },
        ),
        (
            "an overflowing shape",
            Tensor::from_vec([usize::MAX, 2], vec![1]).map(drop),
            Error::ElementCount { shape: shape(&[usize::MAX, 2]), found: 1 },
        ),
        (
            "another type",
            t.as_slice::<i32>().map(drop),
            Error::DType { expected: DType::I32, found: DType::F32 },
        ),
        ("no scalar", t.value::<f32>().map(drop), Error::NotScalar { shape: shape(&[2]) }),
        ("another size", t.reshape([3]).map(drop), Error::ElementCount { shape: shape(&[3]), found: 2 }),
        (
            "bytes left over",
            Tensor::from_bytes(DType::F32, [1], &[0; 5]).map(drop),
            Error::ElementCount { shape: shape(&[1]), found: 2 },
        ),
        (
            "bytes missing",
            Tensor::from_bytes(DType::I32, [2], &[0; 4]).map(drop),
            Error::ElementCount { shape: shape(&[2]), found: 1 },
        ),
    ];
    for (what, got, want) in rows {
        assert_eq!(got, Err(want), "{what}");
    }
}

#[test]
fn digests_see_one_nan_and_both_zeros() {
    let nans = Tensor::from([f32::NAN, -f32::NAN, f32::from_bits(0x7f80_0001)]);
    let bytes = nans.canonical_bytes();
    assert!(bytes.chunks(4).all(|c| c == f32::NAN.to_le_bytes()), "{bytes:x?}");
    assert_ne!(Tensor::from(0.0_f32).canonical_bytes(), Tensor::from(-0.0_f32).canonical_bytes());
}

proptest! {
    #[test]
    fn ndarray_and_bytes_round_trip(dims in prop::collection::vec(0_usize..5, 0..4)) {
        let shape = Shape::from(&dims[..]);
        let values: Vec<f32> = (0..shape.elements()).map(|i| i as f32 - 3.0).collect();
        let tensor = Tensor::from_vec(shape.clone(), values.clone()).expect("as many values as elements");
        let array = tensor.to_ndarray::<f32>().expect("floats");
        prop_assert_eq!(&array, &Array::from_shape_vec(IxDyn(&dims), values).expect("the same shape"));
        prop_assert_eq!(&Tensor::from(array), &tensor);
        prop_assert_eq!(Tensor::from_bytes(DType::F32, shape, tensor.as_bytes()), Ok(tensor.clone()));
    }
}
