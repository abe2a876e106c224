//! What a computation is given: parameters, the outcomes of earlier stages, the data, a checkpoint.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use minutia_tensor::{Device, cpu};

use crate::{
    files,
    reproduce::{
        checkpoint::{Checkpoint, Loaded},
        config::Config,
        data::Data,
        progress::Progress,
        shards::Shards,
        stage::StageName,
    },
};

/// The surroundings of a computation.
#[derive(Debug)]
pub struct Run<'a> {
    pub config: &'a Config,
    pub options: cpu::Options,
    /// The device of large computations.
    pub device: &'a Device,
    pub data: &'a mut Data,
    /// The output folder, where earlier stages have left their arrays.
    pub out: &'a Path,
    pub progress: &'a mut Progress,
    pub checkpoint: &'a Checkpoint,
    /// What other processes have computed of the stage.
    pub shards: Shards<'a>,
    /// Whether a checkpoint of an earlier run must not be used.
    pub fresh: bool,
}

impl Run<'_> {
    /// The CPU with one thread, for small computations and those that run side by side.
    ///
    /// # Errors
    /// When `MINUTIA_SIMD` names instructions that this CPU lacks.
    pub fn single_threaded_device(&self) -> Result<Device> {
        Ok(Device::cpu_with(cpu::Options { threads: Some(1), ..self.options })?)
    }

    /// How many computations may run side by side.
    pub fn threads(&self) -> usize {
        let available = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        self.options.threads.unwrap_or_else(available)
    }

    /// The state that a killed run has left, if it is one that this run could have left, and a line on what
    /// becomes of it.
    ///
    /// # Errors
    /// When there is a checkpoint that cannot be read at all.
    pub fn resume<T: serde::de::DeserializeOwned>(
        &self,
        fit: impl FnOnce(&T) -> Result<()>,
        position: impl FnOnce(&T) -> String,
    ) -> Result<Option<T>> {
        let state = match self.checkpoint.load()? {
            _ if self.fresh => return Ok(None),
            Loaded::Nothing => return Ok(None),
            Loaded::Damaged => {
                self.progress.say("  the checkpoint is damaged: starting anew")?;
                return Ok(None);
            }
            Loaded::State(state) => state,
        };
        if let Err(why) = fit(&state) {
            self.progress.say(&format!("  the checkpoint does not fit ({why:#}): starting anew"))?;
            return Ok(None);
        }
        self.progress.say(&format!("  going on from {}", position(&state)))?;
        Ok(Some(state))
    }
}

/// Where a stage's array lies below the output folder.
pub fn artifact_path(stage: StageName, name: &str) -> String {
    format!("data/{stage}/{name}.f32")
}

/// The little-endian numbers of an array that a stage has left.
///
/// # Errors
/// When there is none of that name and length.
pub fn artifact(out: &Path, stage: StageName, name: &str, length: usize) -> Result<Vec<f32>> {
    let path = artifact_path(stage, name);
    let values = array(out, &path)?;
    ensure!(
        values.len() == length,
        "{} has {} bytes, expected {length} numbers of 4 bytes",
        out.join(path).display(),
        4 * values.len()
    );
    Ok(values)
}

/// The little-endian numbers of an array at a path below the output folder.
///
/// # Errors
/// When there is none, or its bytes are no numbers.
pub fn array(out: &Path, path: &str) -> Result<Vec<f32>> {
    let path = out.join(path);
    let bytes = files::read(&path)?.with_context(|| format!("{} is missing", path.display()))?;
    let (words, rest) = bytes.as_chunks::<4>();
    ensure!(rest.is_empty(), "{} has {} bytes, expected numbers of 4 bytes", path.display(), bytes.len());
    Ok(words.iter().map(|&word| f32::from_le_bytes(word)).collect())
}

/// Numbers as the bytes of an artifact.
pub fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// The number that reads shortest in decimals among those that are this `f32`: what `results.json` shows.
pub fn short(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers_are_short_and_exact() {
        assert_eq!(serde_json::json!(short(0.1)).to_string(), "0.1");
        for bits in (0..0x7f80_0000_u32).step_by(10_007) {
            let value = f32::from_bits(bits);
            assert_eq!(short(value) as f32, value);
        }
    }

    #[test]
    fn arrays_must_have_the_expected_length() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(artifact_path(StageName::Classifier, "W1"));
        files::write(&path, &bytes(&[1.5, -0.0])).unwrap();
        let read = |name, length| artifact(folder.path(), StageName::Classifier, name, length);
        let bits: Vec<u32> = read("W1", 2).unwrap().into_iter().map(f32::to_bits).collect();
        assert_eq!(bits, [1.5_f32.to_bits(), (-0.0_f32).to_bits()]);
        assert!(read("W1", 3).unwrap_err().to_string().contains("W1.f32 has 8 bytes, expected 3 numbers"));
        assert!(read("b1", 2).unwrap_err().to_string().contains("b1.f32 is missing"));
    }
}
