//! A program that asks for more memory than there is, and is told so.

use minutia_tensor::{DType, Error, Tensor};
use minutia_test_support::refusing::{self, Allocator};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

fn main() {
    let made = refusing::with_at_most(1 << 20, || Tensor::zeros(DType::F32, [1 << 20]));
    match made {
        Err(error @ Error::OutOfMemory { .. }) => println!("refused: {error}"),
        other => panic!("expected a refusal, found {other:?}"),
    }
}
