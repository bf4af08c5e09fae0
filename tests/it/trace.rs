//! Traces of captures, as the tests read them.

use std::io::Cursor;

use ehlotrace::capture::{self, OpenOptions};
use ehlotrace::report::netmon::{TraceLayout, View};
use ehlotrace::scan::ScanOptions;
use ehlotrace::trace::{TraceOptions, Traced, trace};
use ehlotrace::twice::Choice;
use ehlotrace::wire::Ports;

/// Every session, on port 25, collapsed.
pub(crate) fn options() -> TraceOptions {
    TraceOptions::new(ScanOptions::default(), Choice::All)
}

pub(crate) fn on_ports(ports: &[u16]) -> TraceOptions {
    let mut options = options();
    options.scan.ports = Ports::new(ports.iter().copied());
    options
}

pub(crate) fn traced(capture: &[u8], options: &TraceOptions) -> (String, Traced) {
    let mut out = Vec::new();
    let mut open = |options: &OpenOptions| capture::open(Box::new(Cursor::new(capture.to_vec())), options);
    let traced = trace(&mut open, options, &mut out).unwrap();
    (String::from_utf8(out).unwrap(), traced)
}

pub(crate) fn text(capture: &[u8], options: &TraceOptions) -> String {
    traced(capture, options).0
}

/// All ways to lay a trace out, secrets and mail text hidden.
pub(crate) fn layouts() -> Vec<TraceLayout> {
    let mut layouts = Vec::new();
    for view in [View::Summary, View::Collapsed, View::Detail] {
        for hex in [false, true] {
            layouts.push(TraceLayout { view, hex, ..TraceLayout::default() });
        }
    }
    layouts
}

pub(crate) fn sample(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/samples/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The lines of a protocol, without the blanks before them.
pub(crate) fn lines_of<'t>(text: &'t str, start: &str) -> Vec<&'t str> {
    text.lines().map(|line| line.trim_start_matches(' ')).filter(|line| line.starts_with(start)).collect()
}
