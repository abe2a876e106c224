//! Times, and how they are taken.

use std::time::Instant;

use super::Failure;

/// Some times in seconds, least first.
#[derive(Clone, Debug)]
pub struct Times(Vec<f64>);

impl Times {
    /// # Errors
    /// When there are none.
    pub fn new(seconds: impl IntoIterator<Item = f64>) -> Result<Times, Failure> {
        let mut seconds: Vec<f64> = seconds.into_iter().collect();
        seconds.sort_by(f64::total_cmp);
        if seconds.is_empty() { Err("nothing was timed".into()) } else { Ok(Times(seconds)) }
    }

    /// The least, the middle one and the greatest.
    pub fn summary(&self) -> [f64; 3] {
        [self.0[0], self.0[self.0.len() / 2], self.0[self.0.len() - 1]]
    }

    /// Each time, or what it means, by a function.
    pub fn map(&self, by: impl Fn(f64) -> f64) -> Times {
        let mut values: Vec<f64> = self.0.iter().copied().map(by).collect();
        values.sort_by(f64::total_cmp);
        Times(values)
    }
}

/// Seconds that something takes.
///
/// # Errors
/// Its own.
pub fn seconds<E>(work: impl FnOnce() -> Result<(), E>) -> Result<f64, E> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed().as_secs_f64())
}

/// The seconds of one run out of a queue of them: `work` puts so many runs behind each other and waits for
/// the last. A queue is long enough to take `least` seconds.
///
/// # Errors
/// When a repeat fails.
pub fn queued(repeats: usize, least: f64, mut work: impl FnMut(usize)) -> Result<Times, Failure> {
    let mut time = |count: usize| {
        let start = Instant::now();
        work(count);
        start.elapsed().as_secs_f64()
    };
    // The first run of a kernel also loads it.
    time(1);
    let once = time(1);
    let count = ((least / once.max(1e-7)).ceil() as usize).clamp(1, 10_000);
    Times::new((0..repeats).map(|_| time(count) / count as f64))
}
