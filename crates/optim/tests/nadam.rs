//! Nadam, written outside of the crate with what it publishes: Adam whose step uses the mean of the gradients
//! as it will be after the next one, as Momentum does with Nesterov's variant.

#![expect(clippy::disallowed_methods, reason = "a reference within a tolerance, no result")]

use minutia_graph::{DType, Device, Graph, Output, Session, Variable, feeds};
use minutia_optim::{Argument, Domain, Optimizer, Rate, slot};

/// Nadam (Dozat, 2016) in the form of TensorFlow 1's `contrib`: Adam's `m`, `s` and corrected rate `r`, and
/// `v -= r (beta1 m + (1 - beta1) g) / (sqrt(s) + epsilon)`.
struct Nadam {
    rate: Rate,
    beta1: f32,
    beta2: f32,
    epsilon: f32,
}

impl Optimizer for Nadam {
    fn name(&self) -> &'static str {
        "Nadam"
    }

    fn arguments(&self) -> Vec<Argument> {
        let own = [
            Argument::new("beta1", self.beta1, Domain::BelowOne),
            Argument::new("beta2", self.beta2, Domain::BelowOne),
            Argument::new("epsilon", self.epsilon, Domain::NotNegative),
        ];
        self.rate.argument().into_iter().chain(own).collect()
    }

    fn updates(&self, graph: &Graph, gradients: &[(Output, Variable)]) -> Vec<Output> {
        let power1 = graph.untrainable_variable("beta1_power", self.beta1);
        let power2 = graph.untrainable_variable("beta2_power", self.beta2);
        let (now1, now2) = (power1.read_value(), power2.read_value());
        let rate = self.rate.output(graph) * (1.0 - &now2).sqrt() / (1.0 - &now1);
        let mut updates = Vec::new();
        for (g, v) in gradients {
            let (mean, square) = (slot(v, "Nadam", 0.0), slot(v, "Nadam", 0.0));
            let m = mean.assign(mean.read_value() * self.beta1 + g * (1.0 - self.beta1));
            let s = square.assign(square.read_value() * self.beta2 + g.square() * (1.0 - self.beta2));
            let ahead = m * self.beta1 + g * (1.0 - self.beta1);
            updates.push(v.assign_sub(ahead * &rate / (s.sqrt() + self.epsilon)));
        }
        updates.push(power1.assign(now1 * self.beta1));
        updates.push(power2.assign(now2 * self.beta2));
        updates
    }
}

#[test]
fn nadam_follows_its_formula() {
    let graph = Graph::new();
    let slope = graph.placeholder("slope", DType::F32, ());
    let x = graph.variable("x", 1.0_f32);
    let nadam = Nadam { rate: Rate::from(0.1), beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
    let train = nadam.minimize(&(&x * &slope)).unwrap();
    let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    session.run(graph.global_variables_initializer(), feeds! {}).unwrap();

    let (mut expected, mut m, mut s) = (1.0_f64, 0.0_f64, 0.0_f64);
    for (t, g) in (1..).zip([0.5_f32, -1.25, 2.0, 0.0, 3.5, -0.125]) {
        session.run(&train, feeds! { slope => g }).unwrap();
        let found: f32 = session.run(&x, feeds! {}).unwrap().value().unwrap();
        let g = f64::from(g);
        m = 0.9 * m + 0.1 * g;
        s = 0.999 * s + 0.001 * g * g;
        let rate = 0.1 * (1.0 - 0.999_f64.powi(t)).sqrt() / (1.0 - 0.9_f64.powi(t));
        expected -= rate * (0.9 * m + 0.1 * g) / (s.sqrt() + 1e-8);
        assert!((expected - f64::from(found)).abs() < 1e-6, "step {t}: {found}, expected {expected}");
    }
    let names: Vec<String> = graph.global_variables().iter().map(|v| v.name()).collect();
    assert_eq!(names, ["x", "Nadam/beta1_power", "Nadam/beta2_power", "x/Nadam", "x/Nadam_1"]);
}
