//! What a diagnosis rests on: frames, each with what it shows. A report puts it into words.

use std::net::IpAddr;

use crate::flow::Side;
use crate::session::Captured;
use crate::smtp::ehlo::{Problem, split_argument};
use crate::smtp::{
    Alert, Certificate, ClientHello, Command, EnhancedStatusCode, Hello, ProxyContent, Reply, ServerHello, Verb,
};
use crate::time::{FrameNumber, Moment};

/// One frame and what it shows. Octets are the capture's own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Evidence {
    /// The frame to look at.
    pub frame: FrameNumber,
    /// What it shows.
    pub kind: EvidenceKind,
}

/// What a frame shows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EvidenceKind {
    /// The client asks for a connection.
    Syn,
    /// This router or host says by ICMP that the server cannot be reached, and why (RFC 792, RFC 4443).
    Unreachable(IpAddr, &'static str),
    /// The server answered the SYN with RST.
    SynReset,
    /// Nothing answered the SYN.
    SynUnanswered {
        /// How often it was sent.
        syns: u32,
        /// Nanoseconds the capture goes on after it.
        quiet_ns: i64,
    },
    /// A proxy's header, of this version, which says this.
    ProxyHeader(u8, ProxyContent),
    /// The client spoke first, and the greeting came so many nanoseconds later; none where the clock was set between.
    EarlyTalk(Option<i64>),
    /// The handshake is complete, and no greeting followed.
    NoGreeting,
    /// What this side speaks in place of SMTP.
    OtherProtocol(Side, &'static str),
    /// The greeting is masked with asterisks.
    MaskedGreeting,
    /// A malformed hello.
    Argument(Argument),
    /// The line of a command.
    Command(Box<[u8]>),
    /// The command that was refused, the last of so many; DATA stands for whatever sends a message.
    Refused(Verb, u64),
    /// A reply, the one that decided.
    Reply(Answer),
    /// The client said QUIT.
    Quit,
    /// The client said QUIT and had not come to deliver.
    QuitUntried,
    /// The command that nothing answers.
    NoReply(Verb),
    /// The session ended with no reply to the hello.
    HelloUnanswered(End),
    /// The session ended with no reply to the hello, which the server had received for sure.
    HelloIgnored(End),
    /// The client waited for the reply so many nanoseconds.
    Awaited(i64),
    /// Mail data was being sent.
    InData,
    /// A mail transaction was open.
    InTransaction,
    /// What the client asks of TLS.
    ClientHello(ClientHello),
    /// What the server chose of it.
    ServerHello(ServerHello),
    /// Who the server says it is.
    Certificate(Box<Certificate>),
    /// What this side says of the other's TLS.
    Alert(Side, Alert),
    /// No TLS handshake followed.
    NoTls,
    /// The server answered with TLS a client that had sent none.
    PlainToTls,
    /// The client began TLS and the server speaks plain SMTP.
    TlsToPlain,
    /// The TLS handshake was begun and not completed.
    UnfinishedTls,
    /// How the session ended.
    Ended(End),
    /// Why nothing can be said of the session.
    Unknown(Unknown),
}

/// A malformed argument of a hello.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Argument {
    /// EHLO, HELO or LHLO; XCLIENT or XFORWARD where a proxy passed it on.
    pub verb: Verb,
    /// The argument, no blanks around it.
    pub octets: Box<[u8]>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    /// Whether the server accepted it.
    pub is_tolerated: bool,
    /// The verb of a malformed hello before it that the server refused.
    pub refused_before: Option<Verb>,
}

/// A reply and what it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The three-digit code.
    pub code: u16,
    /// The text of the first line.
    pub text: Box<[u8]>,
    /// The command it answers; none for a greeting and what comes unasked.
    pub to: Option<Verb>,
    /// Where in the server's stream it begins.
    pub at: u64,
}

impl Answer {
    /// The enhanced status code at the start of the text.
    pub fn enhanced(&self) -> Option<EnhancedStatusCode> {
        EnhancedStatusCode::parse(&self.text, self.code)
    }
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With a FIN of this side.
    Closed(Side),
    /// With a RST of this side.
    Reset(Side),
    /// With so many nanoseconds in which nothing came.
    Silence(i64),
    /// With the capture.
    Capture,
}

/// Why the capture does not show what became of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unknown {
    /// Only one side of it was captured.
    OneSide(Captured),
    /// Its beginning is missing.
    NoBeginning,
    /// Octets of the dialogue are missing; none where they may be.
    Hole(u64),
    /// The end of the mail data may be missing.
    DataHole,
    /// A part of the hello is missing.
    CutHello,
    /// TLS hides the rest.
    Tls,
    /// It was given up to stay within bounds.
    Evicted,
    /// Nothing shows that the hello reached the server.
    HelloAdrift,
    /// No reply says what became of the message.
    MessageUndecided,
    /// TCP's handshake was not completed.
    NoHandshake,
    /// The capture ends first, so many nanoseconds later.
    CaptureEnds(i64),
}

impl Unknown {
    /// One of each.
    pub const ALL: [Self; 11] = [
        Self::OneSide(Captured::ClientOnly),
        Self::NoBeginning,
        Self::Hole(0),
        Self::DataHole,
        Self::CutHello,
        Self::Tls,
        Self::Evicted,
        Self::HelloAdrift,
        Self::MessageUndecided,
        Self::NoHandshake,
        Self::CaptureEnds(0),
    ];

    /// The stable name reports use.
    pub const fn code(self) -> &'static str {
        match self {
            Self::OneSide(_) => "one-side",
            Self::NoBeginning => "no-beginning",
            Self::Hole(_) => "hole",
            Self::DataHole => "data-hole",
            Self::CutHello => "cut-hello",
            Self::Tls => "tls",
            Self::Evicted => "evicted",
            Self::HelloAdrift => "hello-adrift",
            Self::MessageUndecided => "message-undecided",
            Self::NoHandshake => "no-handshake",
            Self::CaptureEnds(_) => "capture-ends",
        }
    }
}

impl Evidence {
    /// That the frame at `moment` shows this.
    pub(super) const fn new(moment: Moment, kind: EvidenceKind) -> Self {
        Self { frame: moment.frame, kind }
    }

    /// That the server gave this reply to a `to`.
    pub(super) fn reply(reply: &Reply, to: Option<Verb>) -> Self {
        let answer = Answer { code: reply.code, text: reply.first_line().into(), to, at: reply.at };
        Self::new(reply.moment, EvidenceKind::Reply(answer))
    }

    /// That the client sent this command.
    pub(super) fn command(command: &Command) -> Self {
        Self::new(command.moment, EvidenceKind::Command(command.line.clone()))
    }

    /// That the client sent this malformed hello.
    pub(super) fn argument(command: &Command, hello: &Hello) -> Self {
        Self::new(command.moment, EvidenceKind::Argument(Argument::new(command, hello)))
    }

    /// That the server accepted this malformed hello, having refused one with the verb `refused_before`.
    pub(super) fn tolerated(command: &Command, hello: &Hello, refused_before: Option<Verb>) -> Self {
        let argument = Argument { is_tolerated: true, refused_before, ..Argument::new(command, hello) };
        Self::new(command.moment, EvidenceKind::Argument(argument))
    }
}

impl Argument {
    fn new(command: &Command, hello: &Hello) -> Self {
        let (octets, problems) = (split_argument(command.after_verb()).octets.into(), hello.check.problems.clone());
        Self { verb: command.verb, octets, problems, is_tolerated: false, refused_before: None }
    }
}
