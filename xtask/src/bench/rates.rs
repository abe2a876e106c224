//! Rates of one computation by shape and threads, as shares of the FMA peak, beside other libraries.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::Result;
use serde::Serialize;

use super::summary::median;

/// Numbers of threads that rates are measured with.
pub const THREADS: [usize; 2] = [1, 2];

/// The rate of one computation.
#[derive(Clone, Debug, Serialize)]
pub struct Rate {
    /// The sizes of the operands.
    pub shape: String,
    /// Which of the computations with such operands it is.
    pub kind: &'static str,
    pub threads: usize,
    pub gflops: f64,
    /// Against the FMA peak of as many threads, measured beside it.
    pub peak_share: f64,
    /// The rates of others, by name.
    pub peers: BTreeMap<String, f64>,
}

/// What repeats gave, of which medians count.
#[derive(Clone, Debug, Default)]
pub struct Repeats {
    ours: Vec<f64>,
    shares: Vec<f64>,
    theirs: BTreeMap<String, Vec<f64>>,
}

impl Repeats {
    /// Adds a rate of ours, and the peak that was measured beside it.
    pub fn add(&mut self, rate: f64, peak: f64) {
        self.ours.push(rate);
        self.shares.push(rate / peak);
    }

    /// Adds a rate of another library.
    pub fn add_peer(&mut self, name: String, rate: f64) {
        self.theirs.entry(name).or_default().push(rate);
    }

    /// The medians.
    pub fn rate(self, shape: String, kind: &'static str, threads: usize) -> Rate {
        let peers = self.theirs.into_iter().map(|(name, rates)| (name, median(rates))).collect();
        Rate { shape, kind, threads, gflops: median(self.ours), peak_share: median(self.shares), peers }
    }
}

/// The rate of the fastest of many calls, which together take some seconds at least, in GFLOP/s.
///
/// # Errors
/// That of a call.
pub fn fastest(operations: f64, seconds: f64, mut call: impl FnMut() -> Result<()>) -> Result<f64> {
    // So many calls at a time that the clock does not count.
    let calls = (1e8 / operations).ceil() as usize;
    let (begin, mut best) = (Instant::now(), f64::INFINITY);
    while best.is_infinite() || begin.elapsed().as_secs_f64() < seconds {
        let start = Instant::now();
        for _ in 0..calls {
            call()?;
        }
        best = best.min(start.elapsed().as_secs_f64() / calls as f64);
    }
    Ok(operations / best / 1e9)
}

/// The rows for a reader, with a column for each peer; `what` says what is computed, and of which kind.
pub fn table(what: [&str; 2], rows: &[Rate]) -> String {
    let names: Vec<&String> = rows.first().map_or(Vec::new(), |row| row.peers.keys().collect());
    let mut text = format!("| {}, GFLOP/s | {} | threads | minutia | of FMA peak |", what[0], what[1]);
    names.iter().for_each(|name| text += &format!(" {name} |"));
    text += &format!("\n|---|---|---|---|---|{}\n", "---|".repeat(names.len()));
    for row in rows {
        text += &format!(
            "| {} | {} | {} | {:.1} | {:.2} |",
            row.shape, row.kind, row.threads, row.gflops, row.peak_share
        );
        for name in &names {
            text += &row.peers.get(*name).map_or(" |".to_string(), |rate| format!(" {rate:.1} |"));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_library_has_a_column() {
        let row = |threads, peers: &[(&str, f64)]| Rate {
            shape: "2x3x4".to_string(),
            kind: "tn",
            threads,
            gflops: 10.0,
            peak_share: 0.5,
            peers: peers.iter().map(|(name, rate)| ((*name).to_string(), *rate)).collect(),
        };
        let rows = [row(1, &[("faer", 8.0), ("gemm", 9.0)]), row(2, &[("gemm", 7.0)])];
        let text = table(["product", "layout"], &rows);
        let head = "| product, GFLOP/s | layout | threads | minutia | of FMA peak | faer | gemm |\n\
                    |---|---|---|---|---|---|---|\n";
        assert!(text.starts_with(head), "{text}");
        assert!(text.contains("| 2x3x4 | tn | 1 | 10.0 | 0.50 | 8.0 | 9.0 |"), "{text}");
        assert!(text.contains("| 2x3x4 | tn | 2 | 10.0 | 0.50 | | 7.0 |"), "{text}");
    }

    #[test]
    fn the_median_of_the_repeats_counts() {
        let mut repeats = Repeats::default();
        for (rate, peak, peer) in [(10.0, 20.0, 1.0), (30.0, 40.0, 9.0), (20.0, 80.0, 5.0)] {
            repeats.add(rate, peak);
            repeats.add_peer("torch".to_string(), peer);
        }
        let rate = repeats.rate(String::new(), "forward", 1);
        assert_eq!((rate.gflops, rate.peak_share, rate.peers["torch"]), (20.0, 0.5, 5.0));
    }
}
