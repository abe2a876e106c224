use super::*;
use crate::conformance::numbers;
use serde::{Deserialize, Serialize};

/// Products of matrices, each transposed first if asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MatMul {
    pub transpose_a: bool,
    pub transpose_b: bool,
}

impl Output {
    /// Matrix product `self · other`: `[.., m, k]` and `[.., k, n]` give `[.., m, n]`, all `f32`. Axes before
    /// the last two are a batch: they broadcast, and there is a product for each of their indices.
    ///
    /// Each element starts at +0 and adds its `k` products in ascending order with fused multiply-add, so
    /// that row `i` of a batch has the same bits as that row alone. All `m k n` of them are added, however
    /// few numbers the operands were stretched from; nothing bounds how long that takes.
    ///
    /// ```
    /// use minutia_graph::{Graph, Session, feeds};
    /// let graph = Graph::new();
    /// let a = graph.constant([[1.0_f32, 2.0], [3.0, 4.0]]);
    /// let b = graph.constant([[1.0_f32], [10.0]]);
    /// let mut session = Session::new(&graph, &minutia_tensor::Device::cpu()?)?;
    /// assert_eq!(session.run(a.matmul(&b), feeds! {})?.as_slice::<f32>()?, [21.0, 43.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "dot")]
    #[doc(alias = "mm")]
    #[track_caller]
    #[must_use]
    pub fn matmul(&self, other: impl AsRef<Output>) -> Output {
        self.product(other.as_ref(), [false, false])
    }

    /// [`matmul`](Output::matmul) with the other operand transposed, `self · otherᵀ`; no copy is made.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let (a, b) = (graph.constant([[1.0_f32, 2.0]]), graph.constant([[3.0_f32, 4.0]]));
    /// assert_eq!(session.run(a.matmul_nt(&b), ())?.as_slice::<f32>()?, [11.0]);
    /// assert_eq!(session.run(a.matmul_tn(&b), ())?.as_slice::<f32>()?, [3.0, 4.0, 6.0, 8.0]);
    /// let column = b.transpose([1, 0]);
    /// assert_eq!(session.run(column.matmul_tt(&a), ())?.as_slice::<f32>()?, [11.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "transpose_b")]
    #[track_caller]
    #[must_use]
    pub fn matmul_nt(&self, other: impl AsRef<Output>) -> Output {
        self.product(other.as_ref(), [false, true])
    }

    /// [`matmul`](Output::matmul) with this operand transposed, `selfᵀ · other`; no copy is made. See
    /// [`matmul_nt`](Output::matmul_nt).
    #[doc(alias = "transpose_a")]
    #[track_caller]
    #[must_use]
    pub fn matmul_tn(&self, other: impl AsRef<Output>) -> Output {
        self.product(other.as_ref(), [true, false])
    }

    /// [`matmul`](Output::matmul) with both operands transposed, `selfᵀ · otherᵀ`; no copy is made. See
    /// [`matmul_nt`](Output::matmul_nt).
    #[track_caller]
    #[must_use]
    pub fn matmul_tt(&self, other: impl AsRef<Output>) -> Output {
        self.product(other.as_ref(), [true, true])
    }

    #[track_caller]
    fn product(&self, other: &Output, [transpose_a, transpose_b]: [bool; 2]) -> Output {
        self.apply(MatMul { transpose_a, transpose_b }, &[other])
    }
}

impl Op for MatMul {
    fn name(&self) -> &'static str {
        "MatMul"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [a, b] = arity(inputs)?;
        for input in inputs {
            expect_dtype(input.dtype, &[DType::F32])?;
            if input.shape.len() < 2 {
                return Err(Mismatch::new(format!("takes matrices, not rank {}", input.shape.len()))
                    .hint("expand_dims(0) makes a row of a vector, expand_dims(1) a column"));
            }
        }
        let (batch_a, a) = a.shape.split_at(a.shape.len() - 2);
        let (batch_b, b) = b.shape.split_at(b.shape.len() - 2);
        let batch = [batch_a, batch_b].map(|dims| Signature::new(DType::F32, dims.to_vec()));
        let batch = broadcast(&[&batch[0], &batch[1]])?;
        let (inner_a, inner_b) = (!self.transpose_a as usize, self.transpose_b as usize);
        if let (Some(x), Some(y)) = (a[inner_a], b[inner_b])
            && x != y
        {
            let (axis_a, axis_b) = (batch_a.len() + inner_a, batch_b.len() + inner_b);
            let detail =
                format!("inner dimensions differ: {x} (lhs axis {axis_a}) and {y} (rhs axis {axis_b})");
            let mismatch = Mismatch::new(detail);
            return Err(match (a[inner_a] == b[1 - inner_b], a[1 - inner_a] == b[inner_b]) {
                (true, _) => mismatch.hint("matmul_nt transposes the other operand"),
                (_, true) => mismatch.hint("matmul_tn transposes this operand"),
                _ => mismatch,
            });
        }
        Ok(Signature::new(DType::F32, [&batch[..], &[a[1 - inner_a], b[1 - inner_b]]].concat()))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        let (a, b, g) = (&at.inputs[0], &at.inputs[1], &at.grad);
        // With C = A B: dA = g Bᵀ and dB = Aᵀ g; a transposed operand transposes its gradient.
        let (da, db) = match (self.transpose_a, self.transpose_b) {
            (false, false) => (g.matmul_nt(b), a.matmul_tn(g)),
            (false, true) => (g.matmul(b), g.matmul_tn(a)),
            (true, false) => (b.matmul_nt(g), a.matmul(g)),
            (true, true) => (b.matmul_tt(g), g.matmul_tt(a)),
        };
        // What a batch was stretched from gets the sum over it.
        let sum = |gradient: Output, of: &Output| {
            if of.shape().len() > 2 || gradient.shape().len() > 2 { gradient.sum_like(of) } else { gradient }
        };
        Ok(vec![Some(sum(da, a)), Some(sum(db, b))])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let turned = |view: &View, turn: bool| {
            let mut order: Vec<usize> = (0..view.dims.len()).collect();
            if turn {
                let last = order.len() - 1;
                order.swap(last - 1, last);
            }
            view.transpose(&order)
        };
        l.matmul(&turned(&inputs[0], self.transpose_a), &turned(&inputs[1], self.transpose_b))
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("MatMul", "Output::matmul Output::matmul_nt Output::matmul_tn Output::matmul_tt")]
    }

    fn samples() -> Vec<Sample> {
        let mut samples = Vec::new();
        for (transpose_a, transpose_b) in [(false, false), (false, true), (true, false), (true, true)] {
            let a = numbers(if transpose_a { [4, 3] } else { [3, 4] }, -1.0, 1.0);
            let b = numbers(if transpose_b { [5, 4] } else { [4, 5] }, -1.0, 1.0);
            let apply = move |_: &Graph, x: &[Output]| x[0].product(&x[1], [transpose_a, transpose_b]);
            samples.push(Sample::new(format!("transposed {transpose_a} {transpose_b}"), vec![a, b], apply));
        }
        for (a, b) in
            [(&[2, 3, 2, 4][..], &[2, 3, 4, 2][..]), (&[3, 1, 2, 3], &[2, 3, 2]), (&[2, 3, 4], &[4, 2])]
        {
            let inputs = vec![numbers(a, -1.0, 1.0), numbers(b, -1.0, 1.0)];
            samples.push(Sample::new(format!("batches {a:?} {b:?}"), inputs, |_, x| x[0].matmul(&x[1])));
        }
        let inputs = vec![numbers([2, 4, 3], -1.0, 1.0), numbers([2, 2, 4], -1.0, 1.0)];
        samples.push(Sample::new("transposed batches", inputs, |_, x| x[0].matmul_tt(&x[1])));
        let weights = numbers([40, 7], -1.0, 1.0);
        let apply = move |g: &Graph, x: &[Output]| x[0].matmul(g.constant(&weights));
        samples.push(Sample::new("rows", vec![numbers([9, 40], -1.0, 1.0)], apply).row_wise());
        samples
    }
}
