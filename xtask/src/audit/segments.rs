//! The segments of a run, from one kept epoch to the next: which are recomputed, and what comes out.

use std::hash::{BuildHasher, Hasher, RandomState};

use anyhow::{Result, ensure};
use minutia_kernels::rng::Generator;
use serde_json::json;

use crate::{
    audit::{chain::Kept, told::Told, verdicts::differences},
    cli, digest,
    reproduce::{
        Progress,
        compute::{
            classifier::Link,
            kept,
            training::{Training, sha256},
        },
    },
};

/// The epochs after the first `from` up to `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    pub from: usize,
    pub to: usize,
}

impl Segment {
    /// The segments of a run of so many epochs.
    pub fn all(epochs: usize) -> Vec<Segment> {
        let ends = kept::epochs(epochs).into_iter().chain([epochs]);
        ends.scan(0, |from, to| Some(Segment { from: std::mem::replace(from, to), to })).collect()
    }

    /// The segments that a command line chooses, in their order, and a line on how they were chosen.
    ///
    /// # Errors
    /// When the run has no such epoch.
    pub fn choose(options: &cli::Chosen, epochs: usize) -> Result<(Vec<Segment>, String)> {
        let mut all = Segment::all(epochs);
        if let Some(epoch) = options.epoch {
            let epoch = epoch as usize;
            ensure!(epoch <= epochs, "--epoch {epoch}: the run has {epochs} epochs");
            all.retain(|segment| segment.from < epoch && epoch <= segment.to);
            return Ok((all, format!("the one with epoch {epoch}")));
        }
        let (of, count) = (all.len(), options.segments as usize);
        if count >= of {
            return Ok((all, format!("all {of}")));
        }
        // Whoever made the folder must not know which are chosen.
        let seed = options.seed.unwrap_or_else(|| RandomState::new().build_hasher().finish());
        Generator::new(seed, "audit").shuffle(&mut all);
        all.truncate(count);
        all.sort_by_key(|segment| segment.from);
        Ok((all, format!("{count} of {of}, as --seed {seed} chooses")))
    }

    /// Its epochs, in words.
    pub fn words(self) -> String {
        match (self.from + 1, self.to) {
            (first, last) if first == last => format!("epoch {first}"),
            (first, last) => format!("epochs {first} to {last}"),
        }
    }

    /// Trains for its epochs from the parameters that the folder has before them, and gives every difference
    /// between what comes out and what was told. It ends where the parameters are others.
    ///
    /// # Errors
    /// When progress cannot be printed.
    pub fn recompute(
        self,
        training: &mut Training<'_>,
        kept: &[Kept],
        told: &Told,
        progress: &mut Progress,
    ) -> Result<Vec<String>> {
        let mut start = None;
        if self.from > 0 {
            let Some(found) = kept.iter().find(|kept| kept.epoch == self.from) else {
                let what =
                    format!("the parameters after epoch {} are missing or not those of the chain", self.from);
                return Ok(vec![format!("{} cannot be recomputed: {what}", self.words())]);
            };
            start = Some(found.parameters.clone());
        }
        let mut problems = Vec::new();
        progress.begin("audit", "epoch", self.from, self.to);
        for before in self.from..self.to {
            let mut after = None;
            let trained = training.run(before..before + 1, start.as_deref(), |epoch, parameters| {
                after = Some((epoch, parameters));
                Ok(())
            });
            let (epoch, parameters) = match (trained, after) {
                (Ok(()), Some(after)) => after,
                (error, _) => {
                    let error = error.err().map_or(String::new(), |error| format!(": {error:#}"));
                    problems.push(format!("epoch {} cannot be recomputed{error}", before + 1));
                    break;
                }
            };
            progress.step(before + 1, &epoch.words())?;
            let link = Link { epoch, parameters_sha256: digest::encode(&sha256(&parameters)) };
            let path = format!("classifier.epochs.{}", before + 1);
            let told = told.classifier.epochs.get(before);
            problems.extend(differences(&path, told, Some(&json!(link))));
            if told.and_then(|told| told.get("parameters_sha256")) != Some(&json!(link.parameters_sha256)) {
                break;
            }
            start = Some(parameters);
        }
        progress.end();
        Ok(problems)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(segments: u32, epoch: Option<u32>, seed: Option<u64>) -> cli::Chosen {
        cli::Chosen { segments, epoch, seed }
    }

    #[test]
    fn segments_are_without_gaps_and_those_of_a_seed() {
        for epochs in 1..100 {
            let all = Segment::all(epochs);
            assert!(all.windows(2).all(|pair| pair[0].to == pair[1].from), "{all:?}");
            assert_eq!((all[0].from, all[all.len() - 1].to), (0, epochs));
            for epoch in 1..=epochs {
                let (chosen, _) = Segment::choose(&options(2, Some(epoch as u32), None), epochs).unwrap();
                assert!(chosen.len() == 1 && (chosen[0].from + 1..=chosen[0].to).contains(&epoch), "{epoch}");
            }
        }
        let error = Segment::choose(&options(2, Some(51), None), 50).unwrap_err().to_string();
        assert_eq!(error, "--epoch 51: the run has 50 epochs");
        let chosen = |seed| Segment::choose(&options(2, None, Some(seed)), 50).unwrap();
        assert_eq!(chosen(3), chosen(3));
        let firsts: std::collections::BTreeSet<usize> = (0..100).map(|seed| chosen(seed).0[0].from).collect();
        assert_eq!(firsts, [0, 8, 16, 25, 33].into(), "every segment is chosen sooner or later");
        assert_eq!(Segment::choose(&options(6, None, None), 50).unwrap().0, Segment::all(50));
        assert!(Segment::choose(&options(1, None, None), 50).unwrap().1.starts_with("1 of 6, as --seed "));
    }
}
