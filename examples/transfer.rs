//! Transfer learning: a hidden layer that has learned to tell ten digits apart goes on under another head,
//! which tells odd from even ones after a few examples: `cargo run --release --example transfer`

use minutia::{
    datasets::{digits, mnist::Labelled},
    prelude::*,
};
use std::error::Error;

const HIDDEN: usize = 100;

/// A hidden layer, whose variables are its body, and a head of so many classes.
struct Network {
    graph: Graph,
    body: [Variable; 2],
    head: Variable,
    loss: Output,
    accuracy: Output,
}

impl Network {
    /// The class of a digit is what is left when it is divided by the number of classes.
    fn new(classes: usize) -> Network {
        let graph = Graph::new();
        graph.set_random_seed(5);
        let images = graph.placeholder("images", DType::U8, (None, digits::SIZE * digits::SIZE));
        let labels = graph.placeholder("labels", DType::I32, [None]).floor_mod(classes as i32);
        let x = images.cast(DType::F32) * (1.0 / 255.0);
        let w = graph.variable("body/W", graph.random_normal([784, HIDDEN], 0, 0.03));
        let b = graph.variable("body/b", graph.zeros([HIDDEN]));
        let head = graph.variable("head/W", graph.random_normal([HIDDEN, classes], 0, 0.03));
        let logits = (x.matmul(&w) + &b).relu().matmul(&head);
        let loss = logits.sparse_softmax_cross_entropy_with_logits(&labels).reduce_mean(..);
        let accuracy = logits.argmax(1).equal(&labels).cast(DType::F32).reduce_mean(..);
        Network { graph, body: [w, b], head, loss, accuracy }
    }

    /// Trains for so many steps on all of these images.
    fn train(
        &self,
        session: &mut Session,
        optimizer: impl Optimizer,
        data: &Labelled,
    ) -> Result<(), Box<dyn Error>> {
        let train = optimizer.minimize(&self.loss)?;
        for slot in self.graph.global_variables() {
            if session.variable(&slot)?.is_none() {
                session.run(slot.initializer(), ())?;
            }
        }
        let fed = feeds! { "images" => &data.images, "labels" => &data.labels };
        let mut step = session.make_callable(&train, fed)?;
        (0..100).try_for_each(|_| step.run())?;
        Ok(())
    }

    fn accuracy(&self, session: &mut Session, data: &Labelled) -> Result<f32, Box<dyn Error>> {
        let fed = feeds! { "images" => &data.images, "labels" => &data.labels };
        Ok(session.run(&self.accuracy, fed)?.value()?)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let device = Device::cpu()?;
    let path = std::env::temp_dir().join(format!("minutia-transfer-{}", std::process::id()));
    let (many, few) = (digits::generate_some(1000, 500), digits::generate_some(40, 0).train);

    let ten = Network::new(10);
    let mut session = Session::new(&ten.graph, &device)?;
    ten.train(&mut session, Adam::new(0.01), &many.train)?;
    println!("ten digits: accuracy {:.3}", ten.accuracy(&mut session, &many.test)?);
    Saver::new(&ten.graph).save(&session, &path)?;
    print!("what was saved:\n{}", Checkpoint::read(&path)?);

    // The body comes from the file and stays as it is; the head begins anew.
    let parity = Network::new(2);
    let mut session = Session::new(&parity.graph, &device)?;
    Saver::new(&parity.graph).with_var_list(&parity.body).restore(&mut session, &path)?;
    parity.train(&mut session, Adam::new(0.01).with_var_list([&parity.head]), &few)?;
    let transferred = parity.accuracy(&mut session, &many.test)?;
    std::fs::remove_file(&path)?;

    let anew = Network::new(2);
    let mut session = Session::new(&anew.graph, &device)?;
    anew.train(&mut session, Adam::new(0.01), &few)?;
    let alone = anew.accuracy(&mut session, &many.test)?;
    println!("odd or even, from {} examples: {transferred:.3}, and {alone:.3} without the body", few.len());
    assert!(transferred > alone);
    Ok(())
}
