//! Runs every optimizer on one badly scaled quadratic and prints how far each gets in 200 steps.
//!
//! `cargo run -p minutia-optim --example compare`

use minutia_graph::{Device, Graph, Session, feeds};
use minutia_optim::{Adagrad, Adam, GradientDescent, Momentum, Optimizer, RmsProp};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let optimizers: [(&str, Box<dyn Optimizer>); 6] = [
        ("gradient descent", Box::new(GradientDescent::new(0.01))),
        ("momentum", Box::new(Momentum::new(0.01, 0.9))),
        ("Nesterov", Box::new(Momentum::new(0.01, 0.9).nesterov())),
        ("Adagrad", Box::new(Adagrad::new(0.5))),
        ("RMSProp", Box::new(RmsProp::new(0.02))),
        ("Adam", Box::new(Adam::new(0.1))),
    ];
    for (name, optimizer) in optimizers {
        let graph = Graph::new();
        let x = graph.variable("x", [1.0_f32, 1.0]);
        let loss = (x.square() * graph.constant([1.0_f32, 50.0])).reduce_sum(..);
        let train = optimizer.minimize(&loss)?;
        let mut session = Session::new(&graph, &Device::cpu()?)?;
        session.run(graph.global_variables_initializer(), feeds! {})?;
        let mut step = session.make_callable((&train, &loss), feeds! {})?;
        for _ in 0..200 {
            step.run()?;
        }
        println!("{name:18} {:.3e}", step.value::<f32>(&loss)?);
    }
    Ok(())
}
