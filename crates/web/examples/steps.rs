//! Inverts the published matrix as a page does, some steps at a time:
//! `cargo run -p minutia-web --example steps`

use minutia_web::{Error, MatrixInverse, OptimizerKind, random_matrix};

fn main() -> Result<(), Error> {
    let mut inverse = MatrixInverse::new(&random_matrix(11), OptimizerKind::Adagrad, 0.01)?;
    for thousand in 1..=10 {
        let losses = inverse.steps(1000, 1000)?;
        println!("before step {:5}: {losses:?}", (thousand - 1) * 1000 + 1);
    }
    println!("then: {}", inverse.state()?.loss);
    Ok(())
}
