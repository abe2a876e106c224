//! The command line.

use std::path::PathBuf;

use crate::suite::{Failure, Settings};

pub const HELP: &str = "\
usage: gpu [OPTION...]
  --device N        the GPU that the driver counts as N [default: 0]
  --inputs DIR      data, weights and orders that `cargo xtask bench` wrote [default: some built-in digits]
  --tiny            small sizes, to see that everything works
  --peak-tflops N   multiply-adds that the GPU can do, in 10¹² operations a second
  --peak-gbps N     bytes that its memory can move, in 10⁹ a second
  --json FILE       also write the numbers there";

/// What was asked for.
#[derive(Debug, Default)]
pub struct Options {
    pub device: usize,
    pub json: Option<PathBuf>,
    pub settings: Settings,
}

impl Options {
    /// Nothing where help was asked for.
    ///
    /// # Errors
    /// An option that is not known, or that has no sensible value.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Option<Options>, Failure> {
        let mut options = Options::default();
        let mut arguments = arguments.into_iter();
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{name} needs a value"));
            match name.as_str() {
                "--device" => options.device = number(&name, &value()?)?,
                "--inputs" => options.settings.inputs = Some(value()?.into()),
                "--tiny" => options.settings.tiny = true,
                "--peak-tflops" => options.settings.peak_tflops = Some(number(&name, &value()?)?),
                "--peak-gbps" => options.settings.peak_gbps = Some(number(&name, &value()?)?),
                "--json" => options.json = Some(value()?.into()),
                "--help" | "-h" => return Ok(None),
                // What `cargo bench` adds.
                "--bench" => {}
                _ => return Err(format!("{name} is no option\n{HELP}").into()),
            }
        }
        Ok(Some(options))
    }
}

fn number<T: std::str::FromStr>(name: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{name} takes a number, not '{text}'"))
}
