//! One array: a magic number, a version, a header, the elements.

use super::header::Header;
use crate::{
    Problem,
    element::{self, ELEMENTS},
    weights::little_endian,
};
use minutia_graph::Tensor;
use std::io::{self, Write};

const MAGIC: &[u8] = b"\x93NUMPY";
/// What the length of all that stands before the elements is a multiple of.
const ALIGNMENT: usize = 64;

/// Writes an array with version 1.0 of the format, or 2.0 where the header is too long for that.
pub fn encode(tensor: &Tensor, out: &mut impl Write) -> io::Result<()> {
    let text = Header::of(tensor.dtype(), tensor.dims()).text();
    let padded = |prefix: usize| (prefix + text.len() + 1).next_multiple_of(ALIGNMENT) - prefix;
    out.write_all(MAGIC)?;
    let short = padded(MAGIC.len() + 4);
    let length = match u16::try_from(short) {
        Ok(length) => {
            out.write_all(&[1, 0])?;
            out.write_all(&length.to_le_bytes())?;
            short
        }
        Err(_) => {
            let long = padded(MAGIC.len() + 6);
            out.write_all(&[2, 0])?;
            out.write_all(&u32::try_from(long).map_err(io::Error::other)?.to_le_bytes())?;
            long
        }
    };
    writeln!(out, "{text:<width$}", width = length - 1)?;
    out.write_all(&little_endian(tensor))
}

/// Reads an array; `name` is what errors call it.
pub fn decode(name: &str, bytes: &[u8]) -> Result<Tensor, Problem> {
    let damaged = |what: &str| Problem::Damaged(format!("'{name}' {what}"));
    let Some(rest) = bytes.strip_prefix(MAGIC) else {
        return Err(Problem::Foreign {
            expected: "an array of NumPy",
            found: format!("'{name}' does not begin with \\x93NUMPY"),
        });
    };
    let ended = || damaged("ends in its header");
    let (version, rest) = rest.split_at_checked(2).ok_or_else(ended)?;
    let (length, rest) = match version {
        [1, 0] => {
            let (length, rest) = rest.split_first_chunk().ok_or_else(ended)?;
            (usize::from(u16::from_le_bytes(*length)), rest)
        }
        [2 | 3, 0] => {
            let (length, rest) = rest.split_first_chunk().ok_or_else(ended)?;
            (usize::try_from(u32::from_le_bytes(*length)).map_err(|_| ended())?, rest)
        }
        _ => {
            let found = format!("'{name}' has the version {}.{}", version[0], version[1]);
            return Err(Problem::Foreign { expected: "an array of version 1.0, 2.0 or 3.0", found });
        }
    };
    let (header, elements) = rest.split_at_checked(length).ok_or_else(ended)?;
    let header = std::str::from_utf8(header).map_err(|_| damaged("has a header that is no text"))?;
    let header = Header::parse(header).map_err(|what| Problem::Damaged(format!("'{name}': {what}")))?;
    let Some((element, is_big_endian)) = header.element() else {
        return Err(Problem::DType { name: name.into(), found: header.descr, expected: ELEMENTS });
    };
    element::check_size(name, element, &header.shape, elements)?;
    let rows;
    let elements = match header.fortran_order {
        true => {
            rows = row_major(&header.shape, element.size(), elements);
            &rows[..]
        }
        false => elements,
    };
    element::tensor(name, element, &header.shape, elements, is_big_endian)
}

/// Elements that lie column by column, row by row.
fn row_major(shape: &[usize], size: usize, columns: &[u8]) -> Vec<u8> {
    let mut strides = Vec::with_capacity(shape.len());
    let mut stride = size;
    for &extent in shape {
        strides.push(stride);
        stride = stride.saturating_mul(extent);
    }
    let mut index = vec![0; shape.len()];
    let mut rows = Vec::with_capacity(columns.len());
    let mut from = 0;
    while rows.len() < columns.len() {
        rows.extend(&columns[from..from + size]);
        // The next element: the last axis goes on, and where it is at its end, the one before it.
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            from += strides[axis];
            if index[axis] < shape[axis] {
                break;
            }
            from -= index[axis] * strides[axis];
            index[axis] = 0;
        }
    }
    rows
}
