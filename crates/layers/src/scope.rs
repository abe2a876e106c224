//! Where the variables and nodes of a layer are, and what is said where it is given what it does not take.

use crate::Initializer;
use minutia_graph::{
    ControlGuard, DType, Error, Graph, NameScope, OpError, Output, Signature, SourceLine, Variable,
};
use std::{ops::RangeInclusive, sync::Arc};

/// The scope of a layer. Its variables are in it, and each use of the layer goes on in it.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    /// The kind of layer, which errors begin with.
    kind: &'static str,
    /// Full name, such as `encoder/dense_1`.
    path: String,
    /// A node that remembers why the layer cannot be used, if it cannot.
    broken: Option<Output>,
}

/// What is wrong, and what may help.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    detail: String,
    hint: &'static str,
}

/// A layer that is being built: its scope is open, and control dependencies are not.
pub(crate) struct Building<'g> {
    graph: &'g Graph,
    kind: &'static str,
    problem: Option<Problem>,
    _outside: ControlGuard,
    _scope: NameScope,
}

impl Problem {
    pub fn new(detail: String, hint: &'static str) -> Problem {
        Problem { detail, hint }
    }

    /// The first of these numbers that is 0.
    pub fn none_of(numbers: &[(&str, usize)]) -> Option<Problem> {
        let (what, _) = numbers.iter().find(|(_, number)| *number == 0)?;
        Some(Problem::new(format!("has 0 {what}"), "give it at least 1"))
    }

    /// A number that a layer was given and does not take.
    pub fn outside(
        what: &str,
        found: f32,
        domain: RangeInclusive<f32>,
        hint: &'static str,
    ) -> Option<Problem> {
        (!domain.contains(&found)).then(|| Problem::new(format!("has the {what} {found}"), hint))
    }
}

impl<'g> Building<'g> {
    /// Opens a scope of this name; one that is taken gets a number, as in TensorFlow: `dense`, `dense_1`.
    #[track_caller]
    pub fn new(graph: &'g Graph, kind: &'static str, name: &str, problem: Option<Problem>) -> Building<'g> {
        let _outside = graph.outside_control_dependencies();
        Building { graph, kind, problem, _outside, _scope: graph.name_scope(name) }
    }

    #[track_caller]
    pub fn variable(&self, name: &str, shape: &[usize], initializer: Initializer) -> Variable {
        let initial = self.initial(name, shape, initializer);
        self.graph.variable(name, initial)
    }

    #[track_caller]
    pub fn untrainable_variable(&self, name: &str, shape: &[usize], initializer: Initializer) -> Variable {
        let initial = self.initial(name, shape, initializer);
        self.graph.untrainable_variable(name, initial)
    }

    #[track_caller]
    fn initial(&self, name: &str, shape: &[usize], initializer: Initializer) -> Output {
        let values = {
            let _scope = self.graph.name_scope(&format!("{name}/Initializer"));
            initializer.values(self.graph, shape)
        };
        let Some(problem) = self.problem.clone().or_else(|| too_large(name, shape)) else { return values };
        let path = around(&values.name(), &format!("{name}/Initializer"));
        self.graph.invalid(problem.error(self.kind, path, &[]))
    }

    /// The scope, in which this is a variable of this name.
    pub fn scope(&self, variable: &Variable, name: &str) -> Scope {
        let broken = variable.check().is_err().then(|| Output::clone(variable));
        Scope { kind: self.kind, path: around(&variable.name(), name), broken }
    }
}

/// What stands before a local name in a full one, without the slash between them.
fn around(full: &str, local: &str) -> String {
    full.rsplit_once(&format!("/{local}")).map_or_else(String::new, |(path, _)| path.to_string())
}

fn too_large(name: &str, shape: &[usize]) -> Option<Problem> {
    let bytes = shape.iter().try_fold(size_of::<f32>(), |bytes, &extent| bytes.checked_mul(extent));
    if bytes.is_some_and(|bytes| isize::try_from(bytes).is_ok()) {
        return None;
    }
    let detail = format!("has a {name} of {shape:?} numbers, more than memory can hold");
    Some(Problem::new(detail, "give it smaller sizes"))
}

impl Problem {
    #[track_caller]
    fn error(self, op: &'static str, name: String, inputs: &[&Output]) -> Error {
        let inputs = inputs.iter().map(|input| (input.name(), input.signature())).collect();
        let (place, hint) = (SourceLine::caller(), Some(self.hint.to_string()));
        Error::Op(Arc::new(OpError { op, name, detail: self.detail, inputs, place, hint }))
    }
}

impl Scope {
    /// Full name.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Goes on in the scope until the guard is dropped.
    #[track_caller]
    pub fn open(&self, graph: &Graph) -> NameScope {
        graph.name_scope(&format!("{}/", self.path))
    }

    /// A node that remembers what is wrong with these inputs.
    #[track_caller]
    pub fn invalid(&self, problem: Problem, inputs: &[&Output]) -> Output {
        let graph = inputs[0].graph();
        graph.invalid(problem.error(self.kind, self.path.clone(), inputs))
    }

    /// A node that remembers why the layer cannot be applied to this tensor, if it cannot: it takes `f32`
    /// with so many axes, the last of this extent, which `expected` puts into words.
    #[track_caller]
    pub fn refuse(
        &self,
        x: &Output,
        expected: &str,
        ranks: RangeInclusive<usize>,
        width: usize,
    ) -> Option<Output> {
        if let Some(broken) = self.broken_or(x) {
            return Some(broken);
        }
        let Signature { dtype, shape } = x.signature();
        let problem = if dtype != DType::F32 {
            Problem::new(format!("takes f32, not {dtype}"), "cast it first")
        } else if !ranks.contains(&shape.len()) {
            Problem::new(format!("takes {expected}, not {shape}"), "reshape, expand_dims or squeeze it first")
        } else if shape.last().is_some_and(|&last| last.is_some_and(|last| last != width)) {
            Problem::new(format!("takes {expected}, not {shape}"), "the layer was built for this width")
        } else {
            return None;
        };
        Some(self.invalid(problem, &[x]))
    }

    /// As [`refuse`](Scope::refuse), for a flag: a `bool` scalar.
    #[track_caller]
    pub fn refuse_flag(&self, training: &Output) -> Option<Output> {
        if let Some(broken) = self.broken_or(training) {
            return Some(broken);
        }
        let signature = training.signature();
        if signature.dtype == DType::Bool && signature.shape.is_empty() {
            return None;
        }
        let detail = format!("takes a bool scalar that says whether it is training, not {signature}");
        let hint = "graph.placeholder(\"training\", DType::Bool, ())";
        Some(self.invalid(Problem::new(detail, hint), &[training]))
    }

    /// Why nothing can be computed from this tensor by this layer: one of them is broken.
    pub fn broken_or(&self, x: &Output) -> Option<Output> {
        self.broken.clone().or_else(|| x.check().is_err().then(|| x.clone()))
    }
}
