//! Several processes of one launcher: its environment is all that they know of each other.

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::{LAUNCHERS, Place, fail, partials, succeed, text};
use minutia_kernels::rng::Generator;

/// A rank of so many.
fn rank(place: &Place, out: &str, [rank, size]: [&str; 2], (index, count): (usize, usize)) -> Command {
    let mut command = place.reproduce(out, &["inverse_seeds", "--shard", "launcher"]);
    command.env(rank, index.to_string()).env(size, count.to_string());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Starts all ranks and waits for them.
fn launch(place: &Place, out: &str, launcher: [&str; 2], count: usize) -> Vec<Output> {
    let start = |index| rank(place, out, launcher, (index, count)).spawn().unwrap();
    let children: Vec<_> = (0..count).map(start).collect();
    children.into_iter().map(|child| child.wait_with_output().unwrap()).collect()
}

#[test]
fn ranks_share_the_matrices_and_the_first_does_the_rest() {
    let place = Place::new();
    succeed(place.reproduce("whole", &["inverse_seeds"]));
    for (launcher, count) in [(LAUNCHERS[0], 1), (LAUNCHERS[1], 2), (LAUNCHERS[2], 3), (LAUNCHERS[0], 4)] {
        let out = format!("by {count}");
        let outputs = launch(&place, &out, launcher, count);
        let words: Vec<String> = outputs.iter().map(text).collect();
        assert!(outputs.iter().all(|output| output.status.success()), "{words:?}");
        assert!(
            words[0].contains("shards give 4 of 4 matrices") && words[0].contains("Report: "),
            "{words:?}"
        );
        assert!(words[1..].iter().all(String::is_empty), "{words:?}");
        assert_eq!(place.manifest(&out), place.manifest("whole"), "{count}");
        assert_eq!(partials(&place.path(&out)), Vec::<std::path::PathBuf>::new());

        let outputs = launch(&place, &out, launcher, count);
        let words: Vec<String> = outputs.iter().map(text).collect();
        assert!(words[0].contains("skip inverse_seeds ") && !words[0].contains("\nrun "), "{words:?}");
        assert!(words[1..].iter().all(String::is_empty), "{words:?}");
    }
}

#[test]
fn several_processes_are_refused_that_would_all_do_the_same() {
    let place = Place::new();
    for [rank, size] in LAUNCHERS {
        for index in ["0", "3"] {
            let mut command = place.reproduce("out", &["inverse_seeds"]);
            command.env(rank, index).env(size, "4");
            let error = fail(command, 1, None);
            assert!(error.contains("4 processes") && error.contains("--shard launcher"), "{error}");
        }
        let mut command = place.reproduce("out", &["inverse_seeds"]);
        command.env(rank, "4").env(size, "4");
        let error = fail(command, 1, None);
        assert!(error.contains(&format!("{rank}=4 and {size}=4")), "{error}");
    }
    let error = fail(place.reproduce("out", &["--shard", "launcher"]), 1, None);
    assert!(error.contains("finds no launcher") && error.contains("OMPI_COMM_WORLD_RANK"), "{error}");
    assert!(!place.path("out").exists(), "nothing was begun");
    // One process is no crowd, and neither is the script of a Slurm job.
    for variables in [[("PMI_RANK", "0"), ("PMI_SIZE", "1")], [("SLURM_PROCID", "0"), ("SLURM_NTASKS", "8")]]
    {
        let mut command = place.reproduce("out", &["inverse"]);
        command.envs(variables);
        succeed(command);
    }
}

#[test]
fn every_rank_says_that_there_are_too_many() {
    let place = Place::new();
    for output in launch(&place, "out", LAUNCHERS[0], 5) {
        let words = text(&output);
        let message = "of 5: inverse_seeds has 4 matrices, which cannot be computed in 5 shards";
        assert!(output.status.code() == Some(1) && words.contains(message), "{words}");
    }
}

#[test]
fn every_rank_names_an_output_folder_that_cannot_be() {
    let place = Place::new();
    for output in launch(&place, "reproduce.toml/out", LAUNCHERS[1], 2) {
        let words = text(&output);
        assert!(output.status.code() == Some(1) && words.contains("error: rank "), "{words}");
        assert!(words.contains("for output; name another folder with --out"), "{words}");
    }
}

#[test]
fn a_rank_that_dies_is_named_within_seconds() {
    let place = Place::new();
    // The other rank: its lock is held, and no shard will come.
    let folder = place.path("out/.cache/shards");
    fs::create_dir_all(&folder).unwrap();
    let other = fs::File::create(folder.join("inverse_seeds-2-of-2.lock")).unwrap();
    other.try_lock().unwrap();
    let mut child = rank(&place, "out", LAUNCHERS[0], (0, 2)).spawn().unwrap();
    let mut words = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(words.any(|line| line.unwrap() == "  waiting for 1 of 2 shards"));
    // It waits as long as the other lives.
    std::thread::sleep(Duration::from_millis(500));
    assert!(child.try_wait().unwrap().is_none());
    drop(other);
    let dead = Instant::now();
    let status = child.wait().unwrap();
    let mut error = String::new();
    child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
    assert!(status.code() == Some(1) && dead.elapsed() < Duration::from_secs(5), "{status} {error}");
    assert!(error.starts_with("error: rank 0 of 2: rank 1 of 2 has ended without its shard"), "{error}");
}

#[test]
fn killed_ranks_end_in_the_same_results_with_another_number_of_ranks() {
    let place = Place::new();
    succeed(place.reproduce("whole", &["inverse_seeds"]));
    let begun = Instant::now();
    launch(&place, "timed", LAUNCHERS[0], 4);
    let whole = begun.elapsed().as_secs_f32();
    let mut generator = Generator::new(5, "kill");
    for (first, then) in [(4, 2), (3, 4), (2, 1), (4, 3), (3, 3)] {
        let out = format!("{first} {then}");
        let start = |index| rank(&place, &out, LAUNCHERS[0], (index, first)).spawn().unwrap();
        let mut children: Vec<_> = (0..first).map(start).collect();
        std::thread::sleep(Duration::from_secs_f32(whole * generator.uniform()));
        // Where a rank has died, mpirun ends the others.
        children.rotate_left(generator.below(first as u32) as usize);
        children.iter_mut().for_each(|child| child.kill().unwrap());
        for mut child in children {
            child.wait().unwrap();
        }
        let outputs = launch(&place, &out, LAUNCHERS[0], then);
        let words: Vec<String> = outputs.iter().map(text).collect();
        assert!(outputs.iter().all(|output| output.status.success()), "{words:?}");
        assert_eq!(place.manifest(&out), place.manifest("whole"), "{out}");
        assert_eq!(partials(&place.path(&out)), Vec::<std::path::PathBuf>::new());
    }
}
