//! Runs every optimizer on one badly scaled quadratic and prints how far each gets in 200 steps.
//!
//! `cargo run -p minutia-optim --example compare`

use minutia_graph::{Device, Graph, Operation, Output, Session, feeds};
use minutia_optim::{Adagrad, Adam, Error, GradientDescent, Momentum, Optimizer, RmsProp};

type Build = fn(&Output) -> Result<Operation, Error>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let optimizers: [(&str, Build); 6] = [
        ("gradient descent", |loss| GradientDescent::new(0.01).minimize(loss)),
        ("momentum", |loss| Momentum::new(0.01, 0.9).minimize(loss)),
        ("Nesterov", |loss| Momentum::new(0.01, 0.9).nesterov().minimize(loss)),
        ("Adagrad", |loss| Adagrad::new(0.5).minimize(loss)),
        ("RMSProp", |loss| RmsProp::new(0.02).minimize(loss)),
        ("Adam", |loss| Adam::new(0.1).minimize(loss)),
    ];
    for (name, build) in optimizers {
        let graph = Graph::new();
        let x = graph.variable("x", [1.0_f32, 1.0]);
        let loss = (x.square() * graph.constant([1.0_f32, 50.0])).reduce_sum(..);
        let train = build(&loss)?;
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
