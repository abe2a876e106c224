//! The example `scaling`: what it predicts follows from the crate's own traffic, and its picture is that of
//! the documents.

#[path = "../examples/scaling/defaults.rs"]
mod defaults;
#[path = "../examples/scaling/figure.rs"]
mod figure;
#[path = "../examples/scaling/load.rs"]
mod load;
#[path = "../examples/scaling/model.rs"]
mod model;

use load::{Load, moved};
use minutia_mpi::{Cut, Shards, Traffic};
use minutia_optim::Coupling;
use model::{Job, Network, Schedule, Step};

const JOB: Job = Job { shards: defaults::SHARDS, exchange: Schedule::Rounds, gather: Schedule::Rounds };

/// Powers of two, those between which shards are no subtrees, and one that does not divide anything.
const RANKS: [usize; 8] = [1, 2, 3, 5, 8, 100, 513, 1024];

#[test]
fn links_carry_what_ranks_receive() {
    let parameters = defaults::nets()[0].parameters;
    for ranks in RANKS {
        let load = Load::of(parameters, JOB.shards, ranks).unwrap();
        let shards = Shards::new(JOB.shards, ranks).unwrap();
        let cut = Cut::new(&[parameters], Coupling::Element, ranks);
        let received: Vec<Traffic> =
            [0, ranks / 2, ranks - 1].map(|rank| Traffic::of_step(&shards, &cut, rank)).into();
        let [reduction, gather] = [|t: &Traffic| t.reduction, |t: &Traffic| t.gather]
            .map(|part| received.iter().map(part).max().unwrap_or(0) as usize);
        assert!(load.exchanged >= reduction, "{ranks} ranks: {} of {reduction} bytes", load.exchanged);
        assert!(load.gathered >= gather, "{ranks} ranks: {} of {gather} bytes", load.gathered);
        if ranks.is_power_of_two() {
            let (all, bound) = moved(parameters, JOB.shards, ranks).unwrap();
            assert_eq!(all, bound, "{ranks} ranks");
        }
    }
}

#[test]
fn one_rank_waits_for_nobody() {
    for (net, network) in defaults::nets().iter().zip(defaults::networks()) {
        let step = Step::predict(net, &network, JOB, 1).unwrap();
        assert_eq!((step.communication(), step.install, step.add), (0.0, 0.0, 0.0), "{}", net.name);
        assert_eq!(step.gradients, JOB.shards as f64 * net.costs.shard, "{}", net.name);
    }
}

#[test]
fn more_ranks_than_shards_are_refused() {
    let (net, network) = (&defaults::nets()[0], &defaults::networks()[0]);
    assert!(Step::predict(net, network, JOB, JOB.shards + 1).is_err());
}

#[test]
fn messages_wait_as_their_schedule_says() {
    let network = Network { name: String::new(), rate: 1e9, latency: 16.0, overhead: 1.0 };
    for (schedule, expected) in [
        (Schedule::Linear, [0.0, 16.0, 17.0, 22.0]),
        (Schedule::Rounds, [0.0, 16.0, 32.0, 112.0]),
        (Schedule::Doubling, [0.0, 16.0, 32.0, 48.0]),
    ] {
        assert_eq!([1, 2, 3, 8].map(|ranks| schedule.waits(ranks, &network)), expected, "{schedule:?}");
    }
}

#[test]
fn the_picture_of_the_documents_is_that_of_the_example() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/mpi_scaling.png");
    let ranks: Vec<usize> = (0..=10).map(|power| 1 << power).collect();
    let figure = figure::figure(&defaults::nets(), &defaults::networks(), JOB, &ranks).unwrap();
    let same = figure.to_png(2.0).unwrap() == std::fs::read(path).unwrap();
    assert!(same, "docs/mpi_scaling.png is not what scaling --figure draws; draw it again and look at it");
}
