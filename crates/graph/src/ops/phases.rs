//! What the windows of a convolution gave to the images under them.
//!
//! With a stride of `s`, elements of the images that lie `s` apart meet the same elements of the filter, and
//! their neighbours meet others. Each such phase of the images is a convolution of its own, of stride 1: of
//! what the windows gave and of a part of the filter, backwards. As one convolution, most of what it adds
//! would be products with the zeros between windows (Dumoulin and Visin, *A guide to convolution arithmetic
//! for deep learning*, 2016, section 4.5).

use super::{Lowering, View, window::Window};
use crate::lower::Spread;
use minutia_tensor::Tensor;
use std::collections::BTreeMap;

/// The elements of an axis of the images that meet the same elements of the filter.
#[derive(Clone, Debug, PartialEq, Eq)]
struct AxisPhase {
    /// The first element of the images; the others follow a stride apart.
    first: usize,
    count: usize,
    /// Elements of the filter, last first.
    taps: Vec<usize>,
    /// The window that the first element meets with the first of `taps`, negative before the first window.
    window: isize,
    /// From there to the window that it meets with the next of `taps`.
    step: usize,
}

/// A part of the images and what its convolution is of.
pub(super) struct Phase {
    /// `[batch, height, width, channels]`.
    pub images: View,
    /// `[batch, height, width, rows of the filter, columns of the filter, outputs]`.
    pub windows: View,
    /// `[rows, columns, channels, outputs]`, backwards.
    pub filter: View,
}

impl AxisPhase {
    /// The phases of an axis of images with `extent` elements and `before` of padding before them, over which
    /// a filter of `size` moves to so many windows. Elements that meet no window are in none.
    fn all(
        [stride, gap]: [usize; 2],
        [before, extent]: [usize; 2],
        size: usize,
        windows: usize,
    ) -> Vec<AxisPhase> {
        let mut residues: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for tap in (0..size).rev() {
            residues.entry(tap * gap % stride).or_default().push(tap);
        }
        let phase = |(residue, mut taps): (usize, Vec<usize>)| {
            let padded = before % stride;
            let first = if residue >= padded { residue - padded } else { stride - (padded - residue) };
            let count = extent.saturating_sub(first).div_ceil(stride);
            let at = |tap: usize| (first as i128 + before as i128 - (tap * gap) as i128) / stride as i128;
            taps.retain(|&tap| at(tap) < windows as i128 && at(tap) + count as i128 > 0);
            let window = at(*taps.first()?);
            let step = taps.get(1).map_or(1, |&next| (at(next) - window) as usize);
            (count > 0).then_some(AxisPhase { first, count, taps, window: window as isize, step })
        };
        residues.into_iter().filter_map(phase).collect()
    }

    /// How many windows its elements meet, of which those before the first and behind the last are zeros.
    fn reach(&self) -> usize {
        self.count + (self.taps.len() - 1) * self.step
    }

    /// How many windows it meets before the first, and behind the last of so many.
    fn beyond(&self, windows: usize) -> [usize; 2] {
        let end = self.window + self.reach() as isize;
        [-self.window, end - windows as isize].map(|beyond| usize::try_from(beyond).unwrap_or(0))
    }
}

/// The phases of `images`, which is to be written. What is in no phase is made zero.
pub(super) fn phases(
    l: &mut Lowering,
    images: &View,
    [windows, filter]: [&View; 2],
    window: Window,
) -> Vec<Phase> {
    if [images, windows, filter].iter().any(|view| view.elements() == 0) {
        l.fill_into(images, 0);
        return Vec::new();
    }
    let frame = window.frame([images.dims[1], images.dims[2]], [filter.dims[0], filter.dims[1]]);
    let axes = [0, 1].map(|axis| {
        let moves = [window.steps()[axis], window.gaps()[axis]];
        let place = [frame.before[axis], images.dims[axis + 1]];
        AxisPhase::all(moves, place, filter.dims[axis], windows.dims[axis + 1])
    });
    // One copy with zeros around it serves all phases.
    let beyond = [0, 1].map(|axis: usize| {
        let each = axes[axis].iter().map(|phase| phase.beyond(windows.dims[axis + 1]));
        each.fold([0; 2], |most, own| [most[0].max(own[0]), most[1].max(own[1])])
    });
    let extent = |axis: usize| windows.dims[axis + 1] + beyond[axis][0] + beyond[axis][1];
    let around = Spread {
        begin: vec![0, beyond[0][0], beyond[1][0], 0],
        step: vec![1; 4],
        dims: vec![windows.dims[0], extent(0), extent(1), windows.dims[3]],
        fill: 0,
    };
    let windows = l.spread(windows, around);

    let covered = axes.each_ref().map(|axis| axis.iter().map(|phase| phase.count).sum::<usize>());
    if covered != [images.dims[1], images.dims[2]] {
        l.fill_into(images, 0);
    }
    let mut phases = Vec::new();
    for (y, x) in axes[0].iter().flat_map(|y| axes[1].iter().map(move |x| (y, x))) {
        let begin = |phase: &AxisPhase, axis: usize| beyond[axis][0].wrapping_add_signed(phase.window);
        let met = windows.slice(
            &[0, begin(y, 0), begin(x, 1), 0],
            &[windows.dims[0], y.reach(), x.reach(), windows.dims[3]],
        );
        let part = images.slice(
            &[0, y.first, x.first, 0],
            &[images.dims[0], images.dims[1] - y.first, images.dims[2] - x.first, images.dims[3]],
        );
        phases.push(Phase {
            images: part.every(1, window.steps()[0]).every(2, window.steps()[1]),
            windows: l.windows(
                &met,
                [1, 1],
                [y.step, x.step],
                [y.count, x.count],
                [y.taps.len(), x.taps.len()],
            ),
            filter: part_of_filter(l, filter, &y.taps, &x.taps),
        });
    }
    phases
}

/// These rows and columns of a filter.
fn part_of_filter(l: &mut Lowering, filter: &View, rows: &[usize], columns: &[usize]) -> View {
    let &[height, width, channels, outputs] = &filter.dims[..] else {
        unreachable!("a filter has four axes")
    };
    if height * width == 1 {
        return filter.clone();
    }
    let place = |row: &usize| {
        let first = row * width;
        columns.iter().map(move |column| (first + column) as i32)
    };
    let places: Vec<i32> = rows.iter().flat_map(place).collect();
    let flat = l.reshape(filter, &[height * width, channels, outputs]);
    let places = l.constant(&Tensor::from(places));
    let picked = l.gather(&flat, &places);
    l.reshape(&picked, &[rows.len(), columns.len(), channels, outputs])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an element meets, by the definition: with tap `t` the window `w` where `w stride + t gap` is its
    /// place in the padded image.
    fn met(moves: [usize; 2], place: usize, size: usize, windows: usize) -> Vec<(usize, usize)> {
        let [stride, gap] = moves;
        let met = |tap: usize| {
            let rest = place.checked_sub(tap * gap)?;
            (rest % stride == 0 && rest / stride < windows).then_some((tap, rest / stride))
        };
        (0..size).rev().filter_map(met).collect()
    }

    #[test]
    fn each_element_meets_its_windows_in_one_phase() {
        for (stride, gap, size, extent) in itertools([1, 2, 3, 5], [1, 2, 3], [1, 2, 3, 5], [1, 2, 5, 8]) {
            for window in [Window::same(), Window::valid()] {
                let window = window.strides([stride; 2]).dilations([gap; 2]);
                if window.count(0, Some(extent), Some(size)).is_err() {
                    continue;
                }
                let frame = window.frame([extent; 2], [size; 2]);
                let (before, windows) = (frame.before[0], frame.windows[0]);
                let phases = AxisPhase::all([stride, gap], [before, extent], size, windows);
                for element in 0..extent {
                    let own = phases.iter().filter(|phase| {
                        element >= phase.first && (element - phase.first).is_multiple_of(stride)
                    });
                    let found: Vec<_> = own
                        .flat_map(|phase| {
                            let at = phase.window + ((element - phase.first) / stride) as isize;
                            let tap = move |(i, &tap): (usize, &usize)| {
                                let window = usize::try_from(at + (i * phase.step) as isize).ok()?;
                                (window < windows).then_some((tap, window))
                            };
                            phase.taps.iter().enumerate().filter_map(tap)
                        })
                        .collect();
                    let want = met([stride, gap], element + before, size, windows);
                    assert_eq!(found, want, "element {element} of {extent}, {size} by {window:?}");
                }
            }
        }
    }

    /// All choices of one of each.
    fn itertools(
        a: [usize; 4],
        b: [usize; 3],
        c: [usize; 4],
        d: [usize; 4],
    ) -> impl Iterator<Item = (usize, usize, usize, usize)> {
        a.into_iter().flat_map(move |a| {
            b.into_iter()
                .flat_map(move |b| c.into_iter().flat_map(move |c| d.into_iter().map(move |d| (a, b, c, d))))
        })
    }

    #[test]
    fn what_lies_beyond_all_numbers_is_left_out() {
        let most = usize::MAX;
        let taps = |moves: [usize; 2], place: [usize; 2], size: usize, windows: usize| {
            let phases = AxisPhase::all(moves, place, size, windows);
            phases.into_iter().map(|phase| (phase.first, phase.taps)).collect::<Vec<_>>()
        };
        assert_eq!(taps([1, most / 2], [most / 2, 3], 3, 3), [(0, vec![1])]);
        assert_eq!(taps([most, 1], [0, 3], 2, 1), [(0, vec![0]), (1, vec![1])]);
        assert_eq!(taps([most, 1], [1, 3], 2, 1), [(0, vec![1])]);
    }
}
