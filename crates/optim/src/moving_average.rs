use crate::{Argument, Domain, Error, argument, optimizer::beside};
use minutia_graph::{DType, Graph, Operation, Output, Outputs, PartialShape, Variable};

const NAME: &str = "ExponentialMovingAverage";

/// Exponential moving averages of variables and other tensors, as TensorFlow 1's
/// `tf.train.ExponentialMovingAverage`: an update makes each average `a` of a value `x`
/// `a - (1 - decay) (a - x)`. A network is often better with the averages of its variables than with their
/// last values.
///
/// Each average is a variable that no optimizer trains, named `W/ExponentialMovingAverage` beside `W`. That
/// of a variable begins with the variable's initial value. That of any other tensor begins with 0, towards
/// which its first values are biased; after [`zero_debias`](ExponentialMovingAverage::zero_debias) they are
/// not.
///
/// Under control dependencies of a training step an update sees what the step has left; elsewhere it takes
/// the values of the run's beginning:
///
/// ```
/// use minutia_graph::{Device, Graph, Session};
/// use minutia_optim::{ExponentialMovingAverage, GradientDescent, Optimizer};
///
/// let graph = Graph::new();
/// let w = graph.variable("w", 0.0_f32);
/// let step = GradientDescent::new(1.0).minimize(&w * -4.0)?;
/// let mut averages = ExponentialMovingAverage::new(0.75);
/// let train = {
///     let _after = graph.control_dependencies([&step]);
///     averages.apply([&w])?
/// };
/// let average = averages.average(&w).expect("it was applied to w");
/// assert_eq!(average.name(), "w/ExponentialMovingAverage");
///
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// session.run(graph.global_variables_initializer(), ())?;
/// session.run(&train, ())?;
/// let (w, average) = session.run((&w, &average), ())?;
/// assert_eq!((w.value::<f32>()?, average.value::<f32>()?), (4.0, 1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// To judge a network by its averages, feed them in the place of its variables, or assign them:
/// `w.assign(&average)`.
#[doc(alias = "EMA")]
#[derive(Clone, Debug)]
pub struct ExponentialMovingAverage {
    decay: f32,
    num_updates: Option<Output>,
    zero_debias: bool,
    averages: Vec<Average>,
}

/// What is averaged, and where.
#[derive(Clone, Debug)]
struct Average {
    of: Output,
    variable: Variable,
    /// The average that began with 0, and how many values it has seen, where the bias is taken out.
    biased: Option<[Variable; 2]>,
}

impl ExponentialMovingAverage {
    /// With this decay, from 0 to 1: the share of an average that an update leaves. TensorFlow's
    /// documentation recommends 0.999 and more.
    #[must_use]
    pub fn new(decay: f32) -> ExponentialMovingAverage {
        ExponentialMovingAverage { decay, num_updates: None, zero_debias: false, averages: Vec::new() }
    }

    /// With a decay of `min(decay, (1 + n) / (10 + n))`, where `n` is this number of updates so far, usually
    /// the global step (`i32` or `f32`): averages follow more quickly at first.
    #[must_use]
    pub fn num_updates(self, n: impl AsRef<Output>) -> ExponentialMovingAverage {
        ExponentialMovingAverage { num_updates: Some(n.as_ref().clone()), ..self }
    }

    /// Takes out the bias towards 0 of averages of tensors that are no variables, as Adam does: `b = b - (1 -
    /// decay) (b - x)` from `b = 0`, and after `t` updates the average is `b / (1 - decay^t)`, with the decay
    /// of that update. Averages of variables begin with a value, and stay what they are. As in TensorFlow 1
    /// it is off unless it is asked for; `b` and `t` are the variables `biased` and `local_step` beside the
    /// average.
    #[must_use]
    pub fn zero_debias(self) -> ExponentialMovingAverage {
        ExponentialMovingAverage { zero_debias: true, ..self }
    }

    /// The operation that updates the averages of these variables and other tensors. Averages that there are
    /// not yet are made; those that there are go on.
    ///
    /// # Errors
    /// [`Error::NoAverages`] for an empty list, [`Error::Average`] for a tensor that is not `f32` or whose
    /// shape the run decides, [`minutia_graph::Error::Argument`] for a decay that is none, or the first error
    /// of building.
    #[track_caller]
    pub fn apply(&mut self, values: impl Outputs) -> Result<Operation, Error> {
        let values = values.outputs();
        let Some(first) = values.first() else { return Err(Error::NoAverages) };
        let graph = first.graph();
        let domain = if self.zero_debias { Domain::BelowOne } else { Domain::UpToOne };
        argument::check(NAME, [Argument::new("decay", self.decay, domain)])?;
        for value in &values {
            value.check()?;
            if value.dtype() != DType::F32 || value.shape().known().is_none() {
                return Err(Error::Average { name: value.name(), signature: value.signature() });
            }
        }
        for value in &values {
            if self.find(value).is_none() {
                let average = Average::new(value, self.zero_debias);
                self.averages.push(average);
            }
        }
        let updates = {
            let _scope = graph.name_scope(NAME);
            let decay = self.decay_now(graph);
            let mut updates = Vec::new();
            for average in values.iter().filter_map(|value| self.find(value)) {
                updates.push(average.update(&decay));
            }
            updates
        };
        updates.iter().try_for_each(Output::check)?;
        let updates: Vec<Operation> = updates.iter().map(Output::operation).collect();
        Ok(graph.group(&updates).with_name(NAME))
    }

    /// The average of a variable or another tensor, once [`apply`](ExponentialMovingAverage::apply) has been
    /// called with it.
    #[must_use]
    pub fn average(&self, of: impl AsRef<Output>) -> Option<Variable> {
        self.find(of.as_ref()).map(|average| average.variable.clone())
    }

    fn find(&self, of: &Output) -> Option<&Average> {
        self.averages.iter().find(|average| average.of == *of)
    }

    /// The decay of this update.
    #[track_caller]
    fn decay_now(&self, graph: &Graph) -> Output {
        let decay = graph.constant(self.decay);
        match &self.num_updates {
            None => decay,
            Some(n) => {
                let n = n.cast(DType::F32);
                decay.minimum((&n + 1.0) / (&n + 10.0))
            }
        }
    }
}

impl Average {
    #[track_caller]
    fn new(of: &Output, zero_debias: bool) -> Average {
        let graph = of.graph();
        if graph.global_variables().iter().any(|variable| Output::clone(variable) == *of) {
            let _outside = graph.outside_control_dependencies();
            let _scope = graph.name_scope(&format!("{}/", of.name()));
            return Average { of: of.clone(), variable: graph.untrainable_variable(NAME, of), biased: None };
        }
        let variable = beside(of, NAME, &of.shape(), 0.0);
        let mut biased = None;
        if zero_debias {
            let sum = beside(&variable, "biased", &of.shape(), 0.0);
            biased = Some([sum, beside(&variable, "local_step", &PartialShape::scalar(), 0.0)]);
        }
        Average { of: of.clone(), variable, biased }
    }

    #[track_caller]
    fn update(&self, decay: &Output) -> Output {
        let share = 1.0 - decay;
        let next = |average: &Variable| {
            let now = average.read_value();
            &now - (&now - &self.of) * &share
        };
        match &self.biased {
            None => self.variable.assign(next(&self.variable)),
            Some([biased, count]) => {
                let sum = biased.assign(next(biased));
                let count = count.assign_add(1.0);
                self.variable.assign(sum / (1.0 - decay.pow(count)))
            }
        }
    }
}
