//! Base64 as it is met in mails and in secrets: without its padding, or cut off.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const UNPADDED: GeneralPurpose = {
    let config = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&STANDARD, config.with_decode_padding_mode(DecodePaddingMode::RequireNone))
};

/// Whether an octet is one of the 64 digits (RFC 4648 4).
pub(crate) const fn is_digit(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/')
}

/// Adds the octets that `digits` are; bits left over at their end are none.
pub(crate) fn decode(digits: &[u8], into: &mut Vec<u8>) {
    // One digit more than whole quads has not the bits of an octet, which the engine takes for an error.
    let kept = if digits.len() % 4 == 1 { digits.len() - 1 } else { digits.len() };
    // Nothing but digits cannot fail.
    let _ = UNPADDED.decode_vec(digits.get(..kept).unwrap_or_default(), into);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_end_anywhere() {
        for (digits, octets) in [
            ("", ""),
            ("a", ""),
            ("aG", "h"),
            ("aGV", "he"),
            ("aGVs", "hel"),
            ("aGVsb", "hel"),
            ("aGVsbG8", "hello"),
            ("aGVsbG9", "hello"),
        ] {
            let mut decoded = Vec::new();
            decode(digits.as_bytes(), &mut decoded);
            assert_eq!(decoded, octets.as_bytes(), "{digits}");
        }
    }
}
