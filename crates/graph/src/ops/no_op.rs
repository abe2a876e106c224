use super::*;
use crate::Operation;
use serde::{Deserialize, Serialize};

/// Nothing, after its control inputs. No value comes from it; an empty tensor stands in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NoOp;

impl Graph {
    /// An operation that runs all of these.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let (v, w) = (graph.variable("v", 1.0_f32), graph.variable("w", 2.0_f32));
    /// let both = graph.group([v.assign_add(1.0).operation(), w.assign_add(1.0).operation()]);
    /// session.run(graph.global_variables_initializer(), ())?;
    /// session.run(&both, ())?;
    /// let (v, w) = session.run((&v, &w), ())?;
    /// assert_eq!((v.value::<f32>()?, w.value::<f32>()?), (2.0, 3.0));
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn group(&self, operations: impl IntoIterator<Item = impl AsRef<Operation>>) -> Operation {
        let _after = self.after(operations, "operation of a group");
        Operation(self.add(NoOp, &[]))
    }
}

impl Op for NoOp {
    fn name(&self) -> &'static str {
        "NoOp"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [] = arity(inputs)?;
        Ok(Signature::new(DType::Bool, [0]))
    }

    fn gradient(&self, _: &Gradient) -> Gradients {
        Ok(Vec::new())
    }

    fn lower(&self, l: &mut Lowering, _: &[View]) -> View {
        l.splat(0, DType::Bool, &[0])
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("NoOp", "Graph::group")]
    }

    fn samples() -> Vec<Sample> {
        vec![Sample::new("empty", Vec::new(), |g, _| g.group([] as [&Operation; 0]).0).not_differentiable()]
    }
}
