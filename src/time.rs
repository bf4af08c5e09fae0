//! When and where in a capture something happened.

use std::fmt;

/// The number of a record in its capture: 1-based over all packet records, as Wireshark counts them.
pub type FrameNumber = u64;

/// Nanoseconds since the Unix epoch, UTC.
///
/// Every resolution a capture can have is turned into this one when the record is read. Arithmetic saturates: a time
/// from a hostile file may be nonsense, but it never wraps or panics. The range is the years 1677 to 2262.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The time `nanos` nanoseconds after the Unix epoch.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// The time `secs` seconds and `nanos` nanoseconds after the Unix epoch, saturating.
    pub const fn from_secs_nanos(secs: i64, nanos: i64) -> Self {
        Self(secs.saturating_mul(NANOS_PER_SEC).saturating_add(nanos))
    }

    /// The time `nanos` nanoseconds after the Unix epoch, saturating at both ends of the range.
    pub fn from_nanos_i128(nanos: i128) -> Self {
        let clamped = nanos.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        Self(i64::try_from(clamped).unwrap_or(i64::MAX))
    }

    /// Nanoseconds since the Unix epoch.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Nanoseconds from `earlier` to `self`; negative when `self` comes first, as when a capture clock steps back.
    pub const fn nanos_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// RFC 3339 in UTC with nine decimals: `1999-08-28T13:32:00.000000000Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_nanosecond(i128::from(self.0)) {
            Ok(time) => write!(f, "{time:.9}"),
            Err(_) => write!(f, "{} ns since 1970", self.0),
        }
    }
}

/// The frame in which something was seen, and that frame's time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Which record of the capture.
    pub frame: FrameNumber,
    /// The record's capture time.
    pub time: Timestamp,
}

/// Nanoseconds in a second.
pub const NANOS_PER_SEC: i64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_rfc_3339_with_nanoseconds() {
        assert_eq!(Timestamp::from_secs_nanos(935_847_120, 5).to_string(), "1999-08-28T13:32:00.000000005Z");
        assert_eq!(Timestamp::from_nanos(-1).to_string(), "1969-12-31T23:59:59.999999999Z");
    }

    #[test]
    fn extremes_saturate_instead_of_wrapping() {
        assert_eq!(Timestamp::from_secs_nanos(i64::MAX, 1).as_nanos(), i64::MAX);
        assert_eq!(Timestamp::from_nanos_i128(i128::MIN).as_nanos(), i64::MIN);
        assert_eq!(Timestamp::from_nanos(i64::MAX).nanos_since(Timestamp::from_nanos(i64::MIN)), i64::MAX);
        assert!(Timestamp::from_nanos(i64::MAX).to_string().starts_with("2262-"));
    }
}
