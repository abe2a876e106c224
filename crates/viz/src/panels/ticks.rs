//! Round values along an axis and their labels.

use crate::svg::number::{exact, exponent, fixed, format_number, nice_step, power, superscript};

/// Values with labels, and what must be added to every label, with its sign; mostly nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Ticks {
    pub marks: Vec<(f64, String)>,
    pub offset: String,
}

impl Ticks {
    /// Values with their own numbers.
    pub fn plain(values: Vec<f64>) -> Ticks {
        let marks = values.into_iter().map(|v| (v, format_number(v))).collect();
        Ticks { marks, offset: String::new() }
    }
}

/// Powers of ten, as plain numbers or as powers.
pub(crate) fn powers(exponents: Vec<i32>, plain: bool) -> Ticks {
    let label = |e| if plain { format_number(power(e)) } else { format!("10{}", superscript(e)) };
    Ticks { marks: exponents.into_iter().map(|e| (power(e), label(e))).collect(), offset: String::new() }
}

/// At most so many digits stand in a label of plain numbers, and of numbers with a power of ten; more become
/// an offset.
const DIGITS: (i32, i32) = (7, 4);

/// Equal steps of 1, 2 or 5 times a power of ten.
pub(crate) fn linear(low: f64, high: f64) -> Ticks {
    let step = nice_step(high - low);
    let largest = low.abs().max(high.abs());
    let slack = 1e-6 + 4.0 * f64::EPSILON * (largest / step);
    let (from, to) = ((low / step - slack).ceil() as i64, (high / step + slack).floor() as i64);
    let to = to.min(from.saturating_add(20));
    let digits = exponent(largest) - exponent(step) + 1;
    let decimals = usize::try_from(-exponent(step)).unwrap_or(0);
    // A quotient is nearer to the decimal number than a product with a step that is not exact.
    let value = |i: i64| {
        if step < 1.0 && step > 1e-15 { i as f64 / (1.0 / step).round() } else { i as f64 * step }
    };
    let plain = is_plain(largest, decimals);
    if digits <= if plain { DIGITS.0 } else { DIGITS.1 } {
        let label = |v: f64| if plain { fixed(v, decimals) } else { format_number(v) };
        return Ticks {
            marks: (from..=to).map(|i| (value(i), label(value(i)))).collect(),
            offset: String::new(),
        };
    }
    // The offset is a round number of steps in the range, or before it on the way from zero.
    let unit = (step / power(exponent(step))).round() as i64;
    let per = 100 / unit.clamp(1, 5);
    let base = if from >= 0 { to / per * per } else { from / per * per };
    let rest = |i: i64| (i - base) as f64 * step;
    let plain = is_plain(rest(from).abs().max(rest(to).abs()), decimals);
    let label = |v: f64| if plain { fixed(v, decimals) } else { format_number(v) };
    Ticks {
        marks: (from..=to).map(|i| (value(i), label(rest(i)))).collect(),
        offset: exact(base.saturating_mul(unit), exponent(step)),
    }
}

/// Whether a number as large as this is written without a power of ten.
fn is_plain(largest: f64, decimals: usize) -> bool {
    (1e-3..1e7).contains(&largest) && decimals <= 9
}
