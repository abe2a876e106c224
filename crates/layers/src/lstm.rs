use crate::{
    Initializer,
    recurrent::{
        gates, halves, last, project, project_by_time, refuse_sequences, refuse_state, steps, zero_state,
    },
    scope::{Building, Problem, Scope},
};
use minutia_graph::{Graph, Output, Variable};

/// A long short-term memory cell to be built (Hochreiter and Schmidhuber, 1997; Gers et al., 2000),
/// TensorFlow 1's `tf.nn.rnn_cell.LSTMCell`: of `[x, h] kernel + bias` the four parts are `i`, `j`, `f` and
/// `o`, in this order, and
///
/// ```text
/// c' = c sigmoid(f + forget_bias) + sigmoid(i) tanh(j)
/// h' = tanh(c') sigmoid(o)
/// ```
///
/// The forget bias is 1 unless it is changed; it is no variable. The kernel begins with
/// [`Initializer::GlorotUniform`], the bias with 0.
///
/// ```
/// use minutia_graph::{DType, Graph};
/// use minutia_layers::LstmCell;
///
/// let graph = Graph::new();
/// let rows = graph.placeholder("rows", DType::F32, [None, Some(28), Some(28)]); // of images, one a step
/// let lstm = LstmCell::new(128).build(&graph, 28);
/// let (outputs, state) = lstm.unroll(&rows, &lstm.zero_state(&rows));
/// assert_eq!(outputs.shape().to_string(), "[?, 28, 128]");
/// assert_eq!(state.h.shape().to_string(), "[?, 128]");
/// assert_eq!(lstm.kernel.signature().to_string(), "f32 [156, 512]");
/// assert_eq!(lstm.kernel.name(), "lstm_cell/kernel");
/// ```
#[doc(alias = "LSTM")]
#[doc(alias = "BasicLSTMCell")]
#[derive(Clone, Debug)]
pub struct LstmCell {
    units: usize,
    forget_bias: f32,
    kernel_initializer: Initializer,
    name: String,
}

/// A long short-term memory cell with its variables. See [`LstmCell`].
#[derive(Clone, Debug)]
pub struct LstmLayer {
    /// What inputs and output are multiplied by: `[inputs + units, 4 units]`.
    pub kernel: Variable,
    /// What is added to the products: `[4 units]`.
    pub bias: Variable,
    units: usize,
    inputs: usize,
    forget_bias: f32,
    scope: Scope,
}

/// What a long short-term memory cell remembers, both `[batch, units]`.
#[derive(Clone, Debug)]
pub struct LstmState {
    /// The memory.
    pub c: Output,
    /// The output of the latest step.
    pub h: Output,
}

impl LstmCell {
    /// With so many units: the width of its output.
    #[must_use]
    pub fn new(units: usize) -> LstmCell {
        let kernel_initializer = Initializer::GlorotUniform;
        LstmCell { units, forget_bias: 1.0, kernel_initializer, name: "lstm_cell".into() }
    }

    /// What is added to the gate that forgets; with 1, a cell remembers at first.
    #[must_use]
    pub fn forget_bias(self, forget_bias: f32) -> LstmCell {
        LstmCell { forget_bias, ..self }
    }

    /// What the kernel begins with.
    #[must_use]
    pub fn kernel_initializer(self, kernel_initializer: Initializer) -> LstmCell {
        LstmCell { kernel_initializer, ..self }
    }

    /// The name of the cell's scope. A name that is taken gets a number.
    #[must_use]
    pub fn name(self, name: &str) -> LstmCell {
        LstmCell { name: name.into(), ..self }
    }

    /// Makes the variables of a cell for inputs of this width. Sizes that it cannot have are an error of the
    /// variables, and of all that is computed with them.
    #[track_caller]
    #[must_use]
    pub fn build(&self, graph: &Graph, inputs: usize) -> LstmLayer {
        let problem = Problem::none_of(&[("units", self.units), ("inputs", inputs)]);
        let building = Building::new(graph, "LstmCell", &self.name, problem);
        let (rows, columns) = (inputs.saturating_add(self.units), self.units.saturating_mul(4));
        let kernel = building.variable("kernel", &[rows, columns], self.kernel_initializer);
        let bias = building.variable("bias", &[columns], Initializer::Zeros);
        let scope = building.scope(&kernel, "kernel");
        LstmLayer { kernel, bias, units: self.units, inputs, forget_bias: self.forget_bias, scope }
    }
}

impl LstmLayer {
    /// A state of zeros for as many sequences as `x` has, be it `[batch, inputs]` or `[batch, time, inputs]`;
    /// the run may decide how many.
    #[track_caller]
    #[must_use]
    pub fn zero_state(&self, x: impl AsRef<Output>) -> LstmState {
        let x = x.as_ref();
        let _scope = self.scope.open(x.graph());
        let zeros = zero_state(x, self.units);
        LstmState { c: zeros.clone(), h: zeros }
    }

    /// One step of inputs `[batch, inputs]`: the state after it, whose `h` is the output.
    #[track_caller]
    #[must_use]
    pub fn step(&self, x: impl AsRef<Output>, state: &LstmState) -> LstmState {
        let x = x.as_ref();
        let _scope = self.scope.open(x.graph());
        let expected = format!("inputs [batch, {}]", self.inputs);
        let refused = self.scope.refuse(x, &expected, 2..=2, self.inputs);
        if let Some(refused) = refused.or(self.refuse_state(state)) {
            return LstmState { c: refused.clone(), h: refused };
        }
        let [of_inputs, of_state] = halves(&self.kernel, self.inputs, self.units);
        self.next(&(x.matmul(&of_inputs) + &self.bias), &of_state, state)
    }

    /// All steps of sequences `[batch, time, inputs]`, from a state, written out one by one: the output of
    /// each step `[batch, time, units]`, and the state after the last. The number of steps must be known when
    /// the graph is built. What inputs make of the gates is one product for all steps, with the bits of that
    /// of each.
    #[doc(alias = "static_rnn")]
    #[track_caller]
    #[must_use]
    pub fn unroll(&self, x: impl AsRef<Output>, state: &LstmState) -> (Output, LstmState) {
        let x = x.as_ref();
        let graph = x.graph();
        let _scope = self.scope.open(graph);
        let steps = match steps(&self.scope, x, self.inputs) {
            Ok(steps) => steps,
            Err(refused) => return (refused.clone(), LstmState { c: refused.clone(), h: refused }),
        };
        if let Some(refused) = self.refuse_state(state) {
            return (refused.clone(), LstmState { c: refused.clone(), h: refused });
        }
        let [of_inputs, of_state] = halves(&self.kernel, self.inputs, self.units);
        let mut state = state.clone();
        let mut outputs = Vec::new();
        for projected in project(x, &of_inputs, &self.bias, steps) {
            state = self.next(&projected, &of_state, &state);
            outputs.push(state.h.clone());
        }
        (graph.stack(&outputs, 1), state)
    }

    /// All steps of sequences `[batch, time, inputs]`, from a state, in a loop: what
    /// [`unroll`](LstmLayer::unroll) gives, with as many steps as the run decides, at least one, and a graph
    /// that does not grow with them. The outputs are those bits, too.
    #[doc(alias = "dynamic_rnn")]
    #[track_caller]
    #[must_use]
    pub fn scan(&self, x: impl AsRef<Output>, state: &LstmState) -> (Output, LstmState) {
        let x = x.as_ref();
        let graph = x.graph();
        let _scope = self.scope.open(graph);
        if let Some(refused) = refuse_sequences(&self.scope, x, self.inputs).or(self.refuse_state(state)) {
            return (refused.clone(), LstmState { c: refused.clone(), h: refused });
        }
        let [of_inputs, of_state] = halves(&self.kernel, self.inputs, self.units);
        let step = |[c, h]: [Output; 2], [projected]: [Output; 1]| {
            let LstmState { c, h } = self.next(&projected, &of_state, &LstmState { c, h });
            [c, h]
        };
        let projected = project_by_time(x, &of_inputs, &self.bias);
        let [c, h] = graph.scan(step, [&projected], [&state.c, &state.h]);
        (h.transpose([1, 0, 2]), LstmState { c: last(&c), h: last(&h) })
    }

    #[track_caller]
    fn refuse_state(&self, state: &LstmState) -> Option<Output> {
        let of_memory = refuse_state(&self.scope, &state.c, self.units);
        of_memory.or(refuse_state(&self.scope, &state.h, self.units))
    }

    /// The state after a step whose inputs have been multiplied.
    #[track_caller]
    fn next(&self, projected: &Output, of_state: &Output, state: &LstmState) -> LstmState {
        let [i, j, f, o] = gates(&(projected + state.h.matmul(of_state)));
        let c = &state.c * (f + self.forget_bias).sigmoid() + i.sigmoid() * j.tanh();
        let h = c.tanh() * o.sigmoid();
        LstmState { c, h }
    }

    /// The cell's variables, in the order of building.
    #[must_use]
    pub fn variables(&self) -> Vec<Variable> {
        vec![self.kernel.clone(), self.bias.clone()]
    }

    /// The full name of the cell's scope, such as `lstm_cell_1`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.scope.path()
    }
}
