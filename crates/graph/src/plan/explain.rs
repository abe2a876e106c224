//! What a plan does, for people.

use super::{Binding, Emitted, Plan};
use crate::{build::graph::Inner, lower::Planned};
use minutia_tensor::program::{OperandUse, Primitive, Region};
use std::fmt::{self, Write};

/// The primitives that a run consists of, in order; see [`Session::explain`](crate::Session::explain).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutionPlan {
    /// What every run does.
    pub primitives: Vec<PlannedPrimitive>,
    /// How many primitives compute constants, once, when the plan is compiled.
    pub constant_primitives: usize,
    /// Bytes of the one block that holds every intermediate.
    pub arena_bytes: usize,
    /// Primitives that threads may take rows through without waiting for each other in between, such as a
    /// softmax, a loss and their gradients.
    pub regions: Vec<Region>,
}

/// One primitive of an [`ExecutionPlan`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedPrimitive {
    /// `map`, `reduce`, `arg_reduce`, `gemm`, `gather_rows`, `scatter_add_rows`, `update_rows`,
    /// `first_positions`, `scan`, `arg_sort`, `random` or `loop`.
    pub name: &'static str,
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
        let primitives = [&plan.main, &plan.commit].into_iter().flat_map(|emitted| describe(emitted, inner));
        let later = |mut region: Region| {
            let first = plan.main.primitives.len();
            region.steps = region.steps.start + first..region.steps.end + first;
            region
        };
        let last = plan.commit.program.regions().into_iter().map(later);
        ExecutionPlan {
            primitives: primitives.collect(),
            regions: plan.main.program.regions().into_iter().chain(last).collect(),
            constant_primitives: plan.setup.primitives.len(),
            arena_bytes: plan.arena_bytes,
        }
    }

    /// The plan as text: each primitive with the nodes that it computes and what was fused to make it, and
    /// which primitives threads may take apart by rows. `{plan}` prints it, too.
    ///
    /// ```
    /// use minutia_graph::{DType, Device, Graph, Session, feeds};
    /// let graph = Graph::new();
    /// let x = graph.placeholder("x", DType::F32, [2, 3]);
    /// let w = graph.variable("w", [[1.0_f32], [2.0], [3.0]]);
    /// let y = x.matmul(&w).relu();
    /// let session = Session::new(&graph, &Device::cpu()?)?;
    /// let plan = session.explain(&y, feeds! { x => [[1.0_f32, 0.0, 0.0], [0.0, 1.0, 0.0]] })?;
    /// assert_eq!(plan.primitives.len(), 1, "{}", plan.explain());
    /// assert!(plan.explain().contains("map into the epilogue of a gemm"));
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[must_use]
    pub fn explain(&self) -> String {
        self.to_string()
    }

    /// The plan as a graph in the DOT language of Graphviz: primitives as boxes, arrows labelled with what
    /// they carry, frames around primitives that threads may take apart by rows.
    #[must_use]
    pub fn dot(&self) -> String {
        let mut text = String::from("digraph plan {\n  node [shape=box, fontname=\"monospace\"];\n");
        for (i, primitive) in self.primitives.iter().enumerate() {
            let label =
                format!("{i} {} {}\\n{}", primitive.name, primitive.shape, primitive.nodes.join("\\n"));
            let _ = writeln!(text, "  k{i} [label=\"{}\"];", label.replace('"', "\\\""));
        }
        for (i, Region { steps, rows }) in self.regions.iter().enumerate() {
            let primitives: String = steps.clone().map(|k| format!(" k{k};")).collect();
            let _ = writeln!(text, "  subgraph cluster_{i} {{ label=\"{rows} rows\";{primitives} }}");
        }
        for (to, primitive) in self.primitives.iter().enumerate() {
            for name in &primitive.reads {
                let writer = self.primitives[..to].iter().rposition(|earlier| earlier.writes.contains(name));
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

/// The text of [`explain`](ExecutionPlan::explain).
impl fmt::Display for ExecutionPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (primitives, constants) = (self.primitives.len(), self.constant_primitives);
        writeln!(
            f,
            "{primitives} primitives a run, {constants} once for constants, {} bytes of intermediates",
            self.arena_bytes
        )?;
        for (i, primitive) in self.primitives.iter().enumerate() {
            write!(f, "{i:3} {primitive}")?;
        }
        for Region { steps, rows } in &self.regions {
            let (first, last) = (steps.start, steps.end - 1);
            writeln!(f, "    region      {first} to {last}: each of {rows} rows goes through by itself")?;
        }
        Ok(())
    }
}

impl fmt::Display for PlannedPrimitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (reads, writes) = (self.reads.join(", "), self.writes.join(", "));
        writeln!(f, "{:11} {:18} {reads} -> {writes}", self.name, self.shape)?;
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

fn describe<'a>(emitted: &'a Emitted, inner: &'a Inner) -> impl Iterator<Item = PlannedPrimitive> + 'a {
    let steps = emitted.program.steps.iter().zip(&emitted.primitives);
    steps.map(|(step, primitive)| {
        let (reads, writes) = names(step, primitive, emitted, inner);
        let programs = step.programs().into_iter().filter(|p| !p.is_identity()).map(ToString::to_string);
        PlannedPrimitive {
            name: step.name(),
            shape: step.extents(),
            program: programs.collect::<Vec<_>>().join(" | then "),
            reads,
            writes,
            nodes: primitive.nodes.iter().map(|&id| inner.nodes[id].name.clone()).collect(),
            fused: primitive.fused.clone(),
        }
    })
}

/// The operands by name: those that are read, those that are written.
fn names(
    step: &Primitive,
    primitive: &Planned,
    emitted: &Emitted,
    inner: &Inner,
) -> (Vec<String>, Vec<String>) {
    let mut values = Vec::new();
    primitive.step.visit_operands(&mut |OperandUse { operand, .. }| values.push(operand.buffer));
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
