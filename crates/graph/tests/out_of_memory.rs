//! A variable that is read or written without memory for a copy of it is an error, and ends no program.

use minutia_graph::{DType, Device, Error, Graph, Session, Tensor, feeds};
use minutia_test_support::refusing::{self, Allocator};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

#[test]
fn a_variable_without_memory_for_a_copy_is_an_error() -> Result<(), Error> {
    // The rows of one are padded, those of the other are not.
    for width in [130, 16] {
        let graph = Graph::new();
        let v = graph.variable("v", graph.ones([1000, width]));
        let mut session = Session::new(&graph, &Device::cpu()?)?;
        session.run(graph.global_variables_initializer(), feeds! {})?;
        let zeros = Tensor::zeros(DType::F32, [1000, width])?;
        let read = refusing::with_at_most(10_000, || session.variable(&v));
        assert!(matches!(read, Err(Error::Tensor { .. })), "{read:?}");
        let written = refusing::with_at_most(10_000, || session.set_variable(&v, &zeros));
        assert_eq!(written.is_err(), width == 130, "a copy is made where rows are padded: {written:?}");
        assert!(session.variable(&v)?.is_some());
    }
    Ok(())
}
