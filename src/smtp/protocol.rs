//! Protocols other than SMTP, known by what a side says first.

use crate::time::Moment;

/// That a side began with the words of another protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OtherProtocol {
    /// As it is called: `SSH`.
    pub name: &'static str,
    /// The frame that brought the line.
    pub moment: Moment,
}

/// What a server's first line begins with, and whose words those are.
const SERVERS: &[(&[u8], &str)] = &[
    (b"SSH-", "SSH"),
    (b"HTTP/", "HTTP"),
    (b"+OK", "POP3"),
    (b"-ERR", "POP3"),
    (b"* OK", "IMAP"),
    (b"* BYE", "IMAP"),
    (b"* PREAUTH", "IMAP"),
    (b"SIP/2.0 ", "SIP"),
    (b"RTSP/1.0 ", "RTSP"),
    (b"RFB 00", "VNC"),
];

/// What the last word of a client's request line begins with.
const REQUESTS: &[(&[u8], &str)] = &[(b"HTTP/", "HTTP"), (b"SIP/2.0", "SIP"), (b"RTSP/1.0", "RTSP")];

/// A first line of another protocol, and which words of it tell that: what stands between them may be private.
pub(super) struct FirstLine {
    pub(super) name: &'static str,
    /// Octets of the first word, with the blank behind it.
    pub(super) head: usize,
    /// Where the last word begins, with the blank before it.
    pub(super) tail: usize,
}

/// What a server's first line tells, if it is of a known protocol and not SMTP.
pub(super) fn of_server(line: &[u8]) -> Option<FirstLine> {
    let (start, name) = SERVERS.iter().find(|(start, _)| line.starts_with(start))?;
    Some(FirstLine { name, head: start.len(), tail: line.len() })
}

/// What a client's first line tells, if it is of a known protocol and not SMTP.
pub(super) fn of_client(line: &[u8]) -> Option<FirstLine> {
    if line.starts_with(b"SSH-") {
        return of_server(line);
    }
    let words: Vec<&[u8]> = line.splitn(4, |octet| *octet == b' ').collect();
    let [method, _, version] = words[..] else { return None };
    let is_method = !method.is_empty() && method.iter().all(u8::is_ascii_uppercase);
    let (_, name) = REQUESTS.iter().find(|(start, _)| is_method && version.starts_with(start))?;
    Some(FirstLine { name, head: method.len() + 1, tail: line.len() - version.len() - 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_that_tell_are_the_first_and_the_last() {
        let words = |first: Option<FirstLine>| first.map(|first| (first.head, first.tail));
        assert_eq!(words(of_client(b"GET /a?b HTTP/1.1")), Some((4, 8)));
        assert_eq!(words(of_client(b"SSH-2.0-Go")), Some((4, 10)));
        assert_eq!(words(of_server(b"HTTP/1.1 200 OK")), Some((5, 15)));
    }

    #[test]
    fn first_lines_tell_protocols_apart() {
        for (line, name) in [
            ("SSH-2.0-OpenSSH_9.7", Some("SSH")),
            ("HTTP/1.1 400 Bad Request", Some("HTTP")),
            ("+OK POP3 ready", Some("POP3")),
            ("* OK [CAPABILITY IMAP4rev1] ready", Some("IMAP")),
            ("220 mx.example.net ESMTP", None),
            ("550", None),
            ("Invalid SSH identification string.", None),
            ("", None),
        ] {
            assert_eq!(of_server(line.as_bytes()).map(|first| first.name), name, "{line}");
        }
        for (line, name) in [
            ("GET / HTTP/1.1", Some("HTTP")),
            ("CONNECT mx.example.net:25 HTTP/1.0", Some("HTTP")),
            ("PRI * HTTP/2.0", Some("HTTP")),
            ("OPTIONS sip:nm SIP/2.0", Some("SIP")),
            ("SSH-2.0-Go", Some("SSH")),
            ("EHLO HTTP/1.1", None),
            ("EHLO a HTTP", None),
            ("get / HTTP/1.1", None),
            (" / HTTP/1.1", None),
            ("MAIL FROM:<a@b> SIZE=1", None),
            ("", None),
        ] {
            assert_eq!(of_client(line.as_bytes()).map(|first| first.name), name, "{line}");
        }
    }
}
