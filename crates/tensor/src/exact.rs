//! `f32` in any serde format without the loss of a bit: `#[serde(with = "minutia_tensor::exact")]`.
//!
//! Text formats have numbers for what is finite; many have none for the rest, and write null. Where a format
//! is for people, the infinities are the strings `inf` and `-inf`, and a NaN is `nan:0x7fc00000`, with its
//! bits. Binary formats get the number as it is.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// Writes the number.
///
/// # Errors
/// Those of the format.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
pub fn serialize<S: Serializer>(x: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    if x.is_finite() || !serializer.is_human_readable() {
        serializer.serialize_f32(*x)
    } else if x.is_nan() {
        serializer.collect_str(&format_args!("nan:{:#010x}", x.to_bits()))
    } else {
        serializer.collect_str(x)
    }
}

/// Reads the number.
///
/// # Errors
/// Those of the format, and for what is no `f32`, such as 1e39.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
    if deserializer.is_human_readable() {
        deserializer.deserialize_any(Text)
    } else {
        f32::deserialize(deserializer)
    }
}

/// A number by itself, for lists.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Exact(#[serde(with = "crate::exact")] pub f32);

struct Text;

impl de::Visitor<'_> for Text {
    type Value = f32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an f32: a number, \"inf\", \"-inf\" or a NaN's bits, such as \"nan:0x7fc00000\"")
    }

    fn visit_f64<E: de::Error>(self, x: f64) -> Result<f32, E> {
        let near = x as f32;
        if near.is_finite() || !x.is_finite() {
            return Ok(near);
        }
        Err(E::invalid_value(de::Unexpected::Float(x), &self))
    }

    fn visit_f32<E: de::Error>(self, x: f32) -> Result<f32, E> {
        Ok(x)
    }

    fn visit_i64<E: de::Error>(self, x: i64) -> Result<f32, E> {
        Ok(x as f32)
    }

    fn visit_u64<E: de::Error>(self, x: u64) -> Result<f32, E> {
        Ok(x as f32)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<f32, E> {
        let nan = || {
            let bits = u32::from_str_radix(text.strip_prefix("nan:0x")?, 16).ok()?;
            Some(f32::from_bits(bits)).filter(|x| x.is_nan())
        };
        match text {
            "inf" => Ok(f32::INFINITY),
            "-inf" => Ok(f32::NEG_INFINITY),
            _ => nan().ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }
}
