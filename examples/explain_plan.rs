//! What the planner makes of a training step: `cargo run --release --example explain_plan`
//!
//! Each primitive is shown with what it reads and writes, the program that it runs for each element, the
//! graph's nodes that it computes, and what was fused to make it.

use minutia::prelude::*;
use std::error::Error;

const BATCH: usize = 100;

fn main() -> Result<(), Box<dyn Error>> {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, (None, 784));
    let y_ = graph.placeholder("y_", DType::F32, (None, 10));
    let w1 = graph.variable("W1", graph.random_normal([784, 300], 0.0, 0.03));
    let b1 = graph.variable("b1", graph.zeros([300]));
    let w2 = graph.variable("W2", graph.random_normal([300, 10], 0.0, 0.03));
    let b2 = graph.variable("b2", graph.zeros([10]));
    let hidden = (x.matmul(&w1) + &b1).relu();
    let logits = hidden.matmul(&w2) + &b2;
    let loss = logits.softmax_cross_entropy_with_logits(&y_).reduce_mean(..);
    let train = GradientDescent::new(0.1).minimize(&loss)?;

    let session = Session::new(&graph, &Device::cpu()?)?;
    let (images, labels) =
        (Tensor::zeros(DType::F32, [BATCH, 784])?, Tensor::zeros(DType::F32, [BATCH, 10])?);
    let plan = session.explain((&train, &loss), feeds! { x => images, y_ => labels })?;
    print!("{plan}");
    println!("{} nodes of the graph became {} primitives", graph.len(), plan.primitives.len());

    // Two products forwards, and three backwards: the images need no gradient.
    let products: Vec<_> = plan.primitives.iter().filter(|primitive| primitive.name == "gemm").collect();
    assert_eq!(products.len(), 5);
    // The bias and the ReLU are done where the first product is made.
    assert!(products[0].nodes.iter().any(|node| node == "Relu"), "{}", products[0]);
    // The gradient of W1 is never stored: the product that computes it subtracts it from W1, in place.
    assert!(products.iter().any(|product| product.reads.contains(&"W1".into()) && product.writes == ["W1"]));
    // For Graphviz: `dot -Tsvg`.
    assert!(plan.dot().starts_with("digraph plan"));
    Ok(())
}
