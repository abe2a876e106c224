use crate::{Argument, Coupling, Domain, Optimizer, Rate, slot, update::Update};
use minutia_graph::{Graph, Output, Variable};

/// Gradient descent with momentum: `a = momentum a + g`, `v -= rate a`, from `a = 0`; with Nesterov's variant
/// `v -= rate g + rate momentum a`, as TensorFlow computes it (Sutskever et al., 2013). Slot: `W/Momentum`
/// beside a variable `W`.
///
/// Of a table of which a gradient has few rows, such as an embedding's (see
/// [`indexed_slices`](Output::indexed_slices)), it touches these alone, as in TensorFlow 1: all others, and
/// their accumulators, stay as they are.
///
/// ```
/// use minutia_graph::{Device, Graph, Session, feeds};
/// use minutia_optim::{Momentum, Optimizer};
///
/// let graph = Graph::new();
/// let x = graph.variable("x", 1.0_f32);
/// let train = Momentum::new(0.25, 0.5).minimize(&(&x * 2.0))?;
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// session.run(graph.global_variables_initializer(), feeds! {})?;
/// session.run(&train, feeds! {})?;
/// session.run(&train, feeds! {})?;
/// // The second step is one and a half times the first.
/// assert_eq!(session.run(&x, feeds! {})?.value::<f32>()?, 1.0 - 0.5 - 0.75);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "MomentumOptimizer")]
#[doc(alias = "Nesterov")]
#[doc(alias = "SGD")]
#[derive(Clone, Debug)]
pub struct Momentum {
    rate: Rate,
    momentum: f32,
    nesterov: bool,
}

impl Momentum {
    /// With this learning rate and momentum.
    pub fn new(rate: impl Into<Rate>, momentum: f32) -> Momentum {
        Momentum { rate: rate.into(), momentum, nesterov: false }
    }

    /// Nesterov's variant.
    #[must_use]
    pub fn nesterov(self) -> Momentum {
        Momentum { nesterov: true, ..self }
    }
}

impl Optimizer for Momentum {
    fn name(&self) -> &'static str {
        "Momentum"
    }

    fn coupling(&self) -> Coupling {
        Coupling::Element
    }

    fn arguments(&self) -> Vec<Argument> {
        let momentum = Argument::new("momentum", self.momentum, Domain::UpToOne);
        self.rate.argument().into_iter().chain([momentum]).collect()
    }

    fn updates(&self, graph: &Graph, gradients: &[(Output, Variable)]) -> Vec<Output> {
        let rate = self.rate.output(graph);
        let update = |(g, v): &(Output, Variable)| {
            let accumulator = slot(v, "Momentum", 0.0);
            let mut update = Update::new(g, v);
            let g = update.gradient.clone();
            let now = update.read(&accumulator);
            let a = update.assign_slot(&accumulator, now * self.momentum + &g);
            let step = if self.nesterov { g * &rate + a * self.momentum * &rate } else { a * &rate };
            update.assign_sub(v, step)
        };
        gradients.iter().flat_map(update).collect()
    }
}
