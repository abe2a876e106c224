//! The one formatter of numbers, so that the same figure is the same bytes everywhere.

/// Formats a number for labels: at most four significant digits, powers of ten where it is very large or
/// small, a true minus sign.
///
/// ```
/// use minutia_viz::format_number;
/// assert_eq!(format_number(-0.25), "\u{2212}0.25");
/// assert_eq!(format_number(100_000.0), "100,000");
/// assert_eq!(format_number(1.5e-7), "1.5×10⁻⁷");
/// ```
#[must_use]
pub fn format_number(x: f64) -> String {
    if x == 0.0 {
        return "0".into();
    }
    if !x.is_finite() {
        return if x.is_nan() {
            "NaN".into()
        } else if x > 0.0 {
            "∞".into()
        } else {
            "\u{2212}∞".into()
        };
    }
    let sign = if x < 0.0 { "\u{2212}" } else { "" };
    let scientific = format!("{:.3e}", x.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..7).contains(&exponent) {
        let decimals = (3 - exponent).max(0) as usize;
        let plain = trim(&format!("{:.decimals$}", x.abs()));
        return format!("{sign}{}", thousands(&plain));
    }
    let mantissa = trim(mantissa);
    let power = format!("10{}", superscript(exponent));
    if mantissa == "1" { format!("{sign}{power}") } else { format!("{sign}{mantissa}×{power}") }
}

/// A number with a fixed number of decimals, for the ticks of one axis.
pub(crate) fn fixed(x: f64, decimals: usize) -> String {
    let digits = format!("{:.decimals$}", x.abs());
    let zero = digits.chars().all(|c| c == '0' || c == '.');
    format!("{}{}", if x < 0.0 && !zero { "\u{2212}" } else { "" }, thousands(&digits))
}

fn trim(digits: &str) -> String {
    if digits.contains('.') {
        digits.trim_end_matches('0').trim_end_matches('.').into()
    } else {
        digits.into()
    }
}

fn thousands(plain: &str) -> String {
    let (whole, fraction) = plain.split_once('.').map_or((plain, None), |(w, f)| (w, Some(f)));
    if whole.len() <= 4 {
        return plain.into();
    }
    let mut grouped = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    fraction.map_or(grouped.clone(), |f| format!("{grouped}.{f}"))
}

/// An integer in superscript.
pub(crate) fn superscript(n: i32) -> String {
    let digit = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        c => char::from_u32('⁰' as u32 + c as u32 - '0' as u32).unwrap_or(c),
    };
    n.to_string().chars().map(digit).collect()
}

/// Numbers as [`format_number`] writes them, with more digits where all of them are nearly equal.
pub(crate) fn told_apart(values: &[f64]) -> Vec<String> {
    let finite = || values.iter().copied().filter(|v| v.is_finite());
    let ends = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    let (largest, spread) = (ends.0.abs().max(ends.1.abs()), ends.1 - ends.0);
    if !(spread > 1e-290 && spread < f64::MAX) || exponent(largest) - exponent(spread) < 2 {
        return values.iter().map(|&v| format_number(v)).collect();
    }
    let digits = exponent(largest) - exponent(spread) + 2;
    let write = |&v: &f64| {
        let e = exponent_below(v.abs());
        let decimals = (digits - e).clamp(0, 16) as usize;
        let sign = if v < 0.0 { "\u{2212}" } else { "" };
        match v.is_finite() && v != 0.0 {
            false => format_number(v),
            true if (-4..12).contains(&e) => {
                format!("{sign}{}", thousands(&trim(&format!("{:.decimals$}", v.abs()))))
            }
            true => {
                let digits = digits.clamp(0, 16) as usize;
                let scientific = format!("{:.digits$e}", v.abs());
                let (mantissa, e) = scientific.split_once('e').unwrap_or((&scientific, "0"));
                format!("{sign}{}×10{}", trim(mantissa), superscript(e.parse().unwrap_or(0)))
            }
        }
    };
    values.iter().map(write).collect()
}

/// The number `n` times ten to the power `e`, all its digits and its sign, also `+`.
pub(crate) fn exact(n: i64, e: i32) -> String {
    let sign = if n < 0 { '\u{2212}' } else { '+' };
    let all = n.unsigned_abs().to_string();
    let digits = all.trim_end_matches('0');
    let e = e + (all.len() - digits.len()) as i32;
    let first = e + digits.len() as i32 - 1;
    if digits.len() > 2 && (0..15).contains(&first) && e >= -12 {
        let whole = (first + 1) as usize;
        let padded = format!("{digits:0<whole$}");
        let (whole, fraction) = padded.split_at(whole);
        return format!("{sign}{}", thousands(&trim(&format!("{whole}.{fraction}"))));
    }
    if digits.is_empty() || (-3..4).contains(&first) {
        return format!("{sign}{}", format_number(times_power(digits.parse().unwrap_or(0.0), e)));
    }
    let mantissa = trim(&format!("{}.{}", &digits[..1], &digits[1..]));
    let power = format!("10{}", superscript(first));
    if mantissa == "1" { format!("{sign}{power}") } else { format!("{sign}{mantissa}×{power}") }
}

/// A coordinate in a drawing: two decimals at most. What is not finite would make the whole picture invalid
/// and is zero.
pub(crate) fn coordinate(x: f64) -> String {
    if !x.is_finite() {
        return "0".into();
    }
    let rounded = trim(&format!("{x:.2}"));
    if rounded == "-0" { "0".into() } else { rounded }
}

/// A digit times a power of ten, the double nearest to the decimal number for usual exponents.
pub(crate) fn times_power(digit: f64, e: i32) -> f64 {
    if e < 0 { digit / power(-e) } else { digit * power(e) }
}

/// A step of 1, 2 or 5 times a power of ten that makes four to nine ticks.
pub(crate) fn nice_step(range: f64) -> f64 {
    let rough = range / 5.0;
    let base = floor_power(rough);
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * base).find(|s| *s >= rough * 0.999).unwrap_or(base * 10.0)
}

/// Powers of ten by multiplication and division, which are the same on every machine, as `powi` need not be.
pub(crate) fn power(e: i32) -> f64 {
    let whole = (0..e.abs()).fold(1.0, |p, _| p * 10.0);
    if e < 0 { 1.0 / whole } else { whole }
}

/// The power of ten that is not above `x`.
pub(crate) fn floor_power(x: f64) -> f64 {
    power(exponent_below(x))
}

/// The exponent of that power.
pub(crate) fn exponent_below(x: f64) -> i32 {
    let e = format!("{x:e}").split_once('e').and_then(|(_, e)| e.parse::<i32>().ok()).unwrap_or(0);
    if power(e) > x { e - 1 } else { e }
}

/// The exponent of the power of ten that is not above `x`, or above it by less than is seen.
pub(crate) fn exponent(x: f64) -> i32 {
    exponent_below(x * 1.000_001)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_unambiguous() {
        let cases = [
            (0.0, "0"),
            (1.0, "1"),
            (0.9807, "0.9807"),
            (-12.5, "\u{2212}12.5"),
            (1234.0, "1234"),
            (55_000.0, "55,000"),
            (1e-5, "10⁻⁵"),
            (2.5e10, "2.5×10¹⁰"),
            (0.1 + 0.2, "0.3"),
            (f64::NAN, "NaN"),
        ];
        for (x, expected) in cases {
            assert_eq!(format_number(x), expected, "{x:e}");
        }
        let exact: Vec<String> = [(2, 7), (-20_000_100, 0), (5, -3), (123, -2), (17, 8), (1, -30)]
            .map(|(n, e)| exact(n, e))
            .into();
        assert_eq!(exact, ["+2×10⁷", "\u{2212}20,000,100", "+0.005", "+1.23", "+1.7×10⁹", "+10⁻³⁰"]);
        assert_eq!(told_apart(&[20_000_001.0, 20_000_050.0]), ["20,000,001", "20,000,050"]);
        assert_eq!(told_apart(&[0.123_456, 0.123_457]), ["0.123456", "0.123457"]);
        assert_eq!(told_apart(&[1.0, f64::NAN, 2.0]), ["1", "NaN", "2"]);
        assert_eq!((coordinate(-0.001).as_str(), coordinate(12.345).as_str()), ("0", "12.35"));
    }
}
