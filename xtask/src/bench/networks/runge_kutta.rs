//! The parameters of a differential equation, through every step of the fourth-order Runge-Kutta method: a
//! graph of many small operations. Populations of prey `x` and predators `y` follow `x' = a x - b x y` and
//! `y' = d x y - c y` (Lotka and Volterra), where each parameter is 1 and a variable.

use anyhow::Result;
use minutia_graph::Output;
use minutia_optim::{GradientDescent, Optimizer};

use super::{Start, TrainingStep};

/// Time that a step takes in the equation.
const STEP: f32 = 0.02;
/// What the populations are to come to.
const WANTED: f32 = 1.0;

pub(super) struct RungeKuttaSizes {
    /// Pairs of populations, each with a beginning of its own.
    pub populations: usize,
    /// Steps of the method, all of which are written out.
    pub steps: usize,
}

pub(super) const POPULATIONS: RungeKuttaSizes = RungeKuttaSizes { populations: 100, steps: 200 };

impl RungeKuttaSizes {
    pub fn network(&self) -> Result<TrainingStep> {
        let (rate, steps) = (0.1, 2);
        let mut start = Start::new("runge_kutta");
        let prey = vec![start.normal([self.populations], [2.0, 0.1])?];
        let predators = vec![start.normal([self.populations], [1.0, 0.1])?];
        let fed = vec![start.feed("prey", prey)?, start.feed("predators", predators)?];
        let mut parameter = |name: &str| -> Result<Output> {
            let value = start.weight(name, (), 0.1)?;
            Ok(start.graph.variable(name, value) + 1.0)
        };
        let [a, b, c, d] = [parameter("a")?, parameter("b")?, parameter("c")?, parameter("d")?];
        let slopes = |[x, y]: &[Output; 2]| {
            let met = x * y;
            [&a * x - &b * &met, &d * &met - &c * y]
        };
        let ahead = |[x, y]: &[Output; 2], [dx, dy]: &[Output; 2], by: f32| [x + dx * by, y + dy * by];
        let mut state = [fed[0].placeholder.clone(), fed[1].placeholder.clone()];
        for _ in 0..self.steps {
            let first = slopes(&state);
            let second = slopes(&ahead(&state, &first, STEP / 2.0));
            let third = slopes(&ahead(&state, &second, STEP / 2.0));
            let last = slopes(&ahead(&state, &third, STEP));
            let sum = [0, 1].map(|i| &first[i] + (&second[i] + &third[i]) * 2.0 + &last[i]);
            state = ahead(&state, &sum, STEP / 6.0);
        }
        let [prey, predators] = state.map(|of| (of - WANTED).square().reduce_mean(..));
        let loss = prey + predators;
        let train = GradientDescent::new(rate).minimize(&loss)?;
        Ok(TrainingStep { start, loss, train, fed, steps, rate, sizes: vec![("length", self.steps)] })
    }
}
