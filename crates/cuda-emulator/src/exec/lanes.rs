//! The threads of a warp side by side.

/// Threads of a warp.
pub(crate) const LANES: usize = 32;

/// A value of each thread.
pub(crate) type Lanes<T> = [T; LANES];

/// All threads, a bit each.
pub(crate) const ALL: u32 = u32::MAX;

#[inline(always)]
pub(super) fn one<A: Copy, R: Copy + Default>(a: &Lanes<A>, f: impl Fn(A) -> R) -> Lanes<R> {
    let mut result = [R::default(); LANES];
    for (r, &a) in result.iter_mut().zip(a) {
        *r = f(a);
    }
    result
}

#[inline(always)]
pub(super) fn two<A: Copy, B: Copy, R: Copy + Default>(
    a: &Lanes<A>,
    b: &Lanes<B>,
    f: impl Fn(A, B) -> R,
) -> Lanes<R> {
    let mut result = [R::default(); LANES];
    for ((r, &a), &b) in result.iter_mut().zip(a).zip(b) {
        *r = f(a, b);
    }
    result
}

#[inline(always)]
pub(super) fn three<A: Copy, R: Copy + Default>(
    [a, b, c]: [&Lanes<A>; 3],
    f: impl Fn(A, A, A) -> R,
) -> Lanes<R> {
    let mut result = [R::default(); LANES];
    for (((r, &a), &b), &c) in result.iter_mut().zip(a).zip(b).zip(c) {
        *r = f(a, b, c);
    }
    result
}

/// A bit for each thread where a relation holds.
#[inline(always)]
pub(super) fn bits<A: Copy>(a: &Lanes<A>, b: &Lanes<A>, f: impl Fn(A, A) -> bool) -> u32 {
    let holds = two(a, b, |a, b| u32::from(f(a, b)));
    holds.iter().enumerate().fold(0, |bits, (lane, holds)| bits | holds << lane)
}

/// The numbers of the threads in a set.
pub(super) fn each(mut lanes: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lane = lanes.trailing_zeros();
        lanes &= lanes.wrapping_sub(1);
        (lane < u32::BITS).then_some(lane as usize)
    })
}
