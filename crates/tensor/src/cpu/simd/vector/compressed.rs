//! Lanes that are packed by a permutation.

/// For each mask of eight lanes, the lanes that it names one after the other, then zeros: AVX2 and NEON have
/// no instruction that packs lanes, but some that permute them.
pub(in crate::cpu) static COMPRESSED: [[u8; 8]; 256] = {
    let mut all = [[0; 8]; 256];
    let mut mask = 0;
    while mask < 256 {
        let (mut lane, mut n) = (0, 0);
        while lane < 8 {
            if mask >> lane & 1 == 1 {
                all[mask][n] = lane as u8;
                n += 1;
            }
            lane += 1;
        }
        mask += 1;
    }
    all
};
