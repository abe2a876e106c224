//! The ways of a graph's edges.

use super::Edge;
use crate::{panels::area::Area, svg::spline::Point};

/// How far a way goes straight from a node and to it.
const STUB: f64 = 9.0;

/// Ways with their ends: side by side at a node's border in the order in which they come, and straight past
/// every layer of nodes.
pub(crate) struct Router {
    left_to_right: bool,
    /// Middle and half the thickness of each layer.
    layers: Vec<(f64, f64)>,
}

impl Router {
    pub fn new(areas: &[Area], left_to_right: bool) -> Router {
        let mut router = Router { left_to_right, layers: Vec::new() };
        for area in areas {
            let (middle, half) = (router.turned(area.centre()).1, router.turned(area.size).1 / 2.0);
            match router.layers.iter_mut().find(|l| (l.0 - middle).abs() < 0.01) {
                Some(layer) => layer.1 = layer.1.max(half),
                None => router.layers.push((middle, half)),
            }
        }
        router
    }

    /// Across the layers and along them, or back.
    fn turned(&self, p: Point) -> Point {
        if self.left_to_right { (p.1, p.0) } else { p }
    }

    /// Half the thickness of the layer at this height, zero between layers.
    fn half(&self, y: f64) -> f64 {
        self.layers.iter().find(|l| (l.0 - y).abs() < 0.01).map_or(0.0, |l| l.1)
    }

    /// Where along its node's border each edge ends.
    fn ports(&self, areas: &[Area], edges: &[Edge], ways: &[Vec<Point>], leaving: bool) -> Vec<f64> {
        let mut ends: Vec<Vec<(f64, usize)>> = vec![Vec::new(); areas.len()];
        for (i, edge) in edges.iter().enumerate() {
            let (node, other) = if leaving { (edge.from, edge.to) } else { (edge.to, edge.from) };
            let next = if leaving { ways[i].first() } else { ways[i].last() };
            ends[node].push((self.turned(next.copied().unwrap_or(areas[other].centre())).0, i));
        }
        let mut ports = vec![0.0; edges.len()];
        for (area, ends) in areas.iter().zip(&mut ends) {
            ends.sort_by(|a, b| a.0.total_cmp(&b.0));
            let (centre, count) = (self.turned(area.centre()).0, ends.len() as f64);
            let apart = (self.turned(area.size).0 / (count + 1.0)).min(18.0);
            for (k, &(_, i)) in ends.iter().enumerate() {
                ports[i] = centre + (k as f64 - (count - 1.0) / 2.0) * apart;
            }
        }
        ports
    }

    /// Ways into one node that would cross just before it change places.
    pub fn uncross(&self, areas: &[Area], edges: &[Edge], ways: &mut [Vec<Point>]) {
        for node in 0..areas.len() {
            let group: Vec<usize> = (0..edges.len()).filter(|&i| edges[i].to == node).collect();
            let longest = group.iter().map(|&i| ways[i].len()).max().unwrap_or(0);
            for level in (1..=longest).rev() {
                let mut members: Vec<(f64, f64, usize)> = Vec::new();
                for &i in group.iter().filter(|&&i| ways[i].len() >= level) {
                    let at = ways[i].len() - level;
                    let before = at.checked_sub(1).map_or(areas[edges[i].from].centre(), |b| ways[i][b]);
                    members.push((self.turned(before).0, self.turned(ways[i][at]).0, i));
                }
                members.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
                let mut places: Vec<Point> =
                    members.iter().map(|m| ways[m.2][ways[m.2].len() - level]).collect();
                places.sort_by(|&a, &b| self.turned(a).0.total_cmp(&self.turned(b).0));
                let layer = |p: Point| self.turned(p).1;
                if places.windows(2).all(|w| (layer(w[0]) - layer(w[1])).abs() < 0.01) {
                    for (member, place) in members.iter().zip(places) {
                        let at = ways[member.2].len() - level;
                        ways[member.2][at] = place;
                    }
                }
            }
        }
    }

    /// The ways from border to border.
    pub fn routed(&self, areas: &[Area], edges: &[Edge], ways: &[Vec<Point>]) -> Vec<Vec<Point>> {
        let (starts, ends) = (self.ports(areas, edges, ways, true), self.ports(areas, edges, ways, false));
        let route = |(i, edge): (usize, &Edge)| {
            let mut way = Vec::new();
            let (from, to) = (areas[edge.from], areas[edge.to]);
            let (y, half) = (self.turned(from.centre()).1, self.turned(from.size).1 / 2.0);
            way.extend([half, self.half(y), self.half(y) + STUB].map(|h| (starts[i], y + h)));
            for (x, y) in ways[i].iter().map(|&p| self.turned(p)) {
                let half = self.half(y);
                // The curve cuts corners: the turn must be over before the layer begins.
                let corners = [-half - STUB, -half, half, half + STUB];
                way.extend(if half > 0.0 { &corners[..] } else { &[0.0] }.iter().map(|h| (x, y + h)));
            }
            let (y, half) = (self.turned(to.centre()).1, self.turned(to.size).1 / 2.0);
            way.extend([self.half(y) + STUB, self.half(y), half].map(|h| (ends[i], y - h)));
            way.dedup();
            way.into_iter().map(|p| self.turned(p)).collect()
        };
        edges.iter().enumerate().map(route).collect()
    }
}
