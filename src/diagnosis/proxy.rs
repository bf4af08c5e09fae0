//! A proxy and a server that do not agree on the PROXY protocol.

use super::rules::{Fault, Finding, Rule, Stage};
use super::{Answer, Evidence, EvidenceKind};
use crate::smtp::{Reply, Transcript, names_proxy_header};

/// The server took the header for a command, or wants one that did not come.
pub(super) const MISMATCH: Rule = Rule {
    code: "proxy-mismatch",
    stage: Stage::Greeting,
    title: "the proxy and the server have different settings for the PROXY protocol",
    reference: "HAProxy, doc/proxy-protocol.txt",
    remedy: "Switch the PROXY protocol on at both ends of this port, or off at both ends. The proxy's setting: `send-proxy` or `send-proxy-v2` in HAProxy, `proxy_protocol on` in nginx, the target group's attribute in AWS. The server: `smtpd_upstream_proxy_protocol` or `postscreen_upstream_proxy_protocol` in Postfix, `hosts_proxy` in Exim, `haproxy_hosts` in Haraka.",
    faults: &[Fault::Network, Fault::Server],
    page: include_str!("pages/proxy-mismatch.md"),
    check: |facts| {
        // A client that got on all the same was not lost to it; what a hole or the capture's end hides may say so.
        if facts.is_any_hello_accepted() || facts.is_hello_undecided() || facts.decisive_hole().is_some() {
            return None;
        }
        let transcript = facts.transcript;
        let header = transcript.proxy.as_deref();
        let fault = if header.is_some() { Fault::Network } else { Fault::Server };
        let refusal = header.and_then(|header| header.refusal.as_ref());
        let refused = match refusal {
            Some(refusal) => {
                let answer = Answer { code: refusal.code, text: refusal.text.clone(), to: None, at: refusal.at };
                Evidence::new(refusal.reply, EvidenceKind::Reply(answer))
            }
            None => Evidence::reply(refusal_over_header(transcript)?, None),
        };
        let sent = header
            .map(|header| Evidence::new(header.moment, EvidenceKind::ProxyHeader(header.version, header.content)));
        Some(Finding::new(fault, facts.confidence(), sent.into_iter().chain([refused]).collect()))
    },
};

/// The first refusal that names the header, or the greeting that takes the header for a command.
fn refusal_over_header(transcript: &Transcript) -> Option<&Reply> {
    let took_it_for_command = |greeting: &&Reply| transcript.proxy.is_some() && matches!(greeting.code, 500..=504);
    let refusals = transcript.exchanges.iter().filter_map(|exchange| exchange.reply.as_ref());
    let mut named = refusals.filter(|reply| reply.is_refusal() && names_proxy_header(reply.first_line()));
    transcript.greeting().filter(took_it_for_command).or_else(|| named.next())
}
