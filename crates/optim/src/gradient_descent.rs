use crate::{Argument, Coupling, Optimizer, Rate, update::Update};
use minutia_graph::{Graph, Output, Variable};

/// Gradient descent: `v -= rate g`. It has no slots.
///
/// Of a table of which a gradient has few rows, such as an embedding's (see
/// [`indexed_slices`](Output::indexed_slices)), it touches these alone, with the same bits.
///
/// ```
/// use minutia_graph::{Device, Graph, Session, feeds};
/// use minutia_optim::{GradientDescent, Optimizer};
///
/// let graph = Graph::new();
/// let x = graph.variable("x", 5.0_f32);
/// let loss = (&x - 3.0).square();
/// let train = GradientDescent::new(0.25).minimize(&loss)?;
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// session.run(graph.global_variables_initializer(), feeds! {})?;
/// session.run(&train, feeds! {})?;
/// assert_eq!(session.run(&x, feeds! {})?.value::<f32>()?, 4.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "GradientDescentOptimizer")]
#[doc(alias = "SGD")]
#[derive(Clone, Debug)]
pub struct GradientDescent {
    rate: Rate,
}

impl GradientDescent {
    /// With this learning rate.
    pub fn new(rate: impl Into<Rate>) -> GradientDescent {
        GradientDescent { rate: rate.into() }
    }
}

impl Optimizer for GradientDescent {
    fn name(&self) -> &'static str {
        "GradientDescent"
    }

    fn coupling(&self) -> Coupling {
        Coupling::Element
    }

    fn arguments(&self) -> Vec<Argument> {
        self.rate.argument().into_iter().collect()
    }

    fn updates(&self, graph: &Graph, gradients: &[(Output, Variable)]) -> Vec<Output> {
        let rate = self.rate.output(graph);
        let update = |(g, v): &(Output, Variable)| {
            let update = Update::new(g, v);
            let step = &update.gradient * &rate;
            update.assign_sub(v, step)
        };
        gradients.iter().flat_map(update).collect()
    }
}
