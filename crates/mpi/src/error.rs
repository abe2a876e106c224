use std::{fmt, path::PathBuf};

/// What can go wrong in training on many machines.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A batch was to be cut into no shards.
    #[error(
        "a batch has 0 shards\n  hint: choose at least 1; the number is part of the model, and decides its bits"
    )]
    NoShards,
    /// There are more ranks than shards.
    #[error(
        "there are {shards} shards for {ranks} ranks, and {} would have none\n  hint: start at most {shards} ranks, or choose more \
         shards, which gives another result",
        numbered(&(*shards..*ranks).collect::<Vec<usize>>())
    )]
    IdleRanks {
        /// The shards.
        shards: usize,
        /// The ranks.
        ranks: usize,
    },
    /// A batch cannot be divided evenly.
    #[error(
        "a batch of {batch} rows cannot be divided into {shards} equal shards\n  hint: choose a batch of {} rows, or another number of \
         shards, which gives another result",
        fitting(*batch, *shards)
    )]
    Batch {
        /// The rows of a batch.
        batch: usize,
        /// The shards.
        shards: usize,
    },
    /// Ranks were started that do not do the same.
    #[error("{}\n  hint: start every rank with the same program, data and arguments", listed(.0))]
    Disagreement(Vec<Difference>),
    /// Some ranks cannot go on, which all have been told.
    #[error("{}: {message}", numbered(ranks))]
    Ranks {
        /// Which.
        ranks: Vec<usize>,
        /// What they say.
        message: String,
    },
    /// The loss, its gradient, or the operation beside them assigns what cannot be averaged over shards.
    #[error(
        "with the loss '{loss}', {} would be assigned for each shard, and the mean of shards is taken of f32 variables that are not \
         trained\n  hint: assign them in a run of its own",
        variables.iter().map(|name| format!("'{name}'")).collect::<Vec<String>>().join(", ")
    )]
    Assigns {
        /// The loss.
        loss: String,
        /// The variables.
        variables: Vec<String>,
    },
    /// A graph is to be trained that has been prepared for training already.
    #[error(
        "the graph has a scope '{scope}': it has been prepared for training before\n  hint: build a graph of its own for each trainer"
    )]
    Prepared {
        /// The scope of what was prepared.
        scope: &'static str,
    },
    /// More numbers are to be exchanged than MPI can count.
    #[error(
        "a step would exchange {elements} numbers, and MPI counts {most} at most\n  hint: train fewer variables"
    )]
    TooLarge {
        /// The numbers.
        elements: usize,
        /// The most there can be.
        most: usize,
    },
    /// A number is not one that training takes.
    #[error("{argument} is {value}\n  hint: it must be finite and more than 0")]
    Argument {
        /// Which.
        argument: &'static str,
        /// What it is.
        value: f32,
    },
    /// A checkpoint was written by something else than a [`Trainer`](crate::Trainer).
    #[error("checkpoint {}: was not written by training in shards\n  hint: choose another folder", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A checkpoint is that of another training.
    #[error(
        "checkpoint {} is of another training: {}\n  hint: choose another folder, or go on with what it was begun with",
        path.display(),
        differences.iter().map(|(what, file, here)| format!("{what} was {file}, and is {here}")).collect::<Vec<String>>().join("; ")
    )]
    OtherTraining {
        /// The file.
        path: PathBuf,
        /// What differs, in the file, and here.
        differences: Vec<(String, String, String)>,
    },
    /// A checkpoint cannot be kept in a folder.
    #[error(
        "the folder {} cannot hold checkpoints: {problem}\n  hint: name a folder that this user may write to, on every rank",
        path.display()
    )]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the file system says.
        problem: String,
    },
    /// What another rank sent is not what was expected of it.
    #[error(
        "{bytes} bytes of another rank cannot be decoded\n  hint: results must be of a type that bincode can write and read back"
    )]
    Undecodable {
        /// How many bytes were sent.
        bytes: usize,
    },
    /// MPI does not start.
    #[error(
        "MPI has been started in this process before\n  hint: make one World, at the beginning of the program"
    )]
    Started,
    /// The optimizer refused.
    #[error(transparent)]
    Optim(#[from] minutia_optim::Error),
    /// The graph refused.
    #[error(transparent)]
    Graph(#[from] minutia_graph::Error),
    /// A device or a tensor refused.
    #[error(transparent)]
    Tensor(#[from] minutia_tensor::Error),
}

impl Error {
    /// Whether every rank has been given this very error, so that one of them is enough to tell.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self, Error::Disagreement(_) | Error::Ranks { .. })
    }
}

/// What ranks were to agree on, and do not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it is, such as `seed`.
    pub what: String,
    /// Its values, each with the ranks that have it.
    pub values: Vec<(Vec<usize>, String)>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ranks differ in {}: ", self.what)?;
        for (index, (ranks, value)) in self.values.iter().enumerate() {
            write!(f, "{}{value} on {}", if index > 0 { ", " } else { "" }, numbered(ranks))?;
        }
        Ok(())
    }
}

fn listed(differences: &[Difference]) -> String {
    differences.iter().map(Difference::to_string).collect::<Vec<String>>().join("; ")
}

/// `rank 3`, `ranks 0 to 2 and 5`.
pub(crate) fn numbered(ranks: &[usize]) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for &rank in ranks {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == rank => *last = rank,
            _ => runs.push((rank, rank)),
        }
    }
    let run = |&(first, last): &(usize, usize)| match last - first {
        0 | 1 => (first..=last).map(|rank| rank.to_string()).collect(),
        _ => vec![format!("{first} to {last}")],
    };
    let mut words: Vec<String> = runs.iter().flat_map(run).collect();
    let noun = if ranks.len() == 1 { "rank" } else { "ranks" };
    match words.pop() {
        Some(last) if !words.is_empty() => format!("{noun} {} and {last}", words.join(", ")),
        last => format!("{noun} {}", last.unwrap_or_default()),
    }
}

/// The batches nearest to one that can be divided.
fn fitting(batch: usize, shards: usize) -> String {
    let below = batch / shards.max(1) * shards;
    let above = below + shards;
    if below == 0 { above.to_string() } else { format!("{below} or {above}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_named_in_few_words() {
        for (ranks, text) in [
            (&[3][..], "rank 3"),
            (&[0, 1], "ranks 0 and 1"),
            (&[0, 1, 2, 5], "ranks 0 to 2 and 5"),
            (&[0, 1, 4], "ranks 0, 1 and 4"),
            (&[8, 9, 10, 11], "ranks 8 to 11"),
        ] {
            assert_eq!(numbered(ranks), text);
        }
    }
}
