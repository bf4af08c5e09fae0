//! Test support: captures built from scripted TCP conversations, and the shipped samples made with it.
//!
//! [`CaptureBuilder`] opens sessions; a [`SessionScript`] writes the frames of one connection, with its own clock;
//! the file holds the frames of all sessions in order of time. Everything is deterministic.
//!
//! ```ignore
//! let mut capture = CaptureBuilder::new().start_at("1999-08-28T13:32:00Z");
//! let mut s = capture.session("192.0.2.10:1145", "192.0.2.25:25").client_isn(3447617).server_isn(2120192000);
//! s.handshake().dialogue("S: 220 mail.example.com ESMTP\nC: EHLO sub2.\nS: 501 Invalid Address");
//! s.client_fin().server_fin();
//! let file: Vec<u8> = capture.finish_pcap();
//! ```

// One test binary uses a part of this; and code of tests may panic, that is how it reports.
#![allow(dead_code, unused_imports)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]

mod capture_builder;
mod capture_file;
pub(crate) mod dns;
mod dump;
mod endpoint;
pub(crate) mod etl;
mod packet;
pub(crate) mod samples;
mod segments;
mod session_script;
mod tcp_host;
#[cfg(test)]
mod tests;
pub(crate) mod tls;

pub(crate) use capture_builder::{CaptureBuilder, nanos_since_epoch};
pub(crate) use capture_file::{ByteOrder, FileOptions, Frame, write_pcap, write_pcapng};
pub(crate) use dump::dumped;
pub(crate) use endpoint::{Endpoint, Side, TcpOptions};
pub(crate) use packet::{
    IpHeader, Link, LinkHeader, TcpHeader, flag, internet_checksum, ip_datagram, link_frame, tcp_segment,
};
pub(crate) use session_script::{AckPolicy, Checksums, SessionScript};
pub(crate) use tcp_host::{Segment, SegmentId};
