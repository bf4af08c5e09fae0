//! Mails as they are sent (RFC 5322, RFC 2045 to 2047, RFC 2231): their attachments, as they stream by.
//!
//! mailparse reads the headers. Bodies are split and decoded here, line by line, because the crate holds a mail, and
//! each part of it again, in memory whole. A mail attached to a mail is a member that is walked in its turn.

mod body;
mod lines;

use std::io;

use mailparse::{ParsedContentType, parse_content_disposition, parse_content_type, parse_header};

use super::archive::{ArchiveKind, ArchiveRefusal};
use super::pipe::{Outlet, Passed};
use super::signature::split_header;
use super::source::Source;
use super::{NoteKind, signature};
use body::{Body, Encoding};
use lines::{MailLines, Stop};

pub(super) const MAIL: ArchiveKind = ArchiveKind { signature: signature::MAIL, read };

/// What the header of a mail or part says of its body.
struct BodyPart {
    content_type: ParsedContentType,
    encoding: Encoding,
    name: Option<String>,
}

impl BodyPart {
    fn parse(headers: &[u8]) -> Self {
        let value = |wanted: &str| {
            headers.split(|&octet| octet == 0).find_map(|header| {
                let (name, _) = split_header(header)?;
                let (parsed, _) = name.eq_ignore_ascii_case(wanted.as_bytes()).then(|| parse_header(header).ok())??;
                Some(parsed.get_value())
            })
        };
        let content_type = parse_content_type(value("Content-Type").as_deref().unwrap_or("text/plain"));
        let disposition = parse_content_disposition(value("Content-Disposition").as_deref().unwrap_or(""));
        let encoding = Encoding::of(value("Content-Transfer-Encoding").as_deref().unwrap_or(""));
        let name = disposition.params.get("filename").or_else(|| content_type.params.get("name")).cloned();
        Self { content_type, encoding, name: name.filter(|name| !name.is_empty()) }
    }

    fn boundary(&self) -> Option<&str> {
        let is_multipart = self.content_type.mimetype.starts_with("multipart/");
        self.content_type.params.get("boundary").filter(|b| is_multipart && !b.is_empty()).map(String::as_str)
    }

    /// The texts of the mail itself are no attachments.
    fn is_attachment(&self) -> bool {
        self.name.is_some() || !self.content_type.mimetype.starts_with("text/")
    }
}

fn read(source: Source, out: &mut Outlet) -> Result<(), ArchiveRefusal> {
    let mut lines = MailLines::new(source.into_stream());
    let mut parts = 0_u64;
    loop {
        let mut stop = match read_header(&mut lines, out)? {
            (_, Some(stop)) => stop,
            (header, None) => {
                let part = BodyPart::parse(&header);
                match read_part(&part, &mut lines, &mut parts, out)? {
                    Some(stop) => stop,
                    None => return Ok(()),
                }
            }
        };
        // What follows the last part of a multipart body, up to the next part of the one around it, is nothing.
        loop {
            match stop {
                Stop::Part => break,
                Stop::LastPart if lines.depth() > 0 => stop = lines.skip()?,
                Stop::LastPart => return Ok(()),
                Stop::End if lines.depth() > 0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Stop::End => return Ok(()),
            }
            if out.is_over() {
                return Ok(());
            }
        }
    }
}

/// Reads the body of `part` and tells what ended it; `None` when nothing more is wanted.
fn read_part(
    part: &BodyPart,
    lines: &mut MailLines,
    parts: &mut u64,
    out: &mut Outlet,
) -> Result<Option<Stop>, ArchiveRefusal> {
    if let Some(boundary) = part.boundary() {
        let max = out.shared.limits.mail_depth;
        if lines.depth() >= max {
            let message = format!("it has more than {max} levels of multipart bodies");
            return Err(ArchiveRefusal::new(NoteKind::Bound, message));
        }
        lines.enter(boundary);
    } else if part.is_attachment() {
        *parts += 1;
        let name = part.name.clone().unwrap_or_else(|| format!("part {parts}"));
        let mut body = Body::new(lines, part.encoding);
        if out.member(name, &mut body) == Passed::Stop {
            return Ok(None);
        }
        if let Some(stop) = body.stop() {
            return Ok(Some(stop));
        }
    }
    Ok(Some(lines.skip()?))
}

/// One header a piece, each ended by a NUL, with folded lines as they are; and what ended it before its empty line.
fn read_header(lines: &mut MailLines, out: &Outlet) -> Result<(Vec<u8>, Option<Stop>), ArchiveRefusal> {
    let max = out.shared.limits.mail_header_octets;
    let mut header = Vec::new();
    loop {
        if let Some(stop) = lines.next()? {
            return Ok((header, Some(stop)));
        }
        let line = lines.content();
        if line.is_empty() && lines.is_whole() {
            header.push(0);
            return Ok((header, None));
        }
        if header.len().saturating_add(line.len()) > max {
            let message = format!("it has a header of more than {} KiB", max >> 10);
            return Err(ArchiveRefusal::new(NoteKind::Bound, message));
        }
        header.push(if line.starts_with(b" ") || line.starts_with(b"\t") { b'\n' } else { 0 });
        header.extend(line.iter().map(|&octet| if matches!(octet, 0 | b'\r') { b' ' } else { octet }));
    }
}
