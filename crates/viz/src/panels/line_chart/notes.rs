//! Words at points of the plot.

use super::plan::SMALL;
use crate::{
    panels::area::Area,
    svg::spline::{Point, mix},
    text::Block,
};

/// A note: its lines, where they stand, and the point that they belong to, in pixels from the plot's upper
/// left corner.
#[derive(Clone, Debug)]
pub(super) struct Note {
    pub block: Block,
    pub area: Area,
    pub point: Point,
}

/// Distances from a point at which its note is tried.
const DISTANCES: [f64; 7] = [12.0, 24.0, 40.0, 64.0, 96.0, 140.0, 200.0];
const DIRECTIONS: [Point; 8] =
    [(0.7, -0.7), (-0.7, -0.7), (0.7, 0.7), (-0.7, 0.7), (0.0, -1.0), (1.0, 0.0), (-1.0, 0.0), (0.0, 1.0)];
/// A note is at most this wide.
const WIDEST: f64 = 150.0;
/// Between a note and what it must not cover.
const GAP: f64 = 3.0;
/// Covering more of the data is no worse.
const MOST_COVERED: usize = 40;

/// Places notes in a plot. A note covers none of the areas that are `taken`, no other note, and as few points
/// of the data as can be; those for which there is no room are stacked over the plot, at heights below zero.
pub(super) fn place(notes: &[(Point, &str)], size: (f64, f64), taken: &[Area], data: &[Point]) -> Vec<Note> {
    let mut taken = taken.to_vec();
    let (mut placed, mut stacked) = (Vec::new(), 0.0);
    for &(point, text) in notes {
        let block = Block::fit(text, SMALL, WIDEST.min(size.0 * 0.45));
        let extent = (block.width(), block.height());
        let covered = |area: &Area| data.iter().filter(|&&p| area.grown(GAP).holds(p)).count();
        let free = candidates(point, extent, size.0).filter(|(_, area)| {
            area.inside(GAP, size) && !taken.iter().any(|t| t.overlaps(&area.grown(GAP)))
        });
        let cost = |far: usize, area: &Area| {
            let crossed =
                taken.iter().filter(|t| !t.holds(point) && crosses(point, nearest(point, area), t)).count();
            covered(area).min(MOST_COVERED) + far + 100 * crossed
        };
        let best = free.map(|(far, area)| (cost(far, &area), area)).min_by_key(|best| best.0);
        let (block, area) = match best {
            Some((_, area)) => (block, area),
            None => {
                let block = Block::fit(text, SMALL, size.0);
                stacked += block.height() + GAP;
                let area = Area { corner: (0.0, -stacked - GAP), size: (block.width(), block.height()) };
                (block, area)
            }
        };
        taken.push(area);
        placed.push(Note { block, area, point });
    }
    placed
}

/// Where a note may stand, and how far away that is: a number that weighs as much as so many points of the
/// data. Straight over and under a point near the plot's side it is moved into the plot, which is so wide.
fn candidates(point: Point, (width, height): (f64, f64), plot: f64) -> impl Iterator<Item = (usize, Area)> {
    DISTANCES.into_iter().enumerate().flat_map(move |(far, distance)| {
        DIRECTIONS.into_iter().map(move |(dx, dy)| {
            let side = |d: f64| if d == 0.0 { 0.0 } else { d.signum() };
            let centre = (
                point.0 + distance * dx + side(dx) * width / 2.0,
                point.1 + distance * dy + side(dy) * height / 2.0,
            );
            let mut area = Area::around(centre, (width, height));
            if dx == 0.0 {
                area.corner.0 = area.corner.0.min(plot - width - GAP).max(GAP);
            }
            (4 * far, area)
        })
    })
}

/// The place in an area that is nearest to a point.
fn nearest(point: Point, area: &Area) -> Point {
    let (low, high) = (area.corner, area.end());
    (point.0.clamp(low.0, high.0.max(low.0)), point.1.clamp(low.1, high.1.max(low.1)))
}

/// Whether a line runs over an area.
fn crosses(from: Point, to: Point, area: &Area) -> bool {
    (0..=40).any(|i| area.holds(mix(from, to, f64::from(i) / 40.0)))
}

impl Note {
    /// Where the line from the point meets the note.
    pub fn near(&self) -> Point {
        nearest(self.point, &self.area)
    }

    /// How far a note over the plot reaches up.
    pub fn above(&self) -> f64 {
        (-self.area.corner.1).max(0.0)
    }
}
