//! What a run says while it works: bars on a terminal, lines elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Where the lines of a run go.
#[derive(Debug)]
pub struct Progress {
    bars: bool,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Bars where standard error is a terminal and they are not unwanted.
    pub fn new(no_progress: bool) -> Progress {
        Progress { bars: !no_progress && std::io::stderr().is_terminal(), bar: None }
    }

    /// Prints a line that stays.
    pub fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| println!("{line}")),
            None => println!("{line}"),
        }
    }

    /// Starts to count to `total`.
    pub fn begin(&mut self, what: &str, total: usize) {
        self.bar(what, Some(total as u64), "  {prefix:14} [{bar:30}] {pos}/{len} {elapsed} {msg}");
    }

    #[cfg(feature = "download")]
    /// Starts to count bytes; how many there will be may show later.
    pub fn begin_bytes(&mut self, what: &str) {
        let template =
            "  {prefix:24} [{bar:30}] {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec}";
        self.bar(what, None, template);
    }

    #[cfg(feature = "download")]
    /// Says how many bytes there are so far, on the bar alone.
    pub fn bytes(&self, position: u64, total: Option<u64>) {
        if let Some(bar) = &self.bar {
            if let Some(total) = total {
                bar.set_length(total);
            }
            bar.set_position(position);
        }
    }

    fn bar(&mut self, what: &str, total: Option<u64>, template: &str) {
        self.end();
        if self.bars {
            let style =
                ProgressStyle::with_template(template).expect("the template is valid").progress_chars("=> ");
            let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
            bar.set_style(style);
            bar.set_prefix(what.to_string());
            bar.enable_steady_tick(Duration::from_millis(200));
            self.bar = Some(bar);
        }
    }

    /// Says how far the count is, with a few words: on the bar, or as a line of its own.
    pub fn step(&self, position: usize, words: &str) {
        match &self.bar {
            Some(bar) => {
                bar.set_position(position as u64);
                bar.set_message(words.to_string());
            }
            None => println!("  {words}"),
        }
    }

    /// Removes the bar.
    pub fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
