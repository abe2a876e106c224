//! Ranges and ticks.

use crate::number::{fixed, format_number, superscript};

/// How values are spread along an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Axis {
    pub low: f64,
    pub high: f64,
    pub log: bool,
}

/// Values beyond this have no place on any axis; it keeps ranges finite.
const LARGEST: f64 = 1e100;

impl Axis {
    /// An axis that holds these values and ends at round ones; values that cannot be shown are left out.
    pub fn around(values: impl Iterator<Item = f64>, log: bool) -> Axis {
        let shown = values.filter(|v| v.abs() <= LARGEST && (!log || *v > 1.0 / LARGEST));
        let (low, high) = shown.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        if low > high {
            return Axis { low: if log { 1.0 } else { 0.0 }, high: if log { 10.0 } else { 1.0 }, log };
        }
        if log {
            let (low, high) = if high > low * 1.001 { (low, high) } else { (low / 2.0, high * 2.0) };
            if high < low * NARROW {
                return Axis { log, ..Axis::linear(low, high) };
            }
            return Axis { low: round_below(low), high: round_above(high), log };
        }
        Axis::linear(low, high)
    }

    fn linear(low: f64, high: f64) -> Axis {
        if high - low <= 1e-9 * low.abs().max(high.abs()) {
            let margin = if low == 0.0 { 1.0 } else { low.abs() * 0.5 };
            return Axis { low: low - margin, high: high + margin, log: false };
        }
        let step = nice_step(high - low);
        let slack = 1e-9 * (high - low);
        let (from, to) = (((low + slack) / step).floor(), ((high - slack) / step).ceil());
        Axis { low: from * step, high: to * step, log: false }
    }

    /// Position of a value from 0 to 1; `None` if it cannot be shown.
    pub fn position(&self, value: f64) -> Option<f64> {
        if !value.is_finite() || value.abs() > LARGEST || (self.log && value <= 1.0 / LARGEST) {
            return None;
        }
        let t = if self.log {
            (log10(value) - log10(self.low)) / (log10(self.high) - log10(self.low))
        } else {
            (value - self.low) / (self.high - self.low)
        };
        Some(t)
    }

    /// Round values within the axis, with labels of one style.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        if !self.log || self.high < self.low * NARROW {
            return self.linear_ticks();
        }
        let (from, to) = (exponent(self.low), exponent(self.high));
        if self.high < self.low * 150.0 {
            let values = (from..=to).flat_map(|e| [1.0, 2.0, 5.0].map(|m| times_power(m, e)));
            return values.filter(|v| self.holds(*v)).map(|v| (v, format_number(v))).collect();
        }
        let every = ((to - from) / 8 + 1).max(1);
        let decades = (from..=to).filter(|e| (e - from) % every == 0 && self.holds(power(*e)));
        let plain = from >= -4 && to <= 4;
        let label = |e| if plain { format_number(power(e)) } else { format!("10{}", superscript(e)) };
        decades.map(|e| (power(e), label(e))).collect()
    }

    /// Values between the labelled ones of a logarithmic axis: 2 to 9 times each power of ten.
    pub fn minor_ticks(&self) -> Vec<f64> {
        if !self.log || self.high < self.low * NARROW || self.high > self.low * 1e7 {
            return Vec::new();
        }
        let all = (exponent(self.low)..=exponent(self.high))
            .flat_map(|e| (2..10).map(move |m| times_power(f64::from(m), e)));
        all.filter(|v| self.holds(*v)).collect()
    }

    fn linear_ticks(&self) -> Vec<(f64, String)> {
        let step = nice_step(self.high - self.low);
        let (from, to) = ((self.low / step - 1e-6).ceil() as i64, (self.high / step + 1e-6).floor() as i64);
        let largest = self.low.abs().max(self.high.abs());
        let decimals = usize::try_from(-exponent(step)).unwrap_or(0);
        let plain = (1e-3..1e7).contains(&largest) && decimals <= 9;
        let label = |v: f64| if plain { fixed(v, decimals) } else { format_number(v) };
        // A quotient is nearer to the decimal number than a product with a step that is not exact.
        let value = |i: i64| if step < 1.0 { i as f64 / (1.0 / step).round() } else { i as f64 * step };
        let exact = step > 1e-15;
        let values =
            (from..=to.min(from.saturating_add(20))).map(|i| if exact { value(i) } else { i as f64 * step });
        values.map(|v| (v, label(v))).collect()
    }

    fn holds(&self, value: f64) -> bool {
        value >= self.low * 0.999_999 && value <= self.high * 1.000_001
    }
}

/// A logarithmic axis whose ends differ by a smaller factor has equally spaced ticks.
const NARROW: f64 = 4.0;

/// The largest of 1, 2, 5 times a power of ten that is not above `x`.
fn round_below(x: f64) -> f64 {
    let e = exponent(x);
    [5.0, 2.0].into_iter().map(|m| times_power(m, e)).find(|v| *v <= x * 1.000_001).unwrap_or(power(e))
}

/// The smallest of 1, 2, 5 times a power of ten that is not below `x`.
fn round_above(x: f64) -> f64 {
    let e = exponent(x);
    let round = [1.0, 2.0, 5.0].into_iter().map(|m| times_power(m, e));
    round.into_iter().find(|v| *v >= x * 0.999_999).unwrap_or(power(e + 1))
}

/// A digit times a power of ten, the double nearest to the decimal number for usual exponents.
fn times_power(digit: f64, e: i32) -> f64 {
    if e < 0 { digit / power(-e) } else { digit * power(e) }
}

/// A step of 1, 2 or 5 times a power of ten that makes four to nine ticks.
fn nice_step(range: f64) -> f64 {
    let rough = range / 5.0;
    let base = floor_power(rough);
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * base).find(|s| *s >= rough * 0.999).unwrap_or(base * 10.0)
}

/// Powers of ten by multiplication and division, which are the same on every machine, as `powi` need not be.
fn power(e: i32) -> f64 {
    let whole = (0..e.abs()).fold(1.0, |p, _| p * 10.0);
    if e < 0 { 1.0 / whole } else { whole }
}

fn floor_power(x: f64) -> f64 {
    power(exponent_below(x))
}

fn exponent_below(x: f64) -> i32 {
    let e = format!("{x:e}").split_once('e').and_then(|(_, e)| e.parse::<i32>().ok()).unwrap_or(0);
    if power(e) > x { e - 1 } else { e }
}

fn exponent(x: f64) -> i32 {
    exponent_below(x * 1.000_001)
}

/// Decimal logarithm to six digits from exact arithmetic alone: coordinates need no more.
fn log10(x: f64) -> f64 {
    let e = exponent_below(x);
    let m = x / power(e);
    // ln m = 2 artanh((m - 1) / (m + 1)); the ratio is below 0.82, squared 35 times it is nothing.
    let s = (m - 1.0) / (m + 1.0);
    let mut term = s;
    let mut sum = 0.0;
    for k in 0..60 {
        sum += term / f64::from(2 * k + 1);
        term *= s * s;
    }
    f64::from(e) + 2.0 * sum / std::f64::consts::LN_10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_close_to_the_library_s() {
        for x in [1e-30, 0.002, 0.5, 1.0, 9.999, 10.0, 123.0, 6e22] {
            assert!((log10(x) - x.log10()).abs() < 1e-9, "{x}: {}", log10(x));
        }
    }

    #[test]
    fn ticks_are_few_round_and_enclose_the_values() {
        for (low, high) in [(0.0, 1.0), (-3.2, 7.9), (0.9, 0.98), (1e-7, 2e-7), (0.0, 1e9), (-1.0, 0.0)] {
            let axis = Axis::around([low, high].into_iter(), false);
            let ticks = axis.ticks();
            assert!((3..=12).contains(&ticks.len()), "{low}..{high}: {} ticks", ticks.len());
            assert!(axis.low <= low && axis.high >= high, "{axis:?} does not enclose {low}..{high}");
        }
        let axis = Axis::around([3e-5, 40.0].into_iter(), true);
        assert_eq!((axis.low, axis.high), (2e-5, 50.0));
    }

    #[test]
    fn labels_of_one_axis_have_one_style() {
        let labels = |low: f64, high: f64, log| {
            let ticks = Axis::around([low, high].into_iter(), log).ticks();
            ticks.into_iter().map(|t| t.1).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(labels(0.9, 1.0, false), "0.90 0.92 0.94 0.96 0.98 1.00");
        assert_eq!(labels(-1.0, 1.0, false), "\u{2212}1.0 \u{2212}0.5 0.0 0.5 1.0");
        assert_eq!(labels(0.0, 50_000.0, false), "0 10,000 20,000 30,000 40,000 50,000");
        assert_eq!(labels(0.0, 4e-5, false), "0 10⁻⁵ 2×10⁻⁵ 3×10⁻⁵ 4×10⁻⁵");
        assert_eq!(labels(0.002, 3.0, true), "0.01 0.1 1");
        assert_eq!(labels(2e-7, 3.0, true), "10⁻⁶ 10⁻⁵ 10⁻⁴ 10⁻³ 10⁻² 10⁻¹ 10⁰");
        assert_eq!(labels(0.03, 0.9, true), "0.02 0.05 0.1 0.2 0.5 1");
    }

    #[test]
    fn every_logarithmic_axis_has_two_labels_and_holds_its_values() {
        for (low, high) in [
            (0.9, 0.98),
            (0.11, 0.19),
            (1.0, 9.0),
            (3.0, 31.0),
            (0.5, 0.5),
            (1e-99, 1e99),
            (2.1, 4.9),
            (4e-9, 5e-9),
        ] {
            let axis = Axis::around([low, high].into_iter(), true);
            let ticks = axis.ticks();
            assert!((2..=12).contains(&ticks.len()), "{low}..{high}: {ticks:?}");
            assert!(
                axis.low > 0.0 && axis.low <= low * 1.000_001 && axis.high >= high * 0.999_999,
                "{axis:?}"
            );
            assert!(ticks.iter().all(|t| (-1e-6..=1.0 + 1e-6).contains(&axis.position(t.0).unwrap())));
        }
    }

    #[test]
    fn extreme_values_are_left_out() {
        let axis = Axis::around([f64::MAX, f64::MIN, 1.0, 2.0, f64::MIN_POSITIVE].into_iter(), false);
        assert!(axis.low <= 0.0 && axis.high <= 3.0 && axis.ticks().len() < 20);
        assert_eq!(axis.position(f64::MAX), None);
    }

    #[test]
    fn an_axis_of_nothing_or_of_one_value_has_an_extent() {
        for values in [vec![], vec![f64::NAN], vec![0.0], vec![5.0]] {
            let axis = Axis::around(values.into_iter(), false);
            assert!(axis.high > axis.low);
        }
    }
}
