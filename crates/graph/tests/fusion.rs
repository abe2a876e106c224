//! What becomes of maps: no more is computed and written than must be.

use minutia_graph::{DType, Device, Error, Graph, Session, feeds};

/// The gradient of relu asks where its result is above zero; as the result is in memory, so does the kernel that wants
/// to know.
#[test]
fn a_mask_is_made_where_it_is_read() -> Result<(), Error> {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, [4, 3]);
    let w = graph.variable("w", vec![0.5_f32; 3]);
    let hidden = (&x * &*w).relu();
    let second = hidden.matmul(graph.constant([[1.0_f32], [2.0], [-1.0]]));
    let loss = second.reduce_sum(..);
    let gradients = graph.gradients(&loss, &[&w])?;
    let gradient = gradients[0].as_ref().expect("the loss depends on w");
    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), feeds! {})?;
    let plan = session.explain((&second, gradient), feeds! { x => [[1.0_f32; 3]; 4] })?;
    let text = plan.explain();
    assert!(text.contains("select(lt(0, "), "the mask is part of its reader's program:\n{text}");
    Ok(())
}

/// A product reads the tensor itself, and that as it was at the beginning of the run.
#[test]
fn a_multiplication_by_one_is_no_kernel() -> Result<(), Error> {
    let graph = Graph::new();
    let v = graph.variable("v", [[1.0_f32, 2.0]]);
    let same = &*v * 1.0;
    let product = same.matmul(graph.constant([[3.0_f32], [4.0]]));
    let assigned = v.assign(graph.constant([[5.0_f32, 6.0]]));
    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), feeds! {})?;
    let plan = session.explain(&product, feeds! {})?;
    assert_eq!(plan.kernels.len(), 1, "{}", plan.explain());
    let (old, product, new) = session.run((&same, &product, &assigned), feeds! {})?;
    assert_eq!(old.as_slice::<f32>()?, [1.0, 2.0]);
    assert_eq!(product.as_slice::<f32>()?, [11.0]);
    assert_eq!(new.as_slice::<f32>()?, [5.0, 6.0]);
    Ok(())
}
