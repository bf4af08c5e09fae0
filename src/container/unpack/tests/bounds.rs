//! Each bound on archives and mails, set low and exceeded: whatever it keeps from being read is noted.

use std::io::Cursor;

use super::make::{self, noise};
use super::{Outcome, walk_with};
use crate::container::{NoteKind, Origin};
use crate::limits::Limits;

fn within(limits: &Limits, passwords: &[&str], octets: &[u8]) -> Outcome {
    walk_with(Origin::Stream(Box::new(Cursor::new(octets.to_vec()))), limits, passwords, 1 << 20)
}

/// The one note within `limits`, its kind a bound; without them everything is read.
fn bound(limits: Limits, passwords: &[&str], octets: &[u8]) -> (String, String) {
    let ordinary = within(&Limits::default(), passwords, octets);
    assert_eq!(ordinary.notes(), [], "the ordinary bounds are not exceeded");
    let outcome = within(&limits, passwords, octets);
    let [(path, NoteKind::Bound, message)] = outcome.notes()[..] else { panic!("{:?}", outcome.notes) };
    (path.to_owned(), message.to_owned())
}

fn said(path: &str, message: &str) -> (String, String) {
    (path.to_owned(), message.to_owned())
}

#[test]
fn archives_inside_each_other() {
    let limits = Limits { archive_depth: 2, ..Limits::default() };
    let inner = make::tar(&[("in.tar", &make::tar(&[("a.pcap", b"deep")]))]);
    let found = bound(limits, &[], &make::zip(&[("mid.tar", &inner)]));
    assert_eq!(found, said("mid.tar/in.tar", "a tar archive inside 2 other archives or mails; unpack it first"));
}

/// A message in a message is no archive of its own: the one that holds it is read once for all.
#[test]
fn messages_inside_an_outlook_message() {
    let message = make::msg(&[("a", b"kept")], Some(("inner", &[("b", b"kept, too")])));
    let mut file = cfb::CompoundFile::open(Cursor::new(message)).unwrap();
    let innermost = "/__attach_version1.0_#00000001/__substg1.0_3701000D/__attach_version1.0_#00000001";
    for storage in [innermost.to_owned(), format!("{innermost}/__substg1.0_3701000D")] {
        file.create_storage(storage).unwrap();
    }
    file.flush().unwrap();
    let message = file.into_inner().into_inner();
    let limits = Limits { archive_depth: 1, ..Limits::default() };
    let found = bound(limits.clone(), &[], &message);
    assert_eq!(found, said("inner/attachment 00000001", "a message inside 2 other messages; save the attachments"));
    assert_eq!(within(&limits, &[], &message).members.len(), 2);
}

#[test]
fn names_of_members() {
    let limits = Limits { member_name_octets: 10, ..Limits::default() };
    for octets in [make::zip(&[("name-of-a-member", b"1")]), make::tar(&[("name-of-a-member", b"1")]), {
        make::msg(&[("name-of-a-member", b"1")], None)
    }] {
        let outcome = within(&limits, &[], &octets);
        // The mark says that it is longer.
        assert_eq!(outcome.read(), [("name-of-a-…", &b"1"[..])]);
    }
}

#[test]
fn expansion_of_what_is_packed() {
    let limits = Limits { expansion: 3, expansion_free_octets: 0, ..Limits::default() };
    let found = bound(limits, &[], &make::zip(&[("zeros", &[0; 100_000])]));
    let message = "the input unpacks to more than 3 times its size: no real capture does that; the rest was not read";
    assert_eq!(found, said("-", message));
}

#[test]
fn the_dictionary_of_a_7z() {
    let limits = Limits { dictionary_octets: 1 << 20, ..Limits::default() };
    let found = bound(limits, &[], &make::sevenz(&[("a", &noise(1, 1000))], None, false));
    assert_eq!(found, said("a", "it needs 8 MiB of memory, more than 1; unpack it first"));
}

#[test]
fn the_keys_of_a_7z() {
    let limits = Limits { key_rounds: 10, ..Limits::default() };
    let archive = make::sevenz(&[("a", &noise(1, 1000))], Some("geheim"), false);
    let found = bound(limits, &["geheim"], &archive);
    assert_eq!(found, said("a", "its encryption takes too long to open; unpack it first"));
}

#[test]
fn headers_and_multipart_bodies_of_a_mail() {
    let mail = make::eml(&[("a", b"1")]);
    let found = bound(Limits { mail_header_octets: 100, ..Limits::default() }, &[], &mail);
    assert_eq!(found, said("-", "a mail: it has a header of more than 0 KiB"));
    let found = bound(Limits { mail_depth: 0, ..Limits::default() }, &[], &mail);
    assert_eq!(found, said("-", "a mail: it has more than 0 levels of multipart bodies"));
}

#[test]
fn the_tables_of_an_outlook_message() {
    let names: Vec<String> = (0..40).map(|n| format!("attachment {n}")).collect();
    let attachments: Vec<_> = names.iter().map(|name| (name.as_str(), &b"1"[..])).collect();
    let limits = Limits { outlook_table_octets: 4_096, ..Limits::default() };
    let found = bound(limits, &[], &make::msg(&attachments, None));
    assert_eq!(found, said("-", "an Outlook message: its directory is too large; save the attachments"));
}
