//! What the CPU can do at most.

use std::thread;

use anyhow::{Context, Result};
use minutia_tensor::cpu::{Level, Options, fma_peak};

/// The peak of so many threads together, in GFLOP/s.
///
/// # Errors
/// When the CPU lacks the instructions that were asked for.
pub fn peak(options: Options, threads: usize) -> Result<f64> {
    let level = options.simd.unwrap_or_else(Level::detect);
    let one = || fma_peak(level).with_context(|| format!("this CPU has no {level}; unset MINUTIA_SIMD"));
    thread::scope(|scope| {
        let start = |_| thread::Builder::new().spawn_scoped(scope, one);
        let others: Vec<_> =
            (1..threads).map(start).collect::<Result<_, _>>().context("no thread to measure")?;
        let mut sum = one()?;
        for other in others {
            sum += other.join().ok().context("the measurement of the peak panicked")??;
        }
        Ok(sum)
    })
}
