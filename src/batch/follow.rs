//! Sessions on ports that nobody named: a capture is read again where it has SMTP on others.

use crate::capture::ReadError;
use crate::diagnosis::Diagnosis;
use crate::scan::{CaptureReport, OtherPorts, ScanOptions};
use crate::session::Session;

/// Is told of sessions.
pub(super) type Observe<'o> = dyn FnMut(Session, Diagnosis) + 'o;
/// Scans the capture once more.
pub(super) type Again<'a> = dyn FnMut(&ScanOptions, &mut Observe<'_>) -> Result<CaptureReport, ReadError> + 'a;

/// Scans a capture with `first`; once more on the ports found where that is asked for, or there is nothing on those asked for. `again` is
/// none where a capture can be read only once: there it is left at saying which ports they are.
pub(super) fn scan(
    first: impl FnOnce(&mut Observe<'_>) -> CaptureReport,
    options: &ScanOptions,
    again: Option<&mut Again<'_>>,
    observe: &mut Observe<'_>,
) -> CaptureReport {
    let Some(again) = again else { return first(observe) };
    // What is read twice is told once.
    let first = if options.any_port { first(&mut |_, _| {}) } else { first(observe) };
    if first.sessions == 0 && first.other_ports.found.is_empty() || first.sessions > 0 && !options.any_port {
        return first;
    }
    let other_ports = OtherPorts { are_followed: true, ..first.other_ports };
    match again(&ScanOptions { ports: other_ports.all(), ..options.clone() }, observe) {
        // A capture is known by what the ports asked for show of it: so others of the run are.
        Ok(second) => CaptureReport { other_ports, fingerprint: first.fingerprint, ..second },
        Err(error) => CaptureReport::unreadable(error),
    }
}
