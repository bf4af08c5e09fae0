//! Mails: what is one, and how attachments are written in them.

use std::io::ErrorKind;

use super::{make, seen};
use crate::container::NoteKind;

#[test]
fn a_mail_is_known_by_its_headers() {
    let cases: [(&[u8], bool); 10] = [
        (b"From: a@b\nTo: c@d\n\nhello", true),
        (b"\xef\xbb\xbfReceived: from x\r\n\tby y\r\nDate: today\r\nX-A: 1\r\n\r\n", true),
        (b"From a@b Tue Nov 24\nReceived: x\nSubject: y\n\n", true),
        (b"From: a@b\nX-Only: one\n\n", false),
        (b"From: a@b\nnot a header\nTo: c@d\n\n", false),
        (b"220 mail.example ESMTP\r\nEHLO relay\r\n", false),
        (b" From: a@b\nTo: c@d\n", false),
        (b"HTTP/1.1 200 OK\r\nDate: x\r\nContent-Type: text/html\r\n\r\n", false),
        (b"", false),
        (b"Date: 1\nFrom: x\nhalf of a li", true),
    ];
    for (head, is_mail) in cases {
        let text = String::from_utf8_lossy(head);
        assert_eq!(seen(head, &[]).walked.archive.is_some(), is_mail, "{text}");
    }
}

/// Two multipart bodies inside each other, quoted text, names in pieces and in code, a mail in the mail.
const FORMS: &str = "From: a@example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=outer\r\n\r\n\
--outer\r\nContent-Type: multipart/alternative; boundary=\"outer-2\"\r\n\r\n\
--outer-2\r\n\r\nplain text\r\n\
--outer-2\r\nContent-Type: text/html\r\n\r\n<p>\r\n--outer-2--\r\nignored\r\n\
--outer\r\nContent-Type: text/plain; name=\"quoted.txt\"\r\nContent-Transfer-Encoding: Quoted-Printable\r\n\r\n\
a=3Db=\r\nc  \r\n=C3=a4=zz\r\nend\r\n\
--outer\r\nContent-Type: application/octet-stream\r\n\
Content-Disposition: attachment; filename*0*=utf-8''gr%C3%B6; filename*1*=%C3%9Fe.pcap\r\n\
Content-Transfer-Encoding: base64\r\n\r\naGVs\r\nbG8=\r\nIQ==\r\n*junk*\r\n\
--outer\r\nContent-Type: application/x-pcap; name=\"=?utf-8?B?w6kuY2Fw?=\"\r\n\r\nraw\r\n\r\n--outer--not\r\n--outer \r\n\
Content-Type: message/rfc822\r\n\r\nFrom: b@example\r\nSubject: inner\r\nContent-Type: multipart/mixed; boundary=in\r\n\r\n\
--in\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"in.cap\"\r\n\r\ninner\r\n--in--\r\n\
--outer\r\nContent-Type: application/octet-stream\r\n\r\nunnamed\r\n--outer--\r\nepilogue\r\n";

#[test]
fn attachments_in_every_form() {
    let expected: [(&str, &[u8]); 5] = [
        ("quoted.txt", "a=bc\r\nä=zz\r\nend".as_bytes()),
        ("größe.pcap", b"hello!\x8e\xe9\xe4"),
        ("é.cap", b"raw\r\n\r\n--outer--not"),
        ("part 4/in.cap", b"inner"),
        ("part 5", b"unnamed"),
    ];
    for mail in [FORMS.to_owned(), FORMS.replace("\r\n", "\n")] {
        let outcome = seen(mail.as_bytes(), &[]);
        assert_eq!(outcome.notes(), []);
        for ((path, content), (name, wanted)) in outcome.read().into_iter().zip(expected) {
            let content = String::from_utf8_lossy(content).replace("\r\n", "\n");
            assert_eq!((path, content), (name, String::from_utf8_lossy(wanted).replace("\r\n", "\n")));
        }
        assert_eq!(outcome.members.len(), 5);
    }
}

#[test]
fn a_mail_that_is_itself_the_attachment() {
    let mail = b"From: a\nTo: b\nContent-Type: application/vnd.tcpdump.pcap; name=x.pcap\n\
        Content-Transfer-Encoding: base64\n\naGVsbG8=\n";
    assert_eq!(seen(mail, &[]).read(), [("x.pcap", &b"hello"[..])]);
}

#[test]
fn a_mail_that_is_cut_off_says_so() {
    let content = make::noise(9, 30_000);
    let mail = make::eml(&[("a", b"first"), ("b", &content)]);
    let outcome = seen(&mail[..mail.len() - 20_000], &[]);
    assert_eq!(outcome.read(), [("a", &b"first"[..])]);
    let cut = &outcome.members[1];
    assert_eq!((cut.path.as_deref(), cut.error), (Some("b"), Some(ErrorKind::UnexpectedEof)));
    assert!(cut.content.len() > 10_000 && content.starts_with(&cut.content));
    let message = "a mail: it is cut off; copy the file again";
    assert_eq!(outcome.notes(), [("-", NoteKind::Unreadable, message)]);
}

#[test]
fn bounds_on_headers_and_on_multipart_bodies() {
    let mail = [b"From: a\nTo: b\nX-Long: ".to_vec(), vec![b'x'; 100_000], b"\n\nbody".to_vec()].concat();
    let message = "a mail: it has a header of more than 64 KiB";
    assert_eq!(seen(&mail, &[]).notes(), [("-", NoteKind::Bound, message)]);
    let mut mail = "From: a\nTo: b\n".to_owned();
    for depth in 0..40 {
        mail += &format!("Content-Type: multipart/mixed; boundary=b{depth}\n\n--b{depth}\n");
    }
    let message = "a mail: it has more than 16 levels of multipart bodies";
    assert_eq!(seen(mail.as_bytes(), &[]).notes(), [("-", NoteKind::Bound, message)]);
}
