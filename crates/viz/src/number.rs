//! The one formatter of numbers, so that the same figure is the same bytes everywhere.

/// Formats a number for labels: at most four significant digits, powers of ten where it is very large or small, a true
/// minus sign.
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

/// A coordinate in a drawing: two decimals at most. What is not finite would make the whole picture invalid and is zero.
pub(crate) fn coordinate(x: f64) -> String {
    if !x.is_finite() {
        return "0".into();
    }
    let rounded = trim(&format!("{x:.2}"));
    if rounded == "-0" { "0".into() } else { rounded }
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
        assert_eq!((coordinate(-0.001).as_str(), coordinate(12.345).as_str()), ("0", "12.35"));
    }
}
