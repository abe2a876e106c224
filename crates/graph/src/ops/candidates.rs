//! Losses over a few sampled classes of many, whose cost does not grow with how many there are.

use super::*;
use crate::conformance::numbers;
use minutia_tensor::Tensor;

/// Classes that are drawn for a loss to tell the right ones from, as frequent as in a list of words that is
/// sorted by frequency: class `c` of `n` has the probability `ln((c + 2) / (c + 1)) / ln(n + 1)`.
///
/// They are drawn with replacement: TensorFlow's losses draw again until no class comes twice, unless they
/// are told otherwise, and correct for as many tries.
#[derive(Clone, Debug)]
pub struct Candidates {
    ids: Output,
    classes: usize,
}

/// From here on, not every class is an `f32`.
const MOST_CLASSES: usize = 1 << 24;

impl Candidates {
    /// Those that somebody else has drawn in this way: `i32` `[sampled]`, of so many classes.
    #[must_use]
    pub fn new(ids: impl AsRef<Output>, classes: usize) -> Candidates {
        Candidates { ids: ids.as_ref().clone(), classes }
    }

    /// The drawn classes: `i32` `[sampled]`.
    #[must_use]
    pub fn ids(&self) -> &Output {
        &self.ids
    }

    /// How often each of these classes (`i32`) is expected among the drawn ones.
    ///
    /// ```
    /// # use minutia_graph::{Candidates, Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let drawn = graph.log_uniform_candidate_sampler(100, 3);
    /// let expected = session.run(drawn.expected_count(graph.constant([0, 1, 2])), ())?;
    /// assert!((expected.as_slice::<f32>()?.iter().sum::<f32>() - 100.0).abs() < 1e-4);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn expected_count(&self, classes: impl AsRef<Output>) -> Output {
        let _scope = self.ids.graph.name_scope("expected_count");
        let range = self.ids.graph.constant(self.classes as f32 + 1.0).log();
        let probability = (1.0 / (classes.as_ref().cast(DType::F32) + 1.0)).log1p() / range;
        probability * self.ids.size().cast(DType::F32)
    }
}

impl Graph {
    /// Draws so many of these classes anew in each run; see [`Candidates`].
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let drawn = graph.log_uniform_candidate_sampler(1000, 50_000);
    /// let ids = session.run(drawn.ids(), ())?;
    /// let ids = ids.as_slice::<i32>()?;
    /// assert!(ids.iter().all(|id| (0..50_000).contains(id)));
    /// assert!(ids.iter().filter(|id| **id < 224).count() > 400, "half are below the root");
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "tf.random.log_uniform_candidate_sampler")]
    #[doc(alias = "negative sampling")]
    #[track_caller]
    #[must_use]
    pub fn log_uniform_candidate_sampler(&self, sampled: usize, classes: usize) -> Candidates {
        let _scope = self.name_scope("LogUniformCandidateSampler");
        if !(1..MOST_CLASSES).contains(&classes) {
            let ids = self.invalid(Error::Argument {
                function: "log_uniform_candidate_sampler",
                argument: "classes",
                value: classes as f32,
                domain: "at least 1 and less than 2^24",
                place: SourceLine::caller(),
            });
            return Candidates { ids, classes };
        }
        let range = self.constant(classes as f32 + 1.0).log();
        let drawn = (self.random_uniform([sampled], 0.0, 1.0) * range).exp() - 1.0;
        // Rounding may reach the end of the range.
        let ids = drawn.minimum(classes as f32 - 1.0).cast(DType::I32);
        Candidates { ids, classes }
    }
}

impl Output {
    /// Noise-contrastive estimation (Gutmann and Hyvärinen, 2010), as TensorFlow's `nce_loss`: for each row
    /// of these inputs `[batch, width]` the sum of the logistic losses of its own class, `labels` (`i32`
    /// `[batch]`), and of all candidates, which are noise. A class has a row of `weights` `[classes, width]`
    /// and an element of `biases` `[classes]`; its logit is their product and sum, minus the logarithm of
    /// how often it is expected among the candidates. An input's own class is not left out of its noise.
    ///
    /// Gradients touch the rows of the labels and of the candidates alone; see
    /// [`indexed_slices`](Output::indexed_slices).
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Session};
    /// let graph = Graph::new();
    /// let weights = graph.variable("weights", graph.zeros([1000, 8]));
    /// let biases = graph.variable("biases", graph.zeros([1000]));
    /// let noise = graph.log_uniform_candidate_sampler(16, 1000);
    /// let labels = graph.constant([3, 500]);
    /// let loss = graph.ones([2, 8]).nce_loss(&weights, &biases, &labels, &noise);
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// session.run(graph.global_variables_initializer(), ())?;
    /// assert!(session.run(&loss, ())?.as_slice::<f32>()?.iter().all(|loss| *loss > 0.0));
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "negative sampling")]
    #[track_caller]
    #[must_use]
    pub fn nce_loss(
        &self,
        weights: impl AsRef<Output>,
        biases: impl AsRef<Output>,
        labels: impl AsRef<Output>,
        candidates: &Candidates,
    ) -> Output {
        let _scope = self.graph.name_scope("nce_loss");
        let table = (weights.as_ref(), biases.as_ref());
        let (own, noise) = self.sampled_logits(table, labels.as_ref(), candidates);
        // The logistic losses of a label of 1 and of labels of 0.
        (-own).softplus() + noise.softplus().reduce_sum(-1)
    }

    /// Cross-entropy of the softmax over an input's own class and the candidates, as TensorFlow's
    /// `sampled_softmax_loss`: an estimate of that over all classes, for training. Candidates that are the
    /// input's own class are left out. The operands are those of [`nce_loss`](Output::nce_loss).
    ///
    /// ```
    /// use minutia_graph::{Candidates, Device, Graph, Session};
    /// let graph = Graph::new();
    /// let (weights, biases) = (graph.zeros([4, 3]), graph.zeros([4]));
    /// let drawn = Candidates::new(graph.constant([2, 2]), 4);
    /// let loss = graph.ones([1, 3]).sampled_softmax_loss(&weights, &biases, graph.constant([2]), &drawn);
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// assert_eq!(session.run(&loss, ())?.as_slice::<f32>()?, [0.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn sampled_softmax_loss(
        &self,
        weights: impl AsRef<Output>,
        biases: impl AsRef<Output>,
        labels: impl AsRef<Output>,
        candidates: &Candidates,
    ) -> Output {
        let _scope = self.graph.name_scope("sampled_softmax_loss");
        let (labels, table) = (labels.as_ref(), (weights.as_ref(), biases.as_ref()));
        let (own, noise) = self.sampled_logits(table, labels, candidates);
        let hits = labels.expand_dims(-1).equal(&candidates.ids).cast(DType::F32);
        let own = own.expand_dims(-1);
        let logits = self.graph.concat([&own, &(noise + hits * f32::MIN)], -1);
        logits.sparse_softmax_cross_entropy_with_logits(labels.zeros_like().cast(DType::I32))
    }

    /// The logits of each input's own class and of all candidates, corrected for how often they are drawn.
    #[track_caller]
    fn sampled_logits(
        &self,
        (weights, biases): (&Output, &Output),
        labels: &Output,
        candidates: &Candidates,
    ) -> (Output, Output) {
        let ids = &candidates.ids;
        let own = (self * weights.gather(labels)).reduce_sum(-1) + biases.gather(labels);
        let noise = self.matmul_nt(weights.gather(ids)) + biases.gather(ids);
        let frequency = |classes: &Output| candidates.expected_count(classes).log();
        (own - frequency(labels), noise - frequency(ids))
    }
}

pub(crate) const BUILDERS: &[(&str, &str)] = &[
    ("LogUniformCandidateSampler", "Graph::log_uniform_candidate_sampler"),
    ("nce_loss", "Output::nce_loss"),
    ("sampled_softmax_loss", "Output::sampled_softmax_loss"),
];

pub(crate) fn samples() -> Vec<Sample> {
    type Loss = fn(&Output, &[Output], &Output, &Candidates) -> Output;
    let sample = |label: &str, loss: Loss| {
        let inputs = [&[3, 4][..], &[6, 4], &[6]].map(|dims| numbers(dims, -1.0, 1.0));
        Sample::new(label, inputs.into(), move |g, x| {
            let labels = g.constant(Tensor::from([5, 0, 2]));
            let candidates = Candidates::new(g.constant(Tensor::from([0, 3, 0, 1])), 6);
            loss(&x[0], &x[1..], &labels, &candidates)
        })
    };
    vec![
        sample("nce_loss", |x, table, labels, c| x.nce_loss(&table[0], &table[1], labels, c)),
        sample("sampled_softmax", |x, table, labels, c| {
            x.sampled_softmax_loss(&table[0], &table[1], labels, c)
        }),
        Sample::new("log_uniform", Vec::new(), |g, _| {
            g.log_uniform_candidate_sampler(40, 1000).ids().clone()
        })
        .not_differentiable(),
    ]
}
