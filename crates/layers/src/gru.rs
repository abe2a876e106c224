use crate::{
    Initializer,
    recurrent::{
        gates, halves, last, project, project_by_time, refuse_sequences, refuse_state, steps, zero_state,
    },
    scope::{Building, Problem, Scope},
};
use minutia_graph::{Graph, Output, Variable};

/// A gated recurrent unit to be built (Cho et al., 2014), TensorFlow 1's `tf.nn.rnn_cell.GRUCell`: of
/// `sigmoid([x, h] gates/kernel + gates/bias)` the two parts are `r` and `u`, in this order, and
///
/// ```text
/// c  = tanh([x, r h] candidate/kernel + candidate/bias)
/// h' = u h + (1 - u) c
/// ```
///
/// The kernels begin with [`Initializer::GlorotUniform`], the bias of the gates with 1 and that of the
/// candidate with 0.
///
/// ```
/// use minutia_graph::{DType, Graph};
/// use minutia_layers::GruCell;
///
/// let graph = Graph::new();
/// let sequences = graph.placeholder("sequences", DType::F32, [None, Some(10), Some(3)]);
/// let gru = GruCell::new(16).build(&graph, 3);
/// let (outputs, last) = gru.unroll(&sequences, &gru.zero_state(&sequences));
/// assert_eq!(outputs.shape().to_string(), "[?, 10, 16]");
/// assert_eq!(last.shape().to_string(), "[?, 16]");
/// assert_eq!(gru.candidate_kernel.name(), "gru_cell/candidate/kernel");
/// ```
#[doc(alias = "GRU")]
#[derive(Clone, Debug)]
pub struct GruCell {
    units: usize,
    kernel_initializer: Initializer,
    name: String,
}

/// A gated recurrent unit with its variables. See [`GruCell`].
#[derive(Clone, Debug)]
pub struct GruLayer {
    /// What inputs and output are multiplied by for the gates: `[inputs + units, 2 units]`.
    pub gates_kernel: Variable,
    /// What is added for the gates: `[2 units]`.
    pub gates_bias: Variable,
    /// What inputs and output are multiplied by for the candidate: `[inputs + units, units]`.
    pub candidate_kernel: Variable,
    /// What is added for the candidate: `[units]`.
    pub candidate_bias: Variable,
    units: usize,
    inputs: usize,
    scope: Scope,
}

impl GruCell {
    /// With so many units: the width of its output.
    #[must_use]
    pub fn new(units: usize) -> GruCell {
        GruCell { units, kernel_initializer: Initializer::GlorotUniform, name: "gru_cell".into() }
    }

    /// What the kernels begin with.
    #[must_use]
    pub fn kernel_initializer(self, kernel_initializer: Initializer) -> GruCell {
        GruCell { kernel_initializer, ..self }
    }

    /// The name of the cell's scope. A name that is taken gets a number.
    #[must_use]
    pub fn name(self, name: &str) -> GruCell {
        GruCell { name: name.into(), ..self }
    }

    /// Makes the variables of a cell for inputs of this width. Sizes that it cannot have are an error of the
    /// variables, and of all that is computed with them.
    #[track_caller]
    #[must_use]
    pub fn build(&self, graph: &Graph, inputs: usize) -> GruLayer {
        let problem = Problem::none_of(&[("units", self.units), ("inputs", inputs)]);
        let building = Building::new(graph, "GruCell", &self.name, problem);
        let (rows, both) = (inputs.saturating_add(self.units), self.units.saturating_mul(2));
        let initializer = self.kernel_initializer;
        let gates_kernel = building.variable("gates/kernel", &[rows, both], initializer);
        let gates_bias = building.variable("gates/bias", &[both], Initializer::Ones);
        let candidate_kernel = building.variable("candidate/kernel", &[rows, self.units], initializer);
        let candidate_bias = building.variable("candidate/bias", &[self.units], Initializer::Zeros);
        let scope = building.scope(&gates_kernel, "gates/kernel");
        let units = self.units;
        GruLayer { gates_kernel, gates_bias, candidate_kernel, candidate_bias, units, inputs, scope }
    }
}

impl GruLayer {
    /// A state of zeros for as many sequences as `x` has, be it `[batch, inputs]` or `[batch, time, inputs]`;
    /// the run may decide how many.
    #[track_caller]
    #[must_use]
    pub fn zero_state(&self, x: impl AsRef<Output>) -> Output {
        let x = x.as_ref();
        let _scope = self.scope.open(x.graph());
        zero_state(x, self.units)
    }

    /// One step of inputs `[batch, inputs]`: the state after it, which is the output.
    #[track_caller]
    #[must_use]
    pub fn step(&self, x: impl AsRef<Output>, state: &Output) -> Output {
        let x = x.as_ref();
        let _scope = self.scope.open(x.graph());
        let expected = format!("inputs [batch, {}]", self.inputs);
        let refused = self.scope.refuse(x, &expected, 2..=2, self.inputs);
        if let Some(refused) = refused.or(refuse_state(&self.scope, state, self.units)) {
            return refused;
        }
        let [of_inputs, gates] = halves(&self.gates_kernel, self.inputs, self.units);
        let [of_candidate, candidate] = halves(&self.candidate_kernel, self.inputs, self.units);
        let for_gates = x.matmul(&of_inputs) + &self.gates_bias;
        let for_candidate = x.matmul(&of_candidate) + &self.candidate_bias;
        next([&for_gates, &for_candidate], [&gates, &candidate], state)
    }

    /// All steps of sequences `[batch, time, inputs]`, from a state, written out one by one: the output of
    /// each step `[batch, time, units]`, and the last. The number of steps must be known when the graph is
    /// built. What inputs make of gates and candidate is one product for all steps each, with the bits of
    /// those of each step.
    #[doc(alias = "static_rnn")]
    #[track_caller]
    #[must_use]
    pub fn unroll(&self, x: impl AsRef<Output>, state: &Output) -> (Output, Output) {
        let x = x.as_ref();
        let graph = x.graph();
        let _scope = self.scope.open(graph);
        let steps = match steps(&self.scope, x, self.inputs) {
            Ok(steps) => steps,
            Err(refused) => return (refused.clone(), refused),
        };
        if let Some(refused) = refuse_state(&self.scope, state, self.units) {
            return (refused.clone(), refused);
        }
        let [of_inputs, gates] = halves(&self.gates_kernel, self.inputs, self.units);
        let [of_candidate, candidate] = halves(&self.candidate_kernel, self.inputs, self.units);
        let for_gates = project(x, &of_inputs, &self.gates_bias, steps);
        let for_candidates = project(x, &of_candidate, &self.candidate_bias, steps);
        let mut state = state.clone();
        let mut outputs = Vec::new();
        for (for_gates, for_candidate) in for_gates.iter().zip(&for_candidates) {
            state = next([for_gates, for_candidate], [&gates, &candidate], &state);
            outputs.push(state.clone());
        }
        (graph.stack(&outputs, 1), state)
    }

    /// All steps of sequences `[batch, time, inputs]`, from a state, in a loop: what
    /// [`unroll`](GruLayer::unroll) gives, with as many steps as the run decides, at least one, and a graph
    /// that does not grow with them.
    #[doc(alias = "dynamic_rnn")]
    #[track_caller]
    #[must_use]
    pub fn scan(&self, x: impl AsRef<Output>, state: &Output) -> (Output, Output) {
        let x = x.as_ref();
        let graph = x.graph();
        let _scope = self.scope.open(graph);
        let refused = refuse_sequences(&self.scope, x, self.inputs);
        if let Some(refused) = refused.or(refuse_state(&self.scope, state, self.units)) {
            return (refused.clone(), refused);
        }
        let [of_inputs, gates] = halves(&self.gates_kernel, self.inputs, self.units);
        let [of_candidate, candidate] = halves(&self.candidate_kernel, self.inputs, self.units);
        let for_gates = project_by_time(x, &of_inputs, &self.gates_bias);
        let for_candidates = project_by_time(x, &of_candidate, &self.candidate_bias);
        let step = |[state]: [Output; 1], [for_gates, for_candidate]: [Output; 2]| {
            [next([&for_gates, &for_candidate], [&gates, &candidate], &state)]
        };
        let [states] = graph.scan(step, [&for_gates, &for_candidates], [state]);
        (states.transpose([1, 0, 2]), last(&states))
    }

    /// The cell's variables, in the order of building.
    #[must_use]
    pub fn variables(&self) -> Vec<Variable> {
        let all = [&self.gates_kernel, &self.gates_bias, &self.candidate_kernel, &self.candidate_bias];
        all.into_iter().cloned().collect()
    }

    /// The full name of the cell's scope, such as `gru_cell_1`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.scope.path()
    }
}

/// The state after a step, of whose inputs is known what they make of gates and candidate; with the parts of
/// both kernels that the state is multiplied by.
#[track_caller]
fn next(projected: [&Output; 2], kernels: [&Output; 2], state: &Output) -> Output {
    let [r, u] = gates(&(projected[0] + state.matmul(kernels[0])).sigmoid());
    let c = (projected[1] + (r * state).matmul(kernels[1])).tanh();
    &u * state + (1.0 - &u) * c
}
