//! TLS inside an SMTP connection: what can be read of its handshake without keys (RFC 8446, and RFC 5246 before it).
//!
//! Record headers tell whether the handshake worked, the two hellos what was asked for and chosen, an alert in the clear
//! why it failed, up to TLS 1.2 a certificate who the server is. Everything is read as it streams by; only an unfinished
//! message is kept, bounded.

mod alert;
mod certificate;
mod cipher_suite;
mod hello;
mod records;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::time::Moment;

pub use alert::Alert;
pub use certificate::{Certificate, CertificateTime};
pub use cipher_suite::CipherSuite;
pub use hello::{ClientHello, ServerHello};
pub use records::Records;
use records::Wanted;

/// A version of the protocol, as it stands in a hello: `0x0303` is TLS 1.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TlsVersion(pub u16);

impl TlsVersion {
    const TLS_1_3: Self = Self(0x0304);
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0x0300 => f.write_str("SSL 3.0"),
            0x0301 => f.write_str("TLS 1.0"),
            0x0302 => f.write_str("TLS 1.1"),
            0x0303 => f.write_str("TLS 1.2"),
            0x0304 => f.write_str("TLS 1.3"),
            draft @ 0x7f01..=0x7fff => write!(f, "TLS 1.3 draft {}", draft & 0xff),
            other => write!(f, "TLS version 0x{other:04x}"),
        }
    }
}

/// What is known of the TLS of one connection.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Tls {
    /// What the client sent.
    pub client: Records,
    /// What the server sent.
    pub server: Records,
    /// What the client asked for, in its first hello.
    pub client_hello: Option<ClientHello>,
    /// What the server chose. After a HelloRetryRequest that of its second hello, if it came.
    pub server_hello: Option<ServerHello>,
    /// The server's certificate; only up to TLS 1.2, after it nobody but the client sees it.
    pub certificate: Option<Certificate>,
}

impl Tls {
    /// Whether the handshake worked, or may have where the capture lacks octets.
    ///
    /// Up to TLS 1.2 it did when both ends have sent their Finished. In TLS 1.3 the client's Finished and an alert instead of
    /// it both travel as application data, so a single short record of the client proves nothing.
    pub fn is_established(&self) -> bool {
        // A client of TLS 1.3 that is asked again sends ChangeCipherSpec before its second hello.
        let may_be_finished = self.server_hello.is_none_or(|hello| hello.version < TlsVersion::TLS_1_3);
        let has_finished = may_be_finished && self.client.is_finished && self.server.is_finished;
        let has_data = self.server.data_records > 0 && (self.client.sent_long_data || self.client.data_records > 1);
        has_finished || has_data || self.server.is_cut_off || self.client.is_cut_off
    }

    /// The alerts sent in the clear, each with its sender: `client` or `server`.
    pub fn alerts(&self) -> impl Iterator<Item = (&'static str, Alert)> {
        [("client", self.client.alert), ("server", self.server.alert)]
            .into_iter()
            .filter_map(|(sender, alert)| Some((sender, alert?)))
    }

    /// Whether anything that is TLS was seen.
    pub const fn is_seen(&self) -> bool {
        self.client.records > 0 || self.server.records > 0
    }

    /// The client's next octets. A hello is read up to `hello_octets` octets.
    pub(super) fn client_octets(&mut self, octets: &[u8], moment: Moment, hello_octets: usize) {
        let peer_sent_data = self.server.data_records > 0;
        let found = &mut self.client_hello;
        self.client.push(octets, moment, peer_sent_data, hello_octets, &mut |message| {
            *found = ClientHello::parse(message, moment);
            Wanted::Nothing
        });
    }

    /// The server's next octets.
    pub(super) fn server_octets(&mut self, octets: &[u8], moment: Moment, hello_octets: usize) {
        let peer_sent_data = self.client.data_records > 0;
        let (found, certificate) = (&mut self.server_hello, &mut self.certificate);
        self.server.push(octets, moment, peer_sent_data, hello_octets, &mut |message| {
            if let Some(list) = hello::certificate_list(message) {
                *certificate = Certificate::parse(list, moment);
                return Wanted::Nothing;
            }
            let Some(hello) = ServerHello::parse(message, moment) else { return Wanted::Nothing };
            // A server asks again at most once (RFC 8446 4.1.4).
            let is_last = !hello.is_retry_request || found.is_some();
            *found = Some(hello);
            match hello.version < TlsVersion::TLS_1_3 {
                true => Wanted::Certificate,
                false if is_last => Wanted::Nothing,
                false => Wanted::Hello,
            }
        });
    }

    /// The client's next `octets` octets are missing.
    pub(super) fn client_gap(&mut self, octets: u64) {
        self.client.skip(octets);
    }

    /// The server's next `octets` octets are missing.
    pub(super) fn server_gap(&mut self, octets: u64) {
        self.server.skip(octets);
    }
}
