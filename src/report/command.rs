//! Commands for a shell that say the same hello to the same server once more: connection, hello and QUIT, nothing else.
//!
//! A name of a capture may be made to run something. What is put into a command is either an address as this program
//! prints it or stands in single quotes, in which a shell of POSIX (and bash, zsh) gives nothing a meaning; and it is
//! printable ASCII, so a terminal that it is pasted into gets no control character.

use std::fmt::Write as _;
use std::net::SocketAddr;

use super::digest::Digest;
use crate::diagnosis::{EvidenceKind, Stage};
use crate::session::Exported;
use crate::smtp::ehlo::{LineEnd, split_argument};
use crate::smtp::{Command, Verb};

/// How to ask the server once more, with no capture needed.
#[derive(Debug, Default)]
pub(super) struct Retry {
    /// With swaks, which waits for each reply.
    pub(super) swaks: Option<String>,
    /// With nc or openssl, which are told when to send.
    pub(super) plain: Option<String>,
    /// How far the commands go.
    pub(super) reach: Reach,
    /// Why there is no command.
    pub(super) missing: Option<Missing>,
    /// Why there is none with swaks though there is the other.
    pub(super) no_swaks: Option<&'static str>,
}

/// How far a command goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reach {
    /// It only connects, and waits for the greeting.
    #[default]
    Connect,
    /// It says the hello.
    Hello,
    /// It starts TLS; the hello, too, where the session had one.
    Tls,
}

/// Why a session has no command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// A proxy with a PROXY header, SOCKS or CONNECT stood between, or passed the name on.
    Proxy,
    /// The capture lacks a part of the hello.
    Cut,
    /// The hello is too long.
    Long,
}

impl Missing {
    /// In words, as one sentence.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Proxy => {
                "A proxy stood between the client and the server, so a command that connects directly tests another path."
            }
            Self::Cut => "The capture lacks a part of the hello, so no command can repeat it.",
            Self::Long => "The hello is too long for a command.",
        }
    }
}

/// What TLS a command starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tls {
    None,
    /// Before anybody speaks (RFC 8314 3.3).
    FromStart,
    /// With STARTTLS (RFC 3207).
    Upgrade,
}

/// A hello as it was sent.
struct SentHello<'s> {
    verb: Verb,
    /// The whole line, without its end.
    line: Vec<u8>,
    /// What follows the verb and one space; none where the client put something else between.
    argument: Option<&'s [u8]>,
    end: LineEnd,
}

/// Octets of a command line (RFC 5321 4.5.3.1.4).
const LINE_OCTETS: usize = 512;

/// Where TLS begins before anybody speaks (RFC 8314 3.3).
const IMPLICIT_TLS_PORT: u16 = 465;

impl Retry {
    /// For the session that `digest` is of.
    pub(super) fn new(digest: &Digest<'_>) -> Self {
        let server = digest.session.server;
        if is_behind_proxy(digest) {
            return Self { missing: Some(Missing::Proxy), ..Self::default() };
        }
        let command = hello_of(digest);
        let missing = command.and_then(|command| match command.line.len() {
            _ if command.is_cut => Some(Missing::Cut),
            octets if octets > LINE_OCTETS => Some(Missing::Long),
            _ => None,
        });
        if missing.is_some() {
            return Self { missing, ..Self::default() };
        }
        let tls = tls_of(digest);
        let hello = command.map(SentHello::new);
        let reach = match (tls, &hello) {
            (Tls::None, None) => Reach::Connect,
            (Tls::None, Some(_)) => Reach::Hello,
            // TLS that went well is only the way to the hello.
            (_, Some(_)) if !is_about_tls(digest) => Reach::Hello,
            _ => Reach::Tls,
        };
        let (swaks, no_swaks) = match with_swaks(server, tls, hello.as_ref()) {
            Ok(swaks) => (Some(swaks), None),
            Err(why) => (None, Some(why)),
        };
        Self { swaks, plain: Some(plain(server, tls, hello.as_ref())), reach, missing: None, no_swaks }
    }

    /// The shorter one.
    pub(super) fn short(&self) -> Option<&str> {
        self.swaks.as_deref().or(self.plain.as_deref())
    }
}

/// Whether the client came to the server by a proxy, or its name did.
fn is_behind_proxy(digest: &Digest<'_>) -> bool {
    let transcript = &digest.session.transcript;
    let is_passed_on = digest.diagnosis.evidence.iter().any(|shown| match &shown.kind {
        EvidenceKind::Argument(argument) => matches!(argument.verb, Verb::XClient | Verb::XForward),
        _ => false,
    });
    transcript.proxy.is_some() || transcript.proxy_request.is_some() || !transcript.xclients.is_empty() || is_passed_on
}

/// The hello to say; none where the session was lost before one counted.
fn hello_of<'s>(digest: &Digest<'s>) -> Option<&'s Command> {
    let evidence = &digest.diagnosis.evidence;
    let is_other_protocol = || evidence.iter().any(|shown| matches!(shown.kind, EvidenceKind::OtherProtocol(..)));
    match digest.diagnosis.cause.map(|rule| rule.stage) {
        Some(Stage::Connecting) => return None,
        // Who speaks to another service learns its name so.
        Some(Stage::Greeting) if !is_other_protocol() => return None,
        _ => {}
    }
    let mangled = || {
        let commands = digest.session.transcript.exchanges.iter().filter_map(|exchange| exchange.command.as_ref());
        let is_shown = |command: &&Command| evidence.iter().any(|shown| shown.frame == command.moment.frame);
        commands.filter(|command| command.verb == Verb::Mangled && is_name(command)).find(is_shown)
    };
    digest.hello.as_ref().map(|hello| hello.command).or_else(mangled)
}

/// Whether what follows an overwritten verb is a name or an address, and so the verb was a hello: other commands have
/// mailboxes and secrets.
fn is_name(command: &Command) -> bool {
    let argument = split_argument(command.after_verb()).octets;
    let is_of_name = |octet: &u8| octet.is_ascii_alphanumeric() || b".-_[]".contains(octet);
    argument.contains(&b'.') && argument.iter().all(is_of_name)
}

fn is_about_tls(digest: &Digest<'_>) -> bool {
    digest.diagnosis.cause.is_some_and(|rule| rule.stage == Stage::Tls)
}

fn tls_of(digest: &Digest<'_>) -> Tls {
    let session = digest.session;
    let transcript = &session.transcript;
    let has = |wanted: &EvidenceKind| digest.diagnosis.evidence.iter().any(|shown| shown.kind == *wanted);
    let is_implicit = session.server.port() == IMPLICIT_TLS_PORT;
    if session.exported == Some(Exported::Decrypted) {
        return if is_implicit { Tls::FromStart } else { Tls::Upgrade };
    }
    if is_about_tls(digest) {
        return match () {
            // The client speaks plain text, and is to begin TLS at once.
            () if has(&EvidenceKind::PlainToTls) => Tls::FromStart,
            // The other way round.
            () if has(&EvidenceKind::TlsToPlain) => Tls::None,
            () if transcript.starttls.tried > 0 => Tls::Upgrade,
            () => Tls::FromStart,
        };
    }
    let is_after_starttls = digest.diagnosis.hello.is_some_and(|hello| hello >= transcript.hellos_before_tls);
    match () {
        () if transcript.starttls.accepted > 0 && is_after_starttls => Tls::Upgrade,
        () if is_implicit && transcript.hellos.is_empty() => Tls::FromStart,
        () => Tls::None,
    }
}

impl<'s> SentHello<'s> {
    fn new(command: &'s Command) -> Self {
        let after_verb = command.after_verb();
        let argument = match after_verb.split_first() {
            Some((b' ', argument)) => Some(argument),
            Some(_) => None,
            None => Some(after_verb),
        };
        // What the client said in place of the Xs was one of the two, most likely the newer one.
        let (verb, line) = match command.verb {
            Verb::Mangled => (Verb::Ehlo, [b"EHLO", after_verb].concat()),
            verb => (verb, command.line.to_vec()),
        };
        Self { verb, line, argument, end: command.end }
    }
}

/// The command with swaks, or why there is none.
fn with_swaks(server: SocketAddr, tls: Tls, hello: Option<&SentHello<'_>>) -> Result<String, &'static str> {
    let mut command = format!("swaks --server {} --port {}", server.ip(), server.port());
    command.push_str(match tls {
        Tls::None => "",
        Tls::FromStart => " --tls-on-connect",
        Tls::Upgrade => " --tls",
    });
    let Some(hello) = hello else {
        command.push_str(" --quit-after CONNECT");
        return Ok(command);
    };
    let argument = hello.argument.ok_or("swaks puts one space behind the verb; this client put something else.")?;
    let text = std::str::from_utf8(argument).ok().filter(|text| text.bytes().all(is_printable));
    let text = text.ok_or("swaks cannot be given bytes that are not printable ASCII in a safe way.")?;
    // It takes an option's value that is empty or 0 for one that is not given.
    if matches!(text, "" | "0") {
        return Err("swaks puts its own name in place of one that is empty or 0.");
    }
    // It takes what begins with `-` or `+` for an option, wherever it stands, and has one that runs a program.
    if !text.starts_with(|first: char| first.is_ascii_alphanumeric() || "[._".contains(first)) {
        return Err("swaks may take a name that begins with this character for an option.");
    }
    if hello.end != LineEnd::CrLf {
        return Err("swaks ends each line with CRLF; this client did not.");
    }
    let option = match hello.verb {
        Verb::Helo => "--protocol SMTP --helo",
        Verb::Lhlo => "--protocol LMTP --lhlo",
        _ => "--ehlo",
    };
    let written = write!(command, " {option} {} --quit-after HELO", quoted(text));
    debug_assert!(written.is_ok(), "writing into a string does not fail");
    Ok(command)
}

/// The command without swaks. It waits before it speaks: a server may refuse who speaks before its greeting.
fn plain(server: SocketAddr, tls: Tls, hello: Option<&SentHello<'_>>) -> String {
    let say = match hello {
        Some(hello) => {
            let end = match hello.end {
                LineEnd::CrLf => "\\r\\n",
                LineEnd::Lf => "\\n",
            };
            format!("sleep {GREETING_SECONDS}; printf '{}{end}'; sleep {REPLY_SECONDS}", printf(&hello.line))
        }
        None => format!("sleep {SILENT_SECONDS}"),
    };
    let (ip, port) = (server.ip(), server.port());
    let connect = match tls {
        Tls::None => format!("nc -v {ip} {port}"),
        // Brackets of an IPv6 address mean something to a shell.
        Tls::FromStart => format!("openssl s_client -quiet -connect '{server}'"),
        Tls::Upgrade => format!("openssl s_client -quiet -connect '{server}' -starttls smtp"),
    };
    format!("({say}; printf 'QUIT\\r\\n') | {connect}")
}

/// For the greeting: a server that tests whether a client waits for it takes 6 s or so.
const GREETING_SECONDS: u32 = 8;
/// For the reply to the hello.
const REPLY_SECONDS: u32 = 5;
/// For the greeting of a server that was too slow, or did not send any.
const SILENT_SECONDS: u32 = 30;

const fn is_printable(octet: u8) -> bool {
    matches!(octet, b' '..=b'~')
}

/// `text`, printable ASCII, as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// `octets` as a format of printf(1) within single quotes, printable ASCII.
fn printf(octets: &[u8]) -> String {
    let mut format = String::with_capacity(octets.len());
    for octet in octets {
        match octet {
            b'%' => format.push_str("%%"),
            // The quote would end the word; the exclamation mark calls old commands back in some shells.
            b'\\' | b'\'' | b'!' => octal(&mut format, *octet),
            octet if is_printable(*octet) => format.push(char::from(*octet)),
            octet => octal(&mut format, *octet),
        }
    }
    format
}

fn octal(format: &mut String, octet: u8) {
    let written = write!(format, "\\{octet:03o}");
    debug_assert!(written.is_ok(), "writing into a string does not fail");
}
