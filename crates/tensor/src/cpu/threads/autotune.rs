//! Autotuning of each program: several threads or one, whichever was faster when both were timed.
//!
//! Threads do not always pay. Cores that share no cache hand each other data slowly, and a core that others
//! use comes late for every step; nothing tells but the clock, and either may change at any moment. No bit
//! depends on it.

use std::time::Duration;

/// Runs from one measurement to the next, so many that the slower half of a measurement hardly counts.
const PERIOD: u32 = 128;
/// Timed runs of either way. Their medians are compared, since a thread that slept is late for the first.
const TRIES: usize = 3;

/// The runs of one program.
#[derive(Debug, Default)]
pub(in crate::cpu) struct Autotune {
    /// Runs since the last measurement.
    runs: u32,
    /// Whether one thread was faster then; several are assumed at first.
    alone: bool,
    /// Times of this measurement, on several threads and on one.
    times: [[Duration; TRIES]; 2],
}

impl Autotune {
    /// The way and the number of the coming run, if it is one of a measurement.
    fn turn(&self) -> Option<(usize, usize)> {
        let turn = (self.runs as usize).checked_sub(PERIOD as usize - 2 * TRIES)?;
        Some((turn / TRIES, turn % TRIES))
    }

    /// Whether the next run is to stay on one thread.
    pub(in crate::cpu) fn alone(&self) -> bool {
        self.turn().map_or(self.alone, |(way, _)| way == 1)
    }

    /// Takes note of how long that run took.
    pub(in crate::cpu) fn took(&mut self, time: Duration) {
        if let Some((way, number)) = self.turn() {
            self.times[way][number] = time;
        }
        self.runs += 1;
        if self.runs == PERIOD {
            let [together, alone] = self.times.map(|mut times| {
                times.sort_unstable();
                times[TRIES / 2]
            });
            (self.runs, self.alone) = (0, alone < together);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs of three periods that stay on one thread, where a run takes so long side by side and alone.
    fn alone(mut time: impl FnMut(u32, bool) -> u64) -> Vec<u32> {
        let mut autotune = Autotune::default();
        let mut count = |period: u32| {
            let runs = (0..PERIOD).filter(|run| {
                let alone = autotune.alone();
                autotune.took(Duration::from_micros(time(period * PERIOD + run, alone)));
                alone
            });
            runs.count() as u32
        };
        (0..3).map(&mut count).collect()
    }

    #[test]
    fn the_faster_way_is_taken_until_the_next_trial() {
        const TRIED: u32 = TRIES as u32;
        assert_eq!(alone(|_, alone| if alone { 400 } else { 280 }), [TRIED; 3], "threads that pay");
        let others = PERIOD - TRIED;
        assert_eq!(alone(|_, alone| if alone { 400 } else { 600 }), [TRIED, others, others], "that do not");
        let recovering = |run: u32, alone: bool| match (alone, run < PERIOD) {
            (true, _) => 400,
            (false, true) => 600,
            (false, false) => 280,
        };
        assert_eq!(alone(recovering), [TRIED, others, TRIED], "that do not at first");
        let late = |run: u32, alone: bool| {
            if !alone && run % PERIOD == PERIOD - 2 * TRIED { 5000 } else { 400 - u64::from(!alone) }
        };
        assert_eq!(alone(late), [TRIED; 3], "a thread that comes late once");
    }
}
