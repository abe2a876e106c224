//! Shards: contiguous parts of a stage whose items have nothing to do with each other, computed by processes
//! that share an output folder and nothing else. Each is a job whose record is
//! `OUT/.cache/shards/STAGE-I-of-N.json`, with a lock of its own beside it.

mod compute;
mod found;
mod launcher;
mod wait;

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result, ensure};

pub use compute::{join, one, require};
pub use found::{Shards, Taken};
pub use launcher::{Choice, Role};

use crate::reproduce::{record::Key, stage::StageName};

/// The stage that can be computed in shards: each of its matrices has a descent of its own.
pub const STAGE: StageName = StageName::InverseSeeds;

/// Where shards lie below the output folder.
pub const FOLDER: &str = ".cache/shards";

/// One of `count` parts, which are equally long, give or take one; the longer ones come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    /// From 0.
    index: usize,
    count: usize,
}

impl Shard {
    /// All of so many.
    pub fn all(count: usize) -> impl Iterator<Item = Shard> {
        (0..count).map(move |index| Shard { index, count })
    }

    /// The items of this shard, of so many in all.
    pub fn range(self, items: usize) -> Range<usize> {
        let Shard { index, count } = self;
        let (length, longer) = (items / count, items % count);
        let start = index * length + index.min(longer);
        start..start + length + usize::from(index < longer)
    }

    /// Whether none of the shards is empty.
    ///
    /// # Errors
    /// When there are more shards than items: both numbers.
    pub fn check_count(count: usize, items: usize) -> Result<()> {
        ensure!(
            (1..=items).contains(&count),
            "{STAGE} has {items} matrices, which cannot be computed in {count} shards; choose from 1 to {items}"
        );
        Ok(())
    }

    /// The job that computes it.
    pub fn job(self) -> String {
        format!("shards/{STAGE}-{}-of-{}", self.index + 1, self.count)
    }

    /// What tells its key from that of the whole stage.
    pub fn key(self, stage: &Key) -> Key {
        stage.clone().with("shard", self.to_string())
    }

    /// The lock that is held while it is computed.
    pub fn lock(self, out: &Path) -> PathBuf {
        out.join(".cache").join(format!("{}.lock", self.job()))
    }

    /// The shard that a file of [`FOLDER`] belongs to, if its name is that of a shard with this ending.
    fn of_file(name: &str, ending: &str) -> Option<Shard> {
        let numbers = name.strip_prefix(STAGE.as_str())?.strip_prefix('-')?.strip_suffix(ending)?;
        let (index, count) = numbers.split_once("-of-")?;
        let shard: Shard = format!("{index}/{count}").parse().ok()?;
        // Only one spelling of a number is ours.
        (format!("shards/{name}") == format!("{}{ending}", shard.job())).then_some(shard)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.index + 1, self.count)
    }
}

impl FromStr for Shard {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Shard> {
        let expected = || format!("found '{text}', expected I/N with I from 1 to N, such as 3/8");
        let (index, count) = text.split_once('/').with_context(expected)?;
        let number = |text: &str| text.parse::<usize>().ok().with_context(expected);
        let (index, count) = (number(index)?, number(count)?);
        ensure!((1..=count).contains(&index), expected());
        Ok(Shard { index: index - 1, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_all_items_in_order_and_the_first_are_longer_by_one() {
        for items in 1..60 {
            for count in 1..=items {
                Shard::check_count(count, items).unwrap();
                let ranges: Vec<Range<usize>> = Shard::all(count).map(|shard| shard.range(items)).collect();
                assert!(ranges.iter().flat_map(Range::clone).eq(0..items), "{count} of {items}");
                let lengths = ranges.iter().map(ExactSizeIterator::len);
                let expected = (0..count).map(|i| items / count + usize::from(i < items % count));
                assert!(lengths.eq(expected), "{count} of {items}");
            }
            Shard::check_count(items + 1, items).unwrap_err();
            Shard::check_count(0, items).unwrap_err();
        }
    }

    #[test]
    fn only_one_spelling_of_a_shard_is_its_file() {
        let third: Shard = "3/8".parse().unwrap();
        assert_eq!(third.to_string(), "3 of 8");
        assert_eq!(Shard::of_file("inverse_seeds-3-of-8.json", ".json"), Some(third));
        for shard in Shard::all(12) {
            let name = format!("{}.json", shard.job());
            assert_eq!(Shard::of_file(name.strip_prefix("shards/").unwrap(), ".json"), Some(shard));
        }
        for bad in [
            "inverse_seeds-03-of-8.json",
            "inverse_seeds-+3-of-8.json",
            "inverse_seeds-0-of-8.json",
            "inverse_seeds-9-of-8.json",
            "inverse_seeds-3-of-99999999999999999999999.json",
            "inverse_seeds-3-of-8.checkpoint",
            "inverse-3-of-8.json",
            "inverse_seeds.json",
            ".json",
        ] {
            assert_eq!(Shard::of_file(bad, ".json"), None, "{bad}");
        }
        for bad in ["", "3", "/8", "3/", "0/8", "9/8", "-1/8", "3/8/9", "a/b", "1/0"] {
            let error = bad.parse::<Shard>().unwrap_err().to_string();
            assert!(error.contains(&format!("'{bad}'")) && error.contains("I/N"), "{error}");
        }
    }
}
