use super::*;
use minutia_kernels::map::Code;
use serde::{Deserialize, Serialize};

/// Whole numbers at even distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Range {
    pub start: i32,
    pub delta: i32,
    pub count: usize,
}

/// What [`Graph::range`] makes tensors of: `i32` or `f32`.
pub trait RangeNumber: Copy + crate::Number {
    #[doc(hidden)]
    fn range(self, limit: Self, delta: Self, graph: &Graph) -> Output;
}

impl RangeNumber for i32 {
    #[track_caller]
    fn range(self, limit: i32, delta: i32, graph: &Graph) -> Output {
        let way = i64::from(limit) - i64::from(self);
        match i64::from(delta) {
            0 => refuse(graph, "range", "delta", 0.0, "anything but 0"),
            delta => graph.numbers(self, delta as i32, steps(way as f64, delta as f64)),
        }
    }
}

impl RangeNumber for f32 {
    #[track_caller]
    fn range(self, limit: f32, delta: f32, graph: &Graph) -> Output {
        if delta == 0.0 || !delta.is_finite() {
            return refuse(graph, "range", "delta", delta, "finite and anything but 0");
        }
        if let Some(bound) = [self, limit].into_iter().find(|bound| !bound.is_finite()) {
            return refuse(graph, "range", "bound", bound, "finite");
        }
        let count = steps(f64::from(limit) - f64::from(self), f64::from(delta));
        graph.numbers(0, 1, count).cast(DType::F32) * delta + self
    }
}

/// How many steps of this length are begun on the way.
fn steps(way: f64, delta: f64) -> usize {
    (way / delta).ceil().max(0.0) as usize
}

#[track_caller]
fn refuse(
    graph: &Graph,
    function: &'static str,
    argument: &'static str,
    value: f32,
    domain: &'static str,
) -> Output {
    graph.invalid(Error::Argument { function, argument, value, domain, place: SourceLine::caller() })
}

impl Graph {
    /// The numbers from `start` (included) to `limit` (excluded) at distances of `delta`, which may be
    /// negative; all three are `i32` or all `f32`. Number `i` is `start + i delta`, where TensorFlow adds up
    /// the deltas of floats.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// assert_eq!(session.run(graph.range(5, 0, -2), ())?.as_slice::<i32>()?, [5, 3, 1]);
    /// assert_eq!(session.run(graph.range(0.0, 1.0, 0.25), ())?.as_slice::<f32>()?, [0.0, 0.25, 0.5, 0.75]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "arange")]
    #[track_caller]
    #[must_use]
    pub fn range<T: RangeNumber>(&self, start: T, limit: T, delta: T) -> Output {
        let _scope = self.name_scope("range");
        start.range(limit, delta, self)
    }

    /// `count` numbers at even distances from `start` to `stop`, both included. The last is `stop` itself.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// assert_eq!(session.run(graph.linspace(0.0, 1.0, 3), ())?.as_slice::<f32>()?, [0.0, 0.5, 1.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "lin_space")]
    #[track_caller]
    #[must_use]
    pub fn linspace(&self, start: f32, stop: f32, count: usize) -> Output {
        let _scope = self.name_scope("linspace");
        if let Some(bound) = [start, stop].into_iter().find(|bound| !bound.is_finite()) {
            return refuse(self, "linspace", "bound", bound, "finite");
        }
        if count == 0 {
            return refuse(self, "linspace", "count", 0.0, "at least 1");
        }
        let numbers = self.numbers(0, 1, count);
        let step = ((f64::from(stop) - f64::from(start)) / (count.max(2) - 1) as f64) as f32;
        let even = numbers.cast(DType::F32) * step + start;
        match i32::try_from(count - 1) {
            Ok(last) if last > 0 => numbers.less(last).select(even, self.constant(stop)),
            _ => even,
        }
    }

    /// `start + i delta` for each `i` below a count.
    #[track_caller]
    fn numbers(&self, start: i32, delta: i32, count: usize) -> Output {
        self.add(Range { start, delta, count }, &[])
    }
}

impl Op for Range {
    fn name(&self) -> &'static str {
        "Range"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [] = arity(inputs)?;
        if i32::try_from(self.count).is_err() {
            return Err(Mismatch::new(format!("{} numbers are more than i32 counts", self.count)));
        }
        Ok(Signature::new(DType::I32, [self.count]))
    }

    fn gradient(&self, _: &Gradient) -> Gradients {
        Ok(Vec::new())
    }

    fn lower(&self, l: &mut Lowering, _: &[View]) -> View {
        let numbers = l.numbers(self.count);
        l.map(DType::I32, &[numbers], |m, v| {
            let [start, delta] = [self.start, self.delta].map(|x| m.constant_bits(x as u32));
            let way = m.apply(Code::MulI, &[v[0], delta]);
            m.apply(Code::AddI, &[way, start])
        })
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("Range", "Graph::range")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |label: &str, build: fn(&Graph) -> Output| {
            Sample::new(label, Vec::new(), move |g, _| build(g)).not_differentiable()
        };
        vec![
            sample("ascending", |g| g.range(2, 11, 3)),
            sample("descending", |g| g.range(2, -5, -3)),
            sample("none", |g| g.range(2, -5, 3)),
            sample("all there are", |g| g.range(i32::MIN, i32::MAX, i32::MAX)),
            sample("more than the host holds", |g| g.range(0, 70_000, 1)),
            sample("f32", |g| g.range(-0.5, 1.0, 0.3)),
        ]
    }
}

pub(crate) const BUILDERS: &[(&str, &str)] = &[("linspace", "Graph::linspace")];

pub(crate) fn samples() -> Vec<Sample> {
    let sample = |label: &str, build: fn(&Graph) -> Output| {
        Sample::new(label, Vec::new(), move |g, _| build(g)).not_differentiable()
    };
    vec![
        sample("linspace", |g| g.linspace(-1.0, 1.0, 7)),
        sample("linspace of one", |g| g.linspace(3.0, 4.0, 1)),
    ]
}
