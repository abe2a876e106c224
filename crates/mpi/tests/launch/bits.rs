//! What is learned depends on the number of shards, and on nothing that the ranks are.

use crate::{
    images,
    launch::{Launch, alone, digest},
};

const SHARDS: [&str; 2] = ["--shards", "8"];

/// All digits for two epochs: what `parameters_sha256` says of eight shards, on any machine.
const DIGITS: &str = "0154797427e9bb041fb201019d77ab9b946ee53315e093a136fc8a2de32bdba2";

/// Arguments beside the folder of the small set.
fn small<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [&["--data-dir", images::small()], &SHARDS[..], arguments].concat()
}

/// The instructions that this CPU can be told to use, the best that it has among them: for these nothing is
/// told.
fn levels() -> Vec<Option<&'static str>> {
    let mut levels = vec![Some("scalar"), None];
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        levels.push(Some("avx2"));
    }
    levels
}

/// A rank for each level, beginning with one of them, that use one and two threads in turn.
fn mixed(arguments: &[&str], first: usize) -> Launch {
    let levels = levels();
    let ranks = levels.iter().cycle().skip(first).take(levels.len());
    ranks.zip(["1", "2"].iter().cycle()).fold(Launch::of_none(), |launch, (level, threads)| {
        let launch = launch.and(1, &[arguments, &["--threads", threads]].concat());
        match level {
            Some(level) => launch.with("MINUTIA_SIMD", level),
            None => launch,
        }
    })
}

#[test]
fn any_number_of_ranks_learns_what_one_process_learns() {
    let arguments = ["--dataset", "digits", "--shards", "8", "--epochs", "2"];
    let expected = alone(&arguments);
    assert_eq!(digest(&expected), DIGITS, "{expected}");
    assert_eq!(expected.lines().count(), 3, "a line an epoch, and the digest: {expected}");
    for ranks in [1, 2, 3, 4, 5, 8] {
        assert_eq!(Launch::of(ranks, &arguments).succeed(), expected, "{ranks} ranks");
    }
    assert_eq!(mixed(&arguments, 0).succeed(), expected, "mixed ranks");
}

#[test]
fn instructions_and_threads_of_each_rank_change_nothing() {
    let arguments = small(&["--epochs", "2"]);
    let expected = alone(&arguments);
    for first in 0..levels().len() {
        assert_eq!(mixed(&arguments, first).succeed(), expected, "{:?} from {first}", levels());
    }
}

#[test]
fn every_optimizer_with_dropout_and_clipping_learns_the_same_on_any_number_of_ranks() {
    for (optimizer, rate) in
        [("sgd", "0.1"), ("momentum", "0.05"), ("adagrad", "0.05"), ("rmsprop", "0.001"), ("adam", "0.001")]
    {
        let plain = small(&["--epochs", "1", "--optimizer", optimizer, "--rate", rate]);
        let mut digests = Vec::new();
        for more in
            [&[][..], &["--dropout", "0.5"], &["--clip", "0.1"], &["--dropout", "0.5", "--clip", "0.1"]]
        {
            let arguments = [&plain[..], more].concat();
            let expected = alone(&arguments);
            for ranks in [1, 3] {
                assert_eq!(
                    Launch::of(ranks, &arguments).succeed(),
                    expected,
                    "{optimizer} {more:?}, {ranks} ranks"
                );
            }
            digests.push(digest(&expected).to_string());
        }
        let count = digests.len();
        digests.sort();
        digests.dedup();
        assert_eq!(digests.len(), count, "{optimizer}: an argument without effect");
    }
}

#[test]
fn the_number_of_shards_is_part_of_the_model() {
    let learned = |shards| alone(&["--data-dir", images::small(), "--epochs", "1", "--shards", shards]);
    assert_ne!(digest(&learned("8")), digest(&learned("4")));
    assert_eq!(
        Launch::of(3, &["--data-dir", images::small(), "--epochs", "1", "--shards", "5"]).succeed(),
        learned("5")
    );
}
