//! What becomes of maps: no more is computed and written than must be.

use minutia_graph::{DType, Device, Error, Graph, Output, Session, feeds};

/// The gradient of relu asks where its result is above zero; as the result is in memory, so does the
/// primitive that wants to know.
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
fn a_multiplication_by_one_is_no_primitive() -> Result<(), Error> {
    let graph = Graph::new();
    let v = graph.variable("v", [[1.0_f32, 2.0]]);
    let same = &*v * 1.0;
    let product = same.matmul(graph.constant([[3.0_f32], [4.0]]));
    let assigned = v.assign(graph.constant([[5.0_f32, 6.0]]));
    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), feeds! {})?;
    let plan = session.explain(&product, feeds! {})?;
    assert_eq!(plan.primitives.len(), 1, "{}", plan.explain());
    let (old, product, new) = session.run((&same, &product, &assigned), feeds! {})?;
    assert_eq!(old.as_slice::<f32>()?, [1.0, 2.0]);
    assert_eq!(product.as_slice::<f32>()?, [11.0]);
    assert_eq!(new.as_slice::<f32>()?, [5.0, 6.0]);
    Ok(())
}

/// Softmax, clipped cross-entropy and their gradients keep to their rows: threads may take rows through all
/// of it. It is the loops that tell, not the names of the operations.
#[test]
fn a_loss_and_its_gradient_are_one_region() -> Result<(), Error> {
    type Softmax = (&'static str, fn(&Output) -> Output);
    const ROWS: usize = 20;
    let softmaxes: [Softmax; 2] = [
        ("the operation", |x| x.softmax()),
        ("written out", |x| {
            let exponentials = (x - x.reduce_max_keep_dims([1])).exp();
            &exponentials / exponentials.reduce_sum_keep_dims([1])
        }),
    ];
    for (name, softmax) in softmaxes {
        let graph = Graph::new();
        let x = graph.placeholder("x", DType::F32, [ROWS, 6]);
        let labels = graph.placeholder("labels", DType::F32, [ROWS, 10]);
        let w = graph.variable("w", graph.random_normal([6, 10], 0.0, 1.0));
        let logits = x.matmul(&w);
        let y = softmax(&logits).clip_by_value(1e-10, 0.999_999_9);
        let terms = &labels * y.log() + (1.0 - &labels) * (1.0 - &y).log();
        let loss = -terms.reduce_sum([1]).reduce_mean(..);
        let gradient = graph.gradients(&loss, &[&logits])?[0].clone().expect("the loss depends on it");
        let mut session = Session::new(&graph, &Device::cpu()?)?;
        session.run(graph.global_variables_initializer(), feeds! {})?;
        let fed = feeds! { x => [[0.5_f32; 6]; ROWS], labels => [[0.1_f32; 10]; ROWS] };
        let plan = session.explain((&loss, &gradient), fed)?;
        let [region] = &plan.regions[..] else {
            panic!("{name}: one region, not these:\n{}", plan.explain())
        };
        assert_eq!(region.rows, ROWS, "{name}");
        // All but the mean over rows.
        assert_eq!(region.steps, 0..plan.primitives.len() - 1, "{name}:\n{}", plan.explain());
        assert!(plan.dot().contains("label=\"20 rows\""), "{name}:\n{}", plan.dot());
    }
    Ok(())
}
