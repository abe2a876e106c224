//! Smooth curves from points.

/// Pixels to the right and down.
pub(crate) type Point = (f64, f64);

/// Cubic Bézier curves end to end; each has two control points and an end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Spline {
    pub start: Point,
    pub cubics: Vec<[Point; 3]>,
}

impl Spline {
    /// The uniform cubic B-spline of a polygon, held at its ends. It stays within the polygon's hull, so that
    /// it never swings out over what the polygon avoids, and where the polygon only goes down so does the
    /// curve.
    pub fn through(polygon: &[Point]) -> Option<Spline> {
        let (&start, &end) = (polygon.first()?, polygon.last()?);
        let mut held = vec![start, start];
        held.extend_from_slice(polygon);
        held.extend([end, end]);
        let knot = |p: Point, q: Point, r: Point| mix(mix(p, r, 0.5), q, 2.0 / 3.0);
        let cubic =
            |w: &[Point]| [mix(w[1], w[2], 1.0 / 3.0), mix(w[1], w[2], 2.0 / 3.0), knot(w[1], w[2], w[3])];
        Some(Spline { start, cubics: held.windows(4).map(cubic).collect() })
    }

    /// Points along the curve, `each` for a cubic.
    pub fn samples(&self, each: usize) -> Vec<Point> {
        let mut points = vec![self.start];
        let mut from = self.start;
        for &[p, q, to] in &self.cubics {
            for i in 1..=each {
                let t = i as f64 / each as f64;
                let (a, b, c) = (mix(from, p, t), mix(p, q, t), mix(q, to, t));
                points.push(mix(mix(a, b, t), mix(b, c, t), t));
            }
            from = to;
        }
        points
    }

    /// The same curve elsewhere.
    pub fn moved(&self, by: Point) -> Spline {
        let add = |p: &Point| (p.0 + by.0, p.1 + by.1);
        Spline {
            start: add(&self.start),
            cubics: self.cubics.iter().map(|c| [add(&c[0]), add(&c[1]), add(&c[2])]).collect(),
        }
    }
}

/// The point a share `t` of the way from `p` to `q`.
pub(crate) fn mix(p: Point, q: Point, t: f64) -> Point {
    (p.0 + (q.0 - p.0) * t, p.1 + (q.1 - p.1) * t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_begin_and_end_where_the_polygon_does_and_only_go_down_with_it() {
        let polygon = [(0.0, 0.0), (50.0, 10.0), (-20.0, 30.0), (10.0, 60.0)];
        let points = Spline::through(&polygon).unwrap().samples(8);
        assert_eq!(points[0], polygon[0]);
        let last = points[points.len() - 1];
        assert!((last.0 - 10.0).abs() < 1e-9 && (last.1 - 60.0).abs() < 1e-9);
        assert!(points.windows(2).all(|w| w[0].1 <= w[1].1 + 1e-12));
        assert_eq!(Spline::through(&[]), None);
    }
}
