//! How octets and times are written.

#[cfg(test)]
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
#[cfg(test)]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::smtp::ReplyLines;
use crate::time::{Moment, NANOS_PER_SEC, Timestamp};

/// Bytes of the capture: text where they are UTF-8.
#[derive(Clone, Copy)]
pub(crate) struct Octets<'a>(pub(crate) &'a [u8]);

impl Serialize for Octets<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match std::str::from_utf8(self.0) {
            Ok(text) => map.serialize_entry("text", text)?,
            Err(_) => map.serialize_entry("base64", &AsText(Base64Display::new(self.0, &STANDARD)))?,
        }
        map.end()
    }
}

#[cfg(test)]
impl JsonSchema for Octets<'_> {
    fn schema_name() -> Cow<'static, str> {
        "Bytes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Bytes of the capture: `text` where they are UTF-8, else `base64`.",
            "type": "object",
            "properties": {
                "text": { "type": "string" },
                "base64": { "type": "string", "contentEncoding": "base64" },
            },
            "oneOf": [{ "required": ["text"] }, { "required": ["base64"] }],
        })
    }
}

/// Whether a field is left out, having nothing to say.
pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Numbers by code, as a list: a key that comes from data would be a field that no schema knows.
pub(in crate::report) fn counts<K: AsRef<str>, S: Serializer>(
    counts: &BTreeMap<K, u64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(counts.iter().map(|(code, count)| CountObject { code: code.as_ref(), count: *count }))
}

/// How often something was met.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Count"))]
pub(super) struct CountObject<'a> {
    /// What was met, as a code.
    code: &'a str,
    count: u64,
}

/// Bytes of the capture, several times.
pub(super) fn lines<S: Serializer>(lines: &ReplyLines, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(lines.iter().map(Octets))
}

/// A value as the text it is displayed with.
pub(super) struct AsText<T>(pub(super) T);

impl<T: fmt::Display> Serialize for AsText<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[cfg(test)]
impl<T> JsonSchema for AsText<T> {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

/// A capture time.
#[derive(Clone, Copy)]
pub(crate) struct Time(pub(crate) Timestamp);

impl From<Moment> for Time {
    fn from(moment: Moment) -> Self {
        Self(moment.time)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(rfc3339(self.0).as_str())
    }
}

#[cfg(test)]
impl JsonSchema for Time {
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A time of RFC 3339, in UTC with nanoseconds.",
            "type": "string",
            "format": "date-time",
            "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{9}Z$",
        })
    }
}

/// The text of a time, without a heap.
pub(in crate::report) struct TimeText([u8; 30]);

impl TimeText {
    /// `1999-08-28T13:32:00.000000000Z`.
    pub(in crate::report) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// `time` in RFC 3339, UTC, with nine decimals.
///
/// Sessions are written by the hundred thousand a second, each with two times: a general formatter is too slow here.
pub(in crate::report) fn rfc3339(time: Timestamp) -> TimeText {
    let seconds = time.as_nanos().div_euclid(NANOS_PER_SEC);
    let nanos = time.as_nanos().rem_euclid(NANOS_PER_SEC);
    let (year, month, day) = date(seconds.div_euclid(SECONDS_PER_DAY));
    let in_day = seconds.rem_euclid(SECONDS_PER_DAY);
    let [y1, y2, y3, y4] = digits(year);
    let [mo1, mo2] = digits(month);
    let [d1, d2] = digits(day);
    let [h1, h2] = digits(in_day / 3600);
    let [mi1, mi2] = digits(in_day / 60 % 60);
    let [s1, s2] = digits(in_day % 60);
    let [n1, n2, n3, n4, n5, n6, n7, n8, n9] = digits(nanos);
    TimeText([
        y1, y2, y3, y4, b'-', mo1, mo2, b'-', d1, d2, b'T', h1, h2, b':', mi1, mi2, b':', s1, s2, b'.', n1, n2, n3, n4,
        n5, n6, n7, n8, n9, b'Z',
    ])
}

const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

/// The last `N` decimal digits of `number`.
fn digits<const N: usize>(mut number: i64) -> [u8; N] {
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
    digits
}

/// Year, month and day of the day that is `days` after 1 January 1970, in the Gregorian calendar.
///
/// Counted in eras of 400 years from 1 March of the year 0, so that a leap day is the last of its year.
fn date(days: i64) -> (i64, i64, i64) {
    const DAYS_TO_1970: i64 = 719_468;
    const DAYS_PER_ERA: i64 = 146_097;
    let days = days + DAYS_TO_1970;
    let era = days.div_euclid(DAYS_PER_ERA);
    let day_of_era = days.rem_euclid(DAYS_PER_ERA);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        for (seconds, nanos, text) in [
            (0, 0, "1970-01-01T00:00:00.000000000Z"),
            (0, -1, "1969-12-31T23:59:59.999999999Z"),
            (951_782_400, 0, "2000-02-29T00:00:00.000000000Z"),
            (935_847_120, 120_000, "1999-08-28T13:32:00.000120000Z"),
            (4_107_542_400, 1, "2100-03-01T00:00:00.000000001Z"),
        ] {
            assert_eq!(rfc3339(Timestamp::from_secs_nanos(seconds, nanos)).as_str(), text);
        }
    }

    #[test]
    fn every_kind_of_day_agrees_with_the_calendar_library() {
        let mut nanos = i64::MIN;
        while let Some(next) = nanos.checked_add(86_399_999_999_999 * 37) {
            let time = Timestamp::from_nanos(nanos);
            assert_eq!(rfc3339(time).as_str(), time.to_string());
            nanos = next;
        }
    }

    #[test]
    fn octets_are_text_only_if_they_are_utf_8() {
        let json = |octets: &[u8]| serde_json::to_string(&Octets(octets)).unwrap();
        assert_eq!(json(b"sub2."), r#"{"text":"sub2."}"#);
        assert_eq!(json(b""), r#"{"text":""}"#);
        assert_eq!(json(b"b\xfccher"), r#"{"base64":"YvxjaGVy"}"#);
    }
}
