//! What a plan does, for people.

use super::{Binding, Emitted, Plan};
use crate::{graph::Inner, lower::Kernel};
use minutia_tensor::program::{OperandUse, Primitive, Region};
use std::fmt::{self, Write};

/// The kernel primitives that a run consists of, in order; see [`Session::explain`](crate::Session::explain).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutionPlan {
    /// What every run does.
    pub kernels: Vec<PlannedKernel>,
    /// How many kernels compute constants, once, when the plan is compiled.
    pub constant_kernels: usize,
    /// Bytes of the one block that holds every intermediate.
    pub arena_bytes: usize,
    /// Kernels that threads may take rows through without waiting for each other in between, such as a
    /// softmax, a loss and their gradients.
    pub regions: Vec<Region>,
}

/// One kernel primitive of an [`ExecutionPlan`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedKernel {
    /// `map`, `reduce`, `arg_reduce`, `gemm`, `gather_rows`, `scatter_add_rows` or
    /// `random`.
    pub primitive: &'static str,
    /// The extents that it runs over.
    pub shape: String,
    /// What it computes for each element, `x0`, `x1` ... being its inputs; empty where it only moves.
    pub program: String,
    /// What it reads: variables and placeholders by name, `t3` for an intermediate, `c4` for a constant.
    pub reads: Vec<String>,
    /// What it writes; a variable that stands here too is updated in place.
    pub writes: Vec<String>,
    /// The graph's nodes that it computes.
    pub nodes: Vec<String>,
    /// What was fused into it, in the order in which that was done.
    pub fused: Vec<&'static str>,
}

impl ExecutionPlan {
    pub(crate) fn new(plan: &Plan, inner: &Inner) -> ExecutionPlan {
        let kernels = [&plan.main, &plan.commit].into_iter().flat_map(|emitted| describe(emitted, inner));
        let later = |mut region: Region| {
            let first = plan.main.kernels.len();
            region.steps = region.steps.start + first..region.steps.end + first;
            region
        };
        let last = plan.commit.program.regions().into_iter().map(later);
        ExecutionPlan {
            kernels: kernels.collect(),
            regions: plan.main.program.regions().into_iter().chain(last).collect(),
            constant_kernels: plan.setup.kernels.len(),
            arena_bytes: plan.arena_bytes,
        }
    }

    /// The plan as text: each kernel with the nodes that it computes and what was fused to make it, and which
    /// kernels threads may take apart by rows.
    ///
    /// ```
    /// use minutia_graph::{DType, Device, Graph, Session, feeds};
    /// let graph = Graph::new();
    /// let x = graph.placeholder("x", DType::F32, [2, 3]);
    /// let w = graph.variable("w", [[1.0_f32], [2.0], [3.0]]);
    /// let y = x.matmul(&w).relu();
    /// let session = Session::new(&graph, &Device::cpu()?)?;
    /// let plan = session.explain(&y, feeds! { x => [[1.0_f32, 0.0, 0.0], [0.0, 1.0, 0.0]] })?;
    /// assert_eq!(plan.kernels.len(), 1, "{}", plan.explain());
    /// assert!(plan.explain().contains("map into the epilogue of a gemm"));
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[must_use]
    pub fn explain(&self) -> String {
        let mut text = format!(
            "{} kernels a run, {} once for constants, {} bytes of intermediates\n",
            self.kernels.len(),
            self.constant_kernels,
            self.arena_bytes
        );
        for (i, kernel) in self.kernels.iter().enumerate() {
            // Writing to a string cannot fail.
            let _ = write!(text, "{i:3} {kernel}");
        }
        for Region { steps, rows } in &self.regions {
            let (first, last) = (steps.start, steps.end - 1);
            let _ = writeln!(
                text,
                "    region      {first} to {last}: each of {rows} rows goes through by itself"
            );
        }
        text
    }

    /// The plan as a graph in the DOT language of Graphviz: kernels as boxes, arrows labelled with what they
    /// carry, frames around kernels that threads may take apart by rows.
    #[must_use]
    pub fn dot(&self) -> String {
        let mut text = String::from("digraph plan {\n  node [shape=box, fontname=\"monospace\"];\n");
        for (i, kernel) in self.kernels.iter().enumerate() {
            let label = format!("{i} {} {}\\n{}", kernel.primitive, kernel.shape, kernel.nodes.join("\\n"));
            let _ = writeln!(text, "  k{i} [label=\"{}\"];", label.replace('"', "\\\""));
        }
        for (i, Region { steps, rows }) in self.regions.iter().enumerate() {
            let kernels: String = steps.clone().map(|k| format!(" k{k};")).collect();
            let _ = writeln!(text, "  subgraph cluster_{i} {{ label=\"{rows} rows\";{kernels} }}");
        }
        for (to, kernel) in self.kernels.iter().enumerate() {
            for name in &kernel.reads {
                let writer = self.kernels[..to].iter().rposition(|earlier| earlier.writes.contains(name));
                match writer {
                    Some(from) => {
                        let _ = writeln!(text, "  k{from} -> k{to} [label=\"{name}\"];");
                    }
                    None => {
                        let _ = writeln!(text, "  \"{name}\" [shape=ellipse];\n  \"{name}\" -> k{to};");
                    }
                }
            }
        }
        text + "}\n"
    }
}

impl fmt::Display for PlannedKernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (reads, writes) = (self.reads.join(", "), self.writes.join(", "));
        writeln!(f, "{:11} {:18} {reads} -> {writes}", self.primitive, self.shape)?;
        for (title, line) in
            [("program", &self.program), ("nodes", &self.nodes.join(", ")), ("fused", &self.fused.join(", "))]
        {
            if !line.is_empty() {
                writeln!(f, "      {title:8} {line}")?;
            }
        }
        Ok(())
    }
}

fn describe<'a>(emitted: &'a Emitted, inner: &'a Inner) -> impl Iterator<Item = PlannedKernel> + 'a {
    let steps = emitted.program.steps.iter().zip(&emitted.kernels);
    steps.map(|(step, kernel)| {
        let (reads, writes) = names(step, kernel, emitted, inner);
        let programs = step.programs().into_iter().filter(|p| !p.is_identity()).map(ToString::to_string);
        PlannedKernel {
            primitive: step.name(),
            shape: step.extents(),
            program: programs.collect::<Vec<_>>().join(" | then "),
            reads,
            writes,
            nodes: kernel.nodes.iter().map(|&id| inner.nodes[id].name.clone()).collect(),
            fused: kernel.fused.clone(),
        }
    })
}

/// The operands by name: those that are read, those that are written.
fn names(step: &Primitive, kernel: &Kernel, emitted: &Emitted, inner: &Inner) -> (Vec<String>, Vec<String>) {
    let mut values = Vec::new();
    kernel.step.visit_operands(&mut |OperandUse { operand, .. }| values.push(operand.buffer));
    let mut values = values.into_iter();
    let (mut reads, mut writes) = (Vec::new(), Vec::new());
    step.visit_operands(&mut |OperandUse { role, operand, .. }| {
        let value = values.next().unwrap_or_default();
        let node = |id: usize| inner.nodes[id].name.clone();
        let name = match &emitted.bindings[operand.buffer] {
            Binding::Arena => format!("t{value}"),
            Binding::Persistent | Binding::Constant(..) => format!("c{value}"),
            Binding::Feed(id) => node(*id),
            Binding::Variable(variable) => node(inner.variables[*variable].node),
            Binding::Counter(id) => format!("{}/counter", node(*id)),
        };
        let list = if role.writes() { &mut writes } else { &mut reads };
        if !list.contains(&name) {
            list.push(name);
        }
    });
    (reads, writes)
}
