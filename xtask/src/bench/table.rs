//! Results as Markdown tables.

use std::collections::BTreeMap;

use crate::bench::{Medians, OURS, job::Job};

/// Three significant digits, and no more decimals than these need.
pub fn number(value: f64) -> String {
    let size = value.abs();
    let decimals = [(100.0, 0), (10.0, 1), (1.0, 2), (0.1, 3)].into_iter().find(|(from, _)| size >= *from);
    let decimals = decimals.map_or(4, |(_, decimals)| decimals);
    format!("{value:.decimals$}")
}

fn with_unit(job: Job, value: f64) -> String {
    format!("{} {}", number(value), job.unit()).trim_end().to_string()
}

/// Our medians against the targets, and as shares of the dense FMA bound.
pub fn targets(results: &Medians, shares: &BTreeMap<Job, f64>) -> String {
    let mut text = String::from(
        "| job | target | stretch | median | range | runs | of dense FMA bound | verdict |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    let none = Default::default();
    for (&job, summary) in results.get(OURS).unwrap_or(&none) {
        let (target, stretch) = job.targets();
        let median = summary.median();
        let verdict = match stretch {
            Some(stretch) if job.reaches(median, stretch) => "met, and the stretch",
            _ if job.reaches(median, target) => "met",
            _ => "missed",
        };
        text += &format!(
            "| {} | {} | {} | {} | {} to {} | {} | {} | {verdict} |\n",
            job.title(),
            with_unit(job, target),
            stretch.map_or(String::new(), |stretch| with_unit(job, stretch)),
            with_unit(job, median),
            number(summary.min()),
            number(summary.max()),
            summary.runs(),
            shares.get(&job).map_or(String::new(), |&share| number(share)),
        );
    }
    text
}

/// All contenders' medians, and how many times as long as ours each takes.
pub fn peers(results: &Medians) -> String {
    let jobs: Vec<Job> = Job::ALL
        .into_iter()
        .filter(|job| results.iter().any(|(name, of)| name != OURS && of.contains_key(job)))
        .collect();
    let mut text = String::from("| contender |");
    jobs.iter().for_each(|job| text += &format!(" {job} |"));
    text += &format!("\n|---|{}\n", "---|".repeat(jobs.len()));
    let ours = results.get(OURS);
    let others = results.keys().filter(|name| *name != OURS);
    for name in ours.map(|_| OURS).into_iter().chain(others.map(String::as_str)) {
        text += &format!("| {name} |");
        for job in &jobs {
            let cell = results[name].get(job).map(|summary| {
                let (median, spread) = (summary.median(), (summary.min(), summary.max()));
                let times = ours.and_then(|of| of.get(job)).filter(|_| name != OURS);
                let times = times.map_or(String::new(), |ours| format!("; {:.1}x", median / ours.median()));
                format!("{} ({} to {}{times})", number(median), number(spread.0), number(spread.1))
            });
            text += &format!(" {} |", cell.unwrap_or_default());
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::summary::Summary;

    fn results(of: &[(&str, Job, &[f64])]) -> Medians {
        let mut results = Medians::new();
        for (name, job, values) in of {
            let mut summary = Summary::default();
            values.iter().for_each(|&value| summary.add(value));
            results.entry((*name).to_string()).or_default().insert(*job, summary);
        }
        results
    }

    #[test]
    fn numbers_have_three_digits() {
        let texts: Vec<String> = [123.456, 12.3456, 1.23456, 0.123_456, 0.012_345].map(number).to_vec();
        assert_eq!(texts, ["123", "12.3", "1.23", "0.123", "0.0123"]);
    }

    #[test]
    fn medians_are_judged_by_the_targets() {
        let results = results(&[
            (OURS, Job::Epoch, &[0.08, 0.09, 0.2]),
            (OURS, Job::FiftyEpochs, &[4.0]),
            (OURS, Job::GemmNn, &[0.85]),
        ]);
        let text = targets(&results, &BTreeMap::from([(Job::Epoch, 0.456)]));
        assert!(
            text.contains("| 0.100 s | 0.0700 s | 0.0900 s | 0.0800 to 0.200 | 3 | 0.456 | met |"),
            "{text}"
        );
        assert!(text.contains("| 1 |  | met, and the stretch |") && text.contains("| missed |"), "{text}");
    }

    #[test]
    fn peers_are_compared_with_us() {
        let text = peers(&results(&[
            (OURS, Job::Epoch, &[0.1]),
            ("jax", Job::Epoch, &[0.2, 0.3]),
            (OURS, Job::Reproduce, &[20.0]),
        ]));
        assert!(text.starts_with("| contender | epoch_s |\n|---|---|\n| minutia | 0.100"), "{text}");
        assert!(text.contains("| jax | 0.250 (0.200 to 0.300; 2.5x) |"), "{text}");
    }
}
