use crate::{DType, Element, Error, Shape, exact::Exact};
use ndarray::{ArrayD, IxDyn};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// An immutable array on the host: a shape and row-major values.
///
/// Cloning shares the values. Feeding a tensor to a session on the CPU does not copy it.
///
/// `Tensor::from` takes numbers, arrays of any depth, slices and `Vec`s of these, and [`ndarray`]'s arrays
/// and views, by value or by reference; of a `Vec` of numbers, and of an array that lies row by row, it takes
/// the memory, all else is copied. Lists in lists, of which each may have another length, are taken by
/// `Tensor::try_from`, which refuses those that make no tensor.
///
/// ```
/// use minutia_tensor::{Tensor, ndarray::array};
/// let rows = vec![vec![1.0_f32, 2.0], vec![3.0, 4.0]];
/// for same in [[[1.0_f32, 2.0], [3.0, 4.0]].into(), array![[1.0_f32, 2.0], [3.0, 4.0]].view().into()] {
///     assert_eq!(Tensor::try_from(&rows)?, same);
/// }
/// assert_eq!(Tensor::from([[[[7_u8; 5]; 4]; 3]; 2]).dims(), [2, 3, 4, 5]);
/// let error = Tensor::try_from(vec![vec![1, 2], vec![3]]).unwrap_err();
/// assert!(error.to_string().contains("the list at [1] has 1, those before it have 2"), "{error}");
/// # Ok::<(), minutia_tensor::Error>(())
/// ```
///
/// ```
/// use minutia_tensor::Tensor;
/// let t = Tensor::from_vec([2, 2], vec![1, 2, 3, 4])?;
/// assert_eq!(t.to_ndarray::<i32>()?[[1, 0]], 3);
/// assert_eq!(Tensor::scalar(0.5_f32).value::<f32>()?, 0.5);
/// assert!(t.as_slice::<f32>().is_err());
/// # Ok::<(), minutia_tensor::Error>(())
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct Tensor {
    shape: Shape,
    data: Data,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    F32(Arc<Vec<f32>>),
    I32(Arc<Vec<i32>>),
    Bool(Arc<Vec<bool>>),
    U8(Arc<Vec<u8>>),
}

/// Calls an expression with the typed values of a tensor's data.
macro_rules! with_values {
    ($data:expr, $values:ident => $body:expr) => {
        match $data {
            Data::F32($values) => $body,
            Data::I32($values) => $body,
            Data::Bool($values) => $body,
            Data::U8($values) => $body,
        }
    };
}

impl Tensor {
    /// A tensor of the given shape over row-major `values`.
    ///
    /// ```
    /// use minutia_tensor::{Error, Tensor};
    /// let t = Tensor::from_vec([2, 3], vec![1, 2, 3, 4, 5, 6])?;
    /// assert_eq!((t.dims(), t.elements()), (&[2, 3][..], 6));
    /// let error = Tensor::from_vec([2, 2], vec![1, 2, 3]).unwrap_err();
    /// assert_eq!(error.to_string(), "shape [2, 2] holds 4 values, but 3 were given");
    /// # Ok::<(), minutia_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::ElementCount`] when the shape holds another number of values.
    #[doc(alias = "array")]
    #[doc(alias = "from_numpy")]
    pub fn from_vec<T: Element>(shape: impl Into<Shape>, values: Vec<T>) -> Result<Tensor, Error> {
        Tensor::from_shared(shape, Arc::new(values))
    }

    /// Like [`Tensor::from_vec`], over values that are shared already.
    ///
    /// ```
    /// use std::sync::Arc;
    /// let values = Arc::new(vec![1.0_f32; 1000]);
    /// let t = minutia_tensor::Tensor::from_shared([10, 100], Arc::clone(&values))?;
    /// assert_eq!(t.as_slice::<f32>()?.as_ptr(), values.as_ptr());
    /// # Ok::<(), minutia_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::ElementCount`] when the shape holds another number of values.
    pub fn from_shared<T: Element>(shape: impl Into<Shape>, values: Arc<Vec<T>>) -> Result<Tensor, Error> {
        let shape = shape.into();
        if shape.elements() != values.len() {
            return Err(Error::ElementCount { shape, found: values.len() });
        }
        Ok(Tensor { shape, data: T::wrap(values) })
    }

    /// A tensor of as many values as its shape holds.
    pub(crate) fn whole<T: Element>(shape: Shape, values: Vec<T>) -> Tensor {
        Tensor { shape, data: T::wrap(Arc::new(values)) }
    }

    /// A tensor without axes.
    ///
    /// ```
    /// let t = minutia_tensor::Tensor::scalar(2.5_f32);
    /// assert_eq!((t.dims().len(), t.value::<f32>()?), (0, 2.5));
    /// # Ok::<(), minutia_tensor::Error>(())
    /// ```
    #[must_use]
    pub fn scalar<T: Element>(value: T) -> Tensor {
        Tensor { shape: Shape::scalar(), data: T::wrap(Arc::new(vec![value])) }
    }

    /// A tensor of one value throughout.
    ///
    /// ```
    /// use minutia_tensor::{DType, Tensor};
    /// assert_eq!(Tensor::full([2], 7)?.as_slice::<i32>()?, [7, 7]);
    /// assert_eq!(Tensor::zeros(DType::Bool, [2])?.as_slice::<bool>()?, [false, false]);
    /// # Ok::<(), minutia_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] when the shape holds more elements than memory could.
    #[doc(alias = "fill")]
    pub fn full<T: Element>(shape: impl Into<Shape>, value: T) -> Result<Tensor, Error> {
        let shape = shape.into();
        let values = std::iter::repeat_n(value, shape.elements());
        Tensor::collect(shape, values)
    }

    /// A tensor of as many values as there is memory for.
    fn collect<T: Element>(shape: Shape, values: impl ExactSizeIterator<Item = T>) -> Result<Tensor, Error> {
        let bytes = values.len().saturating_mul(size_of::<T>());
        let mut all = Vec::new();
        all.try_reserve_exact(values.len()).map_err(|_| Error::OutOfMemory { bytes })?;
        all.extend(values);
        Tensor::from_vec(shape, all)
    }

    /// A tensor of zeros (`false` for `bool`); see [`Tensor::full`].
    ///
    /// # Errors
    /// As [`Tensor::full`].
    pub fn zeros(dtype: DType, shape: impl Into<Shape>) -> Result<Tensor, Error> {
        match dtype {
            DType::F32 => Tensor::full(shape, 0.0_f32),
            DType::I32 => Tensor::full(shape, 0_i32),
            DType::Bool => Tensor::full(shape, false),
            DType::U8 => Tensor::full(shape, 0_u8),
        }
    }

    pub(crate) fn data(&self) -> &Data {
        &self.data
    }

    /// The extents, outermost first.
    #[doc(alias = "shape")]
    #[must_use]
    pub fn dims(&self) -> &[usize] {
        &self.shape
    }

    /// The shape.
    #[must_use]
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The element type.
    #[must_use]
    pub fn dtype(&self) -> DType {
        match &self.data {
            Data::F32(_) => DType::F32,
            Data::I32(_) => DType::I32,
            Data::Bool(_) => DType::Bool,
            Data::U8(_) => DType::U8,
        }
    }

    /// The number of elements.
    #[doc(alias = "numel")]
    #[doc(alias = "size")]
    #[must_use]
    pub fn elements(&self) -> usize {
        with_values!(&self.data, values => values.len())
    }

    /// The values, row-major.
    ///
    /// ```
    /// use minutia_tensor::Tensor;
    /// let t = Tensor::from([[1.0_f32, 2.0], [3.0, 4.0]]);
    /// assert_eq!(t.as_slice::<f32>()?, [1.0, 2.0, 3.0, 4.0]);
    /// assert!(t.as_slice::<i32>().is_err());
    /// # Ok::<(), minutia_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DType`] when the tensor holds another type.
    pub fn as_slice<T: Element>(&self) -> Result<&[T], Error> {
        T::unwrap(&self.data).ok_or(Error::DType { expected: T::DTYPE, found: self.dtype() })
    }

    /// The only value.
    ///
    /// ```
    /// use minutia_tensor::{Error, Tensor};
    /// assert_eq!(Tensor::from([[5_u8]]).value::<u8>()?, 5);
    /// assert!(matches!(Tensor::from([1, 2]).value::<i32>(), Err(Error::NotScalar { .. })));
    /// # Ok::<(), minutia_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DType`] when the tensor holds another type, [`Error::NotScalar`] when it has not one element.
    #[doc(alias = "item")]
    pub fn value<T: Element>(&self) -> Result<T, Error> {
        match self.as_slice::<T>()? {
            [value] => Ok(*value),
            _ => Err(Error::NotScalar { shape: self.shape.clone() }),
        }
    }

    /// The same values in another shape.
    ///
    /// ```
    /// let t = minutia_tensor::Tensor::from([1, 2, 3, 4]).reshape([2, 2])?;
    /// assert_eq!((t.dims(), t.as_slice::<i32>()?), (&[2, 2][..], &[1, 2, 3, 4][..]));
    /// # Ok::<(), minutia_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::ElementCount`] when the shape holds another number of values.
    #[doc(alias = "view")]
    pub fn reshape(&self, shape: impl Into<Shape>) -> Result<Tensor, Error> {
        let shape = shape.into();
        if shape.elements() != self.elements() {
            return Err(Error::ElementCount { shape, found: self.elements() });
        }
        Ok(Tensor { shape, data: self.data.clone() })
    }

    /// A copy as an [`ndarray`] array.
    ///
    /// ```
    /// use minutia_tensor::{Tensor, ndarray::array};
    /// let array = array![[1.0_f32, 2.0], [3.0, 4.0]];
    /// assert_eq!(Tensor::from(array.clone()).to_ndarray::<f32>()?, array.into_dyn());
    /// # Ok::<(), minutia_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DType`] when the tensor holds another type.
    #[doc(alias = "numpy")]
    pub fn to_ndarray<T: Element>(&self) -> Result<ArrayD<T>, Error> {
        let values = self.as_slice::<T>()?.to_vec();
        ArrayD::from_shape_vec(IxDyn(&self.shape), values)
            .map_err(|_| Error::ElementCount { shape: self.shape.clone(), found: self.elements() })
    }

    /// The values as little-endian bytes with one canonical NaN: what digests are made of.
    ///
    /// ```
    /// use minutia_tensor::Tensor;
    /// assert_eq!(Tensor::scalar(1.0_f32).canonical_bytes(), [0, 0, 0x80, 0x3f]);
    /// let [one, other] = [f32::NAN, -f32::NAN].map(|nan| Tensor::scalar(nan).canonical_bytes());
    /// assert_eq!(one, other);
    /// ```
    #[must_use]
    pub fn canonical_bytes(&self) -> Vec<u8> {
        match &self.data {
            Data::F32(v) => {
                v.iter().flat_map(|&x| minutia_kernels::math::canonical_bits(x).to_le_bytes()).collect()
            }
            Data::I32(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Data::Bool(v) => v.iter().map(|&x| x as u8).collect(),
            Data::U8(v) => v.to_vec(),
        }
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 8;
        write!(f, "Tensor {} {} ", self.dtype(), self.shape)?;
        with_values!(&self.data, values => {
            f.debug_list().entries(values.iter().take(SHOWN)).finish()?;
            if values.len() > SHOWN { write!(f, " and {} more", values.len() - SHOWN)?; }
        });
        Ok(())
    }
}

/// The serialised form; reading it checks that the values fill the shape.
#[derive(Serialize, Deserialize)]
struct Parts {
    shape: Shape,
    values: Values,
}

#[derive(Serialize, Deserialize)]
enum Values {
    F32(Vec<Exact>),
    I32(Vec<i32>),
    Bool(Vec<bool>),
    U8(Vec<u8>),
}

impl From<Tensor> for Parts {
    fn from(tensor: Tensor) -> Parts {
        let values = match &tensor.data {
            Data::F32(v) => Values::F32(v.iter().copied().map(Exact).collect()),
            Data::I32(v) => Values::I32(v.to_vec()),
            Data::Bool(v) => Values::Bool(v.to_vec()),
            Data::U8(v) => Values::U8(v.to_vec()),
        };
        Parts { shape: tensor.shape, values }
    }
}

impl TryFrom<Parts> for Tensor {
    type Error = Error;
    fn try_from(parts: Parts) -> Result<Tensor, Error> {
        match parts.values {
            Values::F32(v) => Tensor::from_vec(parts.shape, v.into_iter().map(|x| x.0).collect()),
            Values::I32(v) => Tensor::from_vec(parts.shape, v),
            Values::Bool(v) => Tensor::from_vec(parts.shape, v),
            Values::U8(v) => Tensor::from_vec(parts.shape, v),
        }
    }
}

impl Tensor {
    /// The values as raw bytes in this machine's order, as they lie in memory.
    ///
    /// ```
    /// use minutia_tensor::{DType, Tensor};
    /// let t = Tensor::from([1.0_f32, 2.0]);
    /// assert_eq!(Tensor::from_bytes(DType::F32, [2], t.as_bytes())?, t);
    /// # Ok::<(), minutia_tensor::Error>(())
    /// ```
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        crate::bytes::of(&self.data)
    }

    /// A tensor from raw bytes in this machine's order, as [`Tensor::as_bytes`] gives them, which has an
    /// example. A `bool` is true where its byte is not 0.
    ///
    /// # Errors
    /// [`Error::ElementCount`] when the bytes do not fill the shape exactly, [`Error::OutOfMemory`] when
    /// there is no memory for a copy.
    pub fn from_bytes(dtype: DType, shape: impl Into<Shape>, bytes: &[u8]) -> Result<Tensor, Error> {
        let shape = shape.into();
        if !bytes.len().is_multiple_of(dtype.size()) {
            return Err(Error::ElementCount { shape, found: bytes.len().div_ceil(dtype.size()) });
        }
        let words = || bytes.chunks_exact(4).map(|c| [c[0], c[1], c[2], c[3]]);
        match dtype {
            DType::F32 => Tensor::collect(shape, words().map(f32::from_ne_bytes)),
            DType::I32 => Tensor::collect(shape, words().map(i32::from_ne_bytes)),
            DType::Bool => Tensor::collect(shape, bytes.iter().map(|&b| b != 0)),
            DType::U8 => Tensor::collect(shape, bytes.iter().copied()),
        }
    }
}
