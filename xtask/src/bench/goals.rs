//! What is to be reached, line by line: the jobs' own targets, and those that several measurements make.

use std::collections::BTreeMap;

use minutia_tensor::cpu::Level;
use serde::Serialize;

use super::{
    Medians, OURS,
    job::{Job, Target},
    products::Rate,
    scaling,
    summary::Summary,
    table::number,
};

/// A line of the table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Goal {
    pub title: String,
    pub measured: f64,
    pub unit: &'static str,
    pub target: Option<f64>,
    pub stretch: Option<f64>,
    pub verdict: &'static str,
    /// From the least to the greatest of so many runs.
    pub range: Option<(f64, f64, usize)>,
    /// As a share of the dense FMA bound.
    pub of_bound: Option<f64>,
}

impl Goal {
    fn new(title: impl Into<String>, measured: f64, target: Option<Target>) -> Goal {
        Goal {
            title: title.into(),
            measured,
            unit: "",
            target: target.map(|target| target.value),
            stretch: target.map(|target| target.stretch),
            verdict: target.map_or("", |target| target.verdict(measured)),
            range: None,
            of_bound: None,
        }
    }
}

/// All that was measured.
pub struct Findings<'a> {
    pub results: &'a Medians,
    pub shares: &'a BTreeMap<Job, f64>,
    pub scaling: &'a [scaling::Row],
    pub products: &'a [Rate],
    pub level: Level,
}

/// The lines of what was measured, jobs first.
pub fn goals(measured: &Findings) -> Vec<Goal> {
    let none = BTreeMap::new();
    let ours = measured.results.get(OURS).unwrap_or(&none);
    let mut goals: Vec<Goal> = ours.iter().map(|(&job, summary)| of_job(job, summary, measured)).collect();
    if let Some(&share) = measured.shares.get(&Job::Epoch) {
        // Leaving out zeros gains less where vectors are short.
        let target = if measured.level == Level::Avx512 {
            Target::at_most(0.42, 0.32)
        } else {
            Target::at_most(0.5, 0.4)
        };
        goals.push(Goal::new("epoch, share of the dense FMA bound", share, Some(target)));
    }
    let median = |name: &str| Some(measured.results.get(name)?.get(&Job::Epoch)?.median());
    if let (Some(ours), Some(jax)) = (median(OURS), median("jax scan")) {
        let title = "epoch, times as fast as jax scan";
        goals.push(Goal::new(title, jax / ours, Some(Target::at_least(3.5, 4.0))));
    }
    goals.extend(slopes(measured.scaling));
    goals.extend(of_products(measured.products));
    goals
}

fn of_job(job: Job, summary: &Summary, measured: &Findings) -> Goal {
    Goal {
        unit: job.unit(),
        range: Some((summary.min(), summary.max(), summary.runs())),
        of_bound: measured.shares.get(&job).copied(),
        ..Goal::new(job.title(), summary.median(), job.target())
    }
}

/// The steepest slope of each series.
fn slopes(rows: &[scaling::Row]) -> Vec<Goal> {
    let steepest = |title, grows: fn(&scaling::Row, &scaling::Row) -> bool| {
        let slopes = rows.windows(2).filter(|pair| grows(&pair[0], &pair[1])).map(|pair| pair[1].slope);
        let worst = slopes.reduce(f64::max)?;
        Some(Goal::new(title, worst, Some(Target::at_most(1.15, 1.08))))
    };
    let batch = steepest("step by batch, steepest slope against the FMA bound", |a, b| b.batch > a.batch);
    let hidden = steepest("step by hidden layer, the same", |a, b| b.batch == a.batch && b.hidden > a.hidden);
    batch.into_iter().chain(hidden).collect()
}

/// The slowest of the large products, and the one that is furthest behind a peer.
fn of_products(rows: &[Rate]) -> Vec<Goal> {
    let least = |title: &str, of: &dyn Fn(&Rate) -> Option<f64>, target| {
        let worst = rows.iter().filter_map(|row| Some((of(row)?, row))).min_by(|a, b| a.0.total_cmp(&b.0))?;
        let (value, Rate { shape, layout, threads, .. }) = worst;
        Some(Goal::new(format!("{title}: {shape} {layout}, threads: {threads}"), value, Some(target)))
    };
    let share = least(
        "slowest large product, share of FMA peak",
        &|row| Some(row.peak_share),
        Target::at_least(0.9, 0.95),
    );
    let beside = |row: &Rate| Some(row.gflops / row.peers.values().copied().reduce(f64::max)?);
    let peer = least("large product furthest behind a peer", &beside, Target::at_least(1.0, 1.0));
    share.into_iter().chain(peer).collect()
}

/// The lines as a table.
pub fn table(goals: &[Goal]) -> String {
    let mut text = String::from(
        "| job | target | stretch | median | range | runs | of dense FMA bound | verdict |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for Goal { title, measured, unit, target, stretch, verdict, range, of_bound } in goals {
        let with_unit = |value: f64| format!("{} {unit}", number(value)).trim_end().to_string();
        let cell = |value: Option<f64>| value.map_or(String::new(), with_unit);
        let (range, runs) = range.map_or_else(Default::default, |(least, greatest, runs)| {
            (format!("{} to {}", number(least), number(greatest)), runs.to_string())
        });
        text += &format!(
            "| {title} | {} | {} | {} | {range} | {runs} | {} | {verdict} |\n",
            cell(*target),
            cell(*stretch),
            with_unit(*measured),
            of_bound.map_or(String::new(), number),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(values: &[f64]) -> Summary {
        let mut summary = Summary::default();
        values.iter().for_each(|&value| summary.add(value));
        summary
    }

    fn lines(level: Level) -> Vec<Goal> {
        let epochs = [("minutia", 0.1), ("jax scan", 0.4)];
        let mut results: Medians = epochs
            .iter()
            .map(|&(name, seconds)| (name.to_string(), BTreeMap::from([(Job::Epoch, summary(&[seconds]))])))
            .collect();
        let ours = results.get_mut(OURS).unwrap();
        ours.insert(Job::Reproduce, summary(&[20.0, 19.0, 30.0]));
        let row = |batch, hidden, slope| scaling::Row { batch, hidden, step_ms: 1.0, at_peak_ms: 1.0, slope };
        let rate = |layout, peak_share, gflops, peer| Rate {
            shape: "2x3x4".to_string(),
            layout,
            threads: 2,
            gflops,
            peak_share,
            peers: BTreeMap::from([("faer".to_string(), peer)]),
        };
        goals(&Findings {
            results: &results,
            shares: &BTreeMap::from([(Job::Epoch, 0.45)]),
            scaling: &[
                row(100, 3, 9.0),
                row(300, 3, 1.1),
                row(1000, 3, 1.3),
                row(100, 3, 9.0),
                row(100, 9, 1.05),
            ],
            products: &[rate("nn", 0.92, 92.0, 91.0), rate("tn", 0.94, 94.0, 99.0)],
            level,
        })
    }

    #[test]
    fn each_line_has_its_verdict() {
        let goals = lines(Level::Avx2);
        let found: Vec<_> = goals.iter().map(|goal| (goal.measured, goal.verdict)).collect();
        let expected = [
            (0.1, ""),
            (20.0, "met"),
            (0.45, "met"),
            (4.0, "met, and the stretch"),
            (1.3, "missed"),
            (1.05, "met, and the stretch"),
            (0.92, "met"),
            (94.0 / 99.0, "missed"),
        ];
        assert_eq!(found, expected);
        assert_eq!(lines(Level::Avx512)[2].verdict, "missed", "wide vectors are to do better");
    }

    #[test]
    fn the_table_shows_targets_ranges_and_shares() {
        let text = table(&lines(Level::Avx2));
        let reproduce =
            "| `cargo xtask reproduce`, warm build | 22.0 s | 15.0 s | 20.0 s | 19.0 to 30.0 | 3 |  | met |";
        assert!(text.contains(reproduce), "{text}");
        assert!(text.contains("|  |  | 0.100 s | 0.100 to 0.100 | 1 | 0.450 |  |"), "{text}");
        assert!(text.contains("behind a peer: 2x3x4 tn, threads: 2 | 1.00 | 1.00 | 0.949 |"), "{text}");
    }
}
