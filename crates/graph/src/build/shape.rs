use minutia_tensor::Shape;
use serde::{Deserialize, Serialize};
use std::{fmt, ops::Deref};

/// The extents of a symbolic tensor, outermost first; `None` where an extent is known only when the graph
/// runs. The rank is always known.
///
/// ```
/// use minutia_graph::PartialShape;
/// let batch = PartialShape::from([None, Some(784)]);
/// assert_eq!(batch.to_string(), "[?, 784]");
/// assert!(batch.admits(&[100, 784]) && !batch.admits(&[100, 10]));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PartialShape(Vec<Option<usize>>);

impl PartialShape {
    /// The shape of a scalar.
    #[must_use]
    pub fn scalar() -> PartialShape {
        PartialShape::default()
    }

    /// Whether a tensor of these extents has this shape.
    #[must_use]
    pub fn admits(&self, dims: &[usize]) -> bool {
        self.len() == dims.len() && self.iter().zip(dims).all(|(want, dim)| want.is_none_or(|w| w == *dim))
    }

    /// The extents, when all are known.
    #[must_use]
    pub fn known(&self) -> Option<Shape> {
        self.iter().copied().collect::<Option<Vec<_>>>().map(Shape::from)
    }

    /// The shape that two shapes broadcast to: aligned at the last axis, an extent of 1 stretches.
    ///
    /// # Errors
    /// The axes, counted in each shape, whose extents clash.
    pub(crate) fn broadcast(&self, other: &PartialShape) -> Result<PartialShape, (usize, usize)> {
        let rank = self.len().max(other.len());
        let at = |shape: &PartialShape, axis: usize| {
            (axis + shape.len()).checked_sub(rank).map_or(Some(1), |axis| shape[axis])
        };
        let merge = |axis| match (at(self, axis), at(other, axis)) {
            (Some(1), d) | (d, Some(1)) => Ok(d),
            (None, d) | (d, None) => Ok(d),
            (Some(a), Some(b)) if a == b => Ok(Some(a)),
            _ => Err((axis + self.len() - rank, axis + other.len() - rank)),
        };
        (0..rank).map(merge).collect::<Result<_, _>>().map(PartialShape)
    }
}

impl Deref for PartialShape {
    type Target = [Option<usize>];
    fn deref(&self) -> &[Option<usize>] {
        &self.0
    }
}

impl From<Vec<Option<usize>>> for PartialShape {
    fn from(dims: Vec<Option<usize>>) -> PartialShape {
        PartialShape(dims)
    }
}

impl<const N: usize> From<[Option<usize>; N]> for PartialShape {
    fn from(dims: [Option<usize>; N]) -> PartialShape {
        PartialShape(dims.to_vec())
    }
}

impl<const N: usize> From<[usize; N]> for PartialShape {
    fn from(dims: [usize; N]) -> PartialShape {
        PartialShape(dims.map(Some).to_vec())
    }
}

impl From<()> for PartialShape {
    /// The shape of a scalar.
    fn from((): ()) -> PartialShape {
        PartialShape::scalar()
    }
}

impl From<&[usize]> for PartialShape {
    fn from(dims: &[usize]) -> PartialShape {
        PartialShape(dims.iter().copied().map(Some).collect())
    }
}

impl From<&Shape> for PartialShape {
    fn from(shape: &Shape) -> PartialShape {
        PartialShape::from(&shape[..])
    }
}

impl fmt::Display for PartialShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (axis, dim) in self.iter().enumerate() {
            if axis > 0 {
                f.write_str(", ")?;
            }
            match dim {
                Some(dim) => write!(f, "{dim}")?,
                None => f.write_str("?")?,
            }
        }
        f.write_str("]")
    }
}
