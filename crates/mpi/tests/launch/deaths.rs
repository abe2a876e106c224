//! Ranks that are killed at any moment.

use crate::{
    images,
    launch::{Ended, Launch, Running, digest},
    processes,
};
use minutia_kernels::rng::Generator;
use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

const KILLS: usize = 10;
/// By then every rank has ended, and has said why.
const SOON: Duration = Duration::from_secs(10);
/// How often it is looked what has become of a launch.
const LOOK: Duration = Duration::from_millis(20);
/// Every kind of state is in the checkpoint: slots, an optimizer's step, random runs.
const ARGUMENTS: [&str; 14] = [
    "--shards",
    "8",
    "--epochs",
    "30",
    "--hidden",
    "64",
    "--optimizer",
    "adam",
    "--rate",
    "0.001",
    "--dropout",
    "0.5",
    "--every",
    "5",
];

fn launch(ranks: usize, folder: &Path) -> Launch {
    let folders = ["--data-dir", images::small(), "--checkpoint", folder.to_str().unwrap()];
    Launch::of(ranks, &[&folders[..], &ARGUMENTS].concat())
}

/// What lies in a folder.
fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Kills a process of a launch and waits for the end of all: no hang, and nothing of it is left running.
fn kill(number: u32, launch: Running) -> Ended {
    let ranks = launch.ranks();
    processes::kill([number]);
    let start = Instant::now();
    let ended = launch.end_within(SOON);
    while ranks.values().any(|&rank| processes::is_running(rank)) {
        if start.elapsed() > SOON {
            processes::kill(ranks.into_values());
            panic!("a rank has outlived the launch\n{ended}");
        }
        thread::sleep(LOOK);
    }
    ended
}

#[test]
fn after_any_death_another_number_of_ranks_learns_the_same() {
    let place = tempfile::tempdir().unwrap();
    let start = Instant::now();
    let expected = launch(3, &place.path().join("undisturbed")).succeed();
    let whole = start.elapsed();
    let mut generator = Generator::new(18, "deaths");
    let mut kills = 0;
    for attempt in 0.. {
        assert!(
            attempt < 5 * KILLS,
            "only {kills} launches of {attempt} were running when they were to lose a rank"
        );
        let folder = place.path().join(attempt.to_string());
        let before = 2 + generator.below(4) as usize;
        let after = 1 + (before + generator.below(4) as usize) % 5;
        let mut launched = launch(before, &folder).start();
        thread::sleep(whole.mul_f32(generator.uniform()));
        let victim = generator.below(before as u32) as usize;
        let Some(&number) = launched.ranks().get(&victim).filter(|_| !launched.has_ended()) else {
            launched.end();
            continue;
        };
        let trains = folder.join("checkpoint").exists();
        let ended = kill(number, launched);
        if ended.is_good() {
            continue;
        }
        kills += 1;
        check_words(&ended, victim, trains);
        // Rank 0 writes; the others have it finish.
        let partial = |name: &String| name.starts_with(".checkpoint.") && name.ends_with(".minutia-partial");
        assert!(
            files(&folder).iter().all(|name| name == "checkpoint" || victim == 0 && partial(name)),
            "{:?}",
            files(&folder)
        );
        let printed = launch(after, &folder).succeed();
        assert_eq!(
            digest(&printed),
            digest(&expected),
            "{after} ranks, after the death of rank {victim} of {before}"
        );
        // The mean loss of the first epoch is that of the rest of it.
        let (_, later) = printed.split_once('\n').unwrap();
        assert!(expected.ends_with(later), "other epochs than {expected}: {printed}");
        assert_eq!(files(&folder), ["checkpoint"]);
        if kills == KILLS {
            return;
        }
    }
}

/// The launcher names the rank that has died; others say why they end, from the first checkpoint until all is
/// done. The launcher may lose the last words of some.
fn check_words(ended: &Ended, victim: usize, trains: bool) {
    assert!(ended.stderr.contains(&format!("process rank {victim} ")), "{ended}");
    if trains && !ended.stdout.contains("parameters_sha256") {
        let mut said = ended.said().into_iter();
        let explains = |(rank, line): (usize, &str)| rank != victim && line.contains("ended by the launcher");
        assert!(said.any(explains), "no rank says why\n{ended}");
    }
}

#[test]
fn no_rank_outlives_its_launcher() {
    let folder = tempfile::tempdir().unwrap();
    let launched = launch(3, folder.path()).start();
    while !folder.path().join("checkpoint").exists() {
        thread::sleep(LOOK);
    }
    assert_eq!(launched.ranks().len(), 3);
    let ended = kill(launched.launcher(), launched);
    assert!(!ended.is_good(), "{ended}");
}

#[test]
fn a_rank_that_cannot_save_ends_all() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("folder");
    let launched = launch(3, &folder).start();
    while !folder.join("checkpoint").exists() {
        thread::sleep(LOOK);
    }
    // A file that is being written may come between.
    while fs::remove_dir_all(&folder).is_err() || fs::write(&folder, "in the way").is_err() {}
    let ended = launched.end_within(SOON);
    assert!(!ended.is_good() && ended.stderr.contains("error: rank 0: checkpoint "), "{ended}");
    assert_eq!(fs::read(&folder).unwrap(), b"in the way");
}
