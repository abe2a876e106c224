//! The same descent for many matrices: how often does it reach the inverse, and what decides?

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use anyhow::{Context, Result, ensure};
use minutia_graph::{Operation, Session};
use minutia_models::{Inverse as Model, random_matrix};
use minutia_optim::{Adam, Optimizer, schedule};
use minutia_tensor::Device;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::reproduce::{
    compute::{
        inverse::max_abs_error,
        watch::{self, Watch},
    },
    config::{Config, InverseSeedsSettings as Parameters, InverseSettings},
    draw,
    run::{Run, short},
    stage::{Drawing, Measured, Outcome, Picture, Stage, StageName},
};

/// The stage.
#[derive(Debug)]
pub struct InverseSeeds;

/// What the stage finds. Lists have a number for each matrix.
#[derive(Debug, Deserialize, Serialize)]
pub struct Results {
    /// The condition numbers, in the 2-norm.
    pub condition: Vec<f64>,
    pub final_loss: Vec<f64>,
    pub max_abs_error: Vec<f64>,
    pub adam_final_loss: Vec<f64>,
    pub adam_max_abs_error: Vec<f64>,
    /// How many matrices are inverted within the tolerance.
    pub reached: usize,
    pub adam_reached: usize,
    pub median_max_abs_error: f64,
    pub adam_median_max_abs_error: f64,
}

/// What came of one matrix.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Descent {
    condition: f64,
    final_loss: f32,
    error: f32,
    adam_final_loss: f32,
    adam_error: f32,
}

impl Stage for InverseSeeds {
    type Results = Results;

    fn name(&self) -> StageName {
        StageName::InverseSeeds
    }

    fn title(&self) -> &'static str {
        "Does it always find the inverse?"
    }

    fn needs(&self) -> &'static [StageName] {
        &[]
    }

    fn parameters(&self, config: &Config) -> Value {
        let InverseSettings { size, entries_below, tolerance, .. } = &config.inverse;
        let Parameters { seeds, steps, learning_rate, adam_learning_rate, adam_steps } =
            &config.inverse_seeds;
        json!({
            "size": size, "entries_below": entries_below, "tolerance": tolerance, "seeds": seeds, "steps": steps,
            "learning_rate": learning_rate, "adam_learning_rate": adam_learning_rate, "adam_steps": adam_steps,
        })
    }

    fn compute(&self, run: &mut Run<'_>) -> Result<Outcome<Results>> {
        let descents = descend(run, 0..run.config.inverse_seeds.seeds)?;
        let tolerance = run.config.inverse.tolerance;
        let Parameters { seeds, steps, adam_steps, .. } = run.config.inverse_seeds;
        let reached = descents.iter().filter(|d| d.error <= tolerance).count();
        let adam_reached = descents.iter().filter(|d| d.adam_error <= tolerance).count();
        let median = |value: fn(&Descent) -> f64| {
            let mut values: Vec<f64> = descents.iter().map(value).collect();
            values.sort_unstable_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let list = |value: fn(&Descent) -> f64| descents.iter().map(value).collect::<Vec<f64>>();
        let results = Results {
            condition: list(|d| d.condition),
            final_loss: list(|d| short(d.final_loss)),
            max_abs_error: list(|d| short(d.error)),
            adam_final_loss: list(|d| short(d.adam_final_loss)),
            adam_max_abs_error: list(|d| short(d.adam_error)),
            reached,
            adam_reached,
            median_max_abs_error: median(|d| short(d.error)),
            adam_median_max_abs_error: median(|d| short(d.adam_error)),
        };
        let answer = format!(
            "{steps} steps of Adagrad come within {tolerance} of the identity for {reached} of {seeds} matrices (median \
             error {}); {adam_steps} steps of Adam with a falling rate for {adam_reached} (median error {}).",
            results.median_max_abs_error, results.adam_median_max_abs_error,
        );
        let measured = vec![Measured::new("inverse-seeds", 2 * reached > seeds, answer)];
        Ok(Outcome { results, measured, arrays: BTreeMap::new() })
    }

    fn draw(&self, drawing: &Drawing<'_>, results: &Results) -> Result<Vec<Picture>> {
        draw::inverse_seeds::draw(drawing, results)
    }
}

/// What came of the matrices so far.
pub type State = Vec<Option<Descent>>;

/// One descent for each seed of a range, side by side: each is a session of its own with one thread, so that
/// neither their number nor their order can change a bit, and neither can processes that share them.
///
/// # Errors
/// When a descent diverges, and when files of other processes or the checkpoint cannot be used.
pub fn descend(run: &mut Run<'_>, range: Range<usize>) -> Result<Vec<Descent>> {
    let (first, seeds) = (range.start, range.len());
    let mut done = already(run, range)?;
    let open: Vec<usize> = (0..seeds).filter(|&i| done[i].is_none()).collect();
    let device = run.single_threaded_device()?;
    let config = run.config;
    let (sender, receiver) = mpsc::channel();
    let (next, failure) = (AtomicUsize::new(0), Mutex::new(None));
    run.progress.begin("inverse_seeds", "matrix", seeds - open.len(), seeds);
    let work = &|sender: mpsc::Sender<(usize, Descent)>| {
        while let Some(&i) = open.get(next.fetch_add(1, Ordering::Relaxed)) {
            match one(config, first + i, &device) {
                Ok(descent) => match sender.send((i, descent)) {
                    Ok(()) => {}
                    // The other end has failed and says so itself.
                    Err(_) => break,
                },
                Err(error) => {
                    next.store(open.len(), Ordering::Relaxed);
                    *failure.lock().unwrap_or_else(|lock| lock.into_inner()) = Some(error);
                }
            }
        }
    };
    std::thread::scope(|scope| -> Result<()> {
        let started = start(run.threads().min(open.len()), || {
            let sender = sender.clone();
            std::thread::Builder::new().spawn_scoped(scope, move || work(sender)).map(drop)
        });
        if started == 0 {
            work(sender.clone());
        }
        drop(sender);
        for (i, descent) in receiver {
            done[i] = Some(descent);
            let count = done.iter().flatten().count();
            if count.is_multiple_of(seeds.div_ceil(20)) {
                run.progress.step(count, "")?;
                run.checkpoint.save(&done)?;
            }
        }
        Ok(())
    })?;
    if let Some(error) = failure.into_inner().unwrap_or_else(|lock| lock.into_inner()) {
        return Err(error);
    }
    done.into_iter()
        .enumerate()
        .map(|(i, d)| d.with_context(|| format!("matrix {} was not computed", first + i)))
        .collect()
}

/// What is done of a range: by an earlier run, and by other processes.
fn already(run: &Run<'_>, range: Range<usize>) -> Result<State> {
    let seeds = range.len();
    let fit = |done: &State| -> Result<()> {
        ensure!(done.len() == seeds, "it is of {} matrices", done.len());
        Ok(())
    };
    let resumed = run.resume(fit, |done| format!("{} matrices", done.iter().flatten().count()))?;
    let mut done = resumed.unwrap_or_else(|| vec![None; seeds]);
    let known: State = run.shards.known(run.config.inverse_seeds.seeds, run.progress)?;
    let mut taken = 0;
    for (done, known) in done.iter_mut().zip(&known[range]) {
        if known.is_some() {
            taken += 1;
            done.clone_from(known);
        }
    }
    if taken > 0 {
        run.progress.say(&format!("  shards give {taken} of {seeds} matrices"))?;
    }
    Ok(done)
}

/// Starts up to `wanted` threads, and says how many: fewer where the system has no more to give.
fn start(wanted: usize, mut spawn: impl FnMut() -> io::Result<()>) -> usize {
    (0..wanted).take_while(|_| spawn().is_ok()).count()
}

/// The first seed's matrix is that of the stage `inverse`.
fn one(config: &Config, index: usize, device: &Device) -> Result<Descent> {
    let InverseSettings { size, entries_below, .. } = config.inverse;
    let parameters = &config.inverse_seeds;
    let matrix = random_matrix(config.seed.wrapping_add(index as u64), size, entries_below);
    let adagrad = |model: &Model| Ok(model.train(parameters.learning_rate)?);
    let watch = Watch { rate: "inverse_seeds.learning_rate", value: parameters.learning_rate };
    let (final_loss, error) = end_of(&matrix, size, device, (parameters.steps, watch), adagrad)
        .with_context(|| format!("matrix {index}, Adagrad"))?;
    let adam = |model: &Model| falling_adam(model, parameters.adam_learning_rate, parameters.adam_steps);
    let watch = Watch { rate: "inverse_seeds.adam_learning_rate", value: parameters.adam_learning_rate };
    let (adam_final_loss, adam_error) = end_of(&matrix, size, device, (parameters.adam_steps, watch), adam)
        .with_context(|| format!("matrix {index}, Adam"))?;
    Ok(Descent { condition: condition(&matrix, size), final_loss, error, adam_final_loss, adam_error })
}

/// Adam with a rate that falls linearly to zero over the steps.
fn falling_adam(model: &Model, rate: f32, steps: usize) -> Result<Operation> {
    let graph = &model.graph;
    let step = graph.untrainable_variable("global_step", 0.0_f32);
    let rate = schedule::polynomial_decay(&step, rate, steps as f32, 0.0, 1.0);
    let update = Adam::new(&rate).minimize(&model.loss)?;
    let count = step.assign_add(graph.constant(1.0_f32)).operation();
    Ok(graph.group([&update, &count]))
}

/// Loss and largest error after all steps.
fn end_of(
    matrix: &[f32],
    size: usize,
    device: &Device,
    (steps, watch): (usize, Watch),
    optimizer: impl Fn(&Model) -> Result<Operation>,
) -> Result<(f32, f32)> {
    let model = Model::new(matrix, size)?;
    let train = optimizer(&model)?;
    let mut session = Session::new(&model.graph, device)?;
    session.run(model.graph.global_variables_initializer(), ())?;
    let mut step = session.make_callable(&train, ())?;
    for done in 1..=steps {
        step.run()?;
        if (done.is_multiple_of(watch::EVERY) || done == steps)
            && let Some(x) = session.variable(&model.x)?
        {
            watch.look("x", || format!("after step {done}"), x.as_slice()?)?;
        }
    }
    let (loss, output) = session.run((&model.loss, &model.output), ())?;
    let (loss, output) = (loss.value()?, output.as_slice()?);
    watch.look("the loss", || format!("after step {steps}"), &[loss])?;
    Ok((loss, max_abs_error(output, size)))
}

/// The condition number in the 2-norm: the largest singular value over the smallest, by one-sided Jacobi
/// rotations, which need no more than `+ - * / sqrt`.
fn condition(matrix: &[f32], size: usize) -> f64 {
    let mut columns: Vec<Vec<f64>> =
        (0..size).map(|j| (0..size).map(|i| f64::from(matrix[i * size + j])).collect()).collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    for _ in 0..60 {
        let mut rotated = false;
        for p in 0..size {
            for q in p + 1..size {
                let (alpha, beta) = (dot(&columns[p], &columns[p]), dot(&columns[q], &columns[q]));
                let gamma = dot(&columns[p], &columns[q]);
                if gamma * gamma <= 1e-30 * alpha * beta {
                    continue;
                }
                rotated = true;
                let zeta = (beta - alpha) / (2.0 * gamma);
                let t = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
                let cosine = 1.0 / (1.0 + t * t).sqrt();
                let sine = cosine * t;
                let (left, right) = columns.split_at_mut(q);
                for (a, b) in left[p].iter_mut().zip(&mut right[0]) {
                    (*a, *b) = (cosine * *a - sine * *b, sine * *a + cosine * *b);
                }
            }
        }
        if !rotated {
            break;
        }
    }
    let norms = columns.iter().map(|column| dot(column, column).sqrt());
    let (low, high) = norms.fold((f64::MAX, 0.0_f64), |(low, high), norm| (low.min(norm), high.max(norm)));
    // A singular matrix has no inverse, and JSON no infinity.
    (high / low).min(1e18)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn condition_numbers_of_known_matrices() {
        // [[1, 1], [0, 1]] has the singular values (sqrt 5 ± 1) / 2.
        let golden = (5.0_f64.sqrt() + 1.0) / (5.0_f64.sqrt() - 1.0);
        for (matrix, size, expected) in [
            (vec![1.0, 0.0, 0.0, 1.0], 2, 1.0),
            (vec![3.0, 0.0, 0.0, -6.0], 2, 2.0),
            (vec![1.0, 1.0, 0.0, 1.0], 2, golden),
            (vec![1.0, 2.0, 2.0, 4.0], 2, 1e18),
        ] {
            let found = condition(&matrix, size);
            let near = (found - expected).abs() <= 1e-12 * expected || (expected > 1e15 && found > 1e15);
            assert!(near, "{matrix:?}: {found}, expected {expected}");
        }
    }

    #[test]
    fn threads_that_cannot_be_started_are_done_without() {
        let start = |wanted, there| {
            let mut left = there;
            start(wanted, || {
                left = usize::checked_sub(left, 1).ok_or(io::ErrorKind::WouldBlock)?;
                Ok(())
            })
        };
        assert_eq!((start(8, 9), start(8, 2), start(8, 0), start(0, 5)), (8, 2, 0, 0));
    }

    #[test]
    fn a_descent_that_leaves_the_numbers_stops_and_names_the_parameter() {
        let device = Device::cpu().unwrap();
        let watch = Watch { rate: "inverse_seeds.learning_rate", value: f32::MAX };
        let steps = 1_000_000;
        let matrix = [1.0, 2.0, 3.0, 4.0];
        let adagrad = |model: &Model| Ok(model.train(watch.value)?);
        let error = end_of(&matrix, 2, &device, (steps, watch), adagrad).unwrap_err().to_string();
        assert!(error.contains("after step 1000:") && error.contains(watch.rate), "{error}");
    }

    #[test]
    fn a_failed_optimizer_is_reported() {
        let device = Device::cpu().unwrap();
        let watch = Watch { rate: "a", value: 1.0 };
        let error = end_of(&[1.0], 1, &device, (1, watch), |_| anyhow::bail!("no")).unwrap_err();
        assert_eq!(error.to_string(), "no");
    }
}
