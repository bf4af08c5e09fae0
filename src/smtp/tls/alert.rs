//! Alerts by name.

use crate::time::Moment;

/// An alert sent in the clear (RFC 8446 6). One under encryption cannot be told from data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert {
    /// 1 is a warning, 2 is fatal.
    pub level: u8,
    /// What it is about, by number.
    pub description: u8,
    /// The frame that brought its last octet.
    pub moment: Moment,
}

impl Alert {
    /// Whether its sender gave up with it.
    pub const fn is_fatal(&self) -> bool {
        self.level == 2
    }

    /// Whether it only says that its sender has nothing more to send.
    pub const fn is_close_notify(&self) -> bool {
        self.description == 0
    }

    /// The name of its description in the registry of TLS alerts: RFC 8446 6, and for the older ones RFC 5246 7.2 and
    /// RFC 6101 5.4.
    pub const fn name(&self) -> &'static str {
        match self.description {
            0 => "close_notify",
            1 => "end_of_early_data",
            10 => "unexpected_message",
            20 => "bad_record_mac",
            21 => "decryption_failed",
            22 => "record_overflow",
            30 => "decompression_failure",
            40 => "handshake_failure",
            41 => "no_certificate",
            42 => "bad_certificate",
            43 => "unsupported_certificate",
            44 => "certificate_revoked",
            45 => "certificate_expired",
            46 => "certificate_unknown",
            47 => "illegal_parameter",
            48 => "unknown_ca",
            49 => "access_denied",
            50 => "decode_error",
            51 => "decrypt_error",
            52 => "too_many_cids_requested",
            60 => "export_restriction",
            70 => "protocol_version",
            71 => "insufficient_security",
            80 => "internal_error",
            86 => "inappropriate_fallback",
            90 => "user_canceled",
            100 => "no_renegotiation",
            109 => "missing_extension",
            110 => "unsupported_extension",
            111 => "certificate_unobtainable",
            112 => "unrecognized_name",
            113 => "bad_certificate_status_response",
            114 => "bad_certificate_hash_value",
            115 => "unknown_psk_identity",
            116 => "certificate_required",
            117 => "general_error",
            120 => "no_application_protocol",
            121 => "ech_required",
            _ => "an alert without a name",
        }
    }
}
