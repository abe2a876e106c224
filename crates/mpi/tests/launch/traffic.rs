//! What a step moves, as counted where it is handed to MPI.

use crate::{
    images,
    launch::{Launch, alone},
};

/// The network's parameters and the loss, 4 bytes each.
const BYTES: f64 = 4.0 * (784.0 * 300.0 + 300.0 + 300.0 * 10.0 + 10.0 + 1.0);

/// The bytes a step that rank 0 has received, and those of the formula, each with its parts.
fn bytes(printed: &str) -> [[u64; 3]; 2] {
    let line =
        printed.lines().find(|line| line.contains("bytes a step")).unwrap_or_else(|| panic!("{printed}"));
    let (_, line) = line.split_once(": ").unwrap();
    let numbers: Vec<u64> =
        line.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect();
    [[numbers[0], numbers[1], numbers[2]], [numbers[3], numbers[4], numbers[5]]]
}

#[test]
fn a_step_moves_what_the_formula_says() {
    let arguments = ["--data-dir", images::small(), "--epochs", "1", "--timings"];
    // The sums of shards that each other rank sends, over the one that there must be.
    for (ranks, sums) in [(1, 0.0), (2, 1.0), (3, 1.5), (4, 1.0), (5, 1.0), (8, 1.0)] {
        let [counted, formula] = bytes(&Launch::of(ranks, &arguments).succeed());
        assert_eq!(counted, formula, "{ranks} ranks");
        assert_eq!(counted[0], counted[1] + counted[2]);
        // A ring all-reduce sends each rank all but its share, twice. Shares are whole pages, and not quite
        // equal.
        let half = BYTES * (ranks - 1) as f64 / ranks as f64;
        let page = 4.0 * 256.0 * ranks as f64;
        let whole = half * (1.0 + sums);
        assert!((counted[0] as f64 - whole).abs() <= page, "{ranks} ranks: {counted:?}, not {whole}");
    }
    assert_eq!(bytes(&alone(&arguments)), [[0; 3]; 2]);
}
