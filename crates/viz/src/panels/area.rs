use crate::svg::spline::Point;

/// An upright rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Area {
    pub corner: Point,
    pub size: (f64, f64),
}

impl Area {
    pub fn around(centre: Point, size: (f64, f64)) -> Area {
        Area { corner: (centre.0 - size.0 / 2.0, centre.1 - size.1 / 2.0), size }
    }

    pub fn centre(&self) -> Point {
        (self.corner.0 + self.size.0 / 2.0, self.corner.1 + self.size.1 / 2.0)
    }

    pub fn end(&self) -> Point {
        (self.corner.0 + self.size.0, self.corner.1 + self.size.1)
    }

    /// The area and `margin` pixels around it.
    pub fn grown(&self, margin: f64) -> Area {
        let (x, y) = self.corner;
        let size = (self.size.0 + 2.0 * margin, self.size.1 + 2.0 * margin);
        Area { corner: (x - margin, y - margin), size }
    }

    pub fn holds(&self, p: Point) -> bool {
        let (low, high) = (self.corner, self.end());
        p.0 > low.0 && p.0 < high.0 && p.1 > low.1 && p.1 < high.1
    }

    /// Whether the area is at least `margin` pixels inside one of this size with its corner at the origin.
    pub fn inside(&self, margin: f64, size: (f64, f64)) -> bool {
        let (low, high) = (self.corner, self.end());
        low.0 >= margin && low.1 >= margin && high.0 <= size.0 - margin && high.1 <= size.1 - margin
    }

    /// Whether two areas share more than a border.
    pub fn overlaps(&self, other: &Area) -> bool {
        let (a, b) = ((self.corner, self.end()), (other.corner, other.end()));
        a.0.0 < b.1.0 && b.0.0 < a.1.0 && a.0.1 < b.1.1 && b.0.1 < a.1.1
    }
}
