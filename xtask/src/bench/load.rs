//! The machine, and what else it is doing: `/proc` where there is one, else nothing is known.

use std::fs;
use std::time::Instant;

/// Others may use this share of a core before a measurement is called disturbed.
pub const QUIET: f64 = 0.1;

/// Ticks a second of the times in `/proc`: 100 on every Linux that distributions build.
const TICKS: f64 = 100.0;

/// The CPU's name, as well as it can be found out.
pub fn cpu_name() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map_or_else(|| std::env::consts::ARCH.to_string(), |(_, name)| name.trim().to_string())
}

/// A stretch of time, to see how busy others were in it.
#[derive(Debug)]
pub struct Load {
    start: Instant,
    /// Seconds that all CPUs have worked, and that this process and its ended children have.
    before: Option<(f64, f64)>,
}

impl Load {
    pub fn begin() -> Load {
        Load { start: Instant::now(), before: now() }
    }

    /// How many cores others kept busy since the beginning.
    pub fn others(&self) -> Option<f64> {
        let ((all, own), (all_before, own_before)) = (now()?, self.before?);
        let wall = self.start.elapsed().as_secs_f64();
        Some(((all - all_before) - (own - own_before)).max(0.0) / wall)
    }
}

fn now() -> Option<(f64, f64)> {
    let all = all_seconds(&fs::read_to_string("/proc/stat").ok()?)?;
    Some((all, own_seconds(&fs::read_to_string("/proc/self/stat").ok()?)?))
}

/// The working seconds in `/proc/stat`: user, nice, system, interrupts and time stolen by other guests; not
/// idle.
fn all_seconds(text: &str) -> Option<f64> {
    let line = text.lines().next()?.strip_prefix("cpu ")?;
    let numbers: Vec<f64> = line.split_whitespace().map_while(|n| n.parse().ok()).collect();
    let working: f64 = [0, 1, 2, 5, 6, 7].into_iter().filter_map(|i| numbers.get(i)).sum();
    Some(working / TICKS)
}

/// The seconds in `/proc/self/stat`: user and system of the process and of its ended children. The name
/// before them, in parentheses, may contain anything.
fn own_seconds(text: &str) -> Option<f64> {
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let times = fields.get(11..15)?.iter().map(|n| n.parse::<f64>().ok());
    Some(times.sum::<Option<f64>>()? / TICKS)
}

/// The most memory that a process has held, in 10⁶ bytes, from its `/proc/PID/status`.
pub fn peak_megabytes(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024.0 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_from_proc() {
        assert_eq!(all_seconds("cpu  100 20 30 999 5 1 2 3 0 0\ncpu0 1"), Some(1.56));
        assert_eq!(all_seconds("intr 1"), None);
        let own = "77 (a) b) S 1 1 1 0 -1 4194560 1 2 3 4 100 200 300 400 20 0 1";
        assert_eq!(own_seconds(own), Some(10.0));
        assert_eq!(own_seconds("77 (a) S 1"), None);
    }

    #[test]
    fn peak_memory_is_read_from_a_status() {
        assert_eq!(peak_megabytes("Name:\ta\nVmHWM:\t   2000 kB\nVmRSS:\t 10 kB\n"), Some(2.048));
        assert_eq!(peak_megabytes("Name:\ta\n"), None);
    }
}
