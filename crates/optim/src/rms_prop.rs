use crate::{Argument, Coupling, Domain, Optimizer, Rate, slot, update::Update};
use minutia_graph::{Graph, Output, Variable};

/// RMSProp (Tieleman and Hinton, 2012) as in TensorFlow 1: `s += (1 - decay) (g g - s)`, `m = momentum m +
/// rate g / sqrt(s + epsilon)`, `v -= m`, from `s = 1` and `m = 0`. Defaults: decay 0.9, momentum 0, epsilon
/// 1e-10. Slots: `W/RMSProp` (s) and `W/RMSProp_1` (m) beside a variable `W`.
///
/// Of a table of which a gradient has few rows, such as an embedding's (see
/// [`indexed_slices`](Output::indexed_slices)), it touches these alone, as in TensorFlow 1: all others, and
/// their slots, stay as they are.
///
/// ```
/// use minutia_graph::{Device, Graph, Session, feeds};
/// use minutia_optim::{Optimizer, RmsProp};
///
/// let graph = Graph::new();
/// let x = graph.variable("x", 1.0_f32);
/// let train = RmsProp::new(0.1).decay(0.5).minimize(&(&x * 3.0))?;
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// session.run(graph.global_variables_initializer(), feeds! {})?;
/// session.run(&train, feeds! {})?;
/// let mean_square = 1.0 + 0.5 * (3.0_f32 * 3.0 - 1.0);
/// let expected = 1.0 - 0.1 * 3.0 / mean_square.sqrt();
/// assert!((session.run(&x, feeds! {})?.value::<f32>()? - expected).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "RMSPropOptimizer")]
#[derive(Clone, Debug)]
pub struct RmsProp {
    rate: Rate,
    decay: f32,
    momentum: f32,
    epsilon: f32,
}

impl RmsProp {
    /// With this learning rate.
    pub fn new(rate: impl Into<Rate>) -> RmsProp {
        RmsProp { rate: rate.into(), decay: 0.9, momentum: 0.0, epsilon: 1e-10 }
    }

    /// With another decay of the mean square.
    #[must_use]
    pub fn decay(self, decay: f32) -> RmsProp {
        RmsProp { decay, ..self }
    }

    /// With momentum.
    #[must_use]
    pub fn momentum(self, momentum: f32) -> RmsProp {
        RmsProp { momentum, ..self }
    }

    /// With another epsilon.
    #[must_use]
    pub fn epsilon(self, epsilon: f32) -> RmsProp {
        RmsProp { epsilon, ..self }
    }
}

impl Optimizer for RmsProp {
    fn name(&self) -> &'static str {
        "RMSProp"
    }

    fn coupling(&self) -> Coupling {
        Coupling::Element
    }

    fn arguments(&self) -> Vec<Argument> {
        let own = [
            Argument::new("decay", self.decay, Domain::UpToOne),
            Argument::new("momentum", self.momentum, Domain::UpToOne),
            Argument::new("epsilon", self.epsilon, Domain::NotNegative),
        ];
        self.rate.argument().into_iter().chain(own).collect()
    }

    fn updates(&self, graph: &Graph, gradients: &[(Output, Variable)]) -> Vec<Output> {
        let rate = self.rate.output(graph);
        let update = |(g, v): &(Output, Variable)| {
            let (mean_square, momentum) = (slot(v, "RMSProp", 1.0), slot(v, "RMSProp", 0.0));
            let mut update = Update::new(g, v);
            let g = update.gradient.clone();
            let now = update.read(&mean_square);
            let s = update.assign_slot(&mean_square, &now + (g.square() - &now) * (1.0 - self.decay));
            let m = update.read(&momentum) * self.momentum + g * &rate / (s + self.epsilon).sqrt();
            let step = update.assign_slot(&momentum, m);
            update.assign_sub(v, step)
        };
        gradients.iter().flat_map(update).collect()
    }
}
