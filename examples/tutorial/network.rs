// The network of docs/tutorial.md with a function that trains it, for the snippets that look into it.

use minutia::{
    datasets::{Batches, digits, mnist::Labelled},
    prelude::*,
};

/// 784 pixels, a hidden layer of 300 ReLUs, ten probabilities.
struct Network {
    w1: Variable,
    b1: Variable,
    w2: Variable,
    b2: Variable,
}

impl Network {
    /// The variables, with their random initial values.
    fn new(graph: &Graph) -> Network {
        let w1 = graph.variable("W1", graph.random_normal([784, 300], 0.0, 0.03));
        let b1 = graph.variable("b1", graph.random_normal([300], 0.0, 1.0));
        let w2 = graph.variable("W2", graph.random_normal([300, 10], 0.0, 0.03));
        let b2 = graph.variable("b2", graph.random_normal([10], 0.0, 1.0));
        Network { w1, b1, w2, b2 }
    }

    /// The hidden layer and the probabilities of some images.
    fn forward(&self, images: &Output) -> (Output, Output) {
        let hidden = (images.matmul(&self.w1) + &self.b1).relu();
        let p = (hidden.matmul(&self.w2) + &self.b2).softmax();
        (hidden, p)
    }
}

/// The cross-entropy of each row.
fn cross_entropy(p: &Output, y: &Output) -> Output {
    let p = p.clip_by_value(1e-10, 0.999_999_9);
    -(y * p.log() + (1.0 - y) * (1.0 - &p).log()).reduce_sum(1)
}

/// A network after ten epochs over 4,000 built-in digits, its graph and session, and 500 digits that it has
/// not seen.
fn trained() -> Result<(Graph, Network, Session, Labelled), Box<dyn std::error::Error>> {
    let data = digits::generate_some(4000, 500);
    let graph = Graph::new();
    graph.set_random_seed(7);
    let table = graph.placeholder("images", DType::U8, (None, 784));
    let labels = graph.placeholder("labels", DType::I32, [None]);
    let rows = graph.placeholder("rows", DType::I32, [None]);
    let x = table.gather(&rows).cast(DType::F32) * (1.0 / 255.0);
    let y = labels.gather(&rows).one_hot(10);
    let network = Network::new(&graph);
    let loss = cross_entropy(&network.forward(&x).1, &y).reduce_mean(..);
    let train = GradientDescent::new(0.1).minimize(&loss)?;

    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), ())?;
    let fed = feeds! { table => &data.train.images, labels => &data.train.labels, rows => vec![0; 100] };
    let mut step = session.make_callable(&train, fed)?;
    let mut batches = Batches::new(data.train.len(), 100, 7);
    for _ in 0..400 {
        step.set(&rows, batches.next_batch())?;
        step.run()?;
    }
    drop(step);
    Ok((graph, network, session, data.test))
}
