//! Round moments of the Gregorian calendar, in seconds since the beginning of 1970 in UTC.

use crate::panels::ticks::{Ticks, linear};

/// Year, month, day.
type Date = (i64, i64, i64);

const DAY: i64 = 86_400;
/// Steps within a year; the last two are of days that are counted from a Monday.
const STEPS: [i64; 21] = [
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    10_800,
    21_600,
    43_200,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
];
/// A Monday.
const MONDAY: i64 = 4 * DAY;
const MOST: f64 = 7.0;

/// Ticks between two moments; `None` beyond the years that are written with four digits.
pub(crate) fn ticks(low: f64, high: f64) -> Option<Ticks> {
    // The years 0 and 10,000.
    if !(low > -62_167_219_200.0 && high < 253_402_300_800.0) {
        return None;
    }
    let range = high - low;
    if range < 2.0 {
        return Some(parts_of_a_second(low, high));
    }
    if let Some(&step) = STEPS.iter().find(|&&s| range / s as f64 <= MOST) {
        let start = if step % (7 * DAY) == 0 { MONDAY } else { 0 };
        let first = ((low - start as f64) / step as f64).ceil() as i64;
        let last = ((high - start as f64) / step as f64).floor() as i64;
        return Some(labelled((first..=last).map(|i| start + i * step).collect(), step));
    }
    let month = |t: f64| {
        let (year, month, _) = date(t as i64);
        year * 12 + month - 1
    };
    let (from, to) = (month(low.floor()), month(high.floor()));
    let rough = range / (30.5 * DAY as f64) / MOST;
    let step = [1, 2, 3, 6].into_iter().find(|&m| m as f64 >= rough).unwrap_or_else(|| {
        let years = (0..4).flat_map(|e| [1, 2, 5].map(|m| m * 10_i64.pow(e)));
        12 * years.into_iter().find(|&y| 12.0 * y as f64 >= rough).unwrap_or(10_000)
    });
    let months = (from..=to + 1).filter(|m| m.rem_euclid(step) == 0);
    let moments: Vec<i64> = months.map(|m| DAY * days(m.div_euclid(12), m.rem_euclid(12) + 1)).collect();
    let inside = moments.into_iter().filter(|&t| t as f64 >= low && t as f64 <= high);
    let label = |t: i64| {
        let (year, month, _) = date(t);
        if step % 12 == 0 { format!("{year:04}") } else { format!("{year:04}-{month:02}") }
    };
    Some(Ticks { marks: inside.map(|t| (t as f64, label(t))).collect(), offset: String::new() })
}

/// Moments with labels that say no more than differs; what they share is the offset.
fn labelled(moments: Vec<i64>, step: i64) -> Ticks {
    let all_share = |part: fn(Date) -> Date| moments.windows(2).all(|w| part(date(w[0])) == part(date(w[1])));
    let (one_day, one_year) = (all_share(|d| d), all_share(|d| (d.0, 0, 0)));
    let (year, month, day) = date(moments.first().copied().unwrap_or(0));
    let offset = match (step < DAY && one_day, one_year) {
        (true, _) => format!("{year:04}-{month:02}-{day:02}"),
        (false, true) => format!("{year:04}"),
        (false, false) => String::new(),
    };
    let label = |t: i64| {
        let (year, month, day) = date(t);
        let second = t.rem_euclid(DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let clock = if step < 60 {
            format!("{hour:02}:{minute:02}:{second:02}")
        } else {
            format!("{hour:02}:{minute:02}")
        };
        let calendar =
            if one_year { format!("{month:02}-{day:02}") } else { format!("{year:04}-{month:02}-{day:02}") };
        match (step < DAY, one_day) {
            (true, true) => clock,
            (true, false) => format!("{calendar} {clock}"),
            (false, _) => calendar,
        }
    };
    Ticks { marks: moments.iter().map(|&t| (t as f64, label(t))).collect(), offset }
}

/// Seconds and parts of them after a full one.
fn parts_of_a_second(low: f64, high: f64) -> Ticks {
    let start = low.floor();
    let Ticks { marks, offset } = linear(low - start, high - start);
    let full = labelled(vec![start as i64], 1);
    let clock = full.marks.first().map_or("", |m| m.1.as_str());
    let after = if offset.is_empty() { " s after ".into() } else { format!(" {offset} s after ") };
    Ticks {
        marks: marks.into_iter().map(|(v, label)| (start + v, label)).collect(),
        offset: format!("{after}{} {clock}", full.offset).trim_start().into(),
    }
}

/// Year, month and day of a moment (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn date(moment: i64) -> Date {
    let from_march = moment.div_euclid(DAY) + 719_468;
    let (era, day_of_era) = (from_march.div_euclid(146_097), from_march.rem_euclid(146_097));
    let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day = day_of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day - (153 * shifted + 2) / 5 + 1)
}

/// Days from the beginning of 1970 to the first of a month.
fn days(year: i64, month: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let day = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5;
    era * 146_097 + year * 365 + year / 4 - year / 100 + day - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_each_other_s_inverse() {
        assert_eq!((date(0), date(-1), date(951_782_400)), ((1970, 1, 1), (1969, 12, 31), (2000, 2, 29)));
        for month in -12 * 200..12 * 9000 {
            let (year, month) = (i64::from(month).div_euclid(12), i64::from(month).rem_euclid(12) + 1);
            assert_eq!(date(days(year, month) * DAY), (year, month, 1));
        }
    }

    #[test]
    fn ticks_are_round_moments() {
        let told = |low: f64, range: f64| {
            let Ticks { marks, offset } = ticks(low, low + range).unwrap();
            (marks.into_iter().map(|m| m.1).collect::<Vec<_>>().join(" "), offset)
        };
        let is = |labels: &str, offset: &str| (labels.to_string(), offset.to_string());
        let start = 1_709_164_800.0; // 29 February 2024
        assert_eq!(told(start, 20.0), is("00:00:00 00:00:05 00:00:10 00:00:15 00:00:20", "2024-02-29"));
        assert_eq!(told(start, 14_000.0), is("00:00 01:00 02:00 03:00", "2024-02-29"));
        assert_eq!(
            told(start, 2.5 * 86_400.0).0,
            "02-29 00:00 02-29 12:00 03-01 00:00 03-01 12:00 03-02 00:00 03-02 12:00"
        );
        assert_eq!(told(start, 5.0 * 86_400.0), is("02-29 03-01 03-02 03-03 03-04 03-05", "2024"));
        assert_eq!(
            told(start, 200.0 * 86_400.0).0,
            "2024-03 2024-04 2024-05 2024-06 2024-07 2024-08 2024-09"
        );
        assert_eq!(told(start, 3000.0 * 86_400.0).0, "2026 2028 2030 2032");
        assert_eq!(told(start, 0.5), is("0.0 0.1 0.2 0.3 0.4 0.5", "s after 2024-02-29 00:00:00"));
    }
}
