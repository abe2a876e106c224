//! What is predicted unless a user says otherwise: the post's net and one a hundred times as large, on two
//! networks.

use crate::model::{Costs, Net, Network};

/// Rows of a shard whose gradients the costs below are of.
pub const ROWS: usize = 32;

/// Shards of a step, for every number of ranks.
pub const SHARDS: usize = 1024;

/// Both nets, with the costs that `--measure` found on two cores of an Intel Xeon (Sapphire Rapids).
pub fn nets() -> [Net; 2] {
    let net = |hidden: usize, costs| Net {
        name: format!("784-{}-10", grouped(hidden)),
        parameters: 784 * hidden + hidden + hidden * 10 + 10,
        costs,
    };
    [
        net(300, Costs { shard: 2.52e-4, add: 4.9e-10, update: 7.1e-10, install: 4.4e-10 }),
        net(30_000, Costs { shard: 5.56e-2, add: 1.52e-9, update: 1.57e-9, install: 1.05e-9 }),
    ]
}

/// Both networks, with latencies that are usual of TCP through a switch and of remote access to memory.
pub fn networks() -> [Network; 2] {
    [
        Network { name: "10 Gbit/s, TCP".to_string(), rate: 10e9, latency: 30e-6, overhead: 5e-6 },
        Network { name: "100 Gbit/s, RDMA".to_string(), rate: 100e9, latency: 3e-6, overhead: 0.5e-6 },
    ]
}

/// A number with commas between its thousands.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let comma = |i: usize| if i > 0 && (digits.len() - i).is_multiple_of(3) { "," } else { "" };
    digits.chars().enumerate().map(|(i, digit)| format!("{}{digit}", comma(i))).collect()
}
