//! Results of contenders as a Markdown table.

use crate::bench::{Medians, OURS, job::Job};

/// Three significant digits, and no more decimals than these need.
pub fn number(value: f64) -> String {
    let size = value.abs();
    let decimals = [(100.0, 0), (10.0, 1), (1.0, 2), (0.1, 3)].into_iter().find(|(from, _)| size >= *from);
    let decimals = decimals.map_or(4, |(_, decimals)| decimals);
    format!("{value:.decimals$}")
}

/// All contenders' medians, and how many times as long as ours each takes.
pub fn peers(results: &Medians) -> String {
    let jobs: Vec<Job> = Job::USUAL
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
