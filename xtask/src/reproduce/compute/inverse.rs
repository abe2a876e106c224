//! The inverse of a matrix, by gradient descent on |x·A - I|.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use minutia_graph::{Graph, Operation, Session};
use minutia_models::{Inverse as Model, identity, random_matrix};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::reproduce::{
    compute::{
        variables::Variables,
        watch::{self, Watch},
    },
    config::{Config, InverseSettings as Parameters},
    draw,
    run::{Run, short},
    stage::{Drawing, GraphNode, Measured, Outcome, Picture, Stage, StageName},
};

/// The stage.
#[derive(Debug)]
pub struct Inverse;

/// How many checkpoints a full run writes.
const CHECKPOINTS: usize = 20;

/// The matrix, the graph for it, and its training step.
fn build(config: &Config) -> Result<(Vec<f32>, Model, Operation)> {
    let Parameters { size, entries_below, learning_rate, .. } = config.inverse;
    let matrix = random_matrix(config.seed, size, entries_below);
    let model = Model::new(&matrix, size)?;
    let train = model.train(learning_rate)?;
    Ok((matrix, model, train))
}

/// The graph that is trained.
///
/// # Errors
/// When the learning rate is none.
pub fn graph(config: &Config) -> Result<Graph> {
    Ok(build(config)?.1.graph)
}

/// What the stage finds. Matrices stand row by row.
#[derive(Debug, Deserialize, Serialize)]
pub struct Results {
    pub matrix: Vec<f64>,
    pub x: Vec<f64>,
    /// x·A.
    pub output: Vec<f64>,
    /// Before every so many steps.
    pub loss: Vec<f64>,
    pub final_loss: f64,
    /// The largest distance of an entry of x·A from the identity's.
    pub max_abs_error: f64,
    pub graph: Vec<GraphNode>,
}

/// The largest distance of an entry of x·A from the identity's.
pub fn max_abs_error(output: &[f32], size: usize) -> f32 {
    output.iter().zip(identity(size)).map(|(&o, i)| (o - i).abs()).fold(0.0, f32::max)
}

#[derive(Deserialize, Serialize)]
pub struct State {
    step: usize,
    loss: Vec<f32>,
    variables: Variables,
}

impl State {
    /// Whether it is one of these parameters.
    fn fit(&self, model: &Model, parameters: &Parameters) -> Result<()> {
        let logged = self.step.div_ceil(parameters.log_every);
        ensure!(
            self.step <= parameters.steps && self.loss.len() == logged,
            "it is at step {} with {} losses",
            self.step,
            self.loss.len()
        );
        self.variables.fit(&model.graph)
    }
}

impl Stage for Inverse {
    type Results = Results;

    fn name(&self) -> StageName {
        StageName::Inverse
    }

    fn title(&self) -> &'static str {
        "Calculating a matrix inverse, the hard way"
    }

    fn needs(&self) -> &'static [StageName] {
        &[]
    }

    fn parameters(&self, config: &Config) -> Value {
        json!(config.inverse)
    }

    fn compute(&self, run: &mut Run<'_>) -> Result<Outcome<Results>> {
        let parameters = &run.config.inverse;
        let size = parameters.size;
        let (matrix, model, train) = build(run.config)?;
        let (variables, loss) = descend(run, &model, &train)?;

        let mut session = Session::new(&model.graph, &run.single_threaded_device()?)?;
        variables.restore(&mut session)?;
        let (x, output, final_loss) = session.run((&model.x, &model.output, &model.loss), ())?;
        let final_loss: f32 = final_loss.value()?;
        let (x, output) = (x.as_slice::<f32>()?, output.as_slice::<f32>()?);
        let error = max_abs_error(output, size);
        let first = loss.first().copied().unwrap_or(final_loss);
        let list = |values: &[f32]| values.iter().map(|&v| short(v)).collect::<Vec<f64>>();
        let results = Results {
            matrix: list(&matrix),
            x: list(x),
            output: list(output),
            loss: list(&loss),
            final_loss: short(final_loss),
            max_abs_error: short(error),
            graph: GraphNode::all(&model.graph),
        };
        let measured = vec![
            Measured::new(
                "inverse-loss",
                final_loss < first,
                format!("The loss went from {first} to {final_loss} in {} steps.", parameters.steps),
            ),
            Measured::new(
                "inverse",
                error <= parameters.tolerance,
                format!(
                    "The largest error of an entry of x·A is {error}; up to {} counts as right.",
                    parameters.tolerance
                ),
            ),
        ];
        Ok(Outcome { results, measured, arrays: BTreeMap::new() })
    }

    fn draw(&self, drawing: &Drawing<'_>, results: &Results) -> Result<Vec<Picture>> {
        draw::inverse::draw(drawing, results)
    }
}

/// Makes all steps, from the latest checkpoint on. Returns the variables and the logged losses.
fn descend(run: &mut Run<'_>, model: &Model, train: &Operation) -> Result<(Variables, Vec<f32>)> {
    let parameters = &run.config.inverse;
    let mut session = Session::new(&model.graph, &run.single_threaded_device()?)?;
    session.run(model.graph.global_variables_initializer(), ())?;
    let mut state = match run
        .resume(|state: &State| state.fit(model, parameters), |state| format!("step {}", state.step))?
    {
        Some(state) => {
            state.variables.restore(&mut session)?;
            state
        }
        None => State { step: 0, loss: Vec::new(), variables: Variables::default() },
    };
    let watch = Watch { rate: "inverse.learning_rate", value: parameters.learning_rate };
    // A loss is fetched together with the step that it leads to: both see the same x.
    let mut step = session.make_callable(train, ())?;
    let mut logged_step = session.make_callable((train, &model.loss), ())?;
    let pause = parameters.steps.div_ceil(CHECKPOINTS);
    run.progress.begin("inverse", "step", state.step, parameters.steps);
    while state.step < parameters.steps {
        if state.step.is_multiple_of(parameters.log_every) {
            logged_step.run()?;
            let loss = logged_step.value(&model.loss)?;
            watch.look("the loss", || format!("before step {}", state.step + 1), &[loss])?;
            state.loss.push(loss);
        } else {
            step.run()?;
        }
        state.step += 1;
        if state.step.is_multiple_of(watch::EVERY)
            && let Some(x) = session.variable(&model.x)?
        {
            watch.look("x", || format!("after step {}", state.step), x.as_slice()?)?;
        }
        if state.step.is_multiple_of(pause) {
            let loss = state.loss.last().copied().unwrap_or_default();
            run.progress.step(state.step, &format!("loss {loss}"))?;
            state.variables = Variables::of(&session)?;
            run.checkpoint.save(&state)?;
        }
    }
    Ok((Variables::of(&session)?, state.loss))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_that_of_the_worst_entry() {
        assert_eq!(max_abs_error(&identity(3), 3), 0.0);
        assert_eq!(max_abs_error(&[1.0, -0.5, 0.25, 0.75], 2), 0.5);
    }
}
