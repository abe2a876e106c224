//! How much of the CPU a device uses.

use crate::{Error, cpu::simd::Level};

/// Which instructions and how many threads a CPU device uses. Neither changes a bit of any result.
///
/// ```
/// use minutia_tensor::{Device, cpu::{Level, Options}};
/// let device = Device::cpu_with(Options { simd: Some(Level::Scalar), threads: Some(1) })?;
/// assert_eq!(device.to_string(), "cpu (scalar, 1 thread)");
/// # Ok::<(), minutia_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The widest instructions to use; by default what the CPU has.
    pub simd: Option<Level>,
    /// Threads that work is cut for, the caller's included; by default the CPUs this process may use. No more
    /// are started than there are.
    pub threads: Option<usize>,
}

/// More threads than this are taken for a mistake.
pub(in crate::cpu) const MAX_THREADS: usize = 1024;

impl Options {
    /// What `MINUTIA_SIMD` and `MINUTIA_THREADS` say; unset or empty variables leave the choice open.
    ///
    /// # Errors
    /// [`Error::Option`] for a variable with a senseless value.
    pub fn from_env() -> Result<Options, Error> {
        Options::from_values(|name| std::env::var_os(name).map(|v| v.to_string_lossy().into_owned()))
    }

    fn from_values(variable: impl Fn(&str) -> Option<String>) -> Result<Options, Error> {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        let simd = match set("MINUTIA_SIMD") {
            None => None,
            Some(value) => Some(value.parse().map_err(|_| Error::Option {
                name: "MINUTIA_SIMD",
                value,
                expected: "scalar, avx2, avx512 or neon",
            })?),
        };
        let threads = match set("MINUTIA_THREADS") {
            None => None,
            Some(value) => match value.parse() {
                Ok(threads @ 1..=MAX_THREADS) => Some(threads),
                _ => {
                    let expected = "a number of threads from 1 to 1024";
                    return Err(Error::Option { name: "MINUTIA_THREADS", value, expected });
                }
            },
        };
        Ok(Options { simd, threads })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_read_and_bad_ones_named() {
        let read = |simd: &'static str, threads: &'static str| {
            Options::from_values(move |name| match name {
                "MINUTIA_SIMD" => Some(simd.to_string()),
                "MINUTIA_THREADS" => Some(threads.to_string()),
                _ => None,
            })
        };
        assert_eq!(read("", ""), Ok(Options::default()));
        assert_eq!(read("avx2", "3"), Ok(Options { simd: Some(Level::Avx2), threads: Some(3) }));
        for (simd, threads, message) in [
            ("sse9", "", "MINUTIA_SIMD=\"sse9\": expected scalar, avx2, avx512 or neon"),
            ("", "0", "MINUTIA_THREADS=\"0\": expected a number of threads from 1 to 1024"),
            ("", "many", "MINUTIA_THREADS=\"many\": expected a number of threads from 1 to 1024"),
            ("", "1025", "MINUTIA_THREADS=\"1025\": expected a number of threads from 1 to 1024"),
        ] {
            assert_eq!(read(simd, threads).unwrap_err().to_string(), message);
        }
    }
}
