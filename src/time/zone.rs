//! Time zones: where a capture without UTC comes from, and where its reader is.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousTimestamp, Offset, TimeZone};

use super::{NANOS_PER_SEC, Timestamp};

/// The largest offset from UTC in use is +14:00, on Kiritimati.
const MAX_OFFSET_HOURS: i32 = 14;

/// A time zone: an offset from UTC, or a name of the IANA time zone database with the daylight saving time of its place.
#[derive(Clone, Debug)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

/// Why text is no time zone.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ZoneError {
    /// Neither an offset nor a name the system knows.
    #[error("{0:?} is not a time zone of this system; give an offset such as +02:00, or a name such as Europe/Berlin")]
    Unknown(String),
    /// A name, where there is nothing to look it up in.
    #[error(
        "{0:?} cannot be found: this system has no time zone database in /usr/share/zoneinfo or in the folder TZDIR; give the offset instead, such as +02:00"
    )]
    NoDatabase(String),
    /// `local`, where this machine does not say which zone it is in.
    #[error(
        "this machine does not say which time zone it is in; name the zone instead, such as Europe/Berlin or +02:00"
    )]
    NoLocal,
}

/// What a local time is in UTC.
pub(crate) struct Utc {
    /// Nanoseconds since the Unix epoch.
    pub(crate) nanos: i128,
    /// The offset that applied then, as `UTC+02:00`.
    pub(crate) offset: String,
    /// Whether the local time came twice, or not at all, because clocks were set back or forward.
    pub(crate) is_ambiguous: bool,
}

impl Zone {
    /// Reads `Z`, `UTC`, an offset (`+02:00`, `-0500`, `+2`, `UTC+02:00`), a name of the system's time zone database
    /// (`Europe/Berlin`), or `local` for the zone of this machine.
    ///
    /// ```
    /// # use ehlotrace::time::Zone;
    /// assert_eq!(Zone::parse("-0500")?.name(), "UTC-05:00");
    /// # Ok::<(), ehlotrace::time::ZoneError>(())
    /// ```
    ///
    /// # Errors
    /// When the text is none of these, or is a name on a system without that database.
    pub fn parse(text: &str) -> Result<Self, ZoneError> {
        if let Some(seconds) = offset_seconds(text)
            && let Ok(offset) = Offset::from_seconds(seconds)
        {
            return Ok(Self { name: offset_name(offset), zone: TimeZone::fixed(offset) });
        }
        if text.eq_ignore_ascii_case("local") {
            let zone = TimeZone::try_system().map_err(|_| ZoneError::NoLocal)?;
            return Ok(Self { name: zone.iana_name().unwrap_or("local time").to_owned(), zone });
        }
        match TimeZone::get(text) {
            Ok(zone) => Ok(Self { name: zone.iana_name().unwrap_or(text).to_owned(), zone }),
            Err(_) if jiff::tz::db().is_definitively_empty() => Err(ZoneError::NoDatabase(text.to_owned())),
            Err(_) => Err(ZoneError::Unknown(text.to_owned())),
        }
    }

    /// Its name in reports: `UTC`, `UTC+02:00`, `Europe/Berlin`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is UTC, by that name.
    pub fn is_utc(&self) -> bool {
        self.name == "UTC"
    }

    /// What a clock of this zone shows at `time`: the time at which one of UTC shows the same.
    pub fn local(&self, time: Timestamp) -> Timestamp {
        let Ok(instant) = jiff::Timestamp::from_nanosecond(i128::from(time.as_nanos())) else { return time };
        let offset_ns = i64::from(self.zone.to_offset(instant).seconds()).saturating_mul(NANOS_PER_SEC);
        Timestamp::from_nanos(time.as_nanos().saturating_add(offset_ns))
    }

    /// When a clock of this zone first shows `local`, or went past it where it was set forward over it; none of a time that
    /// no capture has.
    pub(crate) fn first(&self, local: DateTime) -> Option<Timestamp> {
        self.instant(local, AmbiguousTimestamp::compatible)
    }

    /// As [`first`](Self::first), the last time it shows it.
    pub(crate) fn last(&self, local: DateTime) -> Option<Timestamp> {
        self.instant(local, AmbiguousTimestamp::later)
    }

    fn instant(
        &self,
        local: DateTime,
        choose: impl FnOnce(AmbiguousTimestamp) -> Result<jiff::Timestamp, jiff::Error>,
    ) -> Option<Timestamp> {
        let time = choose(self.zone.to_ambiguous_timestamp(local)).ok()?;
        Some(Timestamp::from_nanos_i128(time.as_nanosecond()))
    }

    /// The local time `local` in UTC. One that came twice is taken for the first, one that never was for an hour later.
    pub(crate) fn to_utc(&self, local: DateTime) -> Option<Utc> {
        let ambiguous = self.zone.to_ambiguous_timestamp(local);
        let is_ambiguous = ambiguous.is_ambiguous();
        let time = ambiguous.compatible().ok()?;
        let offset = offset_name(self.zone.to_offset(time));
        Some(Utc { nanos: time.as_nanosecond(), offset, is_ambiguous })
    }
}

/// UTC.
impl Default for Zone {
    fn default() -> Self {
        Self { name: "UTC".to_owned(), zone: TimeZone::UTC }
    }
}

fn offset_name(offset: Offset) -> String {
    let minutes = offset.seconds() / 60;
    match minutes {
        0 => "UTC".to_owned(),
        _ => {
            let sign = if minutes < 0 { '-' } else { '+' };
            format!("UTC{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
        }
    }
}

/// Seconds east of UTC, where `text` is an offset: a sign, one or two digits of hours, two of minutes or none.
fn offset_seconds(text: &str) -> Option<i32> {
    if text.eq_ignore_ascii_case("z") || text.eq_ignore_ascii_case("utc") {
        return Some(0);
    }
    let text = text.strip_prefix("UTC").unwrap_or(text);
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() > 2 => digits.split_at_checked(digits.len() - 2)?,
        None => (digits, "00"),
    };
    let well_formed = matches!(hours.len(), 1 | 2) && minutes.len() == 2;
    let number = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse::<i32>().ok());
    let (hours, minutes) = (number(hours)??, number(minutes)??);
    let in_use = minutes < 60 && hours * 60 + minutes <= MAX_OFFSET_HOURS * 60;
    (well_formed && in_use).then_some(sign * (hours * 60 + minutes) * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What 2024-07-01 12:00 is in the zone `text`, as hours and minutes of UTC.
    fn noon(text: &str) -> Option<(String, i128)> {
        let zone = Zone::parse(text).ok()?;
        let utc = zone.to_utc(jiff::civil::date(2024, 7, 1).at(12, 0, 0, 0))?;
        Some((zone.name().to_owned(), (utc.nanos / 1_000_000_000 - 1_719_792_000) / 60))
    }

    #[test]
    fn offsets_in_every_spelling() {
        for (text, name, minutes) in [
            ("Z", "UTC", 720),
            ("utc", "UTC", 720),
            ("+00:00", "UTC", 720),
            ("+02:00", "UTC+02:00", 600),
            ("UTC+02:00", "UTC+02:00", 600),
            ("+2", "UTC+02:00", 600),
            ("-0500", "UTC-05:00", 1020),
            ("-500", "UTC-05:00", 1020),
            ("-03:30", "UTC-03:30", 930),
            ("+14:00", "UTC+14:00", -120),
        ] {
            assert_eq!(noon(text), Some((name.to_owned(), minutes)), "{text}");
        }
    }

    #[test]
    fn a_clock_of_the_zone_shows_its_own_time() {
        // 2024-07-01 12:00 and 2024-12-01 12:00.
        let [summer, winter] = [1_719_835_200, 1_733_054_400].map(|seconds| Timestamp::from_secs_nanos(seconds, 5));
        let shown = |zone: &str, time: Timestamp| Zone::parse(zone).unwrap().local(time).to_string();
        assert_eq!(shown("UTC", summer), "2024-07-01T12:00:00.000000005Z");
        assert_eq!(shown("-03:30", summer), "2024-07-01T08:30:00.000000005Z");
        if Zone::parse("Europe/Berlin").is_err() {
            return println!("skipped: no time zone database");
        }
        assert_eq!(shown("Europe/Berlin", summer), "2024-07-01T14:00:00.000000005Z");
        assert_eq!(shown("Europe/Berlin", winter), "2024-12-01T13:00:00.000000005Z");
        for extreme in [i64::MIN, i64::MAX].map(Timestamp::from_nanos) {
            assert!(Zone::parse("+14").unwrap().local(extreme) >= extreme);
        }
    }

    #[test]
    fn what_is_no_zone_is_refused() {
        for text in ["", "+", "-", "+14:01", "+2:0", "+02:60", "+123456", "+a", "+-2", "++2", "2", "02:00", "é", "+é2"]
        {
            let error = Zone::parse(text).unwrap_err().to_string();
            assert!(error.contains("give an offset such as +02:00") || error.contains("give the offset"), "{error}");
        }
        let error = Zone::parse("Mars/\x1b[1mOlympus").unwrap_err().to_string();
        assert!(error.starts_with(r#""Mars/\u{1b}[1mOlympus" "#), "{error}");
    }

    #[test]
    fn names_of_the_database_know_daylight_saving_time() {
        let Ok(berlin) = Zone::parse("europe/berlin") else {
            return println!("skipped: no time zone database");
        };
        assert_eq!(berlin.name(), "Europe/Berlin");
        for (month, day, hour, offset, is_ambiguous) in [
            (7, 1, 12, "UTC+02:00", false),
            (12, 1, 12, "UTC+01:00", false),
            (10, 27, 2, "UTC+02:00", true),
            (3, 31, 2, "UTC+02:00", true),
        ] {
            let utc = berlin.to_utc(jiff::civil::date(2024, month, day).at(hour, 30, 0, 0)).unwrap();
            assert_eq!((utc.offset.as_str(), utc.is_ambiguous), (offset, is_ambiguous), "{month}-{day}");
        }
    }
}
