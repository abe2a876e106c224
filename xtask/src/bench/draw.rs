//! The figure: each median against its target, and each peer against us.

use minutia_viz::{BarChart, Figure, Panel, Scale};

use crate::bench::{Medians, OURS};

/// The figure of a run on some data.
pub fn figure(results: &Medians, data: &str) -> Figure {
    let mut panels: Vec<Box<dyn Panel>> = Vec::new();
    if let Some(ours) = results.get(OURS) {
        let chart = BarChart::new("share of what the target allows (less is better)");
        let mut chart = chart.title("against the targets").scale(Scale::Log).from(1.0).width(640.0);
        for (&job, summary) in ours {
            let Some(target) = job.target() else { continue };
            let (a, b) = (target.used(summary.min()), target.used(summary.max()));
            chart = chart.emphasised_bar(job.key(), target.used(summary.median()), (a.min(b), a.max(b)));
        }
        panels.push(Box::new(chart));
        for (&job, own) in ours {
            let peers: Vec<_> = results
                .iter()
                .filter(|(name, _)| *name != OURS)
                .filter_map(|(name, of)| Some((name, of.get(&job)?)))
                .collect();
            if peers.is_empty() {
                continue;
            }
            let chart = BarChart::new(format!("times as much as {OURS}"));
            let mut chart =
                chart.title(job.title().replace('`', "")).scale(Scale::Log).from(1.0).width(640.0);
            for (name, summary) in peers {
                let times = |value: f64| value / own.median();
                let range = (times(summary.min()), times(summary.max()));
                chart = chart.bar(name.as_str(), times(summary.median()), range);
            }
            panels.push(Box::new(chart));
        }
    }
    Figure::grid(panels.into_iter().map(|panel| vec![panel]).collect()).title("cargo xtask bench").caption(
        format!("Medians; the thin lines go from the least to the greatest of the runs. Data: {data}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::{job::Job, summary::Summary};
    use std::collections::BTreeMap;

    #[test]
    fn peers_have_a_panel_for_each_job_that_they_share() {
        let summary = |value| {
            let mut summary = Summary::default();
            summary.add(value);
            summary
        };
        let results = BTreeMap::from([
            (OURS.to_string(), BTreeMap::from([(Job::Epoch, summary(0.1)), (Job::Reproduce, summary(9.0))])),
            ("jax".to_string(), BTreeMap::from([(Job::Epoch, summary(0.2))])),
        ]);
        let svg = figure(&results, "MNIST").to_svg();
        assert!(svg.contains("jax") && svg.contains("reproduce_s") && svg.contains("Data: MNIST"));
        assert_eq!(svg.matches("times as much").count(), 1);
    }
}
