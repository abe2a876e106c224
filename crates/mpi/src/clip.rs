//! The norm of a gradient that is cut over ranks.

use crate::{Communicator, agree::everybody, cut::PAGE};
use minutia_tensor::cpu::ExactFloats;

/// Scales the gradient down to this Euclidean norm where its own is larger. `own` are the parameters of this
/// rank, whole pages of them; everybody calls it.
///
/// The norm is that of all parameters together: the sums of squares of the pages, each in `f64` over eight
/// lanes, added in order. So it does not depend on the number of ranks. As of TensorFlow's
/// `clip_by_global_norm`, all elements are NaN where it is infinite or NaN.
pub(crate) fn clip_by_global_norm(communicator: &dyn Communicator, own: &mut [f32], norm: f32) {
    let _exact = ExactFloats::enter();
    let pages: Vec<f64> = own.chunks(PAGE).map(squares).collect();
    let all: Vec<Vec<f64>> = everybody(communicator, &pages);
    let global = all.iter().flatten().fold(0.0, |sum, page| sum + page).sqrt();
    let scale = match global.is_finite() {
        true => (f64::from(norm) / global.max(f64::from(norm))) as f32,
        false => f32::NAN,
    };
    own.iter_mut().for_each(|element| *element *= scale);
}

/// The sum of squares of a page: every eighth element in a lane, the lanes in pairs.
fn squares(page: &[f32]) -> f64 {
    let mut lanes = [0.0_f64; 8];
    for group in page.chunks(lanes.len()) {
        for (lane, &element) in lanes.iter_mut().zip(group) {
            *lane += f64::from(element) * f64::from(element);
        }
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + b) + (c + d)) + ((e + f) + (g + h))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Alone;

    #[test]
    fn longer_gradients_are_scaled_and_infinite_ones_are_told() {
        let clipped = |gradient: &[f32], norm| {
            let mut gradient = gradient.to_vec();
            clip_by_global_norm(&Alone, &mut gradient, norm);
            gradient
        };
        assert_eq!(clipped(&[3.0, 0.0, 4.0], 1.0), [0.6, 0.0, 0.8]);
        assert_eq!(clipped(&[3.0, 0.0, 4.0], 6.0), [3.0, 0.0, 4.0]);
        // Beyond what f32 can hold of squares.
        assert_eq!(clipped(&[3e30, 4e30], 5.0), [3.0, 4.0]);
        assert!(clipped(&[f32::INFINITY, 1.0], 1.0).iter().all(|element| element.is_nan()));
    }
}
