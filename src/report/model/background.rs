//! What stands behind a session: its TLS handshake, the lookups that led to it, and those that led nowhere.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

#[cfg(test)]
use super::schema;
use super::values::{AsText, Octets, Time, is_default};
use crate::dns::{FailedLookup, LookupStep, RecordType};
use crate::session::Session;
use crate::smtp::{Alert, Certificate, CertificateTime, CipherSuite, Tls, TlsVersion};
use crate::time::FrameNumber;

/// What ehlotrace can read of a TLS handshake without keys.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "TlsHandshake"))]
pub(super) struct TlsObject<'a> {
    /// The host name in the ClientHello. Left out if it names none, or if the capture lacks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    server_name: Option<Octets<'a>>,
    /// The highest version that the ClientHello offers, for example `TLS 1.3`.
    offered_version: Option<AsText<TlsVersion>>,
    /// The version that the ServerHello chose.
    version: Option<AsText<TlsVersion>>,
    /// The cipher suite that the ServerHello chose, for example `ECDHE_RSA_WITH_AES_128_GCM_SHA256`, or its number if
    /// it has no name.
    cipher_suite: Option<AsText<CipherSuite>>,
    /// The first protocols that the ClientHello offers by ALPN. Left out if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    protocols: Vec<Octets<'a>>,
    /// The server's certificate. Left out if ehlotrace can read none, as in TLS 1.3.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<CertificateObject<'a>>,
    /// The frame that brought the last byte of the ClientHello.
    client_hello_frame: Option<FrameNumber>,
    /// The frame that brought the last byte of the ServerHello.
    server_hello_frame: Option<FrameNumber>,
    /// Whether the handshake was completed. Also true if the capture lacks bytes and the handshake may have been
    /// completed.
    established: bool,
    /// Alerts that were not encrypted: the first fatal alert of each side, or else its latest alert.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    alerts: Vec<AlertObject>,
    /// Whether a hello is longer than ehlotrace reads. Left out if it is false.
    #[serde(skip_serializing_if = "is_default")]
    hello_too_long: bool,
}

impl<'a> TlsObject<'a> {
    /// None without a record of TLS.
    pub(super) fn new(tls: &'a Tls) -> Option<Self> {
        let (client, server) = (tls.client_hello.as_ref(), tls.server_hello.as_ref());
        tls.is_seen().then(|| Self {
            server_name: client.and_then(|hello| hello.server_name.as_deref()).map(Octets),
            offered_version: client.map(|hello| AsText(hello.version)),
            version: server.map(|hello| AsText(hello.version)),
            cipher_suite: server.map(|hello| AsText(hello.cipher_suite)),
            protocols: client.iter().flat_map(|hello| &hello.protocols).map(|name| Octets(name)).collect(),
            certificate: tls.certificate.as_ref().map(CertificateObject::new),
            client_hello_frame: client.map(|hello| hello.moment.frame),
            server_hello_frame: server.map(|hello| hello.moment.frame),
            established: tls.is_established(),
            alerts: tls.alerts().map(|(from, alert)| AlertObject::new(from, alert)).collect(),
            hello_too_long: tls.client.is_hello_too_long || tls.server.is_hello_too_long,
        })
    }
}

/// What a certificate says about itself. ehlotrace verifies none of it.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Certificate"))]
struct CertificateObject<'a> {
    /// The frame that brought the last byte of the certificate.
    frame: FrameNumber,
    /// The common name of the subject. Left out if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<Octets<'a>>,
    /// The common name of the issuer. Left out if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<Octets<'a>>,
    /// The first host names that the certificate is for. Left out if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    names: Vec<Octets<'a>>,
    /// The number of further host names. Left out if it is 0.
    #[serde(skip_serializing_if = "is_default")]
    names_omitted: usize,
    /// RFC 3339, UTC.
    #[cfg_attr(test, schemars(with = "String"))]
    not_before: AsText<CertificateTime>,
    /// RFC 3339, UTC.
    #[cfg_attr(test, schemars(with = "String"))]
    not_after: AsText<CertificateTime>,
}

/// Names listed of a certificate.
const CERTIFICATE_NAMES: usize = 50;

impl<'a> CertificateObject<'a> {
    fn new(certificate: &'a Certificate) -> Self {
        Self {
            frame: certificate.moment.frame,
            subject: certificate.subject.as_deref().map(Octets),
            issuer: certificate.issuer.as_deref().map(Octets),
            names: certificate.names.iter().take(CERTIFICATE_NAMES).map(|name| Octets(name)).collect(),
            names_omitted: certificate.names.len().saturating_sub(CERTIFICATE_NAMES),
            not_before: AsText(certificate.not_before),
            not_after: AsText(certificate.not_after),
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Alert"))]
struct AlertObject {
    frame: FrameNumber,
    #[cfg_attr(test, schemars(schema_with = "schema::side"))]
    from: &'static str,
    /// Whether the alert is fatal: its sender gave up.
    fatal: bool,
    /// The number of the alert (RFC 8446 6).
    description: u8,
    /// The name of the alert, for example `handshake_failure`.
    name: &'static str,
}

impl AlertObject {
    const fn new(from: &'static str, alert: Alert) -> Self {
        Self {
            frame: alert.moment.frame,
            from,
            fatal: alert.is_fatal(),
            description: alert.description,
            name: alert.name(),
        }
    }
}

/// A question to a name server and its answer.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Lookup"))]
pub(super) struct LookupObject<'a> {
    /// The frame of the question. Null if the capture lacks it.
    asked_frame: Option<FrameNumber>,
    answered_frame: FrameNumber,
    /// The name in the question, in lower case. Bytes that do not belong in a host name are `\DDD`.
    name: &'a str,
    #[cfg_attr(test, schemars(schema_with = "schema::record_type"))]
    record_type: AsText<RecordType>,
    /// The first records of the answer, for example `10 mx1.example.com, 20 mx2.example.com`.
    answer: &'a str,
}

impl<'a> LookupObject<'a> {
    fn new(step: &'a LookupStep) -> Self {
        Self {
            asked_frame: step.asked.map(|moment| moment.frame),
            answered_frame: step.answered.frame,
            name: &step.name,
            record_type: AsText(step.record_type),
            answer: &step.answer,
        }
    }
}

/// The lookups that led to `session`.
pub(super) fn lookups(session: &Session) -> Vec<LookupObject<'_>> {
    let steps = session.lookup.iter().flat_map(|lookup| &lookup.steps);
    steps.map(LookupObject::new).collect()
}

/// A failed lookup with no connection of the client after it: a delivery that never started.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "FailedLookup"))]
pub(super) struct FailedLookupObject<'a> {
    /// The frame of the question. If the capture lacks the question, the frame of the answer.
    frame: FrameNumber,
    /// The frame of the latest answer.
    answered_frame: Option<FrameNumber>,
    time: Time,
    #[cfg_attr(test, schemars(schema_with = "schema::ip"))]
    client_ip: AsText<std::net::IpAddr>,
    /// The name in the question, in lower case. Bytes that do not belong in a host name are `\DDD`.
    name: &'a str,
    #[cfg_attr(test, schemars(schema_with = "schema::record_type"))]
    record_type: AsText<RecordType>,
    /// Why the client found no server to send the mail to.
    #[cfg_attr(test, schemars(schema_with = "schema::lookup_failure"))]
    failure: &'static str,
    /// The same reason in words.
    message: String,
    /// Whether the client also receives mail in this capture. If so, the client may have asked only to check a sender.
    client_takes_mail: bool,
}

impl<'a> FailedLookupObject<'a> {
    pub(super) fn new(failed: &'a FailedLookup) -> Self {
        Self {
            frame: failed.moment.frame,
            answered_frame: failed.answered.map(|moment| moment.frame),
            time: failed.moment.into(),
            client_ip: AsText(failed.client),
            name: &failed.name,
            record_type: AsText(failed.record_type),
            failure: failed.why.code(),
            message: failed.why.text(),
            client_takes_mail: failed.is_server_too,
        }
    }
}
