//! The post's network: 784-300-10.

use minutia_datasets::Labelled;
use minutia_graph::{DType, Feeds, Graph, Output, feeds};

/// The graph. Images and labels lie in tables, of which a run takes rows.
pub struct Network {
    pub images: Output,
    pub labels: Output,
    pub rows: Output,
    /// The share of hidden units that is left out: fed, so that evaluation leaves out none.
    pub dropout: Output,
    /// The mean cross-entropy of the rows.
    pub loss: Output,
    /// The sum of the rows' cross-entropies, and the number of rows that are read rightly.
    pub sums: [Output; 2],
}

impl Network {
    pub fn new(graph: &Graph, units: usize) -> Network {
        let images = graph.placeholder("images", DType::U8, (None, 784));
        let labels = graph.placeholder("labels", DType::I32, [None]);
        let rows = graph.placeholder("rows", DType::I32, [None]);
        let dropout = graph.placeholder("dropout", DType::F32, ());
        let x = images.gather(&rows).cast(DType::F32) * (1.0 / 255.0);
        let classes = labels.gather(&rows);
        let y_ = classes.one_hot(10);

        let w1 = graph.variable("W1", graph.random_normal([784, units], 0.0, 0.03));
        let b1 = graph.variable("b1", graph.random_normal([units], 0.0, 1.0));
        let w2 = graph.variable("W2", graph.random_normal([units, 10], 0.0, 0.03));
        let b2 = graph.variable("b2", graph.random_normal([10], 0.0, 1.0));
        let hidden = (x.matmul(&w1) + &b1).relu().dropout(&dropout);
        let y = (hidden.matmul(&w2) + &b2).softmax();
        let clipped = y.clip_by_value(1e-10, 0.999_999_9);
        let losses = -(&y_ * clipped.log() + (1.0 - &y_) * (1.0 - &clipped).log()).reduce_sum(1);
        let right = y.argmax(1).equal(&classes).cast(DType::F32);
        let sums = [losses.reduce_sum(..), right.reduce_sum(..)];
        Network { images, labels, rows, dropout, loss: losses.reduce_mean(..), sums }
    }

    /// What a run over so many rows is fed; which ones, each run sets.
    pub fn feeds(&self, data: &Labelled, rows: usize, dropout: f32) -> Feeds {
        feeds! {
            &self.images => &data.images, &self.labels => &data.labels,
            &self.rows => vec![0_i32; rows], &self.dropout => dropout,
        }
    }
}
