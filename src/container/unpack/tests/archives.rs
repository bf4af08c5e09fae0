//! Archives of every kind, in order, nested, and the members that are passed over.

use std::fs::File;
use std::io::{Cursor, Read, Seek, Write};
use std::ops::ControlFlow;

use zip::CompressionMethod;

use super::make::{self, Lock, noise};
use super::{Outcome, seen, walk_with};
use crate::container::{NoteKind, Origin, WalkOptions, walk};
use crate::limits::Limits;

/// Twice the same name, one that leads out of every folder, one empty member.
fn members() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("a/one.pcap", noise(1, 200_000)),
        ("../../etc/two.cap", noise(2, 10)),
        ("a/one.pcap", noise(3, 70_000)),
        ("empty", Vec::new()),
        ("größe.pcapng", b"text".repeat(20_000)),
    ]
}

fn borrowed(members: &[(&'static str, Vec<u8>)]) -> Vec<(&'static str, &'static [u8])> {
    members.iter().map(|(name, content)| (*name, &*content.clone().leak())).collect()
}

/// The zip writer refuses a name it has seen; the mark is taken off the packed archive.
fn zip_of(members: &[(&'static str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut renamed = members.to_vec();
    renamed[2].0 = "a/!ne.pcap";
    let mut octets = make::zip_locked(&renamed, Lock::Open, method);
    while let Some(at) = memchr::memmem::find(&octets, b"a/!ne") {
        octets[at + 2] = b'o';
    }
    octets
}

#[test]
fn every_kind_gives_its_members_in_order() {
    let members = borrowed(&members());
    let unnested: Vec<_> = members.iter().filter(|(name, _)| !name.starts_with("..")).copied().collect();
    let cases = [
        ("zip stored", zip_of(&members, CompressionMethod::Stored), "a zip archive", &members),
        ("zip deflated", zip_of(&members, CompressionMethod::Deflated), "a zip archive", &members),
        ("zip bzip2", zip_of(&members, CompressionMethod::Bzip2), "a zip archive", &members),
        ("zip zstd", zip_of(&members, CompressionMethod::Zstd), "a zip archive", &members),
        ("tar", make::tar(&unnested), "a tar archive", &unnested),
        ("eml", make::eml(&members), "a mail", &members),
        ("msg", make::msg(&members, None), "an Outlook message", &members),
        ("7z solid", make::sevenz_solid(&members, None), "a 7z archive", &members),
    ];
    for (name, octets, archive, members) in cases {
        let Outcome { walked, .. } = check(name, &octets, members);
        assert_eq!((walked.archive, walked.members), (Some(archive), members.len() as u64), "{name}");
        check(name, &make::gz(&octets), members);
    }
    check("7z", &make::sevenz(&members, None, false), &members);
}

fn check(name: &str, octets: &[u8], members: &[(&str, &[u8])]) -> Outcome {
    let outcome = seen(octets, &[]);
    assert_eq!(outcome.notes(), [], "{name}");
    let paths: Vec<_> = outcome.read().iter().map(|(path, _)| path.to_string()).collect();
    assert_eq!(paths, members.iter().map(|(name, _)| *name).collect::<Vec<_>>(), "{name}");
    assert!(outcome.read() == members, "{name}: contents differ");
    outcome
}

#[test]
fn what_is_no_archive_is_the_one_member() {
    for (octets, layers) in [(noise(5, 5000), &[][..]), (make::gz(b"plain"), &["gzip"]), (Vec::new(), &[])] {
        let outcome = seen(&octets, &[]);
        assert_eq!((outcome.walked.archive, outcome.walked.members, outcome.notes()), (None, 1, vec![]));
        let member = &outcome.members[0];
        assert_eq!((&member.path, member.error, member.layers.as_slice()), (&None, None, layers));
        assert!(member.content == if layers.is_empty() { octets } else { b"plain".to_vec() });
    }
}

#[test]
fn archives_inside_archives_are_walked_in_their_place() {
    let inner_zip = make::zip(&[("x.pcap", b"the capture"), ("readme.txt", b"hello")]);
    let tar_gz = make::gz(&make::tar(&[("deep/inner.zip", &inner_zip), ("y.cap.gz", &make::gz(b"packed"))]));
    let zip = make::zip(&[("logs.tar.gz", &tar_gz), ("z.pcap", b"last")]);
    let sevenz = make::sevenz(&[("ticket.zip", &zip)], None, false);
    let mail = make::eml(&[("ticket.7z", &sevenz), ("note.txt", b"bye")]);
    let msg = make::msg(&[("mail.eml", &mail)], Some(("Re: it", &[("w.pcap", b"attached twice")])));
    let outcome = seen(&msg, &[]);
    assert_eq!(outcome.notes(), []);
    let expected: [(&str, &[u8]); 6] = [
        ("mail.eml/ticket.7z/ticket.zip/logs.tar.gz/deep/inner.zip/x.pcap", b"the capture"),
        ("mail.eml/ticket.7z/ticket.zip/logs.tar.gz/deep/inner.zip/readme.txt", b"hello"),
        ("mail.eml/ticket.7z/ticket.zip/logs.tar.gz/y.cap.gz", b"packed"),
        ("mail.eml/ticket.7z/ticket.zip/z.pcap", b"last"),
        ("mail.eml/note.txt", b"bye"),
        ("Re: it/w.pcap", b"attached twice"),
    ];
    assert_eq!(outcome.read(), expected);
    assert_eq!(outcome.members[2].layers, ["gzip"]);
}

#[test]
fn a_file_is_read_where_it_lies() {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&make::zip(&[("a", b"1"), ("b", b"2")])).unwrap();
    file.rewind().unwrap();
    let limits = Limits { archive_spool_octets: 0, ..Limits::default() };
    let outcome = walk_with(Origin::File(file), &limits, &[], 100);
    assert_eq!(outcome.read(), [("a", &b"1"[..]), ("b", b"2")]);
    assert_eq!(outcome.notes(), []);
}

/// Members that nobody reads, or only the start of, do not hold up those behind them.
#[test]
fn members_may_be_left_unread() {
    let large = noise(7, 3_000_000);
    let members = [("a", &large[..]), ("b", &large), ("c", b"small")];
    for octets in [make::zip(&members), make::tar(&members), make::sevenz_solid(&members, None), make::eml(&members)] {
        let (mut paths, limits) = (Vec::new(), Limits::default());
        let mut kept = Vec::new();
        walk(
            Origin::Stream(Box::new(Cursor::new(octets))),
            WalkOptions { limits: &limits, passwords: &[] },
            &mut |mut member| {
                paths.push(member.path.unwrap());
                let mut start = [0; 3];
                member.content.stream.read_exact(&mut start).unwrap();
                kept.push(member.content.stream);
                ControlFlow::Continue(())
            },
            &mut |note| panic!("{note:?}"),
        );
        assert_eq!(paths, ["a", "b", "c"]);
        // One that was put aside cannot be read on: it must not keep its archive waiting.
        assert!(std::io::copy(&mut kept[0], &mut std::io::sink()).is_err());
    }
}

#[test]
fn a_visitor_may_stop() {
    let octets = make::zip(&[("a", &noise(1, 500_000)), ("b", b"2"), ("c", b"3")]);
    let (mut visits, limits) = (0, Limits::default());
    let options = WalkOptions { limits: &limits, passwords: &[] };
    let mut visit = |_| {
        visits += 1;
        if visits == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    walk(Origin::Stream(Box::new(Cursor::new(octets))), options, &mut visit, &mut |note| panic!("{note:?}"));
    assert_eq!(visits, 2);
}

#[test]
fn only_files_are_members() {
    let mut builder = tar::Builder::new(Vec::new());
    for kind in [tar::EntryType::Directory, tar::EntryType::Symlink, tar::EntryType::Char, tar::EntryType::Link] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        builder.append_link(&mut header, "entry", "/etc/passwd").unwrap();
    }
    let mut header = tar::Header::new_gnu();
    header.set_size(4);
    let long = format!("{}.pcap", "long/".repeat(60));
    builder.append_data(&mut header, &long, &b"long"[..]).unwrap();
    builder.append_pax_extensions([("path", "päx.pcap".as_bytes()), ("size", b"3")]).unwrap();
    let mut header = tar::Header::new_ustar();
    header.set_size(0);
    header.set_path("short").unwrap();
    header.set_cksum();
    builder.append(&header, &b"pax"[..]).unwrap();
    let outcome = seen(&builder.into_inner().unwrap(), &[]);
    assert_eq!(outcome.read(), [(long.as_str(), &b"long"[..]), ("päx.pcap", b"pax")]);

    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    writer.add_directory("folder", options).unwrap();
    writer.add_symlink("link", "/etc/passwd", options).unwrap();
    writer.start_file("folder/file", options).unwrap();
    writer.write_all(b"1").unwrap();
    let outcome = seen(writer.finish().unwrap().get_ref(), &[]);
    assert_eq!((outcome.read(), outcome.notes()), (vec![("folder/file", &b"1"[..])], vec![]));
}

/// Without its directory, and also with sizes behind the contents, a zip archive still gives what is there.
#[test]
fn a_zip_without_its_end_gives_what_is_left() {
    let (one, two) = (noise(1, 90_000), noise(2, 200_000));
    let members = [("one", &one[..]), ("two", &two)];
    for whole in [make::zip(&members), make::zip_streamed(&members)] {
        assert_eq!(seen(&whole, &[]).read(), members);
        let directory = memchr::memmem::find(&whole, b"PK\x01\x02").unwrap();
        let cut = seen(&whole[..directory], &[]);
        assert_eq!(cut.read(), members);
        let message = "it is cut off (its directory is missing); ehlotrace read as much as possible";
        assert_eq!(cut.notes(), [("-", NoteKind::Unreadable, message)]);
        let cut = seen(&whole[..directory - 100_000], &[]);
        assert_eq!(cut.read(), [("one", &one[..])]);
        let second = &cut.members[1];
        assert_eq!((second.path.as_deref(), second.error), (Some("two"), Some(std::io::ErrorKind::UnexpectedEof)));
        assert!(second.content.len() > 90_000 && two.starts_with(&second.content), "{}", second.content.len());
    }
}

#[test]
fn what_stands_in_front_of_a_zip_moves_its_offsets() {
    let whole = [b"PK00".to_vec(), make::zip(&[("a", b"1"), ("b", b"22")])].concat();
    let outcome = seen(&whole, &[]);
    assert_eq!((outcome.read(), outcome.notes()), (vec![("a", &b"1"[..]), ("b", b"22")], vec![]));
}

#[test]
fn an_unknown_method_is_named() {
    let mut octets = make::zip(&[("a.pcap", b"1"), ("b", b"2")]);
    let directory = memchr::memmem::find(&octets, b"PK\x01\x02").unwrap();
    octets[8] = 98;
    octets[directory + 10] = 98;
    let outcome = seen(&octets, &[]);
    assert_eq!(outcome.read(), [("b", &b"2"[..])]);
    let message = "packed with a compression that ehlotrace cannot read; unpack it first";
    assert_eq!(outcome.notes(), [("a.pcap", NoteKind::Unreadable, message)]);
}

#[test]
fn no_file_appears_beside_the_input() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ticket.zip");
    std::fs::write(&path, make::zip(&[("../escaped", b"1"), ("/absolute", b"2")])).unwrap();
    let outcome = walk_with(Origin::File(File::open(&path).unwrap()), &Limits::default(), &[], 100);
    assert_eq!(outcome.read(), [("../escaped", &b"1"[..]), ("/absolute", b"2")]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
