//! Newton's method: gradients are part of the graph and have gradients themselves.
//!
//! `cargo run --release --example second_order_gradients`

use minutia::prelude::*;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    // Rosenbrock's valley, with its minimum of 0 at (1, 1), from the point where he began.
    let graph = Graph::new();
    let (x, y) = (graph.variable("x", -1.2_f32), graph.variable("y", 1.0_f32));
    let f = (1.0 - &x).square() + 100.0 * (&y - x.square()).square();

    let wanted = "f depends on both";
    let [fx, fy] = graph.gradients(&f, [&x, &y])?.map(|g| g.expect(wanted));
    let [fxx, fxy] = graph.gradients(&fx, [&x, &y])?.map(|g| g.expect(wanted));
    let [fyx, fyy] = graph.gradients(&fy, [&x, &y])?.map(|g| g.expect(wanted));

    // A step solves H (dx, dy) = (fx, fy), by Cramer's rule. Both variables are read as they were when the
    // run began, so that the second update does not see the first.
    let determinant = &fxx * &fyy - &fxy * &fyx;
    let dx = (&fyy * &fx - &fxy * &fy) / &determinant;
    let dy = (&fxx * &fy - &fyx * &fx) / &determinant;
    let newton = graph.group([x.assign_sub(dx).operation(), y.assign_sub(dy).operation()]);
    let descent = GradientDescent::new(0.001).minimize(&f)?;

    let device = Device::cpu()?;
    let run = |name: &str, step: &Operation, steps: usize| -> Result<f32, Box<dyn Error>> {
        let mut session = Session::new(&graph, &device)?;
        session.run(graph.global_variables_initializer(), ())?;
        for _ in 0..steps {
            session.run(step, ())?;
        }
        let [x, y, f] = session.run([&*x, &*y, &f], ())?;
        let [x, y, f] = [x.value::<f32>()?, y.value::<f32>()?, f.value::<f32>()?];
        println!("{name:7} {steps:5} steps: f({x:9.6}, {y:9.6}) = {f:.2e}");
        Ok(f)
    };
    for steps in 0..=6 {
        run("Newton", &newton, steps)?;
    }
    let after = [run("Newton", &newton, 7)?, run("descent", &descent, 7)?, run("descent", &descent, 7000)?];
    assert!(after[0] < 1e-9, "seven steps of Newton's method reach the minimum");
    assert!(
        after[1] > 1.0 && after[2] > 1e-6,
        "descent is far from it, and after seven thousand still on its way"
    );
    Ok(())
}
