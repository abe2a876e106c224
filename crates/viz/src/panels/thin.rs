//! Lines of more points than a picture can show.

use crate::svg::spline::Point;

/// Runs of fewer points stay as they are.
const MANY: usize = 4096;
/// Width of the columns in which points are left out, in pixels: finer than what is drawn, also at a scale of
/// two or three.
const COLUMN: f64 = 0.25;
/// Dots are wider than this, in pixels.
const CELL: f64 = 1.5;

/// A line that looks the same with fewer points. Of the points that follow each other in one column, the
/// first, the lowest, the highest and the last one stay (M4: Jugel and others, 2014): what is drawn between
/// them stays in the column, between the same heights.
pub(crate) fn thinned(points: Vec<Point>) -> Vec<Point> {
    if points.len() < MANY {
        return points;
    }
    let column = |p: &Point| (p.0 / COLUMN).floor();
    let mut kept = Vec::new();
    for run in points.chunk_by(|p, q| column(p) == column(q)) {
        let lowest = (0..run.len()).min_by(|&i, &j| run[i].1.total_cmp(&run[j].1)).unwrap_or(0);
        let highest = (0..run.len()).max_by(|&i, &j| run[i].1.total_cmp(&run[j].1)).unwrap_or(0);
        let mut four = [0, lowest, highest, run.len() - 1];
        four.sort_unstable();
        kept.extend(
            four.iter().enumerate().filter(|&(i, at)| i == 0 || four[i - 1] != *at).map(|(_, &at)| run[at]),
        );
    }
    kept
}

/// Dots that are not hidden by a later one at nearly the same place, in their order.
pub(crate) fn uncovered(points: &[Point]) -> Vec<Point> {
    let mut seen = std::collections::BTreeSet::new();
    let cell = |p: &Point| ((p.0 / CELL).round() as i64, (p.1 / CELL).round() as i64);
    let mut kept: Vec<Point> = points.iter().rev().filter(|p| seen.insert(cell(p))).copied().collect();
    kept.reverse();
    kept
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a reference within a tolerance, no result")]
mod tests {
    use super::*;
    use crate::{
        Color,
        svg::{canvas::Canvas, raster::pixels},
    };

    /// What a figure of one line looks like: 200 by 100 pixels, each light or dark.
    fn painted(points: &[Point]) -> Vec<bool> {
        let mut canvas = Canvas::default();
        canvas.path(points, Color::INK, 1.6, "");
        let svg = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100">{}</svg>"#,
            canvas.body
        );
        pixels(&svg).chunks_exact(4).map(|p| p[0] < 128).collect()
    }

    #[test]
    fn a_thinned_line_is_the_same_picture_within_a_pixel() {
        let count = 100_000;
        let at = |i: usize| i as f64 / count as f64;
        let noise = |i: usize| ((i.wrapping_mul(2_654_435_761) >> 7) % 1000) as f64 / 1000.0;
        let lines: [Vec<Point>; 4] = [
            (0..count).map(|i| (200.0 * at(i), 50.0 + 40.0 * (at(i) * 9.0).sin())).collect(),
            (0..count).map(|i| (200.0 * at(i), 20.0 + 30.0 * at(i) + 30.0 * noise(i) * at(i))).collect(),
            (0..count).map(|i| (200.0 * at(i), if i == count / 3 { 5.0 } else { 90.0 })).collect(),
            (0..count)
                .map(|i| {
                    (100.0 + 90.0 * (at(i) * 40.0).cos() * at(i), 50.0 + 45.0 * (at(i) * 40.0).sin() * at(i))
                })
                .collect(),
        ];
        for (which, line) in lines.into_iter().enumerate() {
            let thin = thinned(line.clone());
            assert!(thin.len() < 20_000, "line {which}: {} points", thin.len());
            let (all, few) = (painted(&line), painted(&thin));
            for (one, other) in [(&all, &few), (&few, &all)] {
                for i in (0..one.len()).filter(|&i| one[i] != other[i]) {
                    let near =
                        [-201, -200, -199, -1, 1, 199, 200, 201].map(|d: isize| i.wrapping_add_signed(d));
                    assert!(near.iter().any(|&n| other.get(n) == Some(&one[i])), "line {which}, pixel {i}");
                }
            }
        }
    }

    #[test]
    fn short_lines_stay_and_hidden_dots_go() {
        let points = vec![(0.0, 1.0), (0.01, 2.0), (0.02, 1.5), (0.03, 1.6)];
        assert_eq!(thinned(points.clone()), points);
        assert_eq!(uncovered(&[(0.0, 0.0), (5.0, 5.0), (0.1, 0.2)]), [(5.0, 5.0), (0.1, 0.2)]);
    }
}
