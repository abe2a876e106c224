//! An optimizer that is not of this crate: it has all that those of the crate have, and is held to the same.

use minutia_graph::{DType, Device, Graph, Output, Session, Variable, feeds};
use minutia_optim::{Argument, Domain, Error, Optimizer, Rate, slot};

/// Momentum without friction, which may forget one of its assignments.
struct Coasting {
    rate: Rate,
    forgets: Option<&'static str>,
}

impl Optimizer for Coasting {
    fn name(&self) -> &'static str {
        "Coasting"
    }

    fn arguments(&self) -> Vec<Argument> {
        self.rate.argument().into_iter().chain([Argument::new("friction", 0.0, Domain::UpToOne)]).collect()
    }

    fn updates(&self, graph: &Graph, gradients: &[(Output, Variable)]) -> Vec<Output> {
        let rate = self.rate.output(graph);
        let steps = graph.untrainable_variable("steps", 0.0_f32);
        let mut updates = vec![("steps", steps.assign_add(1.0))];
        for (g, v) in gradients {
            let speed = slot(v, "Coasting", 0.0);
            let faster = speed.assign_add(g);
            // Of the values before, so that the update of the variable does not depend on that of the slot.
            updates.push(("variable", v.assign_sub((speed.identity() + g) * &rate)));
            updates.push(("slot", faster));
        }
        updates.retain(|(what, _)| Some(*what) != self.forgets);
        updates.into_iter().map(|(_, update)| update).collect()
    }
}

fn train(rate: impl Into<Rate>, forgets: Option<&'static str>) -> (Graph, Result<Vec<f32>, Error>) {
    let graph = Graph::new();
    let w = graph.variable("w", 1.0_f32);
    let run = |graph: &Graph| {
        let train = Coasting { rate: rate.into(), forgets }.minimize(&(&w * 2.0))?;
        let mut session = Session::new(graph, &Device::cpu().unwrap())?;
        session.run(graph.global_variables_initializer(), feeds! {})?;
        let mut values = Vec::new();
        for _ in 0..3 {
            session.run(&train, feeds! {})?;
            values.push(session.run(&w, feeds! {})?.value::<f32>().unwrap());
        }
        Ok(values)
    };
    let values = run(&graph);
    (graph, values)
}

#[test]
fn an_optimizer_from_outside_has_slots_rates_and_arguments() {
    let (graph, values) = train(0.5, None);
    assert_eq!(values.unwrap(), [0.0, -2.0, -5.0]);
    let names: Vec<String> = graph.global_variables().iter().map(|v| v.name()).collect();
    assert_eq!(names, ["w", "Coasting/steps", "w/Coasting"]);
    let refused = train(-0.5, None).1.unwrap_err().to_string();
    assert!(refused.starts_with("Coasting: rate is -0.5"), "{refused}");
}

#[test]
fn an_update_that_is_not_returned_is_an_error_that_names_its_variable() {
    for (forgets, name) in [("variable", "w"), ("slot", "w/Coasting"), ("steps", "Coasting/steps")] {
        let error = train(0.5, Some(forgets)).1.unwrap_err();
        assert!(
            matches!(&error, Error::Unassigned { optimizer: "Coasting", variables } if *variables == [name]),
            "{error}"
        );
        assert!(error.to_string().contains(&format!("do not assign variable '{name}'\n")), "{error}");
    }
}

#[test]
fn a_rate_of_the_graph_is_handed_on_as_it_is() {
    let graph = Graph::new();
    let rate = graph.placeholder("rate", DType::F32, ());
    assert_eq!(Rate::from(&rate).output(&graph), rate);
    assert!(Rate::from(&rate).argument().is_none());
}
