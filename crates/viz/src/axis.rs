//! Ranges and ticks.

use crate::number::{format_number, superscript};

/// How values are spread along an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Axis {
    pub low: f64,
    pub high: f64,
    pub log: bool,
}

impl Axis {
    /// An axis that holds these values; ones that cannot be shown are left out.
    pub fn around(values: impl Iterator<Item = f64>, log: bool) -> Axis {
        let shown = values.filter(|v| v.is_finite() && (!log || *v > 0.0));
        let (low, high) = shown.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        if low > high {
            return Axis { low: if log { 1.0 } else { 0.0 }, high: if log { 10.0 } else { 1.0 }, log };
        }
        if log {
            let (low, high) = (floor_power(low), ceil_power(high));
            return Axis { low, high: if high > low { high } else { low * 10.0 }, log };
        }
        if low == high {
            let margin = if low == 0.0 { 1.0 } else { low.abs() * 0.5 };
            return Axis { low: low - margin, high: high + margin, log };
        }
        let step = nice_step(high - low);
        Axis { low: (low / step).floor() * step, high: (high / step).ceil() * step, log }
    }

    /// Position of a value from 0 to 1; `None` if it cannot be shown.
    pub fn position(&self, value: f64) -> Option<f64> {
        if !value.is_finite() || (self.log && value <= 0.0) {
            return None;
        }
        let t = if self.log {
            (log10(value) - log10(self.low)) / (log10(self.high) - log10(self.low))
        } else {
            (value - self.low) / (self.high - self.low)
        };
        Some(t)
    }

    /// Ticks with labels.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        if self.log {
            let (from, to) = (exponent(self.low), exponent(self.high));
            let every = ((to - from) / 8 + 1).max(1);
            let tick = |e: i32| {
                (
                    power(e),
                    if (0..=3).contains(&e) {
                        format_number(power(e))
                    } else {
                        format!("10{}", superscript(e))
                    },
                )
            };
            return (from..=to).filter(|e| (e - from) % every == 0).map(tick).collect();
        }
        let step = nice_step(self.high - self.low);
        let (from, to) = ((self.low / step).round() as i64, (self.high / step).round() as i64);
        (from..=to).map(|i| i as f64 * step).map(|v| (v, format_number(v))).collect()
    }
}

/// A step of 1, 2 or 5 times a power of ten that makes four to nine ticks.
fn nice_step(range: f64) -> f64 {
    let rough = range / 5.0;
    let base = floor_power(rough);
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * base).find(|s| *s >= rough * 0.999).unwrap_or(base * 10.0)
}

/// Powers of ten by multiplication and division, which are the same on every machine, as `powi` need not be.
fn power(e: i32) -> f64 {
    (0..e.abs()).fold(1.0, |p, _| if e > 0 { p * 10.0 } else { p / 10.0 })
}

fn floor_power(x: f64) -> f64 {
    power(exponent_below(x))
}

fn ceil_power(x: f64) -> f64 {
    let low = exponent_below(x);
    if x > power(low) * 1.000_001 { power(low + 1) } else { power(low) }
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
        assert_eq!((axis.low, axis.high), (1e-5, 100.0));
        assert_eq!(axis.ticks().first().map(|t| t.1.as_str()), Some("10⁻⁵"));
    }

    #[test]
    fn an_axis_of_nothing_or_of_one_value_has_an_extent() {
        for values in [vec![], vec![f64::NAN], vec![0.0], vec![5.0]] {
            let axis = Axis::around(values.into_iter(), false);
            assert!(axis.high > axis.low);
        }
    }
}
