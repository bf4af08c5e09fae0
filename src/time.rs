//! When and where in a capture something happened.

mod zone;

use std::fmt;

pub use zone::{Zone, ZoneError};

/// The number of a record in its capture: 1-based over all packet records, as Wireshark counts them.
pub type FrameNumber = u64;

/// The number of an event that holds a packet, in a format where one packet can be several events: 1-based, in order of
/// time.
pub type EventNumber = std::num::NonZeroU64;

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
    pub(crate) fn from_nanos_i128(nanos: i128) -> Self {
        let clamped = nanos.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        Self(i64::try_from(clamped).unwrap_or(i64::MAX))
    }

    /// The time that an RFC 3339 text says, saturating; none if it is no such text.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let time: jiff::Timestamp = text.parse().ok()?;
        Some(Self::from_nanos_i128(time.as_nanosecond()))
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
    /// Nanoseconds that the capture had been running by then ([`CaptureClock`]): what waiting is measured with.
    pub elapsed_ns: i64,
    /// Its number among the packet events, where the format has more of them than packets.
    pub event: Option<EventNumber>,
}

impl Moment {
    /// By which number other programs know it: that of its event, if it has one.
    pub fn event_or_frame(self) -> FrameNumber {
        self.event.map_or(self.frame, EventNumber::get)
    }

    /// Nanoseconds from `earlier` to `self`, negative when `self` came first; without what the clock was set by in between.
    pub const fn nanos_since(self, earlier: Self) -> i64 {
        match self.wait_since(earlier) {
            Some(by_time) => by_time,
            None => self.elapsed_ns.saturating_sub(earlier.elapsed_ns),
        }
    }

    /// Nanoseconds from `earlier` to this; none where the clock was set in between, so that nobody knows.
    pub const fn wait_since(self, earlier: Self) -> Option<i64> {
        let by_time = self.time.nanos_since(earlier.time);
        let by_clock = self.elapsed_ns.saturating_sub(earlier.elapsed_ns);
        if by_time.saturating_sub(by_clock).saturating_abs() <= DISORDER_NS { Some(by_time) } else { None }
    }
}

/// How long a capture has been running, whatever its times say.
///
/// Clocks are set while a capture runs, interfaces disagree, and some formats have no times at all. So time passes only in
/// steps forward from one packet to the next, of all traffic, that are no longer than any silence a live network shows.
#[derive(Clone, Copy, Debug, Default)]
#[doc(hidden)]
pub struct CaptureClock {
    /// The time of the latest packet that was not out of order.
    latest: Option<Timestamp>,
    /// The latest time ever.
    highest: Timestamp,
    elapsed_ns: i64,
}

/// Packets are recorded out of order, and two capture points differ, by less than this; more is a clock that was set.
const DISORDER_NS: i64 = NANOS_PER_SEC;

/// A longer step says that the clock was set or the capture stopped meanwhile. RFC 5321 4.5.3.2 lets nobody wait longer
/// than 10 minutes.
const LONGEST_STEP_NS: i64 = 15 * 60 * NANOS_PER_SEC;

impl CaptureClock {
    /// Moves on to the next packet's time.
    #[inline]
    pub fn advance(&mut self, time: Timestamp) {
        let Some(latest) = self.latest else {
            (self.latest, self.highest) = (Some(time), time);
            return;
        };
        let step = time.nanos_since(latest);
        if step > -DISORDER_NS && step <= 0 {
            return;
        }
        self.latest = Some(time);
        if step > 0 {
            // Back on a clock that runs ahead of another interface's: what passed there was counted before.
            let is_return = step > DISORDER_NS && latest < self.highest && time >= self.highest;
            let passed = if is_return { time.nanos_since(self.highest) } else { step };
            if passed <= LONGEST_STEP_NS {
                self.elapsed_ns = self.elapsed_ns.saturating_add(passed);
            }
            self.highest = self.highest.max(time);
        }
    }

    /// Nanoseconds that the capture has been running.
    pub const fn elapsed_ns(&self) -> i64 {
        self.elapsed_ns
    }

    /// The moment of the packet the clock stands at.
    pub const fn moment(&self, frame: FrameNumber, time: Timestamp) -> Moment {
        Moment { frame, time, elapsed_ns: self.elapsed_ns, event: None }
    }
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

    /// How long the clock has run after packets at these seconds.
    fn elapsed(seconds: &[i64]) -> i64 {
        let mut clock = CaptureClock::default();
        for second in seconds {
            clock.advance(Timestamp::from_secs_nanos(*second, 0));
        }
        clock.elapsed_ns() / NANOS_PER_SEC
    }

    #[test]
    fn a_clock_that_is_set_passes_no_time() {
        assert_eq!(elapsed(&[100, 105, 110]), 10);
        assert_eq!(elapsed(&[100, 105, 3705, 3710]), 10, "an hour ahead");
        assert_eq!(elapsed(&[100, 105, 75, 80]), 10, "half a minute back");
        assert_eq!(elapsed(&[0, 0, 0]), 0, "no times");
        assert_eq!(elapsed(&[1_000, 5, 1_001, 6, 1_002, 7, 1_003]), 3, "two interfaces whose clocks disagree");
    }

    #[test]
    fn packets_out_of_order_do_not_add_up() {
        let mut clock = CaptureClock::default();
        for at in 0..1_000 {
            clock.advance(Timestamp::from_nanos(at * 1_000 + 2_000_000 * (at % 2)));
        }
        assert!(clock.elapsed_ns() <= 3_000_000, "{}", clock.elapsed_ns());
    }

    #[test]
    fn a_wait_is_measured_without_what_the_clock_was_set_by() {
        let at = |seconds, elapsed_ns| Moment {
            time: Timestamp::from_secs_nanos(seconds, 0),
            elapsed_ns,
            ..Moment::default()
        };
        assert_eq!(at(3_710, 10).nanos_since(at(100, 0)), 10);
        assert_eq!(at(110, 10 * NANOS_PER_SEC).nanos_since(at(100, 0)), 10 * NANOS_PER_SEC);
        // A packet recorded late has its own time, and the clock stood still for it.
        let late = Moment { frame: 2, time: Timestamp::from_nanos(5_000), elapsed_ns: 9_000, event: None };
        let early = Moment { frame: 1, time: Timestamp::from_nanos(9_000), elapsed_ns: 9_000, event: None };
        assert_eq!(late.nanos_since(early), -4_000);
    }

    #[test]
    fn extremes_saturate_instead_of_wrapping() {
        assert_eq!(Timestamp::from_secs_nanos(i64::MAX, 1).as_nanos(), i64::MAX);
        assert_eq!(Timestamp::from_nanos_i128(i128::MIN).as_nanos(), i64::MIN);
        assert_eq!(Timestamp::from_nanos(i64::MAX).nanos_since(Timestamp::from_nanos(i64::MIN)), i64::MAX);
        assert!(Timestamp::from_nanos(i64::MAX).to_string().starts_with("2262-"));
    }
}
