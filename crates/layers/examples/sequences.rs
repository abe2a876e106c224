//! Trains an LSTM to say after each bit of a sequence whether there were an even or an odd number of ones so
//! far: what it has to remember changes with every one.
//!
//! `cargo run --release -p minutia-layers --example sequences -- [STEPS]`

use minutia_graph::{DType, Device, Graph, Session, Tensor, feeds};
use minutia_layers::{Dense, LstmCell, losses, metrics};
use minutia_optim::{Adam, Optimizer, clip_by_global_norm, schedule};

const TIME: usize = 12;
const UNITS: usize = 16;
const BATCH: usize = 64;

/// Random bits, of a congruential generator (Knuth's MMIX), as sequences `[batch, TIME, 1]`, and their
/// parities.
fn batch(state: &mut u64, size: usize) -> Result<(Tensor, Tensor), minutia_graph::Error> {
    let (mut bits, mut parities) = (Vec::new(), Vec::new());
    for _ in 0..size {
        let mut parity = 0;
        for _ in 0..TIME {
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let bit = (*state >> 63) as i32;
            parity ^= bit;
            bits.push(bit as f32);
            parities.push(parity);
        }
    }
    Ok((Tensor::from_vec([size, TIME, 1], bits)?, Tensor::from_vec([size, TIME], parities)?))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let steps: usize = std::env::args().nth(1).map_or(Ok(500), |steps| steps.parse())?;
    let graph = Graph::new();
    graph.set_random_seed(3);
    let bits = graph.placeholder("bits", DType::F32, [None, Some(TIME), Some(1)]);
    let parity = graph.placeholder("parity", DType::I32, [None, Some(TIME)]);

    let lstm = LstmCell::new(UNITS).build(&graph, 1);
    let (outputs, _) = lstm.unroll(&bits, &lstm.zero_state(&bits));
    let logits = Dense::new(2).build(&graph, UNITS).apply(&outputs);
    let loss = losses::sparse_softmax_cross_entropy(&parity, &logits, 1.0);
    let accuracy = metrics::accuracy(&parity, logits.argmax(2));

    // Gradients through many steps may be large.
    let global_step = graph.untrainable_variable("global_step", 0);
    let optimizer = Adam::new(schedule::exponential_decay(&global_step, 0.02, 500.0, 0.5));
    let gradients = optimizer.compute_gradients(&loss, graph.trainable_variables())?;
    let (gradients, variables): (Vec<_>, Vec<_>) = gradients.into_iter().unzip();
    let clipped: Vec<_> = clip_by_global_norm(&gradients, 1.0).into_iter().zip(variables).collect();
    let train = optimizer.apply_gradients_counting(&clipped, &global_step)?;

    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), ())?;
    let mut state = 1;
    for step in 1..=steps {
        let (x, y) = batch(&mut state, BATCH)?;
        let ((), loss) = session.run((&train, &loss), feeds! { bits => x, parity => y })?;
        if step % 100 == 0 {
            println!("step {step}: loss {:.4}", loss.value::<f32>()?);
        }
    }
    let (x, y) = batch(&mut state, 1000)?;
    let accuracy = session.run(&accuracy, feeds! { bits => x, parity => y })?;
    println!("accuracy after each bit, on sequences that it has not seen: {:.4}", accuracy.value::<f32>()?);
    Ok(())
}
