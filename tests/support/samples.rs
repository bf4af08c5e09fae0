//! The captures in `samples/`: every one is what a function here builds. `samples/README.md` says what each shows.

mod attempts;
mod connection;
mod exported;
mod hello;
mod kb240832;
mod mail;
mod order;
mod reason;
mod relay;
mod unknown;
mod windows;

use super::{CaptureBuilder, Endpoint, SessionScript, TcpOptions};

/// Makes the octets of one file.
pub(crate) type Build = fn() -> Vec<u8>;

/// File name in `samples/`, and what builds its octets.
pub(crate) const SAMPLES: &[(&str, Build)] = &[
    ("kb240832-works.pcap", kb240832::works),
    ("kb240832-lost.pcap", kb240832::lost),
    ("kb240832-closed.pcap", kb240832::closed),
    ("kb240832-lost.etl", windows::netsh),
    ("kb240832-pktmon.etl", windows::pktmon),
    ("relay-stopped.pcapng", relay::relay_stopped),
    ("week.pcap", relay::week),
    ("recovered.pcap", hello::recovered),
    ("deferred.pcap", hello::deferred),
    ("tolerated.pcap", hello::tolerated),
    ("unanswered.pcap", hello::unanswered),
    ("ehlo-mangled.pcap", hello::ehlo_mangled),
    ("ehlo-mangled-inside.pcap", hello::ehlo_mangled_inside),
    ("xclient.pcap", hello::xclient),
    ("xforward.pcap", hello::xforward),
    ("early-talk.pcap", hello::early_talk),
    ("synchronization-error.pcap", hello::synchronization_error),
    ("ehlo-policy.pcap", hello::ehlo_policy),
    ("ehlo-unsupported.pcap", hello::ehlo_unsupported),
    ("ehlo-unanswered.pcap", hello::ehlo_unanswered),
    ("connect-refused.pcap", connection::connect_refused),
    ("connect-unanswered.pcap", connection::connect_unanswered),
    ("connect-unreachable.pcap", connection::connect_unreachable),
    ("connect-unreachable-ipv6.pcap", connection::connect_unreachable_ipv6),
    ("no-greeting.pcap", connection::no_greeting),
    ("greeting-refused.pcap", connection::greeting_refused),
    ("ehlo-to-ssh.pcap", connection::ehlo_to_ssh),
    ("not-smtp.pcap", connection::not_smtp),
    ("proxy-mismatch.pcap", connection::proxy_mismatch),
    ("proxied.pcap", connection::proxied),
    ("proxied-binary.pcap", connection::proxied_binary),
    ("socks.pcap", connection::socks),
    ("lookup-failed.pcap", connection::lookup_failed),
    ("tls-failed.pcap", connection::tls_failed),
    ("connection-reset.pcap", connection::connection_reset),
    ("connection-closed.pcap", connection::connection_closed),
    ("timed-out.pcap", connection::timed_out),
    ("timed-out-421.pcap", connection::timed_out_421),
    ("auth-failed.pcap", mail::auth_failed),
    ("sender-refused.pcap", mail::sender_refused),
    ("recipients-refused.pcap", mail::recipients_refused),
    ("message-refused.pcap", mail::message_refused),
    ("no-mail.pcap", mail::no_mail),
    ("second-address.pcap", attempts::second_address),
    ("second-mx.pcap", attempts::second_mx),
    ("auth-required.pcap", reason::auth_required),
    ("tls-required.pcap", reason::tls_required),
    ("relaying-denied.pcap", reason::relaying_denied),
    ("mailbox-unknown.pcap", reason::mailbox_unknown),
    ("greylisted.pcap", reason::greylisted),
    ("client-blocked.pcap", reason::client_blocked),
    ("sender-domain.pcap", reason::sender_domain),
    ("spf-dkim-dmarc.pcap", reason::no_spf),
    ("hello-passed-over.pcap", reason::hello_passed_over),
    ("pipelined-refusal.pcap", reason::pipelined_refusal),
    ("starttls.pcap", unknown::starttls),
    ("cut-short.pcap", unknown::cut_short),
    ("one-sided.pcap", unknown::one_sided),
    ("mixed.pcapng", relay::mixed),
    ("exported.pcap", exported::exported),
    ("two-taps.pcap", order::two_taps),
    ("late-syn.pcap", order::late_syn),
];

/// A session between two hosts of today; the capture starts at `time`.
fn modern(time: &str, client: &str, server: &str) -> (CaptureBuilder, SessionScript) {
    let mut capture = CaptureBuilder::new().start_at(time);
    let script = capture
        .session(client, server)
        .tune_both(|host| {
            host.options = TcpOptions::modern();
            (host.window, host.syn_window, host.ttl) = (502, Some(64_240), 64);
        })
        .tune_server(far_away);
    (capture, script)
}

/// A session between two hosts of the years around 2000; the capture starts at `time`.
fn period(time: &str, client: &str, server: &str) -> (CaptureBuilder, SessionScript) {
    let mut capture = CaptureBuilder::new().start_at(time);
    let script = windows_2000(capture.session(client, server)).tune_server(far_away);
    (capture, script)
}

fn windows_2000(script: SessionScript) -> SessionScript {
    let options = TcpOptions { mss: Some(1460), sack_permitted: true, ..TcpOptions::default() };
    script.tune_both(|host| (host.options, host.window, host.ttl) = (options.clone(), 17_520, 128))
}

/// Some hops and milliseconds from where the capture is taken.
fn far_away(server: &mut Endpoint) {
    server.ttl -= 7;
    (server.answers_after_ns, server.acks_after_ns) = (11_840_000, 11_310_000);
}

/// QUIT was answered: the server closes first, then the client.
fn close_after_quit(script: &mut SessionScript) {
    script.server_fin().client_fin();
}

/// What stands between 354 and its answer in most samples.
const SHORT_MAIL: &str = "
    C: Date: Tue, 5 Mar 2024 10:00:00 +0100
    C: From: Ann <ann@example.com>
    C: To: Bob <bob@example.net>
    C: Subject: Tuesday
    C: Message-ID: <20240305090000.1@example.com>
    C:
    C: Lunch at noon?
    C: .
";
