use serde::{Deserialize, Serialize};
use std::{fmt, ops::Deref};

/// The extents of a tensor, outermost first. A scalar has none.
///
/// ```
/// use minutia_tensor::Shape;
/// let shape = Shape::from([2, 3]);
/// assert_eq!((shape.len(), shape.elements()), (2, 6));
/// assert_eq!(shape.strides(), [3, 1]);
/// assert_eq!(shape.to_string(), "[2, 3]");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Shape(Vec<usize>);

impl Shape {
    /// The shape of a scalar.
    #[must_use]
    pub const fn scalar() -> Shape {
        Shape(Vec::new())
    }

    /// The number of elements; saturates at `usize::MAX`.
    #[must_use]
    pub fn elements(&self) -> usize {
        // A zero anywhere makes the product zero even where the other extents overflow.
        if self.0.contains(&0) { 0 } else { self.0.iter().fold(1, |n, &d| n.saturating_mul(d)) }
    }

    /// Row-major strides, in elements.
    #[must_use]
    pub fn strides(&self) -> Vec<usize> {
        let mut strides = vec![1_usize; self.0.len()];
        for axis in (1..self.0.len()).rev() {
            strides[axis - 1] = strides[axis].saturating_mul(self.0[axis]);
        }
        strides
    }
}

impl Deref for Shape {
    type Target = [usize];
    fn deref(&self) -> &[usize] {
        &self.0
    }
}

impl From<Vec<usize>> for Shape {
    fn from(dims: Vec<usize>) -> Shape {
        Shape(dims)
    }
}

impl From<&[usize]> for Shape {
    fn from(dims: &[usize]) -> Shape {
        Shape(dims.to_vec())
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    fn from(dims: [usize; N]) -> Shape {
        Shape(dims.to_vec())
    }
}

impl From<usize> for Shape {
    fn from(length: usize) -> Shape {
        Shape(vec![length])
    }
}

impl From<()> for Shape {
    fn from((): ()) -> Shape {
        Shape::scalar()
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (axis, dim) in self.0.iter().enumerate() {
            if axis > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{dim}")?;
        }
        f.write_str("]")
    }
}
