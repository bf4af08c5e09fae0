//! From the time stamps of a trace to times.

use crate::time::Timestamp;

/// 1970-01-01 as a FILETIME: units of 100 ns since 1601-01-01.
const UNIX_EPOCH_FILETIME: i64 = 116_444_736_000_000_000;
/// 2100-01-01 in nanoseconds since 1970: later times are damage.
const LATEST_NS: i64 = 4_102_444_800_000_000_000;

/// How the stamps of a trace count (ReservedFlags of TRACE_LOGFILE_HEADER), and from where.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    /// When the trace began, in nanoseconds since 1970.
    start_ns: i128,
    /// The stamp of that moment.
    first: i64,
    /// Nanoseconds that `per` units of the stamps are; 0 where nobody knows.
    ns: i128,
    per: i128,
}

impl Clock {
    /// The clock of this number; `start` is a FILETIME, `first` the stamp of the header event, `frequency` that of the
    /// performance counter in hertz.
    pub(super) fn new(number: u32, start: i64, first: i64, frequency: i64, megahertz: u32) -> Self {
        let (ns, per) = match number {
            1 if frequency > 0 => (1_000_000_000, frequency),
            2 => (100, 1),
            3 if megahertz > 0 => (1_000, i64::from(megahertz)),
            _ => (0, 1),
        };
        let (ns, per): (i64, i64) = if ns > 0 && ns % per == 0 { (ns / per, 1) } else { (ns, per) };
        let start_ns = (i128::from(start) - i128::from(UNIX_EPOCH_FILETIME)) * 100;
        Self { start_ns, first, ns: ns.into(), per: per.into() }
    }

    /// Whether stamps can be turned into times.
    pub(super) const fn is_known(&self) -> bool {
        self.ns > 0
    }

    /// When the trace began; 1970 where that is no time.
    pub(super) fn time_of_start(&self) -> Timestamp {
        self.time(self.first).unwrap_or_default()
    }

    /// The time of a stamp; none where it is before 1970 or after 2100.
    pub(super) fn time(&self, stamp: i64) -> Option<Timestamp> {
        let units = i128::from(stamp) - i128::from(self.first);
        let since = if self.per == 1 { units * self.ns } else { (units * self.ns).div_euclid(self.per) };
        let ns = i64::try_from(self.start_ns + since).ok()?;
        (0..LATEST_NS).contains(&ns).then(|| Timestamp::from_nanos(ns))
    }

    /// How many units of the stamps so many nanoseconds are, at least one.
    pub(super) fn units(&self, ns: i64) -> i64 {
        if self.ns == 0 {
            // Any clock of a trace runs at 1 MHz or faster.
            return ns / 1_000;
        }
        i64::try_from(i128::from(ns) * self.per / self.ns).unwrap_or(i64::MAX).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2023-11-14 22:13:20 UTC.
    const START: i64 = 133_444_736_000_000_000;
    const START_NS: i64 = 1_700_000_000_000_000_000;

    #[test]
    fn a_second_is_a_second_by_every_clock() {
        for (clock, stamp) in [
            (Clock::new(1, START, 500, 10_000_000, 0), 500 + 10_000_000),
            (Clock::new(1, START, 500, 3_579_545, 0), 500 + 3_579_545),
            (Clock::new(2, START, START, 10_000_000, 0), START + 10_000_000),
            (Clock::new(3, START, -7, 10_000_000, 2_594), 2_594_000_000 - 7),
        ] {
            assert_eq!(clock.time(stamp), Some(Timestamp::from_nanos(START_NS + 1_000_000_000)), "{clock:?}");
            assert_eq!(clock.time(clock.first), Some(Timestamp::from_nanos(START_NS)), "{clock:?}");
            assert_eq!(clock.units(1_000_000_000), stamp - clock.first, "{clock:?}");
        }
    }

    #[test]
    fn a_stamp_before_the_start_is_earlier() {
        let clock = Clock::new(1, START, 500, 3, 0);
        assert_eq!(clock.time(499), Some(Timestamp::from_nanos(START_NS - 333_333_334)));
    }

    #[test]
    fn what_cannot_be_a_time_is_none() {
        let clock = Clock::new(1, START, i64::MAX, 1, 0);
        assert_eq!([i64::MIN, 0].map(|stamp| clock.time(stamp)), [None, None]);
        for (number, frequency, megahertz) in [(0, 1, 1), (1, 0, 1), (1, -5, 1), (3, 1, 0)] {
            assert!(!Clock::new(number, START, 0, frequency, megahertz).is_known());
        }
    }
}
