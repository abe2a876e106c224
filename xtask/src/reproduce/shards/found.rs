//! What other processes have computed of a stage, and whether it is all there.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use minutia_files::Lock;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{FOLDER, STAGE, Shard};
use crate::{
    files,
    reproduce::{
        checkpoint::{Checkpoint, Loaded},
        progress::Progress,
        record::{Key, Reason, Record},
    },
};

/// What the names of records and of checkpoints end in.
const RECORD: &str = ".json";
const CHECKPOINT: &str = ".checkpoint";

/// How many shards a message names.
const NAMED: usize = 30;

/// What a run takes from shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Nothing: all is computed.
    Nothing,
    /// Those that are there, whatever their number. What they lack is computed.
    WhatIsThere,
    /// All of so many, without which the run fails.
    All(usize),
}

/// The shards of one computation, in an output folder.
#[derive(Clone, Copy, Debug)]
pub struct Shards<'a> {
    pub out: &'a Path,
    /// The key of the whole stage.
    pub key: &'a Key,
    pub taken: Taken,
}

/// Why a shard cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    Missing,
    /// Somebody is computing it.
    Computed,
    /// It is there, and something is wrong with it.
    Refused(String),
}

impl Shards<'_> {
    /// The items that shards give, of so many in all. What is wrong with a shard that is there is said.
    ///
    /// # Errors
    /// When a file cannot be read, and where all shards must be there: those of [`Shards::complete`].
    pub fn known<T: Serialize + DeserializeOwned>(
        &self,
        items: usize,
        progress: &Progress,
    ) -> Result<Vec<Option<T>>> {
        match self.taken {
            Taken::Nothing => Ok((0..items).map(|_| None).collect()),
            Taken::All(count) => Ok(self.complete(count, items)?.into_iter().map(Some).collect()),
            Taken::WhatIsThere => {
                let (known, refused) = self.there(items)?;
                if !refused.is_empty() {
                    progress.say(&format!("  {}", named(&refused)))?;
                }
                Ok(known)
            }
        }
    }

    /// The items of the shards that are there, also of those that were not finished, and what is wrong with
    /// others.
    fn there<T: Serialize + DeserializeOwned>(&self, items: usize) -> Result<(Vec<Option<T>>, Vec<String>)> {
        let mut known: Vec<Option<T>> = (0..items).map(|_| None).collect();
        let mut refused = Vec::new();
        for shard in self.listed(RECORD)? {
            match self.look(shard, items)? {
                Ok(found) => known[shard.range(items)].iter_mut().zip(found).for_each(|(item, found)| {
                    *item = Some(found);
                }),
                Err(Lack::Refused(why)) => refused.push(format!("shard {shard} is not used: {why}")),
                Err(Lack::Missing | Lack::Computed) => {}
            }
        }
        for shard in self.listed(CHECKPOINT)? {
            let items = &mut known[shard.range(items)];
            match Checkpoint::new(self.out, &shard.job(), &shard.key(self.key)).load::<Vec<Option<T>>>()? {
                Loaded::State(found) if found.len() == items.len() => {
                    let missing = items.iter_mut().zip(found).filter(|(item, _)| item.is_none());
                    missing.for_each(|(item, found)| *item = found);
                }
                Loaded::State(_) | Loaded::Damaged => {
                    refused.push(format!("the checkpoint of shard {shard} is not used: it is damaged"));
                }
                Loaded::Nothing => {}
            }
        }
        Ok((known, refused))
    }

    /// The items of all shards, in order.
    ///
    /// # Errors
    /// When a shard cannot be taken: each is named, with what is wrong with it and how to compute it.
    pub fn complete<T: Serialize + DeserializeOwned>(&self, count: usize, items: usize) -> Result<Vec<T>> {
        Shard::check_count(count, items)?;
        let (mut found, mut lacking) = (Vec::new(), Vec::new());
        for shard in Shard::all(count) {
            match self.look(shard, items)? {
                Ok(items) => found.extend(items),
                Err(Lack::Missing) => lacking.push(format!("{shard} is missing")),
                Err(Lack::Computed) => lacking.push(format!("{shard} is being computed")),
                Err(Lack::Refused(why)) => lacking.push(format!("{shard} cannot be used: {why}")),
            }
        }
        ensure!(
            lacking.is_empty(),
            "{} of the {count} shards of {STAGE} cannot be taken from {}:\n  {}\n`cargo xtask reproduce \
             {STAGE} --shard I/{count}` computes shard I, with the same sources, parameters and --out",
            lacking.len(),
            self.out.join(FOLDER).display(),
            named(&lacking),
        );
        Ok(found)
    }

    /// The items of a shard.
    ///
    /// # Errors
    /// When its file cannot be read at all.
    pub fn look<T: Serialize + DeserializeOwned>(
        &self,
        shard: Shard,
        items: usize,
    ) -> Result<Result<Vec<T>, Lack>> {
        let length = shard.range(items).len();
        let fits = |record: &Record| decode::<T>(record, length).is_some();
        // The lock is looked at first: who releases it has left the shard. Where there are no locks, a shard
        // is missing until it is there.
        let held = Lock::is_held(shard.lock(self.out)).unwrap_or(false);
        match Record::valid(self.out, &shard.job(), &shard.key(self.key), fits)? {
            Ok(record) => decode(&record, length).map(Ok).context("a record cannot be decoded twice"),
            Err(_) if held => Ok(Err(Lack::Computed)),
            Err(reason) if reason.is_absence() => Ok(Err(Lack::Missing)),
            Err(Reason(why)) => Ok(Err(Lack::Refused(why))),
        }
    }

    /// The shards that have files with this ending, of any number.
    fn listed(&self, ending: &str) -> Result<Vec<Shard>> {
        let folder = self.out.join(FOLDER);
        files::no_link(&folder)?;
        let names = files::list(&folder)?;
        let names = names.iter().filter_map(|path| path.file_name()?.to_str());
        let mut shards: Vec<Shard> = names.filter_map(|name| Shard::of_file(name, ending)).collect();
        shards.sort();
        Ok(shards)
    }
}

/// The first of some lines, and how many more there are.
fn named(lines: &[String]) -> String {
    let first = lines[..lines.len().min(NAMED)].join("\n  ");
    match lines.len().saturating_sub(NAMED) {
        0 => first,
        more => format!("{first}\n  and {more} more"),
    }
}

/// The items of a shard's record, if it holds so many and nothing else.
pub fn decode<T: Serialize + DeserializeOwned>(record: &Record, length: usize) -> Option<Vec<T>> {
    let items: Vec<T> = serde_json::from_value(record.outcome.clone()).ok()?;
    // A number that is out of an item's range, or a field that is none of its, does not come back.
    let same = serde_json::to_value(&items).is_ok_and(|again| again == record.outcome);
    (items.len() == length && same && record.outputs.is_empty()).then_some(items)
}
