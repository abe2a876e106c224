//! Inverts a random matrix, as the post does: `cargo run -p minutia-models --example invert`

use minutia_graph::{Device, Session};
use minutia_models::{Inverse, random_matrix};

const SIZE: usize = 3;
const STEPS: usize = 20_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = Inverse::new(&random_matrix(1, SIZE, 10), SIZE)?;
    let train = model.train(0.01)?;
    let mut session = Session::new(&model.graph, &Device::cpu()?)?;
    session.run(model.graph.global_variables_initializer(), ())?;
    let mut step = session.make_callable(&train, ())?;
    for _ in 0..STEPS {
        step.run()?;
    }
    let (x, loss) = session.run((&model.x, &model.loss), ())?;
    println!("after {STEPS} steps the loss is {}; x is", loss.value::<f32>()?);
    for row in x.as_slice::<f32>()?.chunks(SIZE) {
        println!("{row:8.4?}");
    }
    Ok(())
}
