//! Times as a user names them.

use std::str::FromStr;

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};

use crate::time::{NANOS_PER_SEC, Timestamp, Zone};

/// Where a range of times begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeLimit {
    /// At this time.
    At(Timestamp),
    /// So many nanoseconds before the latest packet of a capture.
    BeforeEnd(i64),
}

/// A time as it is written: a date, with or without a time of day, in a zone of its own or that of the user; or how long
/// before the end of a capture.
#[derive(Clone, Debug)]
pub struct TimeText(Written);

#[derive(Clone, Debug)]
enum Written {
    /// Nanoseconds.
    BeforeEnd(i64),
    Time {
        begins: DateTime,
        /// Nanoseconds of the shortest unit that was written: how long what is meant may last.
        lasts_ns: i64,
        zone: Option<Zone>,
    },
}

/// Why text is no time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "give a time such as 2024-03-05, \"2024-03-05 14:30\" or 2024-03-05T14:30:00Z, or how long before the end of the capture, such as 90s, 30m, 2h or 7d"
)]
pub struct TimeError;

impl TimeText {
    /// Where a range begins that is written to begin here; `zone` is that of the user.
    pub fn since(&self, zone: &Zone) -> TimeLimit {
        match &self.0 {
            Written::BeforeEnd(nanos) => TimeLimit::BeforeEnd(*nanos),
            Written::Time { begins, zone: own, .. } => {
                let first = own.as_ref().unwrap_or(zone).first(*begins);
                // Only the first and the last days that a date can name are not in every zone.
                let extreme = if begins.year() > 0 { i64::MAX } else { i64::MIN };
                TimeLimit::At(first.unwrap_or_else(|| Timestamp::from_nanos(extreme)))
            }
        }
    }

    /// Where a range ends that is written to end here: it takes in all of the day, the minute or the second that is named.
    pub fn until(&self, zone: &Zone) -> TimeLimit {
        match &self.0 {
            Written::BeforeEnd(nanos) => TimeLimit::BeforeEnd(*nanos),
            Written::Time { begins, lasts_ns, zone: own } => {
                let next = begins.checked_add(SignedDuration::from_nanos(*lasts_ns)).ok();
                let next = next.and_then(|next| own.as_ref().unwrap_or(zone).last(next));
                TimeLimit::At(Timestamp::from_nanos(next.map_or(i64::MAX, |next| next.as_nanos().saturating_sub(1))))
            }
        }
    }
}

impl FromStr for TimeText {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        duration(text).map(Written::BeforeEnd).or_else(|| time(text)).map(Self).ok_or(TimeError)
    }
}

/// Nanoseconds of `90s`, `30m`, `2h`, `7d` or `1w`.
fn duration(text: &str) -> Option<i64> {
    let unit_at = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_at);
    let seconds = match unit {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(seconds)?.checked_mul(NANOS_PER_SEC)
}

/// `2024-03-05`, with ` 14:30`, ` 14:30:07` or ` 14:30:07.120` behind it, and behind that an offset from UTC.
fn time(text: &str) -> Option<Written> {
    const DATE_OCTETS: usize = 10;
    let (day, rest) = text.split_at_checked(DATE_OCTETS)?;
    let date = Date::new(
        i16::try_from(field(day, 0, 4)?).ok()?,
        i8::try_from(field(day, 5, 2)?).ok()?,
        i8::try_from(field(day, 8, 2)?).ok()?,
    );
    let date = date.ok().filter(|_| day.get(4..5) == Some("-") && day.get(7..8) == Some("-"))?;
    if rest.is_empty() {
        return Some(Written::Time { begins: date.at(0, 0, 0, 0), lasts_ns: 86_400 * NANOS_PER_SEC, zone: None });
    }
    let rest = rest.strip_prefix([' ', 'T', 't'])?;
    let clock_octets = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (clock, offset) = rest.split_at(clock_octets);
    let is_offset = offset.eq_ignore_ascii_case("z") || offset.starts_with(['+', '-']);
    let zone = match offset {
        "" => None,
        _ if is_offset => Some(Zone::parse(offset).ok()?),
        _ => return None,
    };
    let (time, lasts_ns) = time_of_day(clock)?;
    Some(Written::Time { begins: date.to_datetime(time), lasts_ns, zone })
}

/// `14:30`, `14:30:07` or `14:30:07.120`, and how many nanoseconds its last digit stands for.
fn time_of_day(text: &str) -> Option<(Time, i64)> {
    let (clock, fraction) = text.split_once('.').map_or((text, None), |(clock, fraction)| (clock, Some(fraction)));
    let hour = field(clock, 0, 2)?;
    let minute = field(clock.get(2..)?.strip_prefix(':')?, 0, 2)?;
    let (second, mut lasts_ns) = match clock.get(5..)? {
        "" if fraction.is_none() => (0, 60 * NANOS_PER_SEC),
        seconds if seconds.len() == 3 => (field(seconds.strip_prefix(':')?, 0, 2)?, NANOS_PER_SEC),
        _ => return None,
    };
    let mut nanos = 0;
    if let Some(digits) = fraction {
        if digits.is_empty() || digits.len() > 9 {
            return None;
        }
        lasts_ns /= 10_i64.pow(u32::try_from(digits.len()).ok()?);
        nanos = i64::from(field(digits, 0, digits.len())?) * lasts_ns;
    }
    let part = |number: u32| i8::try_from(number).ok();
    let time = Time::new(part(hour)?, part(minute)?, part(second)?, i32::try_from(nanos).ok()?);
    Some((time.ok()?, lasts_ns))
}

/// The number that these digits of `text` are.
fn field(text: &str, at: usize, digits: usize) -> Option<u32> {
    let digits = text.get(at..at.checked_add(digits)?)?;
    digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From where to where `text` reaches in `zone`, as RFC 3339.
    fn range(text: &str, zone: &Zone) -> (String, String) {
        let text: TimeText = text.parse().unwrap_or_else(|_| panic!("{text}"));
        let shown = |limit| match limit {
            TimeLimit::At(time) => time.to_string(),
            TimeLimit::BeforeEnd(nanos) => format!("{nanos} ns"),
        };
        (shown(text.since(zone)), shown(text.until(zone)))
    }

    #[test]
    fn what_is_named_is_taken_whole() {
        for (text, since, until) in [
            ("2024-03-05", "2024-03-05T00:00:00.000000000Z", "2024-03-05T23:59:59.999999999Z"),
            ("2024-03-05 14:30", "2024-03-05T14:30:00.000000000Z", "2024-03-05T14:30:59.999999999Z"),
            ("2024-03-05T14:30:07", "2024-03-05T14:30:07.000000000Z", "2024-03-05T14:30:07.999999999Z"),
            ("2024-03-05 14:30:07.12", "2024-03-05T14:30:07.120000000Z", "2024-03-05T14:30:07.129999999Z"),
            ("2024-03-05T14:30:07.123456789Z", "2024-03-05T14:30:07.123456789Z", "2024-03-05T14:30:07.123456789Z"),
            ("2024-03-05T14:30:07+02:00", "2024-03-05T12:30:07.000000000Z", "2024-03-05T12:30:07.999999999Z"),
            ("2024-03-05 14:30-0500", "2024-03-05T19:30:00.000000000Z", "2024-03-05T19:30:59.999999999Z"),
            ("9999-12-31", "2262-04-11T23:47:16.854775807Z", "2262-04-11T23:47:16.854775807Z"),
            ("2h", "7200000000000 ns", "7200000000000 ns"),
        ] {
            assert_eq!(range(text, &Zone::default()), (since.to_owned(), until.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_time_without_zone_is_of_the_users() {
        let zone = Zone::parse("+02:00").unwrap();
        let both = range("2024-03-05", &zone);
        assert_eq!(both, ("2024-03-04T22:00:00.000000000Z".into(), "2024-03-05T21:59:59.999999999Z".into()));
        let Ok(berlin) = Zone::parse("Europe/Berlin") else { return println!("skipped: no time zone database") };
        // The day on which clocks are set back has 25 hours, and its third hour comes twice.
        let both = range("2024-10-27", &berlin);
        assert_eq!(both, ("2024-10-26T22:00:00.000000000Z".into(), "2024-10-27T22:59:59.999999999Z".into()));
        let both = range("2024-10-27 02:30", &berlin);
        assert_eq!(both, ("2024-10-27T00:30:00.000000000Z".into(), "2024-10-27T01:30:59.999999999Z".into()));
        // That on which they are set forward has no third hour.
        let both = range("2024-03-31 01:59", &berlin);
        assert_eq!(both, ("2024-03-31T00:59:00.000000000Z".into(), "2024-03-31T00:59:59.999999999Z".into()));
    }

    #[test]
    fn spans_have_one_unit() {
        for (text, seconds) in
            [("90s", 90), ("30m", 1_800), ("30min", 1_800), ("2h", 7_200), ("7d", 604_800), ("1w", 604_800)]
        {
            assert_eq!(duration(text), Some(seconds * NANOS_PER_SEC), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "h",
            "2",
            "2y",
            "2h30m",
            "-2h",
            "yesterday",
            "2024-3-5",
            "2024-02-30",
            "2024/03/05",
            "2024-03-05 ",
            "2024-03-05 14",
            "2024-03-05 24:00",
            "2024-03-05 14:3",
            "2024-03-05 14:30:",
            "2024-03-05 14:30:60",
            "2024-03-05 14:30.5",
            "2024-03-05 14:30:07.",
            "2024-03-05 14:30:07.1234567890",
            "2024-03-05 14:30Zulu",
            "2024-03-05T14:30+25:00",
            "2024-03-0é",
            "99999999999999999w",
            "+024-03-05",
            "2024-03-05 +4:30",
        ] {
            assert!(text.parse::<TimeText>().is_err(), "{text}");
        }
    }
}
