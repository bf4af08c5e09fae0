//! What is worth a second look whatever became of the mail. It decides nothing.

use crate::session::Session;
use crate::smtp::{Reply, Transcript, XClient};
use crate::time::{FrameNumber, Moment, NANOS_PER_SEC};

/// Something about a session that is no cause of loss and should be changed all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Remark {
    /// User name and password, or what stands for them, were sent for everybody to read.
    ClearCredentials,
    /// As above, and the server offers STARTTLS.
    StartTlsUnused,
    /// As above, and the server had refused STARTTLS.
    StartTlsRefused,
    /// The client sent commands behind STARTTLS before TLS began (RFC 3207 4).
    StartTlsInjection,
    /// The server's certificate was no longer valid when the capture was taken.
    CertificateExpired,
    /// The server's certificate was not yet valid when the capture was taken.
    CertificateEarly,
    /// The server's certificate is for other names than the one the client looked for.
    CertificateName,
    /// A proxy passed a malformed name on with XFORWARD.
    ForwardedHello,
}

impl Remark {
    /// Every remark.
    pub const ALL: [Self; 8] = [
        Self::ClearCredentials,
        Self::StartTlsUnused,
        Self::StartTlsRefused,
        Self::StartTlsInjection,
        Self::CertificateExpired,
        Self::CertificateEarly,
        Self::CertificateName,
        Self::ForwardedHello,
    ];

    /// The stable word for reports.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ClearCredentials => "clear-credentials",
            Self::StartTlsUnused => "starttls-unused",
            Self::StartTlsRefused => "starttls-refused",
            Self::StartTlsInjection => "starttls-injection",
            Self::CertificateExpired => "certificate-expired",
            Self::CertificateEarly => "certificate-not-yet-valid",
            Self::CertificateName => "certificate-name",
            Self::ForwardedHello => "forwarded-hello",
        }
    }

    /// What it is, in a few words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::ClearCredentials => "credentials were sent in clear text",
            Self::StartTlsUnused => "credentials were sent in clear text, although the server offers STARTTLS",
            Self::StartTlsRefused => "the server refused STARTTLS, and the client sent credentials in clear text",
            Self::StartTlsInjection => "the client sent commands after STARTTLS, before TLS began",
            Self::CertificateExpired => "the server's certificate had expired",
            Self::CertificateEarly => "the server's certificate was not yet valid",
            Self::CertificateName => "the server's certificate does not have the name that the client used",
            Self::ForwardedHello => "a proxy passed on a malformed name from its client",
        }
    }

    /// The standard it is described in.
    pub const fn reference(self) -> &'static str {
        match self {
            Self::ClearCredentials => "RFC 4954 4; RFC 8314 3",
            Self::StartTlsUnused => "RFC 3207 4; RFC 8314 3",
            Self::StartTlsRefused => "RFC 3207 6",
            Self::StartTlsInjection => "RFC 3207 4, 6",
            Self::CertificateExpired | Self::CertificateEarly => "RFC 5280 4.1.2.5",
            Self::CertificateName => "RFC 9525 6; RFC 7817",
            Self::ForwardedHello => "Postfix, XFORWARD_README; RFC 5321 4.1.1.1",
        }
    }

    /// When a session has this remark, and what to do. The first paragraph is one sentence.
    pub const fn page(self) -> &'static str {
        match self {
            Self::ClearCredentials => include_str!("pages/clear-credentials.md"),
            Self::StartTlsUnused => include_str!("pages/starttls-unused.md"),
            Self::StartTlsRefused => include_str!("pages/starttls-refused.md"),
            Self::StartTlsInjection => include_str!("pages/starttls-injection.md"),
            Self::CertificateExpired => include_str!("pages/certificate-expired.md"),
            Self::CertificateEarly => include_str!("pages/certificate-not-yet-valid.md"),
            Self::CertificateName => include_str!("pages/certificate-name.md"),
            Self::ForwardedHello => include_str!("pages/forwarded-hello.md"),
        }
    }
}

/// Submission over TLS from the first octet (RFC 8314 3.3): a capture of it that can be read was decrypted before.
const IMPLICIT_TLS_PORT: u16 = 465;

/// What there is to remark of `session`, each with the frame that shows it.
pub(super) fn remarks(session: &Session) -> Vec<(FrameNumber, Remark)> {
    let transcript = &session.transcript;
    let credentials = transcript.clear_credentials.filter(|_| session.server.port() != IMPLICIT_TLS_PORT);
    let exposed = credentials.map(|moment| (moment, exposure(transcript)));
    let injected = transcript.behind_starttls.map(|moment| (moment, Remark::StartTlsInjection));
    let certificate = certificate(session).into_iter().flatten();
    let forwarded = forwarded(transcript).map(|moment| (moment, Remark::ForwardedHello));
    let remarks = exposed.into_iter().chain(injected).chain(certificate).chain(forwarded);
    remarks.map(|(moment, remark): (Moment, _)| (moment.frame, remark)).collect()
}

/// Where a malformed name was passed on with XFORWARD.
fn forwarded(transcript: &Transcript) -> Option<Moment> {
    let is_malformed = |told: &&XClient| told.helo.as_ref().is_some_and(|(_, check)| !check.is_well_formed());
    let told = transcript.xforwards.iter().find(is_malformed)?;
    Some(transcript.passing_command(told)?.moment)
}

/// What is wrong with the server's certificate, for all that anybody on the way can see.
fn certificate(session: &Session) -> Option<impl Iterator<Item = (Moment, Remark)>> {
    let tls = &session.transcript.tls;
    let certificate = tls.certificate.as_ref()?;
    let moment = certificate.moment;
    // A capture without times counts from 1970.
    let is_dated = moment.time.as_nanos() >= NO_CERTIFICATE_BEFORE_NS;
    let asked = tls.client_hello.as_ref().and_then(|hello| hello.server_name.as_deref());
    let looked_up = session.lookup.as_ref().and_then(|lookup| lookup.steps.last()).map(|step| step.name.as_bytes());
    let remarks = [
        (is_dated && certificate.not_after.is_before(moment.time), Remark::CertificateExpired),
        (is_dated && certificate.not_before.is_after(moment.time), Remark::CertificateEarly),
        (asked.or(looked_up).is_some_and(|host| !certificate.is_for(host)), Remark::CertificateName),
    ];
    Some(remarks.into_iter().filter(|(holds, _)| *holds).map(move |(_, remark)| (moment, remark)))
}

/// The year 1995: X.509 for mail is younger.
const NO_CERTIFICATE_BEFORE_NS: i64 = 25 * 365 * 24 * 3600 * NANOS_PER_SEC;

fn exposure(transcript: &Transcript) -> Remark {
    let is_offer = |line: &[u8]| line.trim_ascii_end().eq_ignore_ascii_case(b"STARTTLS");
    let offers = |reply: &Reply| reply.lines.iter().skip(1).any(is_offer);
    let is_offered = transcript.hellos.iter().any(|hello| transcript.hello_reply(hello).is_some_and(offers));
    match transcript.starttls.tried {
        0 if is_offered => Remark::StartTlsUnused,
        0 => Remark::ClearCredentials,
        _ if transcript.starttls.refused > 0 => Remark::StartTlsRefused,
        _ => Remark::ClearCredentials,
    }
}
