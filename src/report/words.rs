//! Numbers, times and spans in words.

use crate::report::model::rfc3339;
use crate::time::{NANOS_PER_SEC, Timestamp, Zone};

/// `number` with its thousands apart: `1,234,567`.
pub(crate) fn number(number: u64) -> String {
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
pub(crate) fn count(of: u64, noun: &str) -> String {
    format!("{} {noun}{}", number(of), if of == 1 { "" } else { "s" })
}

/// `The filters left out 2 more sessions`, beside those that passed them; none where they left out none.
pub(super) fn left_out_by_filters(passed: u64, left_out: u64) -> Option<String> {
    let what = match (passed, left_out) {
        (_, 0) => return None,
        (0, 1) => "the only session".to_owned(),
        (0, _) => format!("all {}", count(left_out, "session")),
        _ => count(left_out, "more session"),
    };
    Some(format!("The filters left out {what}"))
}

/// The date `1999-08-28` in `zone`.
pub(super) fn date(time: Timestamp, zone: &Zone) -> String {
    rfc3339(zone.local(time)).as_str().get(..10).unwrap_or_default().to_owned()
}

/// The time of day to the millisecond, `13:32:00.120`, in `zone`.
pub(super) fn time_of_day(time: Timestamp, zone: &Zone) -> String {
    rfc3339(zone.local(time)).as_str().get(11..23).unwrap_or_default().to_owned()
}

/// Date and time to the second in `zone`: `1999-08-28 13:32:00`.
pub(crate) fn date_and_time(time: Timestamp, zone: &Zone) -> String {
    let text = rfc3339(zone.local(time));
    format!("{} {}", date(time, zone), text.as_str().get(11..19).unwrap_or_default())
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
    fn what_the_filters_left_out_is_said() {
        for (passed, left_out, text) in [
            (3, 0, None),
            (0, 0, None),
            (0, 1, Some("The filters left out the only session")),
            (0, 2_000, Some("The filters left out all 2,000 sessions")),
            (1, 1, Some("The filters left out 1 more session")),
            (1, 2, Some("The filters left out 2 more sessions")),
        ] {
            assert_eq!(left_out_by_filters(passed, left_out).as_deref(), text);
        }
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
        let utc = Zone::default();
        assert_eq!(date_and_time(time, &utc), "1999-08-28 13:32:00");
        assert_eq!((date(time, &utc), time_of_day(time, &utc)), ("1999-08-28".into(), "13:32:00.120".into()));
        let kiritimati = Zone::parse("+14:00").unwrap();
        assert_eq!(date_and_time(time, &kiritimati), "1999-08-29 03:32:00");
        assert_eq!(time_of_day(time, &kiritimati), "03:32:00.120");
    }
}
