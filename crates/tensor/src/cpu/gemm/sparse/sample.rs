//! The guess whether it pays to leave out the zeros of an operand. It decides how fast a product is, and
//! nothing else.

/// Places that are looked at.
pub(in crate::cpu) const SAMPLES: usize = 32;
/// Numbers that are looked at in each, at most.
pub(in crate::cpu) const SAMPLE: usize = 128;

/// Whether so many numbers other than zero, among `size` in each place, are few: at most two in five.
pub(in crate::cpu) fn few(nonzero: usize, size: usize) -> bool {
    nonzero <= SAMPLES * size / 5 * 2
}
