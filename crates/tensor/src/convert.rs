//! What becomes a tensor: numbers, arrays, slices and `Vec`s of them, lists in lists, and ndarray's arrays.

use crate::{Element, Error, Shape, Tensor};
use ndarray::{Array, ArrayBase, ArrayView, Data, Dimension};

/// What has the same extents whatever its values are: an element, or an array of such.
pub trait Fixed: Sized {
    type Element: Element;
    /// Appends the extents, outermost first.
    fn extents(extents: &mut Vec<usize>);
    /// All elements of a list, as they lie in memory.
    fn flat(list: &[Self]) -> &[Self::Element];
}

impl<X: Fixed, const N: usize> Fixed for [X; N] {
    type Element = X::Element;

    fn extents(extents: &mut Vec<usize>) {
        extents.push(N);
        X::extents(extents);
    }

    fn flat(list: &[[X; N]]) -> &[X::Element] {
        // Arrays of nothing take no memory, so that there may be more of them than can be counted.
        if size_of::<[X; N]>() == 0 { &[] } else { X::flat(list.as_flattened()) }
    }
}

/// A tensor whose outermost axes are given, of all that is in a list.
fn tensor<X: Fixed>(outermost: &[usize], list: &[X]) -> Tensor {
    let mut extents = outermost.to_vec();
    X::extents(&mut extents);
    Tensor::whole(extents.into(), X::flat(list).to_vec())
}

impl<X: Fixed, const N: usize> From<[X; N]> for Tensor {
    fn from(array: [X; N]) -> Tensor {
        tensor(&[N], &array)
    }
}

impl<X: Fixed, const N: usize> From<&[X; N]> for Tensor {
    fn from(array: &[X; N]) -> Tensor {
        tensor(&[N], array)
    }
}

impl<X: Fixed> From<&[X]> for Tensor {
    fn from(list: &[X]) -> Tensor {
        tensor(&[list.len()], list)
    }
}

impl<X: Fixed> From<&Vec<X>> for Tensor {
    fn from(list: &Vec<X>) -> Tensor {
        tensor(&[list.len()], list)
    }
}

impl<X: Fixed, const N: usize> From<Vec<[X; N]>> for Tensor {
    fn from(list: Vec<[X; N]>) -> Tensor {
        tensor(&[list.len()], &list)
    }
}

/// What is a list, or may be in one; lists may be of several lengths.
pub trait Nested: Sized {
    type Element: Element;
    /// How deep its lists are.
    const DEPTH: usize;
    /// Appends all elements of a list, which lie along this axis.
    fn append(list: &[Self], axis: usize, lists: &mut Lists<Self::Element>) -> Result<(), Error>;
}

/// What was found in nested lists.
pub struct Lists<T> {
    /// How long the lists along each axis are, where there was one.
    extents: Vec<Option<usize>>,
    /// Which list is looked at, in each of those around it.
    position: Vec<usize>,
    values: Vec<T>,
}

impl<T: Element> Lists<T> {
    fn collect<X: Nested<Element = T>>(list: &[X]) -> Result<Tensor, Error> {
        let extents = vec![None; 1 + X::DEPTH];
        let mut lists = Lists { extents, position: Vec::new(), values: Vec::new() };
        lists.append(list, 0)?;
        // Nothing is known of lists that are in none.
        let extents: Vec<usize> = lists.extents.iter().map(|extent| extent.unwrap_or(0)).collect();
        Ok(Tensor::whole(Shape::from(extents), lists.values))
    }

    fn append<X: Nested<Element = T>>(&mut self, list: &[X], axis: usize) -> Result<(), Error> {
        let (expected, found) = (*self.extents[axis].get_or_insert(list.len()), list.len());
        if expected != found {
            return Err(Error::Ragged { axis, position: self.position.clone(), expected, found });
        }
        X::append(list, axis, self)
    }
}

macro_rules! nested {
    ($([$($generics:tt)*] $list:ty;)*) => { $(
        impl<X: Nested $($generics)*> Nested for $list {
            type Element = X::Element;
            const DEPTH: usize = 1 + X::DEPTH;

            fn append(list: &[Self], axis: usize, lists: &mut Lists<X::Element>) -> Result<(), Error> {
                for (index, inner) in list.iter().enumerate() {
                    lists.position.push(index);
                    lists.append(&inner[..], axis + 1)?;
                    lists.position.pop();
                }
                Ok(())
            }
        }
    )* };
}

nested! {
    [] Vec<X>;
    [] &[X];
    [, const N: usize] [X; N];
}

/// Lists of lists, of which the compiler does not know that they are equally long.
macro_rules! lists_of {
    ($($inner:ty),*) => { $(
        impl<X: Nested> TryFrom<Vec<$inner>> for Tensor {
            type Error = Error;
            fn try_from(lists: Vec<$inner>) -> Result<Tensor, Error> {
                Lists::collect(&lists)
            }
        }

        impl<X: Nested> TryFrom<&Vec<$inner>> for Tensor {
            type Error = Error;
            fn try_from(lists: &Vec<$inner>) -> Result<Tensor, Error> {
                Lists::collect(lists)
            }
        }

        impl<X: Nested> TryFrom<&[$inner]> for Tensor {
            type Error = Error;
            fn try_from(lists: &[$inner]) -> Result<Tensor, Error> {
                Lists::collect(lists)
            }
        }

        impl<X: Nested, const N: usize> TryFrom<[$inner; N]> for Tensor {
            type Error = Error;
            fn try_from(lists: [$inner; N]) -> Result<Tensor, Error> {
                Lists::collect(&lists)
            }
        }
    )* };
}

lists_of!(Vec<X>, &[X]);

macro_rules! elements {
    ($($t:ty),*) => { $(
        impl Fixed for $t {
            type Element = $t;
            fn extents(_: &mut Vec<usize>) {}
            fn flat(list: &[$t]) -> &[$t] { list }
        }

        impl Nested for $t {
            type Element = $t;
            const DEPTH: usize = 0;
            fn append(list: &[$t], _: usize, lists: &mut Lists<$t>) -> Result<(), Error> {
                lists.values.extend_from_slice(list);
                Ok(())
            }
        }

        impl From<$t> for Tensor {
            fn from(value: $t) -> Tensor { Tensor::scalar(value) }
        }

        impl From<&$t> for Tensor {
            fn from(value: &$t) -> Tensor { Tensor::scalar(*value) }
        }

        /// The values are not copied.
        impl From<Vec<$t>> for Tensor {
            fn from(values: Vec<$t>) -> Tensor { Tensor::whole(values.len().into(), values) }
        }
    )* };
}

elements!(f32, i32, bool, u8);

impl From<&Tensor> for Tensor {
    fn from(tensor: &Tensor) -> Tensor {
        tensor.clone()
    }
}

/// The values are not copied where they lie row by row.
impl<T: Element, D: Dimension> From<Array<T, D>> for Tensor {
    fn from(array: Array<T, D>) -> Tensor {
        if array.as_slice().is_none() {
            return Tensor::from(&array);
        }
        let shape = Shape::from(array.shape());
        let (values, offset) = array.into_raw_vec_and_offset();
        let start = offset.unwrap_or(0);
        let end = start + shape.elements();
        let all = start == 0 && end == values.len();
        Tensor::whole(shape, if all { values } else { values[start..end].to_vec() })
    }
}

impl<T: Element, S: Data<Elem = T>, D: Dimension> From<&ArrayBase<S, D>> for Tensor {
    fn from(array: &ArrayBase<S, D>) -> Tensor {
        // `iter` walks in logical order whatever the memory layout is.
        let values = array.as_slice().map_or_else(|| array.iter().copied().collect(), <[T]>::to_vec);
        Tensor::whole(array.shape().into(), values)
    }
}

impl<T: Element, D: Dimension> From<ArrayView<'_, T, D>> for Tensor {
    fn from(array: ArrayView<'_, T, D>) -> Tensor {
        Tensor::from(&array)
    }
}
