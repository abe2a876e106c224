//! An optimizer of one's own: Lion (Chen et al., *Symbolic Discovery of Optimization Algorithms*, 2023),
//! which steps by the sign of an average of gradients: `cargo run --release --example custom_optimizer`

use minutia::{
    optim::{Argument, Domain, slot},
    prelude::*,
};
use std::error::Error;

/// `c = b1 m + (1 - b1) g`, `v -= rate sign(c)`, `m = b2 m + (1 - b2) g`, from `m = 0`.
struct Lion {
    rate: f32,
    b1: f32,
    b2: f32,
}

impl Optimizer for Lion {
    fn name(&self) -> &'static str {
        "Lion"
    }

    fn arguments(&self) -> Vec<Argument> {
        vec![
            Argument::new("rate", self.rate, Domain::NotNegative),
            Argument::new("b1", self.b1, Domain::UpToOne),
            Argument::new("b2", self.b2, Domain::UpToOne),
        ]
    }

    /// The updates of each variable and of its slot. One that is left out is `Error::Unassigned` when the
    /// optimizer is applied.
    fn updates(&self, _: &Graph, gradients: &[(Output, Variable)]) -> Vec<Output> {
        let update = |(g, v): &(Output, Variable)| {
            // The slot, `x/Lion`, begins with zeros. A checkpoint keeps it as it keeps all variables.
            let average = slot(v, self.name(), 0.0);
            let m = average.read_value();
            let direction = (&m * self.b1 + g * (1.0 - self.b1)).sign();
            let moved = v.assign_sub(direction * self.rate);
            [moved, average.assign(m * self.b2 + g * (1.0 - self.b2))]
        };
        gradients.iter().flat_map(update).collect()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let graph = Graph::new();
    let x = graph.variable("x", [4.0_f32, -3.0]);
    let target = graph.constant([1.0_f32, 2.0]);
    let loss = (&x - &target).square().reduce_sum(..);
    let train = Lion { rate: 0.125, b1: 0.9, b2: 0.99 }.minimize(&loss)?;
    let names: Vec<String> = graph.global_variables().iter().map(|v| v.name()).collect();
    println!("variables: {names:?}");
    assert_eq!(names, ["x", "x/Lion"]);

    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), ())?;
    let mut step = session.make_callable((&train, &loss), ())?;
    for i in 0..24 {
        step.run()?;
        if i % 8 == 0 {
            println!("step {i:2}: loss {:.4}", step.value::<f32>(&loss)?);
        }
    }
    // Every step is an eighth, whatever the gradient: 24 of them are 3.
    let reached = session.run(&x, ())?;
    println!("x = {reached}");
    assert_eq!(reached.as_slice::<f32>()?, [1.0, 0.0]);

    // `apply_gradients` looks at the arguments.
    let error = Lion { rate: f32::NAN, b1: 0.9, b2: 0.99 }.minimize(&loss).unwrap_err().to_string();
    println!("{error}");
    assert!(error.starts_with("Lion: rate is NaN"));
    Ok(())
}
