use crate::{Argument, Coupling, Domain, Optimizer, Rate, slot, update::Update};
use minutia_graph::{Graph, Output, Variable};

/// Adam (Kingma and Ba, 2015) as in TensorFlow 1: at step `t`, from 1, `r = rate sqrt(1 - beta2^t) / (1 -
/// beta1^t)`, `m += (1 - beta1) (g - m)`, `s += (1 - beta2) (g g - s)`, `v -= r m / (sqrt(s) + epsilon)`,
/// from `m = s = 0`. Defaults: rate 0.001, beta1 0.9, beta2 0.999, epsilon 1e-8. Slots: `W/Adam` (m) and
/// `W/Adam_1` (s) beside a variable `W`; `beta1_power` and `beta2_power`.
///
/// With [`weight_decay`](Adam::weight_decay) it is AdamW (Loshchilov and Hutter, 2019): `v -= rate decay v`
/// besides, apart from the gradient.
///
/// Of a table of which a gradient has few rows, such as an embedding's (see
/// [`indexed_slices`](Output::indexed_slices)), it touches these alone, unlike TensorFlow 1's
/// `AdamOptimizer`: all others, their moments too, stay as they are, and do not decay.
/// [`all_rows`](Adam::all_rows) changes that.
///
/// ```
/// use minutia_graph::{Device, Graph, Session, feeds};
/// use minutia_optim::{Adam, Optimizer};
///
/// let graph = Graph::new();
/// let x = graph.variable("x", 1.0_f32);
/// let train = Adam::default().minimize(&x.square())?;
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// session.run(graph.global_variables_initializer(), feeds! {})?;
/// session.run(&train, feeds! {})?;
/// // The first step is as long as the rate, whatever the gradient.
/// assert!((session.run(&x, feeds! {})?.value::<f32>()? - 0.999).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "AdamOptimizer")]
#[doc(alias = "AdamW")]
#[derive(Clone, Debug)]
pub struct Adam {
    rate: Rate,
    beta1: f32,
    beta2: f32,
    epsilon: f32,
    weight_decay: f32,
    all_rows: bool,
}

impl Adam {
    /// With this learning rate.
    pub fn new(rate: impl Into<Rate>) -> Adam {
        Adam {
            rate: rate.into(),
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
            all_rows: false,
        }
    }

    /// With other decays of the two moments.
    #[must_use]
    pub fn betas(self, beta1: f32, beta2: f32) -> Adam {
        Adam { beta1, beta2, ..self }
    }

    /// With another epsilon.
    #[must_use]
    pub fn epsilon(self, epsilon: f32) -> Adam {
        Adam { epsilon, ..self }
    }

    /// With an update of every row of a table of which a gradient has few, as in TensorFlow 1: the moments of
    /// all others decay too, and move them. By default these stay as they are, which costs no time, as in its
    /// `LazyAdamOptimizer`.
    #[doc(alias = "LazyAdam")]
    #[must_use]
    pub fn all_rows(self) -> Adam {
        Adam { all_rows: true, ..self }
    }

    /// With decoupled weight decay: AdamW.
    #[doc(alias = "AdamW")]
    #[must_use]
    pub fn weight_decay(self, weight_decay: f32) -> Adam {
        Adam { weight_decay, ..self }
    }
}

impl Default for Adam {
    /// With TensorFlow 1's learning rate, 0.001.
    fn default() -> Adam {
        Adam::new(0.001)
    }
}

impl Optimizer for Adam {
    fn name(&self) -> &'static str {
        "Adam"
    }

    fn coupling(&self) -> Coupling {
        Coupling::Element
    }

    fn arguments(&self) -> Vec<Argument> {
        let own = [
            Argument::new("beta1", self.beta1, Domain::BelowOne),
            Argument::new("beta2", self.beta2, Domain::BelowOne),
            Argument::new("epsilon", self.epsilon, Domain::NotNegative),
            Argument::new("weight_decay", self.weight_decay, Domain::NotNegative),
        ];
        self.rate.argument().into_iter().chain(own).collect()
    }

    fn updates(&self, graph: &Graph, gradients: &[(Output, Variable)]) -> Vec<Output> {
        let rate = self.rate.output(graph);
        // The powers of this step; kept as variables, since a power by repeated products has one fixed
        // rounding.
        let (power1, power2) = {
            let _root = graph.name_scope("");
            let power = |name: &str, beta: f32| graph.untrainable_variable(name, beta);
            (power("beta1_power", self.beta1), power("beta2_power", self.beta2))
        };
        let (now1, now2) = (power1.read_value(), power2.read_value());
        let corrected = &rate * (1.0 - &now2).sqrt() / (1.0 - &now1);
        let update = |(g, v): &(Output, Variable)| {
            let (first, second) = (slot(v, "Adam", 0.0), slot(v, "Adam", 0.0));
            let mut update = if self.all_rows { Update::of_all(g) } else { Update::new(g, v) };
            let g = update.gradient.clone();
            let now = update.read(&first);
            let m = update.assign_slot(&first, &now + (&g - &now) * (1.0 - self.beta1));
            let now = update.read(&second);
            let s = update.assign_slot(&second, &now + (g.square() - &now) * (1.0 - self.beta2));
            let now = update.read(v);
            let moved = &now - m * &corrected / (s.sqrt() + self.epsilon);
            let decays = self.weight_decay != 0.0;
            update.assign(v, if decays { moved - now * (&rate * self.weight_decay) } else { moved })
        };
        let mut updates: Vec<Output> = gradients.iter().flat_map(update).collect();
        updates.push(power1.assign(now1 * self.beta1));
        updates.push(power2.assign(now2 * self.beta2));
        updates
    }
}
