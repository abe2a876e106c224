use crate::{Argument, Coupling, Domain, Optimizer, Rate, slot, update::Update};
use minutia_graph::{Graph, Output, Variable};

/// Adagrad (Duchi et al., 2011) as in TensorFlow 1: `a += g g`, `v -= rate g / sqrt(a)`, from `a = 0.1`;
/// there is no epsilon. Slot: `W/Adagrad` beside a variable `W`.
///
/// Of a table of which a gradient has few rows, such as an embedding's (see
/// [`indexed_slices`](Output::indexed_slices)), it touches these alone, with the same bits.
///
/// ```
/// use minutia_graph::{Device, Graph, Session, feeds};
/// use minutia_optim::{Adagrad, Optimizer};
///
/// let graph = Graph::new();
/// let x = graph.variable("x", 1.0_f32);
/// let train = Adagrad::new(0.5).minimize(&(&x * 2.0))?;
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// session.run(graph.global_variables_initializer(), feeds! {})?;
/// session.run(&train, feeds! {})?;
/// let (x, slot) = session.run((&x, &graph.get("x/Adagrad")?), feeds! {})?;
/// assert_eq!(slot.value::<f32>()?, 0.1 + 2.0 * 2.0);
/// assert!((x.value::<f32>()? - (1.0 - 0.5 * 2.0 / 4.1_f32.sqrt())).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "AdagradOptimizer")]
#[derive(Clone, Debug)]
pub struct Adagrad {
    rate: Rate,
    initial_accumulator: f32,
}

impl Adagrad {
    /// With this learning rate.
    pub fn new(rate: impl Into<Rate>) -> Adagrad {
        Adagrad { rate: rate.into(), initial_accumulator: 0.1 }
    }

    /// With another first value of the accumulators, above 0: the step divides by its root.
    #[must_use]
    pub fn initial_accumulator(self, value: f32) -> Adagrad {
        Adagrad { initial_accumulator: value, ..self }
    }
}

impl Optimizer for Adagrad {
    fn name(&self) -> &'static str {
        "Adagrad"
    }

    fn coupling(&self) -> Coupling {
        Coupling::Element
    }

    fn arguments(&self) -> Vec<Argument> {
        let initial = Argument::new("initial_accumulator", self.initial_accumulator, Domain::Positive);
        self.rate.argument().into_iter().chain([initial]).collect()
    }

    fn updates(&self, graph: &Graph, gradients: &[(Output, Variable)]) -> Vec<Output> {
        let rate = self.rate.output(graph);
        let update = |(g, v): &(Output, Variable)| {
            let accumulator = slot(v, "Adagrad", self.initial_accumulator);
            let mut update = Update::new(g, v);
            let g = update.gradient.clone();
            let square = g.square();
            let now = update.read(&accumulator);
            let a = update.assign_slot(&accumulator, now + square);
            update.assign_sub(v, g * &rate / a.sqrt())
        };
        gradients.iter().flat_map(update).collect()
    }
}
