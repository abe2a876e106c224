//! What a run says while it works: bars on a terminal, lines elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use anyhow::Result;
#[cfg(feature = "download")]
use indicatif::DecimalBytes;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::terminal;

/// The least columns that have room for a bar beside the words.
const ROOM_FOR_A_BAR: usize = 72;

/// Where the lines of a run go.
#[derive(Debug)]
pub struct Progress {
    bars: bool,
    silent: bool,
    bar: Option<ProgressBar>,
    count: Option<Count>,
    #[cfg(feature = "download")]
    bytes: Option<Bytes>,
}

/// How often the bytes so far are said where there is no bar.
#[cfg(feature = "download")]
const EVERY: Duration = Duration::from_secs(5);

/// What is downloaded, and when a line last said so.
#[cfg(feature = "download")]
#[derive(Debug)]
struct Bytes {
    what: String,
    said: Instant,
}

/// What is counted, and since when.
#[derive(Debug)]
struct Count {
    /// A word for one of what is counted.
    unit: &'static str,
    /// Where this run began to count: beyond 0 where it goes on from a checkpoint.
    from: usize,
    total: usize,
    started: Instant,
}

impl Progress {
    /// Bars where standard error is a terminal and they are not unwanted.
    pub fn new(no_progress: bool) -> Progress {
        Progress {
            bars: !no_progress && std::io::stderr().is_terminal(),
            silent: false,
            bar: None,
            count: None,
            #[cfg(feature = "download")]
            bytes: None,
        }
    }

    /// No word: for a process beside one that speaks.
    pub fn silent() -> Progress {
        Progress { silent: true, ..Progress::new(true) }
    }

    /// Prints a line that stays.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn say(&self, line: &str) -> Result<()> {
        match &self.bar {
            _ if self.silent => Ok(()),
            Some(bar) => bar.suspend(|| terminal::say(line)),
            None => terminal::say(line),
        }
    }

    /// Starts to count units of `what`, after those that an earlier run has done, to `total`.
    pub fn begin(&mut self, what: &str, unit: &'static str, from: usize, total: usize) {
        self.bar(what, Some(total as u64), "{pos}/{len}  {wide_msg}");
        if let Some(bar) = &self.bar {
            bar.set_position(from as u64);
        }
        self.count = Some(Count { unit, from, total, started: Instant::now() });
    }

    #[cfg(feature = "download")]
    /// Starts to count bytes; how many there will be may show later.
    pub fn begin_bytes(&mut self, what: &str) {
        self.bar(what, None, "{decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec}, {eta} left");
        self.bytes = Some(Bytes { what: what.to_string(), said: Instant::now() });
    }

    #[cfg(feature = "download")]
    /// Says how many bytes there are so far: on the bar, or every few seconds in a line of its own.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn bytes(&mut self, position: u64, total: Option<u64>) -> Result<()> {
        if let Some(bar) = &self.bar {
            if let Some(total) = total {
                bar.set_length(total);
            }
            bar.set_position(position);
            return Ok(());
        }
        let line = self.bytes.as_mut().and_then(|bytes| bytes.line(Instant::now(), position, total));
        line.map_or(Ok(()), |line| self.say(&line))
    }

    fn bar(&mut self, what: &str, total: Option<u64>, counted: &str) {
        self.end();
        if self.bars {
            let drawn = if terminal::columns() < ROOM_FOR_A_BAR { "" } else { "[{bar:12}] " };
            let style = ProgressStyle::with_template(&format!("{{spinner}} {{prefix}} {drawn}{counted}"));
            let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
            bar.set_style(style.expect("the template is valid").progress_chars("=> "));
            bar.set_prefix(what.to_string());
            // The ticker takes it for granted that a thread starts; without one the bar moves with the work
            // alone.
            if std::thread::Builder::new().spawn(|| {}).is_ok() {
                bar.enable_steady_tick(Duration::from_millis(200));
            }
            self.bar = Some(bar);
        }
    }

    /// Says how far the count is and how long the rest may take, with a few words: on the bar, or as a line
    /// of its own.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn step(&self, position: usize, words: &str) -> Result<()> {
        let Some(count) = &self.count else { return self.say(&format!("  {words}")) };
        let left = count.left(position, count.started.elapsed());
        match &self.bar {
            Some(bar) => {
                bar.set_position(position as u64);
                bar.set_message(format!("{left}  {words}"));
                Ok(())
            }
            None => self.say(&count.line(position, &left, words)),
        }
    }

    /// Removes the bar.
    pub fn end(&mut self) {
        self.count = None;
        #[cfg(feature = "download")]
        {
            self.bytes = None;
        }
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

#[cfg(feature = "download")]
impl Bytes {
    /// The line that is due.
    fn line(&mut self, now: Instant, position: u64, total: Option<u64>) -> Option<String> {
        if now.saturating_duration_since(self.said) < EVERY {
            return None;
        }
        self.said = now;
        let total = total.map_or(String::new(), |total| format!(" of {}", DecimalBytes(total)));
        Some(format!("  {}  {}{total}", self.what, DecimalBytes(position)))
    }
}

impl Count {
    /// How long the rest takes at the pace so far.
    fn left(&self, position: usize, elapsed: Duration) -> String {
        let (done, open) = (position.saturating_sub(self.from), self.total.saturating_sub(position));
        if done == 0 || open == 0 {
            return format!("took {}", duration(elapsed));
        }
        format!("{} left", duration(elapsed.mul_f64(open as f64 / done as f64)))
    }

    fn line(&self, position: usize, left: &str, words: &str) -> String {
        let Count { unit, total, .. } = self;
        let width = total.to_string().len();
        format!("  {unit} {position:width$} of {total}  {left:11}  {words}").trim_end().to_string()
    }
}

/// A length of time as people say it, in one unit.
fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        ..90.0 => format!("{seconds:.0} s"),
        ..5400.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(from: usize, total: usize) -> Count {
        Count { unit: "epoch", from, total, started: Instant::now() }
    }

    #[test]
    fn the_time_left_is_that_of_the_pace_since_the_checkpoint() {
        let left = |from, position, seconds| count(from, 50).left(position, Duration::from_secs(seconds));
        assert_eq!(left(0, 10, 20), "80 s left");
        assert_eq!(left(40, 45, 20), "20 s left");
        assert_eq!(left(0, 1, 60), "49 min left");
        assert_eq!(left(0, 1, 360), "4.9 h left");
        assert_eq!(left(0, 50, 20), "took 20 s");
        assert_eq!(left(50, 50, 20), "took 20 s");
    }

    #[cfg(feature = "download")]
    #[test]
    fn a_download_is_told_every_few_seconds_without_a_terminal() {
        let start = Instant::now();
        let mut bytes = Bytes { what: "train-images-idx3-ubyte.gz".to_string(), said: start };
        let lines = (0..70).filter_map(|fifth| {
            bytes.line(start + Duration::from_millis(200 * fifth), 100_000 * fifth, Some(9_912_422))
        });
        let lines: Vec<String> = lines.collect();
        let line = |so_far| format!("  train-images-idx3-ubyte.gz  {so_far} of 9.91 MB");
        assert_eq!(lines, [line("2.50 MB"), line("5.00 MB")]);
        assert_eq!(
            bytes.line(start + Duration::from_secs(60), 7, None).unwrap(),
            "  train-images-idx3-ubyte.gz  7 B"
        );
    }

    #[test]
    fn the_longest_line_of_a_stage_fits_a_terminal_of_100_columns() {
        let words = "accuracy 0.9788  cross-entropy 0.0123, 0.1234 (test)";
        let line = count(0, 50).line(7, "49 min left", words);
        assert_eq!(line, format!("  epoch  7 of 50  49 min left  {words}"));
        assert!(line.chars().count() <= 100, "{line}");
        // The bar's line: a spinner, the stage, the bar, the count and the words.
        let bar = format!("- classifier [{:12}] 50/50  49 min left  {words}", "");
        assert!(bar.chars().count() <= 100, "{bar}");
    }
}
