//! Tensors as text.

use crate::{DType, Tensor};
use std::fmt;

/// Tensors of more elements are shown in part.
const WHOLE: usize = 1000;
/// How many entries of a long axis are shown at either end.
const EDGE: usize = 3;
/// Columns after which a row goes on in the next line.
const WIDTH: usize = 75;

/// As NumPy's `print` shows an array: nested brackets, columns below each other. Of more than 1000 elements
/// the first and last three along each axis are shown. Floats are the shortest decimals that give the same
/// bits; a precision, as in `{:.3}`, rounds them.
///
/// ```
/// use minutia_tensor::Tensor;
/// let t = Tensor::from([[1.0_f32, -0.25], [10.5, 0.1]]);
/// assert_eq!(t.to_string(), "[[ 1.   -0.25]\n [10.5   0.1 ]]");
/// assert_eq!(format!("{t:.1}"), "[[ 1.0 -0.2]\n [10.5  0.1]]");
/// assert_eq!(Tensor::from([true, false]).to_string(), "[ true false]");
/// assert_eq!(Tensor::from(3.0).to_string(), "3.0");
/// ```
impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.elements() == 0 {
            return f.write_str("[]");
        }
        let cut = self.elements() > WHOLE;
        let axes: Vec<Vec<Option<usize>>> = self.dims().iter().map(|&extent| shown(extent, cut)).collect();
        let mut positions = vec![0];
        for (axis, &extent) in axes.iter().zip(self.dims()) {
            let inside = |outer: usize| axis.iter().flatten().map(move |index| outer * extent + index);
            positions = positions.into_iter().flat_map(inside).collect();
        }
        let cells = cells(self, &positions, f.precision());
        Printer { axes: &axes, cells: cells.iter() }.write(f, 0)
    }
}

/// The entries of an axis that are shown, with `None` in the place of those left out.
fn shown(extent: usize, cut: bool) -> Vec<Option<usize>> {
    if !cut || extent <= 2 * EDGE {
        return (0..extent).map(Some).collect();
    }
    (0..EDGE).map(Some).chain([None]).chain((extent - EDGE..extent).map(Some)).collect()
}

struct Printer<'a> {
    axes: &'a [Vec<Option<usize>>],
    /// Those that are still to be written.
    cells: std::slice::Iter<'a, String>,
}

impl<'a> Printer<'a> {
    /// Writes all that lies along an axis at one index of those around it.
    fn write(&mut self, f: &mut fmt::Formatter<'_>, axis: usize) -> fmt::Result {
        let Some(entries) = self.axes.get(axis) else { return f.write_str(self.next()) };
        let inner = self.axes.len() - axis - 1;
        let indent = format!("\n{:1$}", "", axis + 1);
        f.write_str("[")?;
        let mut column = axis + 1;
        for (i, entry) in entries.iter().enumerate() {
            if inner > 0 {
                if i > 0 {
                    f.write_str(&"\n".repeat(inner - 1))?;
                    f.write_str(&indent)?;
                }
                match entry {
                    Some(_) => self.write(f, axis + 1)?,
                    None => f.write_str("...")?,
                }
                continue;
            }
            let cell = if entry.is_some() { self.next() } else { "..." };
            column += 1 + cell.len();
            if i > 0 && column > WIDTH {
                f.write_str(&indent)?;
                column = axis + 1 + cell.len();
            } else if i > 0 {
                f.write_str(" ")?;
            }
            f.write_str(cell)?;
        }
        f.write_str("]")
    }

    fn next(&mut self) -> &'a str {
        self.cells.next().map_or("", String::as_str)
    }
}

/// The elements at these positions, as texts of one length.
fn cells(tensor: &Tensor, positions: &[usize], precision: Option<usize>) -> Vec<String> {
    let texts = match tensor.dtype() {
        DType::F32 if tensor.dims().is_empty() && precision.is_none() => {
            picked::<f32>(tensor, positions).iter().map(|x| format!("{x:?}")).collect()
        }
        DType::F32 => floats(&picked(tensor, positions), precision),
        DType::I32 => picked::<i32>(tensor, positions).iter().map(ToString::to_string).collect(),
        DType::Bool => picked::<bool>(tensor, positions).iter().map(ToString::to_string).collect(),
        DType::U8 => picked::<u8>(tensor, positions).iter().map(ToString::to_string).collect(),
    };
    let width = texts.iter().map(String::len).max().unwrap_or(0);
    texts.into_iter().map(|text| format!("{text:>width$}")).collect()
}

fn picked<T: crate::Element>(tensor: &Tensor, positions: &[usize]) -> Vec<T> {
    let values = tensor.as_slice::<T>().unwrap_or_default();
    positions.iter().filter_map(|&position| values.get(position).copied()).collect()
}

/// Numbers with their points below each other; with exponents where one is very large or very small.
fn floats(values: &[f32], precision: Option<usize>) -> Vec<String> {
    let far = |x: &f32| x.is_finite() && *x != 0.0 && !(1e-4..1e8).contains(&x.abs());
    if precision.is_none() && values.iter().any(far) {
        return values.iter().map(|x| if x.is_finite() { format!("{x:e}") } else { special(*x) }).collect();
    }
    let decimal = |x: &f32| match precision {
        Some(digits) => format!("{x:.digits$}"),
        None if x.fract() == 0.0 => format!("{x}."),
        None => x.to_string(),
    };
    let texts: Vec<String> =
        values.iter().map(|x| if x.is_finite() { decimal(x) } else { special(*x) }).collect();
    let behind = |text: &String| text.find('.').map_or(0, |point| text.len() - point);
    let longest = texts.iter().map(behind).max().unwrap_or(0);
    let padded = |text: String| match behind(&text) {
        0 => text,
        digits => text + &" ".repeat(longest - digits),
    };
    texts.into_iter().map(padded).collect()
}

fn special(x: f32) -> String {
    let sign = if x.is_sign_negative() && !x.is_nan() { "-" } else { "" };
    format!("{sign}{}", if x.is_nan() { "nan" } else { "inf" })
}
