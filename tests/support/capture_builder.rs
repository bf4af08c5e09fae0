//! The capture under construction: its start, its file format and the frames of all sessions.

use std::cell::RefCell;
use std::rc::Rc;

use super::capture_file::{ByteOrder, FileOptions, Frame, write_pcap, write_pcapng};
use super::packet::Link;
use super::session_script::SessionScript;

/// Collects frames and writes the file.
pub(crate) struct CaptureBuilder {
    start_ns: i64,
    link: Link,
    options: FileOptions,
    sessions: u16,
    /// Shared with the session scripts, so that several can be written side by side.
    frames: Rc<RefCell<Vec<Frame>>>,
}

impl CaptureBuilder {
    pub(crate) fn new() -> Self {
        Self {
            start_ns: nanos_since_epoch("2024-03-05T09:00:00Z"),
            link: Link::ETHERNET,
            options: FileOptions::default(),
            sessions: 0,
            frames: Rc::default(),
        }
    }

    /// When the sessions begin, unless they say otherwise; an RFC 3339 time.
    pub(crate) fn start_at(mut self, time: &str) -> Self {
        self.start_ns = nanos_since_epoch(time);
        self
    }

    /// The link type of sessions opened from now on.
    pub(crate) fn link(mut self, link: Link) -> Self {
        self.link = link;
        self
    }

    pub(crate) fn nanoseconds(mut self) -> Self {
        self.options.nanoseconds = true;
        self
    }

    pub(crate) fn big_endian(mut self) -> Self {
        self.options.byte_order = ByteOrder::Big;
        self
    }

    /// Octets kept of each frame.
    pub(crate) fn snaplen(mut self, octets: u32) -> Self {
        self.options.snaplen = octets;
        self
    }

    /// Opens the script of one connection between two `address:port` pairs. It starts with the capture.
    pub(crate) fn session(&mut self, client: &str, server: &str) -> SessionScript {
        let number = self.sessions;
        self.sessions += 1;
        SessionScript::new(Rc::clone(&self.frames), self.start_ns, self.link, number, client, server)
    }

    /// Adds any octets as a frame, `after_ns` nanoseconds after the start.
    pub(crate) fn raw_frame(&mut self, after_ns: i64, octets: Vec<u8>) -> &mut Self {
        self.frames.borrow_mut().push(Frame::new(self.start_ns + after_ns, self.link, octets));
        self
    }

    /// All frames in order of time; equal times keep the order of writing.
    pub(crate) fn frames(&self) -> Vec<Frame> {
        let mut frames = self.frames.borrow().clone();
        frames.sort_by_key(|frame| frame.time_ns);
        frames
    }

    pub(crate) fn options(&self) -> &FileOptions {
        &self.options
    }

    pub(crate) fn finish_pcap(&self) -> Vec<u8> {
        write_pcap(&self.frames(), &self.options)
    }

    pub(crate) fn finish_pcapng(&self) -> Vec<u8> {
        write_pcapng(&self.frames(), &self.options)
    }
}

/// Nanoseconds since the Unix epoch of an RFC 3339 time.
pub(crate) fn nanos_since_epoch(time: &str) -> i64 {
    let timestamp: jiff::Timestamp = time.parse().expect("an RFC 3339 time");
    i64::try_from(timestamp.as_nanosecond()).expect("a time between 1678 and 2262")
}
