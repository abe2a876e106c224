//! Which of several elements is the extremum: the one with the largest key, and of those the lowest position.

/// Orders words, read as `f32` where `float` holds and else as `i32`, so that the largest element (where
/// `largest` does not hold, the smallest) has the largest key. A NaN beats every number; zeros of either sign
/// are equal.
///
/// ```
/// use minutia_kernels::extremum::key;
/// let float = |x: f32, largest| key(x.to_bits(), true, largest);
/// assert!(float(2.0, true) > float(-3.0, true) && float(-3.0, false) > float(2.0, false));
/// assert!(float(f32::NAN, true) > float(f32::INFINITY, true));
/// assert_eq!(float(0.0, false), float(-0.0, false));
/// ```
#[inline(always)]
#[must_use]
pub fn key(word: u32, float: bool, largest: bool) -> i64 {
    let ascending = if float {
        let x = f32::from_bits(word);
        if x.is_nan() {
            return i64::MAX;
        }
        let bits = (x + 0.0).to_bits() as i32;
        bits ^ ((bits >> 31) as u32 >> 1) as i32
    } else {
        word as i32
    } as i64;
    if largest { ascending } else { -ascending }
}
