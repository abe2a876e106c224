//! The domains of `reproduce.toml`'s numbers: what is outside is refused while the file is read.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserializer;
use serde::de::{Error, Visitor};

/// Real numbers that a parameter may be.
pub trait Domain {
    /// What they are, in words.
    const WORDS: &'static str;

    /// Whether a number is one of them; never for NaN.
    fn holds(value: f64) -> bool;
}

/// Declares domains: a name, the words, and the comparison.
macro_rules! domains {
    ($($(#[$doc:meta])* $name:ident, $words:literal, $value:ident => $holds:expr;)*) => {$(
        $(#[$doc])*
        pub struct $name;

        impl Domain for $name {
            const WORDS: &'static str = $words;

            fn holds($value: f64) -> bool {
                $holds
            }
        }
    )*};
}

domains! {
    /// Learning rates. Far greater ones only lead to infinity.
    Rate, "a number above 0 and at most 1000", v => v > 0.0 && v <= 1000.0;
    /// Standard deviations, penalties, distances.
    Size, "a number from 0 to 1000", v => (0.0..=1000.0).contains(&v);
    /// Errors that still count as right. The figure's axis is logarithmic.
    Tolerance, "a number above 0 and at most 1", v => v > 0.0 && v <= 1.0;
    /// Probabilities whose logarithm, and that of what is left to 1, is finite.
    Inner, "a number above 0 and below 1, also when rounded to 32 bits", v => v > 0.0 && v < 1.0;
    /// Parts of a whole that leave something.
    Part, "a number from 0 to less than 1, also when rounded to 32 bits", v => (0.0..1.0).contains(&v);
    /// Parts of a whole.
    Share, "a number from 0 to 1", v => (0.0..=1.0).contains(&v);
    /// Coefficients of correlation.
    Correlation, "a number from -1 to 1", v => (-1.0..=1.0).contains(&v);
}

/// Reads a 32-bit number of a domain, which the rounded number must be in.
pub fn single<'de, D: Deserializer<'de>, In: Domain>(deserializer: D) -> Result<f32, D::Error> {
    let value = deserializer.deserialize_any(Real(PhantomData::<In>))?;
    if In::holds(f64::from(value as f32)) { Ok(value as f32) } else { Err(refused(value, In::WORDS)) }
}

/// Reads a 64-bit number of a domain.
pub fn double<'de, D: Deserializer<'de>, In: Domain>(deserializer: D) -> Result<f64, D::Error> {
    let value = deserializer.deserialize_any(Real(PhantomData::<In>))?;
    if In::holds(value) { Ok(value) } else { Err(refused(value, In::WORDS)) }
}

/// Reads a whole number from `LEAST` to `MOST`.
pub fn whole<'de, D, T, const LEAST: u64, const MOST: u64>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
{
    let value = deserializer.deserialize_any(Whole { least: LEAST, most: MOST })?;
    T::try_from(value).map_err(|_| refused(value, &format!("a number that {} holds", size_of::<T>())))
}

fn refused<E: Error>(value: impl fmt::Debug, words: &str) -> E {
    E::custom(format!("found {value:?}, expected {words}"))
}

struct Real<In>(PhantomData<In>);

impl<In: Domain> Visitor<'_> for Real<In> {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(In::WORDS)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<f64, E> {
        Ok(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<f64, E> {
        Ok(value as f64)
    }
}

struct Whole {
    least: u64,
    most: u64,
}

impl Visitor<'_> for Whole {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {} to {}", self.least, self.most)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<u64, E> {
        let (least, most) = (self.least, self.most);
        let inside = u64::try_from(value).ok().filter(|value| (least..=most).contains(value));
        inside.ok_or_else(|| refused(value, &format!("a whole number from {least} to {most}")))
    }
}
