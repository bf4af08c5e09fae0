//! XCLIENT of Postfix: a proxy tells a server whose session it passes on, and the session begins anew. XFORWARD has the same
//! form: for whom a message is passed on, which changes nothing about the session.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::smtp::ehlo::{self, ArgumentCheck, LineEnd};

/// What an XCLIENT or XFORWARD says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct XClient {
    /// Which exchange of the transcript it is.
    pub exchange: usize,
    /// Where in the client's stream it ends.
    pub end: u64,
    /// Address and port of the client behind the proxy; port 0 where only the address is told.
    pub client: Option<SocketAddr>,
    /// The name that client greeted with, and what is wrong with it.
    pub helo: Option<(Box<[u8]>, ArgumentCheck)>,
}

impl XClient {
    /// Reads the attributes behind the verb: `NAME=value`, values in xtext (RFC 3461 4). Of an attribute that is there twice
    /// the last one counts.
    pub(super) fn read(attributes: &[u8], exchange: usize, end: u64) -> Self {
        let (mut address, mut port, mut helo) = (None, 0, None);
        for attribute in attributes.split(u8::is_ascii_whitespace) {
            let Some(at) = attribute.iter().position(|octet| *octet == b'=') else { continue };
            let (name, value) = attribute.split_at(at);
            let value = decoded(value.get(1..).unwrap_or_default());
            // `[UNAVAILABLE]` and `[TEMPUNAVAIL]` stand where a proxy does not know.
            let is_known = !matches!(&*value, b"" | b"[UNAVAILABLE]" | b"[TEMPUNAVAIL]");
            match name.to_ascii_uppercase().as_slice() {
                b"ADDR" => address = parse_address(&value),
                b"PORT" => port = std::str::from_utf8(&value).ok().and_then(|port| port.parse().ok()).unwrap_or(0),
                b"HELO" if is_known => {
                    let check = ehlo::check(&[b" ", &*value].concat(), LineEnd::CrLf);
                    helo = Some((value.into(), check));
                }
                _ => {}
            }
        }
        Self { exchange, end, client: address.map(|address| SocketAddr::new(address, port)), helo }
    }
}

fn parse_address(value: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(value).ok()?;
    match text.split_at_checked(5) {
        Some((tag, address)) if tag.eq_ignore_ascii_case("IPV6:") => address.parse().ok().map(IpAddr::V6),
        _ => text.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    }
}

/// Xtext without its `+3D`; what is none stays as it is.
fn decoded(xtext: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(xtext.len());
    let mut rest = xtext;
    while let Some((octet, behind)) = rest.split_first() {
        let hex = behind.first_chunk::<2>().and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped = hex.filter(|_| *octet == b'+').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        octets.push(escaped.unwrap_or(*octet));
        rest = behind.get(if escaped.is_some() { 2 } else { 0 }..).unwrap_or_default();
    }
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(attributes: &str) -> (Option<String>, Option<String>, Vec<&'static str>) {
        let told = XClient::read(attributes.as_bytes(), 0, 0);
        let (helo, check) = told.helo.unzip();
        let problems = check.unwrap_or_default().problems.iter().map(|problem| problem.code.code()).collect();
        (told.client.map(|end| end.to_string()), helo.map(|helo| helo.escape_ascii().to_string()), problems)
    }

    #[test]
    fn address_and_name_are_told_and_the_name_is_checked() {
        for (attributes, client, helo, problems) in [
            (" NAME=x ADDR=203.0.113.9 PORT=40000 PROTO=ESMTP HELO=sub2.", Some("203.0.113.9:40000"), Some("sub2."), 1),
            (" addr=IPv6:2001:db8::9 helo=relay.example.com", Some("[2001:db8::9]:0"), Some("relay.example.com"), 0),
            (" ADDR=[UNAVAILABLE] HELO=[UNAVAILABLE] PORT=x", None, None, 0),
            (" HELO=a+20b+2Bc+", None, Some("a b+c+"), 1),
            (" HELO", None, None, 0),
            (" HELO= ADDR=300.1.1.1", None, None, 0),
            ("", None, None, 0),
        ] {
            let told = read(attributes);
            assert_eq!((told.0.as_deref(), told.1.as_deref()), (client, helo), "{attributes}");
            assert_eq!(told.2.is_empty(), problems == 0, "{attributes}: {:?}", told.2);
        }
    }
}
