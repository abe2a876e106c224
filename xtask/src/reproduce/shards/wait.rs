//! Waits for the shards of other ranks, and notices those that will not come.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use minutia_files::Lock;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{FOLDER, STAGE, Shard, Shards, found::Lack, launcher::Rank};
use crate::reproduce::progress::Progress;

/// How long a rank may take to begin.
const START: Duration = Duration::from_secs(10);

/// How long a look at the locks is apart from the next.
const APART: Duration = Duration::from_millis(100);

/// What rank 0 knows of the others.
struct Others<'a> {
    shards: Shards<'a>,
    /// How many items the stage has.
    items: usize,
    /// Shards that are not there yet.
    open: Vec<Shard>,
    /// Those that were seen at work: where nobody is any more, there must be a result.
    begun: BTreeSet<Shard>,
}

/// Waits until all of so many shards are there.
///
/// # Errors
/// When a rank has ended without its shard, has not begun, or has computed something else, and when a file
/// cannot be read.
pub fn wait<T: Serialize + DeserializeOwned>(
    shards: Shards<'_>,
    items: usize,
    count: usize,
    progress: &mut Progress,
) -> Result<()> {
    let mut others = Others { shards, items, open: Shard::all(count).collect(), begun: BTreeSet::new() };
    let since = Instant::now();
    others.look::<T>(Duration::ZERO)?;
    let mut left = others.open.len();
    if left > 0 {
        progress.say(&format!("  waiting for {left} of {count} shards"))?;
    }
    progress.begin(STAGE.as_str(), "shard", count - left, count);
    while !others.open.is_empty() {
        thread::sleep(APART);
        others.look::<T>(since.elapsed())?;
        if others.open.len() < left {
            left = others.open.len();
            progress.step(count - left, "")?;
        }
    }
    progress.end();
    Ok(())
}

impl Others<'_> {
    /// Looks which shards have come, after a time of waiting.
    fn look<T: Serialize + DeserializeOwned>(&mut self, waited: Duration) -> Result<()> {
        let mut open = Vec::new();
        for &shard in &self.open {
            // A file is not looked for before it can be there: network file systems remember for a while that
            // it was not.
            let held = Lock::is_held(shard.lock(self.shards.out)).unwrap_or(false);
            let lack = if held { Err(Lack::Computed) } else { self.shards.look::<T>(shard, self.items)? };
            match lack {
                Ok(_) => continue,
                Err(Lack::Computed) => {
                    self.begun.insert(shard);
                }
                Err(lack) if self.begun.contains(&shard) || waited >= START => {
                    return self.gone(shard, &lack);
                }
                Err(_) => {}
            }
            open.push(shard);
        }
        self.open = open;
        Ok(())
    }

    /// The error of a rank that will not bring its shard.
    fn gone(&self, shard: Shard, lack: &Lack) -> Result<()> {
        let rank = Rank::of(shard);
        let folder = self.shards.out.join(FOLDER);
        if let Lack::Refused(why) = lack {
            bail!(
                "what {rank} has left in {} cannot be used: {why}; start all ranks with the same program, parameters and \
                 options",
                folder.display()
            );
        }
        let again = "start the same again, with as many ranks or others: what was computed is not lost";
        if self.begun.contains(&shard) {
            bail!("{rank} has ended without its shard; {again}");
        }
        bail!(
            "{rank} has not begun within {} seconds: nobody holds {}; see to it that --out is one folder for all \
             ranks, and {again}",
            START.as_secs(),
            shard.lock(self.shards.out).display()
        );
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use serde_json::json;

    use super::super::Taken;
    use super::*;
    use crate::reproduce::record::{Key, Record};

    /// What rank 0 of 3 knows of 6 numbers.
    fn others<'a>(out: &'a Path, key: &'a Key) -> Others<'a> {
        let shards = Shards { out, key, taken: Taken::All(3) };
        Others { shards, items: 6, open: Shard::all(3).collect(), begun: BTreeSet::new() }
    }

    fn leave(out: &Path, shard: Shard, key: &Key) {
        let record = Record { key: shard.key(key), outputs: BTreeMap::new(), outcome: json!([0.5, 1.5]) };
        record.write(out, &shard.job()).unwrap();
    }

    fn hold(out: &Path, shard: Shard) -> minutia_files::Lock {
        std::fs::create_dir_all(out.join(FOLDER)).unwrap();
        match Lock::take(shard.lock(out)).unwrap() {
            minutia_files::Attempt::Taken(lock) => lock,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_rank_is_waited_for_while_it_lives() {
        let (folder, key) = (tempfile::tempdir().unwrap(), Key::default().with("parameter", "1"));
        let mut others = others(folder.path(), &key);
        let shards: Vec<Shard> = Shard::all(3).collect();
        others.look::<f32>(Duration::ZERO).unwrap();
        assert_eq!(others.open, shards, "none has begun");
        let held = hold(folder.path(), shards[1]);
        leave(folder.path(), shards[0], &key);
        leave(folder.path(), shards[2], &key);
        others.look::<f32>(START * 100).unwrap();
        assert_eq!(others.open, [shards[1]]);
        leave(folder.path(), shards[1], &key);
        drop(held);
        others.look::<f32>(START * 100).unwrap();
        assert_eq!(others.open, []);
    }

    #[test]
    fn a_rank_that_will_not_come_is_named() {
        let (folder, key) = (tempfile::tempdir().unwrap(), Key::default().with("parameter", "1"));
        let shards: Vec<Shard> = Shard::all(3).collect();
        let out = folder.path();
        leave(out, shards[0], &key);
        leave(out, shards[1], &key);
        let mut late = others(out, &key);
        late.look::<f32>(START - APART).unwrap();
        let error = late.look::<f32>(START).unwrap_err().to_string();
        assert!(error.starts_with("rank 2 of 3 has not begun within 10 seconds"), "{error}");

        let held = hold(out, shards[2]);
        let mut dead = others(out, &key);
        dead.look::<f32>(Duration::ZERO).unwrap();
        drop(held);
        let error = dead.look::<f32>(Duration::ZERO).unwrap_err().to_string();
        assert!(error.starts_with("rank 2 of 3 has ended without its shard"), "{error}");

        leave(out, shards[2], &Key::default().with("parameter", "2"));
        let mut other = others(out, &key);
        other.look::<f32>(Duration::ZERO).unwrap();
        let error = other.look::<f32>(START).unwrap_err().to_string();
        assert!(error.starts_with("what rank 2 of 3 has left"), "{error}");
        assert!(error.contains("parameter 2 -> 1"), "{error}");
    }
}
