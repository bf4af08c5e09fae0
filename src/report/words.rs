//! Numbers, times and spans in words.

use crate::report::model::rfc3339;
use crate::time::{NANOS_PER_SEC, Timestamp};

/// `number` with its thousands apart: `1,234,567`.
pub(super) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 session`, `2 sessions`.
pub(super) fn count(of: u64, noun: &str) -> String {
    format!("{} {noun}{}", number(of), if of == 1 { "" } else { "s" })
}

/// The date `1999-08-28`.
pub(super) fn date(time: Timestamp) -> String {
    rfc3339(time).as_str().get(..10).unwrap_or_default().to_owned()
}

/// The time of day to the millisecond, `13:32:00.120`.
pub(super) fn time_of_day(time: Timestamp) -> String {
    rfc3339(time).as_str().get(11..23).unwrap_or_default().to_owned()
}

/// Date and time to the second: `1999-08-28 13:32:00`.
pub(super) fn date_and_time(time: Timestamp) -> String {
    let text = rfc3339(time);
    format!("{} {}", date(time), text.as_str().get(11..19).unwrap_or_default())
}

/// A span in its two largest units: `2 h 30 min`, `15 min`, `4 s`, `120 ms`.
pub(super) fn span(nanos: i64) -> String {
    if nanos < NANOS_PER_SEC {
        return format!("{} ms", nanos / 1_000_000);
    }
    let seconds = nanos / NANOS_PER_SEC;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let units = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds % 60, "s")];
    let shown = units.iter().skip_while(|(amount, _)| *amount == 0).take(2).filter(|(amount, _)| *amount > 0);
    shown.map(|(amount, unit)| format!("{amount} {unit}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        for (value, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(number(value), text);
        }
        assert_eq!((count(1, "session"), count(2_000, "frame")), ("1 session".into(), "2,000 frames".into()));
    }

    #[test]
    fn a_span_has_two_units() {
        for (seconds, text) in [
            (4, "4 s"),
            (900, "15 min"),
            (902, "15 min 2 s"),
            (9_000, "2 h 30 min"),
            (86_401, "1 d"),
            (90_000, "1 d 1 h"),
        ] {
            assert_eq!(span(seconds * NANOS_PER_SEC), text);
        }
        assert_eq!(span(120_400_000), "120 ms");
    }

    #[test]
    fn times_are_cut_from_rfc_3339() {
        let time = Timestamp::from_secs_nanos(935_847_120, 120_456_789);
        assert_eq!(date_and_time(time), "1999-08-28 13:32:00");
        assert_eq!((date(time), time_of_day(time)), ("1999-08-28".into(), "13:32:00.120".into()));
    }
}
