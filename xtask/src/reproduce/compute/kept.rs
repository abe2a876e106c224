//! The checkpoints that a run of the classifier leaves in its output folder, for those who audit it.

/// How many a run leaves at most: of the post's network, 4.8 MB in all.
pub const CHECKPOINTS: usize = 5;

/// The epochs whose parameters a run of so many epochs keeps: those that cut it into parts of equal length,
/// give or take one. The trained network is kept anyway, and what the first epoch begins with is the seed's.
pub fn epochs(of: usize) -> Vec<usize> {
    let parts = CHECKPOINTS + 1;
    let mut kept: Vec<usize> = (1..parts).map(|part| part * of / parts).filter(|&epoch| epoch > 0).collect();
    kept.dedup();
    kept
}

/// The name of the array with the parameters after an epoch.
pub fn name(epoch: usize) -> String {
    format!("checkpoint_{epoch}")
}

/// Whether an array of the classifier is such a checkpoint.
pub fn is_name(array: &str) -> bool {
    array.starts_with("checkpoint_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_cut_a_run_into_parts_of_equal_length() {
        assert_eq!(epochs(50), [8, 16, 25, 33, 41]);
        assert_eq!(epochs(6), [1, 2, 3, 4, 5]);
        assert_eq!(epochs(3), [1, 2]);
        assert_eq!(epochs(1), [0_usize; 0]);
        for of in 1..300 {
            let mut ends = epochs(of);
            ends.push(of);
            let lengths: Vec<usize> = ends
                .iter()
                .scan(0, |from, &end| {
                    let length = end - std::mem::replace(from, end);
                    Some(length)
                })
                .collect();
            let (least, most) = (lengths.iter().min().unwrap(), lengths.iter().max().unwrap());
            assert!(*least > 0 && most - least <= 1, "{of}: {lengths:?}");
        }
    }
}
