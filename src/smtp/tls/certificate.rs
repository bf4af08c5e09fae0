//! The server's certificate, which up to TLS 1.2 goes in the clear (RFC 5246 7.4.2): whom it is for and how long it is valid.
//!
//! Only what a report shows is read of it (RFC 5280 4.1). Nothing is verified: whether a client trusts it depends on the
//! client.

use std::fmt;

use der::asn1::{GeneralizedTime, UtcTime};
use der::{DateTime, Decode, DecodeValue, Header, Length, Reader, SliceReader, Tag};

use crate::time::{Moment, NANOS_PER_SEC, Timestamp};

/// What a certificate says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Certificate {
    /// The common name of its subject; octets as they are.
    pub subject: Option<Box<[u8]>>,
    /// The common name of who issued it.
    pub issuer: Option<Box<[u8]>>,
    /// The host names it is for (RFC 5280 4.2.1.6), in order.
    pub names: Vec<Box<[u8]>>,
    /// From when on it is valid.
    pub not_before: CertificateTime,
    /// Until when it is valid.
    pub not_after: CertificateTime,
    /// The frame that brought its last octet.
    pub moment: Moment,
}

/// A time to the second, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateTime(DateTime);

impl fmt::Display for CertificateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl CertificateTime {
    /// Whether `time` is later.
    pub fn is_before(self, time: Timestamp) -> bool {
        self.seconds() < time.as_nanos().div_euclid(NANOS_PER_SEC)
    }

    /// Whether `time` is earlier.
    pub fn is_after(self, time: Timestamp) -> bool {
        self.seconds() > time.as_nanos().div_euclid(NANOS_PER_SEC)
    }

    fn seconds(self) -> i64 {
        i64::try_from(self.0.unix_duration().as_secs()).unwrap_or(i64::MAX)
    }
}

/// The handshake message that holds certificates.
pub(super) const CERTIFICATE: u8 = 11;

const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
/// The kinds of a general name that is a host name, and an extension's place in a certificate.
const DNS_NAME: u32 = 2;
const EXTENSIONS: u32 = 3;

impl Certificate {
    /// Reads the first certificate of a list, each after its length of 3 octets, the list after its own; none if it is broken.
    pub(super) fn parse(list: &[u8], moment: Moment) -> Option<Self> {
        let (_, rest) = list.split_first_chunk::<3>()?;
        let ([high, middle, low], rest) = rest.split_first_chunk::<3>()?;
        let octets = usize::from(*high) << 16 | usize::from(*middle) << 8 | usize::from(*low);
        let signed = Elements(rest.get(..octets)?).inside(Tag::Sequence)?.inside(Tag::Sequence)?;
        let mut fields = Elements(signed.0).peekable();
        // The version comes first, where it is not the oldest.
        let _ = fields.next_if(|(tag, _)| context_number(*tag).is_some());
        let [_serial, _algorithm, issuer, validity, subject, _key] = std::array::from_fn(|_| fields.next());
        let mut validity = Elements(validity?.1);
        let (not_before, not_after) = (time(validity.next()?)?, time(validity.next()?)?);
        let extensions = fields.find(|(tag, _)| context_number(*tag) == Some(EXTENSIONS));
        let names = extensions.and_then(|(_, octets)| alternative_names(octets)).unwrap_or_default();
        Some(Self {
            subject: common_name(subject?.1),
            issuer: common_name(issuer?.1),
            names,
            not_before,
            not_after,
            moment,
        })
    }

    /// Whether it is for `host` (RFC 9525 6.3): letter case does not matter, and `*` stands for one whole label, the first.
    /// The common name counts only where there is no other.
    pub fn is_for(&self, host: &[u8]) -> bool {
        let host = host.strip_suffix(b".").unwrap_or(host);
        let subject = self.subject.iter().filter(|_| self.names.is_empty());
        self.names.iter().chain(subject).any(|name| match name.strip_prefix(b"*.") {
            Some(domain) => {
                let dot = host.iter().position(|octet| *octet == b'.');
                dot.and_then(|dot| host.get(dot + 1..)).is_some_and(|rest| rest.eq_ignore_ascii_case(domain))
            }
            None => name.eq_ignore_ascii_case(host),
        })
    }
}

/// The elements of a DER value, one behind the other, as far as they are whole.
#[derive(Clone, Copy)]
struct Elements<'a>(&'a [u8]);

impl<'a> Iterator for Elements<'a> {
    type Item = (Tag, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let mut reader = SliceReader::new(self.0).ok()?;
        let header = Header::decode(&mut reader).ok()?;
        let value = reader.read_slice(header.length()).ok()?;
        self.0 = self.0.get(usize::try_from(reader.position()).ok()?..)?;
        Some((header.tag(), value))
    }
}

impl<'a> Elements<'a> {
    /// The elements inside the first one, if it has this tag.
    fn inside(mut self, tag: Tag) -> Option<Self> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, value)| Self(value))
    }

    /// The value behind an object identifier, if it is this one; for an extension what may stand between is passed over.
    fn value_of(mut self, identifier: &[u8]) -> Option<&'a [u8]> {
        let (tag, found) = self.next()?;
        let is_it = tag == Tag::ObjectIdentifier && found == identifier;
        self.last().filter(|_| is_it).map(|(_, value)| value)
    }
}

/// The number of a tag whose meaning depends on where it stands.
fn context_number(tag: Tag) -> Option<u32> {
    tag.is_context_specific().then(|| tag.number().value())
}

/// The last common name of a distinguished name: the most specific one.
fn common_name(name: &[u8]) -> Option<Box<[u8]>> {
    let attributes = Elements(name).flat_map(|(_, set)| Elements(set));
    attributes.filter_map(|(_, attribute)| Elements(attribute).value_of(COMMON_NAME)).last().map(Into::into)
}

fn alternative_names(extensions: &[u8]) -> Option<Vec<Box<[u8]>>> {
    let mut extensions = Elements(extensions).inside(Tag::Sequence)?;
    let names = extensions.find_map(|(_, extension)| Elements(extension).value_of(SUBJECT_ALT_NAME))?;
    let names = Elements(names).inside(Tag::Sequence)?.filter(|(tag, _)| context_number(*tag) == Some(DNS_NAME));
    Some(names.map(|(_, name)| name.into()).collect())
}

fn time((tag, value): (Tag, &[u8])) -> Option<CertificateTime> {
    let mut reader = SliceReader::new(value).ok()?;
    let header = Header::new(tag, Length::try_from(value.len()).ok()?);
    let time = match tag {
        Tag::UtcTime => UtcTime::decode_value(&mut reader, header).ok()?.to_date_time(),
        Tag::GeneralizedTime => GeneralizedTime::decode_value(&mut reader, header).ok()?.to_date_time(),
        _ => return None,
    };
    Some(CertificateTime(time))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As OpenSSL writes one.
    const OPENSSL: &str = "308201e330820188a00302010202140bdd61a7c00c7c9eed912cb7dc61c6444696a1f6300a06082a8648ce3d0403\
        02302b3110300e060355040a0c074578616d706c653117301506035504030c0e6d782e6578616d706c652e6e6574301e170d323631313236\
        3138343135345a170d3237313132363138343135345a302b3110300e060355040a0c074578616d706c653117301506035504030c0e6d782e\
        6578616d706c652e6e65743059301306072a8648ce3d020106082a8648ce3d030107034200043ce29503ce9ed55d765269fb88eb4ff017f0\
        1248164cfd70a6513bf2a5b430e1506823dfab1e7d7b5218892b6e861af81ea7fb3502b23ac27add70f753cf39c6a38189308186301d0603\
        551d0e041604145b377d4b78696d92bbe6e54781762de41275f2c1301f0603551d230418301680145b377d4b78696d92bbe6e54781762de4\
        1275f2c1300f0603551d130101ff040530030101ff30330603551d11042c302a820e6d782e6578616d706c652e6e657482122a2e6d61696c\
        2e6578616d706c652e6e65748704c0000219300a06082a8648ce3d0403020349003046022100f487e41ceb673e593c79626666d070e45324\
        953649cf45467bbd4279ed02f9c0022100bca1c3fc3ebb1bc167e79aee559608cf7ee67d02684cc387e188ddb1e1fcd717";

    fn listed(certificate: &[u8]) -> Vec<u8> {
        let length = |octets: usize| u32::try_from(octets).unwrap().to_be_bytes()[1..].to_vec();
        [&length(certificate.len() + 3)[..], &length(certificate.len()), certificate].concat()
    }

    fn openssl() -> Vec<u8> {
        let octets = (0..OPENSSL.len()).step_by(2).map(|at| u8::from_str_radix(&OPENSSL[at..at + 2], 16).unwrap());
        listed(&octets.collect::<Vec<_>>())
    }

    #[test]
    fn a_certificate_has_names_and_a_time() {
        let found = Certificate::parse(&openssl(), Moment::default()).unwrap();
        assert_eq!(found.subject.as_deref(), Some(&b"mx.example.net"[..]));
        assert_eq!(found.issuer.as_deref(), Some(&b"mx.example.net"[..]));
        assert_eq!(found.names, [b"mx.example.net"[..].into(), b"*.mail.example.net"[..].into()]);
        let times = [found.not_before, found.not_after].map(|time| time.to_string());
        assert_eq!(times, ["2026-11-26T18:41:54Z", "2027-11-26T18:41:54Z"]);
        let at = |seconds| Timestamp::from_secs_nanos(seconds, 0);
        let (start, end) = (1_795_718_514, 1_827_254_514);
        assert!(found.not_before.is_after(at(start - 1)) && !found.not_before.is_after(at(start)));
        assert!(found.not_after.is_before(at(end + 1)) && !found.not_after.is_before(at(end)));
    }

    #[test]
    fn a_star_is_one_label() {
        let found = Certificate::parse(&openssl(), Moment::default()).unwrap();
        for (host, is_for) in [
            ("mx.example.net", true),
            ("MX.Example.net.", true),
            ("a.mail.example.net", true),
            ("a.b.mail.example.net", false),
            ("mail.example.net", false),
            ("example.net", false),
            ("", false),
        ] {
            assert_eq!(found.is_for(host.as_bytes()), is_for, "{host}");
        }
        let unnamed = Certificate { names: Vec::new(), ..found };
        assert!(unnamed.is_for(b"mx.example.net") && !unnamed.is_for(b"a.mail.example.net"));
    }

    #[test]
    fn a_part_of_a_certificate_is_none() {
        let octets = openssl();
        for len in 0..octets.len() {
            assert_eq!(Certificate::parse(&octets[..len], Moment::default()), None, "{len} bytes");
        }
    }

    proptest! {
        #[test]
        fn damage_does_no_harm(changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..8)) {
            let mut octets = openssl();
            for (at, value) in changes {
                let at = at % octets.len();
                octets[at] = value;
            }
            if let Some(found) = Certificate::parse(&octets, Moment::default()) {
                let kept = found.names.iter().map(|name| name.len()).sum::<usize>();
                prop_assert!(kept < octets.len() && found.not_before.to_string().ends_with('Z'));
                found.is_for(b"mx.example.net");
            }
        }
    }
}
