//! How to record what a cause shows itself in, for a capture that lacks it.

use crate::diagnosis::Stage;

/// A paragraph of the page of a cause that strikes at `stage`.
pub(super) fn again(stage: Stage) -> String {
    let (filter, why) = match stage {
        Stage::Connecting => (
            "port 25 or port 53 or icmp or icmp6",
            "The filter also takes DNS and ICMP: a router or firewall may have answered in place of the server.",
        ),
        Stage::Tls | Stage::Auth => {
            ("port 25 or port 465 or port 587", "Whole packets matter here: a certificate fills several of them.")
        }
        Stage::Breaking => (
            "port 25",
            "If you can, record on both sides at the same time: only two captures tell which side ended the connection, and \
             what was lost between them.",
        ),
        Stage::Greeting | Stage::Argument | Stage::Hello | Stage::Transaction => (
            "port 25",
            "Start before the session begins: without the greeting and the hello, ehlotrace may not know what was refused.",
        ),
    };
    format!(
        "If the capture lacks this. Record it again, with whole packets and up to the end of the connection. On Linux: \
         `tcpdump -i any -s 0 -w mail.pcap '{filter}'`. On Windows: `pktmon` or `netsh trace`, as docs/windows.md says. {why}"
    )
}
