//! The file header of Network Monitor, and what its version means for the records.

use jiff::civil::DateTime;

use crate::capture::{CaptureInfo, ReadError, u16_at, u32_at};
use crate::time::Zone;

/// Octets of the header that are used; as many more are reserved.
pub(super) const HEADER_OCTETS: usize = 64;

/// The parts of the header that matter.
pub(super) struct FileHeader {
    pub(super) layout: RecordLayout,
    /// Offset of the frame table, which lists the offsets of the frames.
    pub(super) table_at: u64,
    /// Octets of the frame table, four a frame.
    pub(super) table_octets: u64,
}

/// How the records of a file are laid out.
#[derive(Clone, Debug)]
pub(super) struct RecordLayout {
    pub(super) times: Times,
    /// Octets before the captured ones.
    pub(super) header_octets: usize,
    /// Octets after the captured ones.
    pub(super) trailer_octets: usize,
    /// The media type of every frame, where the records do not tell their own.
    pub(super) media: Option<u16>,
    /// When the capture began, in nanoseconds since the Unix epoch.
    pub(super) start_ns: i128,
}

/// How a record tells its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Times {
    /// Milliseconds since the capture began: version 1.
    Milliseconds,
    /// Microseconds since the capture began: versions 2.0 to 2.2.
    Microseconds,
    /// A FILETIME in UTC in the trailer: version 2.3.
    Filetime,
}

impl FileHeader {
    /// Reads the header at the start of `octets`, which has all of it. Where times depend on the time zone, says so in
    /// `info`.
    pub(super) fn parse(octets: &[u8], zone: &Zone, info: &mut CaptureInfo) -> Result<Self, ReadError> {
        let [minor, major] = [4, 5].map(|at| octets.get(at).copied().unwrap_or_default());
        let version = format!("{major}.{minor}");
        // Times to the millisecond or finer, octets before and after the data.
        let (times, header_octets, trailer_octets) = match (major, minor) {
            (1, _) => (Times::Milliseconds, 8, 0),
            (2, 0) => (Times::Microseconds, 16, 0),
            (2, 1) => (Times::Microseconds, 16, 2),
            (2, 2) => (Times::Microseconds, 16, 6),
            (2, _) => (Times::Filetime, 16, 15),
            _ => {
                return Err(ReadError::corrupt(
                    4,
                    format!("Network Monitor version {version} is not known: ehlotrace reads versions 1 and 2"),
                ));
            }
        };
        let media = (trailer_octets == 0).then(|| u16_at(octets, 6));
        let start_ns = if times == Times::Filetime { 0 } else { start(octets, &version, zone, info) };
        let [table_at, table_octets] = [24, 28].map(|at| u64::from(u32_at::<false>(octets, at)));
        let layout = RecordLayout { times, header_octets, trailer_octets, media, start_ns };
        Ok(Self { layout, table_at, table_octets })
    }
}

/// When the capture began, in nanoseconds since the Unix epoch: the header has a SYSTEMTIME in local time.
fn start(octets: &[u8], version: &str, zone: &Zone, info: &mut CaptureInfo) -> i128 {
    let Some(utc) = system_time(octets.get(8..).unwrap_or_default()).and_then(|local| zone.to_utc(local)) else {
        info.notes.push("the start time in the file header is not a date: times count from 1970".to_owned());
        return 0;
    };
    let place = if zone.name() == utc.offset { utc.offset } else { format!("{} ({})", zone.name(), utc.offset) };
    info.time_zone = Some(zone.name().to_owned());
    info.notes.push(format!(
        "Network Monitor {version} stores the local time of the capturing host, without its zone: read as {place}; \
         use --netmon-tz for another"
    ));
    if utc.is_ambiguous {
        info.notes.push(
            "the clocks in this time zone changed when the capture began: times may be wrong by one hour".to_owned(),
        );
    }
    utc.nanos
}

/// A Windows SYSTEMTIME: year, month, day of the week, day, hour, minute, second, millisecond.
fn system_time(octets: &[u8]) -> Option<DateTime> {
    let field = |at: usize| i8::try_from(u16_at(octets, at * 2)).ok();
    let year = i16::try_from(u16_at(octets, 0)).ok()?;
    let nanos = i32::from(u16_at(octets, 14)).checked_mul(1_000_000)?;
    DateTime::new(year, field(1)?, field(3)?, field(4)?, field(5)?, field(6)?, nanos).ok()
}
