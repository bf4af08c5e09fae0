//! What the table says of delivered sessions whose client sent a malformed hello, too.

use ehlotrace::report::Format;

use crate::report_hostile::report_on;
use crate::support::CaptureBuilder;

const MESSAGE: &str = "C: MAIL FROM:<a@b.example>\nS: 250 ok\nC: RCPT TO:<c@d.example>\nS: 250 ok\nC: DATA\nS: 354 go on\n\
                       C: Subject: x\nC: \nC: x\nC: .\nS: 250 queued\nC: QUIT\nS: 221 bye";

/// The warnings on one session, whose hellos are `hellos`; it stands in the report twice.
fn warnings(hellos: &str) -> Vec<String> {
    let mut capture = CaptureBuilder::new();
    let dialogue = format!("S: 220 mx\n{hellos}\n{MESSAGE}");
    capture.session("192.0.2.10:1145", "192.0.2.25:25").handshake().dialogue(&dialogue).client_fin().server_fin();
    let report = report_on(capture.finish_pcap(), "a.pcap", Format::Table, 150);
    assert!(report.contains("2 sessions in 2 captures: 2 delivered."), "{report}");
    report.lines().filter_map(|line| line.strip_prefix("Warning: 2 delivered sessions ")).map(str::to_owned).collect()
}

#[test]
fn a_refused_hello_that_was_not_in_the_way_is_a_warning() {
    let mut capture = CaptureBuilder::new();
    let dialogue = "S: 220 mx\nC: HELO\nS: 501 Syntax: HELO hostname\nC: MAIL FROM:<a@b.example>\nS: 250 ok\n\
                    C: RCPT TO:<c@d.example>\nS: 550 5.1.1 no\nC: QUIT\nS: 221 bye";
    capture.session("192.0.2.10:1145", "192.0.2.25:25").handshake().dialogue(dialogue).client_fin().server_fin();
    let report = report_on(capture.finish_pcap(), "a.pcap", Format::Table, 150);
    assert!(report.contains("recipients-refused") && !report.contains("ehlo-argument"), "{report}");
    let warning =
        "Warning: 2 lost sessions sent a malformed hello that the server refused, but were lost for another reason.";
    assert!(report.contains(warning), "{report}");
}

#[test]
fn a_malformed_hello_is_said_to_be_accepted_only_where_it_was() {
    assert_eq!(warnings("C: EHLO sub2\nS: 250 mx"), [""; 0]);
    assert_eq!(
        warnings("C: EHLO sub2.\nS: 250 mx"),
        ["sent a malformed hello that the server accepted: another server may refuse it."]
    );
    assert_eq!(
        warnings("C: EHLO sub2.\nS: 501 no\nC: EHLO sub2\nS: 250 mx"),
        ["sent a malformed hello, which the server refused, and then another hello, which it accepted."]
    );
    assert_eq!(
        warnings("C: EHLO sub2.\nS: 501 no\nC: HELO sub2.\nS: 250 mx"),
        ["sent a malformed EHLO, which the server refused, and then a HELO, which it accepted."]
    );
    assert_eq!(
        warnings("C: HELO sub2\nS: 250 mx\nC: EHLO\nS: 501 Syntax: EHLO hostname"),
        ["also sent a malformed hello that the server refused."]
    );
}
