use super::shape::PartialShape;
use crate::ops::Mismatch;
use minutia_tensor::Shape;

/// Extents as an argument, outermost first, of which some may be open: those that the feeds decide, of a
/// placeholder; the one that takes what is left, when a tensor is reshaped.
///
/// They are an array, a slice or a `Vec` of integers of any type, in which -1 is open, or of options, in
/// which `None` is; a tuple mixes all of these; a [`Shape`] or a [`PartialShape`]; `()` for a scalar.
///
/// ```
/// use minutia_graph::{DType, Graph};
/// let graph = Graph::new();
/// let width: usize = 784;
/// for x in [
///     graph.placeholder("x", DType::F32, (None, 784)),
///     graph.placeholder("x", DType::F32, (None, width)),
///     graph.placeholder("x", DType::F32, [-1, 784]),
///     graph.placeholder("x", DType::F32, [None, Some(784)]),
/// ] {
///     assert_eq!(x.signature().to_string(), "f32 [?, 784]");
///     assert_eq!(x.reshape((-1, width / 2)).shape().to_string(), "[?, 392]");
/// }
/// assert!(graph.placeholder("x", DType::F32, [-2, 784]).check().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extents(Vec<Extent>);

/// One of several [`Extents`]: an integer of any type, of which -1 is open, or an option, of which `None` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent(i128);

impl Extent {
    const OPEN: Extent = Extent(-1);
}

impl Extents {
    /// The shape that they say.
    pub(crate) fn shape(&self) -> Result<PartialShape, Mismatch> {
        let extent = |(axis, extent): (usize, &Extent)| match usize::try_from(extent.0) {
            Ok(known) => Ok(Some(known)),
            Err(_) if *extent == Extent::OPEN => Ok(None),
            Err(_) => Err(Mismatch::new(format!("extent {} of axis {axis} is negative", extent.0))
                .hint("-1 or None stands for an extent that the feeds decide")),
        };
        self.0.iter().enumerate().map(extent).collect::<Result<Vec<_>, _>>().map(PartialShape::from)
    }

    /// As numbers, -1 being open. No tensor is as long as what stands for a number that does not fit.
    pub(crate) fn numbers(&self) -> Vec<isize> {
        let number = |extent: &Extent| {
            isize::try_from(extent.0).unwrap_or(if extent.0 < 0 { isize::MIN } else { isize::MAX })
        };
        self.0.iter().map(number).collect()
    }
}

macro_rules! integers {
    ($($integer:ty)*) => { $(
        impl From<$integer> for Extent {
            fn from(extent: $integer) -> Extent {
                Extent(extent as i128)
            }
        }

        impl From<$integer> for Extents {
            fn from(extent: $integer) -> Extents {
                Extents(vec![extent.into()])
            }
        }
    )* };
}

integers! { i32 i64 isize u32 u64 usize }

impl From<Option<usize>> for Extent {
    fn from(extent: Option<usize>) -> Extent {
        extent.map_or(Extent::OPEN, Extent::from)
    }
}

impl<E: Into<Extent>, const N: usize> From<[E; N]> for Extents {
    fn from(extents: [E; N]) -> Extents {
        Extents(extents.into_iter().map(Into::into).collect())
    }
}

impl<E: Into<Extent>> From<Vec<E>> for Extents {
    fn from(extents: Vec<E>) -> Extents {
        Extents(extents.into_iter().map(Into::into).collect())
    }
}

impl<E: Into<Extent> + Copy> From<&[E]> for Extents {
    fn from(extents: &[E]) -> Extents {
        Extents(extents.iter().map(|&extent| extent.into()).collect())
    }
}

impl<E: Into<Extent> + Copy, const N: usize> From<&[E; N]> for Extents {
    fn from(extents: &[E; N]) -> Extents {
        Extents::from(&extents[..])
    }
}

impl<E: Into<Extent> + Copy> From<&Vec<E>> for Extents {
    fn from(extents: &Vec<E>) -> Extents {
        Extents::from(&extents[..])
    }
}

impl From<PartialShape> for Extents {
    fn from(shape: PartialShape) -> Extents {
        Extents::from(&shape[..])
    }
}

impl From<&PartialShape> for Extents {
    fn from(shape: &PartialShape) -> Extents {
        Extents::from(&shape[..])
    }
}

impl From<Shape> for Extents {
    fn from(shape: Shape) -> Extents {
        Extents::from(&shape[..])
    }
}

impl From<&Shape> for Extents {
    fn from(shape: &Shape) -> Extents {
        Extents::from(&shape[..])
    }
}

/// A scalar has none.
impl From<()> for Extents {
    fn from((): ()) -> Extents {
        Extents(Vec::new())
    }
}

macro_rules! tuples {
    ($(($($e:ident $i:tt),*))*) => { $(
        impl<$($e: Into<Extent>),*> From<($($e,)*)> for Extents {
            fn from(extents: ($($e,)*)) -> Extents {
                Extents(vec![$(extents.$i.into()),*])
            }
        }
    )* };
}

tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
}
