//! A tensor that there is no memory for is an error, and ends no program.

use minutia_tensor::{DType, Error, Tensor};
use minutia_test_support::refusing::{self, Allocator};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

#[test]
fn a_tensor_without_memory_is_an_error() {
    for dtype in [DType::F32, DType::I32, DType::Bool, DType::U8] {
        let (count, bytes) = (4000, vec![1; 4000 * dtype.size()]);
        let made = refusing::with_at_most(1000, || {
            [Tensor::from_bytes(dtype, [count], &bytes), Tensor::zeros(dtype, [count])]
        });
        for made in made {
            assert_eq!(made, Err(Error::OutOfMemory { bytes: bytes.len() }), "{dtype}");
        }
        assert_eq!(Tensor::from_bytes(dtype, [count], &bytes).unwrap().as_bytes(), bytes);
    }
}
