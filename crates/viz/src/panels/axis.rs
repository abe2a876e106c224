//! Ranges of axes, and where on them a value stands.

pub(crate) use crate::panels::ticks::Ticks;
use crate::{
    panels::{dates, ticks},
    svg::number::{exponent, exponent_below, nice_step, power, times_power},
};

/// How an axis is divided; see [`LineChart::x_scale`](crate::LineChart::x_scale).
///
/// ```
/// use minutia_viz::{Figure, LineChart, Scale};
/// let chart = LineChart::new("day", "clicks")
///     .x_scale(Scale::Date)
///     .line("", &[(1.7e9, 3.0), (1.7001e9, 5.0)]);
/// assert!(Figure::new(chart).to_svg().contains("2023"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Equal steps.
    #[default]
    Linear,
    /// Equal factors; what is not positive is left out, and if that is everything, the panel says so.
    Log,
    /// Seconds since the beginning of 1970 in UTC, without leap seconds, as Unix counts them; ticks at full
    /// hours, days, months or years of the Gregorian calendar.
    Date,
}

/// How values are spread along an axis. The low end is the greater one on an axis that runs backwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Axis {
    pub low: f64,
    pub high: f64,
    pub scale: Scale,
}

/// Values beyond this have no place on any axis; it keeps ranges finite.
const LARGEST: f64 = 1e100;
/// Differences below this are none: their parts would not be ordinary numbers.
const SMALLEST: f64 = 1e-290;

impl Axis {
    /// An axis that holds these values and ends at round ones; values that cannot be shown are left out.
    pub fn around(values: impl Iterator<Item = f64>, scale: Scale) -> Axis {
        let log = scale == Scale::Log;
        let shown = values.filter(|v| v.abs() <= LARGEST && (!log || *v > 1.0 / LARGEST));
        let (low, high) = shown.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        if low > high {
            return Axis { low: if log { 1.0 } else { 0.0 }, high: if log { 10.0 } else { 1.0 }, scale };
        }
        if log {
            let (low, high) = if high > low * 1.001 { (low, high) } else { (low / 2.0, high * 2.0) };
            if high < low * NARROW {
                return Axis { scale, ..Axis::linear(low, high, scale) };
            }
            return Axis { low: round_below(low), high: round_above(high), scale };
        }
        Axis::linear(low, high, scale)
    }

    /// An axis with just these ends, which may run backwards; `None` if it cannot have them.
    pub fn exact(low: f64, high: f64, scale: Scale) -> Option<Axis> {
        let usable = |v: f64| v.abs() <= LARGEST && (scale != Scale::Log || v > 1.0 / LARGEST);
        if !usable(low) || !usable(high) {
            return None;
        }
        let apart = (high - low).abs() > least(low, high, scale);
        Some(if apart { Axis { low, high, scale } } else { Axis::around([low, high].into_iter(), scale) })
    }

    fn linear(low: f64, high: f64, scale: Scale) -> Axis {
        if high - low <= least(low, high, scale) {
            let margin = match scale {
                Scale::Date => 43_200.0,
                _ if low.abs() < SMALLEST => 1.0,
                _ => low.abs() * 0.5,
            };
            return Axis { low: low - margin, high: high + margin, scale };
        }
        if scale == Scale::Date {
            return Axis { low, high, scale };
        }
        let step = nice_step(high - low);
        let slack = 1e-9 * (high - low);
        let (from, to) = (((low + slack) / step).floor(), ((high - slack) / step).ceil());
        Axis { low: from * step, high: to * step, scale }
    }

    /// Position of a value from 0 to 1; `None` if it cannot be shown.
    pub fn position(&self, value: f64) -> Option<f64> {
        self.places()(value)
    }

    /// The positions of many values, each from 0 to 1; `None` for what cannot be shown.
    pub fn places(&self) -> impl Fn(f64) -> Option<f64> + use<> {
        let log = self.scale == Scale::Log;
        let along = move |value: f64| if log { log10(value) } else { value };
        let (low, high) = (along(self.low), along(self.high));
        move |value| {
            if !value.is_finite() || value.abs() > LARGEST * 10.0 || (log && value <= 1.0 / LARGEST) {
                return None;
            }
            Some((along(value) - low) / (high - low))
        }
    }

    fn sorted(&self) -> Axis {
        Axis { low: self.low.min(self.high), high: self.low.max(self.high), ..*self }
    }

    /// Round values within the axis, with labels of one style, no two of them equal.
    pub fn ticks(&self) -> Ticks {
        let axis = self.sorted();
        match self.scale {
            Scale::Log if axis.high >= axis.low * NARROW => axis.decades(),
            Scale::Date => {
                dates::ticks(axis.low, axis.high).unwrap_or_else(|| ticks::linear(axis.low, axis.high))
            }
            _ => ticks::linear(axis.low, axis.high),
        }
    }

    fn decades(&self) -> Ticks {
        let (from, to) = (exponent(self.low), exponent(self.high));
        if self.high < self.low * 150.0 {
            let values = (from..=to).flat_map(|e| [1.0, 2.0, 5.0].map(|m| times_power(m, e)));
            return Ticks::plain(values.filter(|v| self.holds(*v)).collect());
        }
        let every = ((to - from) / 8 + 1).max(1);
        let decades = (from..=to).filter(|e| (e - from) % every == 0 && self.holds(power(*e)));
        ticks::powers(decades.collect(), from >= -4 && to <= 4)
    }

    /// Values between the labelled ones of a logarithmic axis: 2 to 9 times each power of ten.
    pub fn minor_ticks(&self) -> Vec<f64> {
        let axis = self.sorted();
        if axis.scale != Scale::Log || axis.high < axis.low * NARROW || axis.high > axis.low * 1e7 {
            return Vec::new();
        }
        let all = (exponent(axis.low)..=exponent(axis.high))
            .flat_map(|e| (2..10).map(move |m| times_power(f64::from(m), e)));
        all.filter(|v| axis.holds(*v)).collect()
    }

    fn holds(&self, value: f64) -> bool {
        value >= self.low * 0.999_999 && value <= self.high * 1.000_001
    }
}

/// The least difference that an axis with these values shows: its steps are some of the values' last bits.
fn least(low: f64, high: f64, scale: Scale) -> f64 {
    let smallest = if scale == Scale::Date { 1e-5 } else { SMALLEST };
    (1.5e-14 * low.abs().max(high.abs())).max(smallest)
}

/// Whether a logarithmic axis has values but none that it can show.
pub(crate) fn nothing_positive(mut values: impl Iterator<Item = f64>, scale: Scale) -> bool {
    let mut any = false;
    scale == Scale::Log
        && values.all(|v| {
            any |= v.is_finite();
            !v.is_finite() || v <= 1.0 / LARGEST
        })
        && any
}

/// What a panel says in place of its values where [`nothing_positive`] holds.
pub(crate) const NOTHING_POSITIVE: &str = "no value is positive, so that a logarithmic axis shows none";

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
#[expect(clippy::disallowed_methods, reason = "a reference within a tolerance, no result")]
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
            let axis = Axis::around([low, high].into_iter(), Scale::Linear);
            let ticks = axis.ticks().marks;
            assert!((3..=12).contains(&ticks.len()), "{low}..{high}: {} ticks", ticks.len());
            assert!(axis.low <= low && axis.high >= high, "{axis:?} does not enclose {low}..{high}");
        }
        let axis = Axis::around([3e-5, 40.0].into_iter(), Scale::Log);
        assert_eq!((axis.low, axis.high), (2e-5, 50.0));
    }

    #[test]
    fn labels_of_one_axis_have_one_style() {
        let labels = |low: f64, high: f64, log: bool| {
            let scale = if log { Scale::Log } else { Scale::Linear };
            let ticks = Axis::around([low, high].into_iter(), scale).ticks().marks;
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
            let axis = Axis::around([low, high].into_iter(), Scale::Log);
            let ticks = axis.ticks().marks;
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
        let axis = Axis::around([f64::MAX, f64::MIN, 1.0, 2.0, f64::MIN_POSITIVE].into_iter(), Scale::Linear);
        assert!(axis.low <= 0.0 && axis.high <= 3.0 && axis.ticks().marks.len() < 20);
        assert_eq!(axis.position(f64::MAX), None);
    }

    #[test]
    fn an_axis_of_nothing_or_of_one_value_has_an_extent() {
        for values in [vec![], vec![f64::NAN], vec![0.0], vec![5.0]] {
            let axis = Axis::around(values.into_iter(), Scale::Linear);
            assert!(axis.high > axis.low);
        }
    }

    /// Ranges at the edges of what numbers can say.
    fn ranges() -> Vec<(f64, f64)> {
        let mut ranges =
            vec![(0.0, 1e-30), (0.0, 5e-324), (0.0, 3e-310), (-1e100, 1e100), (1e99, 1.000_001e99)];
        for base in [1e-30, 1e-7, 0.003, 1.0, 7.123_456, 12_345.0, 2e7, 1.7e9, 4.2e15, 1e30, 4e98] {
            for share in [1.0, 1e-2, 3e-5, 1.7e-7, 2e-9, 5e-11, 1e-13] {
                let (low, high) = (base, base + base * share);
                ranges.extend([(low, high), (-high, -low), (low - base * share, high)]);
            }
        }
        ranges
    }

    #[test]
    fn no_two_labels_of_an_axis_are_equal_and_all_are_short() {
        for (low, high) in ranges() {
            for scale in [Scale::Linear, Scale::Log, Scale::Date] {
                if scale == Scale::Log && low <= 0.0 {
                    continue;
                }
                for axis in
                    [Axis::around([low, high].into_iter(), scale), Axis::exact(high, low, scale).unwrap()]
                {
                    let Ticks { marks, offset } = axis.ticks();
                    let labels: std::collections::BTreeSet<&String> = marks.iter().map(|m| &m.1).collect();
                    assert_eq!(labels.len(), marks.len(), "{low:e}..{high:e} {scale:?}: {marks:?} {offset}");
                    assert!(
                        (2..=21).contains(&marks.len()),
                        "{low:e}..{high:e} {scale:?}: {marks:?} {offset}"
                    );
                    assert!(labels.iter().all(|l| l.chars().count() <= 16), "{marks:?}");
                    let inside = |v: f64| axis.position(v).is_some_and(|t| (-0.02..=1.02).contains(&t));
                    assert!(
                        marks.iter().all(|m| inside(m.0)),
                        "{low:e}..{high:e} {scale:?}: {axis:?} {marks:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_all_labels_share_stands_apart() {
        let ticks = |low: f64, high: f64| {
            let Ticks { marks, offset } = Axis::around([low, high].into_iter(), Scale::Linear).ticks();
            (marks.into_iter().map(|m| m.1).collect::<Vec<_>>().join(" "), offset)
        };
        let told = |labels: &str, offset: &str| (labels.to_string(), offset.to_string());
        assert_eq!(ticks(2e7, 2e7 + 100.0), told("0 20 40 60 80 100", "+2×10⁷"));
        assert_eq!(ticks(1.7e9, 1.7e9 + 1.0), told("0.0 0.2 0.4 0.6 0.8 1.0", "+1.7×10⁹"));
        assert_eq!(ticks(-1.0 - 4e-12, -1.0), told("−4×10⁻¹² −3×10⁻¹² −2×10⁻¹² −10⁻¹² 0", "−1"));
        assert_eq!(ticks(20_100_110.0, 20_100_150.0).1, "+20,100,000");
    }

    #[test]
    fn ends_that_no_axis_has_are_refused_and_others_may_be_swapped() {
        for (low, high) in [(f64::NAN, 1.0), (0.0, f64::INFINITY), (f64::MIN, f64::MAX)] {
            assert_eq!(Axis::exact(low, high, Scale::Linear), None);
        }
        assert_eq!(Axis::exact(-1.0, 1.0, Scale::Log), None);
        let backwards = Axis::exact(3.0, 1.0, Scale::Linear).unwrap();
        assert_eq!((backwards.position(3.0), backwards.position(1.0)), (Some(0.0), Some(1.0)));
        assert!(Axis::exact(2.0, 2.0, Scale::Linear).unwrap().position(2.0).unwrap() == 0.5);
    }
}
