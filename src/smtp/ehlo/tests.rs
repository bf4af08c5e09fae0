use proptest::prelude::*;

use super::*;

/// The codes and offsets found, as `code@offset`, the notes and the suggestion.
fn seen(after_verb: &[u8], end: LineEnd) -> (String, String, Option<String>) {
    let found = check(after_verb, end);
    let problems: Vec<_> = found.problems.iter().map(|p| format!("{}@{}", p.code.code(), p.offset)).collect();
    let notes: Vec<_> = found.notes.iter().map(|note| note.code()).collect();
    (problems.join(" "), notes.join(" "), found.suggestion)
}

/// Checks `argument` after one space and a CRLF.
fn expect(argument: &[u8], problems: &str, notes: &str, suggestion: Option<&str>) {
    let line = [b" ", argument].concat();
    let expected = (problems.to_owned(), notes.to_owned(), suggestion.map(str::to_owned));
    assert_eq!(seen(&line, LineEnd::CrLf), expected, "{}", argument.escape_ascii());
}

#[test]
fn well_formed_arguments_have_at_most_notes() {
    for (argument, notes) in [
        ("sub2.your-company.com", ""),
        ("TX2EHSNDR001.bigfish.com", ""),
        ("localhost.localdomain", ""),
        ("sub2.example.123", ""),
        ("a--b.xn--bcher-kva.example", ""),
        ("sub2", "single-label"),
        ("WIN-9QL4SDRB93L", "single-label"),
        ("bb5b0be39583", "single-label"),
        ("LocalHost", "localhost"),
        ("12345", "all-numeric"),
        ("1.2.3", "all-numeric"),
        ("[192.0.2.7]", ""),
        ("[192.000.002.007]", ""),
        ("[IPv6:2001:db8::7]", ""),
        ("[IPv6:::ffff:192.0.2.7]", ""),
        ("[ipv6:2001:db8::7]", "tag-case"),
        ("[IPV6:2a01::1]", "tag-case"),
        ("[x400:abc]", ""),
        ("[cafe:abc]", ""),
        ("[x-y:a:b;c]", ""),
    ] {
        expect(argument.as_bytes(), "", notes, None);
    }
}

#[test]
fn each_fault_of_a_name_is_named_with_its_place() {
    for (argument, problems, suggestion) in [
        ("sub2.", "trailing-dot@4", Some("sub2")),
        ("host.example.com.", "trailing-dot@16", Some("host.example.com")),
        (".", "trailing-dot@0", None),
        ("..", "leading-dot@0 empty-label@0 trailing-dot@1", None),
        ("sub2..", "empty-label@4 trailing-dot@5", Some("sub2")),
        ("MacBook..", "empty-label@7 trailing-dot@8", Some("MacBook")),
        (".example.com", "leading-dot@0", Some("example.com")),
        ("a..b", "empty-label@1", None),
        ("my_host.example.com", "underscore@2", None),
        ("sub_2.", "underscore@3 trailing-dot@5", None),
        ("_", "underscore@0", None),
        ("DIGITAL_MFP", "underscore@7", None),
        ("host!", "bad-character@4", None),
        ("<>", "bad-character@0", None),
        ("a@b", "bad-character@1", None),
        ("*.example.com", "bad-character@0", None),
        ("mantis.*", "bad-character@7", None),
        ("~^wildcard", "bad-character@0", None),
        ("(none)", "bad-character@0", None),
        ("sub2:25", "bad-character@4", None),
        ("a[b", "bad-character@1", None),
        ("<sub2.example.com>", "bad-character@0", Some("sub2.example.com")),
        ("\"sub2\"", "bad-character@0", Some("sub2")),
        ("PhpStorm 9.0.3", "whitespace@8", None),
        ("sub2\texample.com", "whitespace@4", None),
        ("John's PC", "bad-character@4 whitespace@6", None),
        ("sub2\0.example.com", "control-character@4", None),
        ("sub2\r", "control-character@4", None),
        ("b\u{fc}cher", "non-ascii@1", None),
        ("-x.example.com", "leading-hyphen@0", None),
        ("cabinet-maitre-.domain", "trailing-hyphen@14", None),
        ("a.-b-", "leading-hyphen@2 trailing-hyphen@4", None),
        ("-", "leading-hyphen@0", None),
        ("mx-ll-..2s1n", "trailing-hyphen@5 empty-label@6", None),
    ] {
        expect(argument.as_bytes(), problems, "", suggestion);
    }
    expect(b"b\xfccher", "non-ascii@1", "", None);
}

#[test]
fn lengths_count_octets_and_the_bounds_are_allowed() {
    let label = "a".repeat(63);
    let name = format!("{label}.{label}.{label}.{label}");
    expect(name.as_bytes(), "", "", None);
    expect(format!("{label}b.example.com").as_bytes(), "label-too-long@63", "", None);
    expect(format!("x.{label}b").as_bytes(), "label-too-long@65", "", None);
    expect(format!("{name}.b").as_bytes(), "name-too-long@255", "", None);
    expect(format!("{name}.").as_bytes(), "trailing-dot@255 name-too-long@255", "", Some(&name));
}

#[test]
fn addresses_without_brackets_are_one_fault() {
    for (argument, problems, suggestion) in [
        ("192.0.2.7", "dotted-decimal@0", Some("[192.0.2.7]")),
        ("192.0.2.999", "dotted-decimal@0", None),
        ("192.000.002.007", "dotted-decimal@0", None),
        ("0.0.0.0", "dotted-decimal@0", None),
        ("192.0.2.7.", "dotted-decimal@0 trailing-dot@9", Some("[192.0.2.7]")),
        ("2001:db8::7", "bare-ipv6@0", Some("[IPv6:2001:db8::7]")),
        ("IPv6:2001:db8::7", "bare-ipv6@0", Some("[IPv6:2001:db8::7]")),
        ("fe80::1%eth0", "bare-ipv6@0", None),
        ("::", "bare-ipv6@0", None),
        ("FE80::XXX", "bad-character@4", None),
    ] {
        expect(argument.as_bytes(), problems, "", suggestion);
    }
}

#[test]
fn broken_literals_say_what_is_broken() {
    for (argument, offset, message, suggestion) in [
        ("[192.0.2.7", 0, "has an opening bracket but no closing one", Some("[192.0.2.7]")),
        ("192.0.2.7]", 9, "has a closing bracket but no opening one", Some("[192.0.2.7]")),
        ("[IPv6:2001:db8::7", 0, "has an opening bracket but no closing one", Some("[IPv6:2001:db8::7]")),
        ("[Windows.Networking.IPInformation", 0, "has an opening bracket but no closing one", None),
        ("[", 0, "has an opening bracket but no closing one", None),
        ("]", 0, "has a closing bracket but no opening one", None),
        ("[192.0.2.7]:25", 11, "has text after the closing bracket", None),
        ("sub2[192.0.2.7]", 0, "has text before the opening bracket", None),
        ("[]", 1, "has brackets with nothing inside", None),
        ("[[192.0.2.7]]", 1, "has another bracket inside the brackets at byte 2", Some("[192.0.2.7]")),
        ("[2001:db8::7]", 1, "has an IPv6 address in brackets without the tag IPv6:", Some("[IPv6:2001:db8::7]")),
        ("[fe80::1%2]", 1, "has an IPv6 address in brackets without the tag IPv6:", None),
        ("[2001:db8::zz]", 1, "has brackets, but no IPv6 address inside", None),
        ("[IPv6:zz]", 6, "has brackets, but no IPv6 address inside", None),
        ("[IPv6:]", 6, "has brackets, but no IPv6 address inside", None),
        ("[IPv6:192.0.2.7]", 6, "has brackets, but no IPv6 address inside", None),
        ("[IPv6:fe80::1%eth0]", 6, "has brackets, but no IPv6 address inside", None),
        ("[192.0.2.999]", 9, "has a number over 255 in its IPv4 address at byte 10", None),
        ("[192.0.2]", 1, "has brackets, but no IPv4 address inside", None),
        ("[192.0.2.0007]", 1, "has brackets, but no IPv4 address inside", None),
        ("[sub2.example.com]", 1, "has a name in brackets, which are for addresses", Some("sub2.example.com")),
        ("[my_host]", 1, "has a name in brackets, which are for addresses", None),
        ("[12345]", 1, "has brackets, but no IPv4 address inside", None),
        ("[192.0.2.7:25]", 1, "has brackets, but no address inside", None),
        ("[tag-:x]", 1, "has brackets, but no address inside", None),
        ("[tag:]", 1, "has brackets, but no address inside", None),
    ] {
        expect(argument.as_bytes(), &format!("bad-address-literal@{offset}"), "", suggestion);
        let found = check(argument.as_bytes(), LineEnd::CrLf);
        assert_eq!(found.problems[0].message(argument.as_bytes()), message, "{argument}");
    }
    expect(b"[192.0.2.7].", "trailing-dot@11", "", Some("[192.0.2.7]"));
    expect(b"[192.0.2.7 ]", "whitespace@10", "", None);
    expect(b"[192.0.2.7] SIZE=1", "whitespace@11", "", None);
    expect(b"[192.0.2.7\0]", "control-character@10", "", None);
}

#[test]
fn messages_continue_the_sentence_and_show_printable_ascii_only() {
    for (argument, code, message) in [
        (&b""[..], "empty", "is empty"),
        (b"sub2.", "trailing-dot", "ends in a dot"),
        (b".", "trailing-dot", "is only a dot"),
        (b".a", "leading-dot", "starts with a dot"),
        (b"a..b", "empty-label", "has two dots in a row at byte 2"),
        (b"my_host", "underscore", "has an underscore at byte 3"),
        (b"a_b_c", "underscore", "has 2 underscores, the first at byte 2"),
        (b"host!", "bad-character", "has the character ! at byte 5, which a host name cannot have"),
        (b"%PC%", "bad-character", "has 2 characters that a host name cannot have, the first at byte 1: %"),
        (b"a b", "whitespace", "has a blank inside at byte 2"),
        (b"a\tb", "whitespace", "has a tab inside at byte 2"),
        (b"a  b", "whitespace", "has 2 blanks inside, the first at byte 2"),
        (b"b\xfccher", "non-ascii", "has a non-ASCII byte at byte 2 (\\xfc)"),
        (b"b\xc3\xbccher", "non-ascii", "has 2 non-ASCII bytes, the first at byte 2 (\\xc3)"),
        (b"a\x1b[0m", "control-character", "has a control character at byte 2 (\\x1b)"),
        (b"-a", "leading-hyphen", "has a label that starts with a hyphen at byte 1"),
        (b"a-", "trailing-hyphen", "has a label that ends with a hyphen at byte 2"),
        (&[b'a'; 70], "label-too-long", "has a label of 70 bytes, more than the 63 allowed"),
        (&[b'a'; 300], "name-too-long", "is 300 bytes long, more than the 255 allowed"),
        (b"192.0.2.7", "dotted-decimal", "is an IPv4 address without brackets"),
        (b"192.0.2.999", "dotted-decimal", "has the form of an IPv4 address, but a host name cannot have this form"),
        (b"2001:db8::7", "bare-ipv6", "is an IPv6 address without brackets and the tag IPv6:"),
        (b"ipv6:::1", "bare-ipv6", "is an IPv6 address without brackets"),
    ] {
        let found = check(argument, LineEnd::CrLf);
        let problem = found.problems.iter().find(|problem| problem.code.code() == code).expect(code);
        assert_eq!(problem.message(argument), message);
    }
}

#[test]
fn blanks_around_the_argument_and_line_ends_are_notes() {
    let well_formed = |notes: &str| (String::new(), notes.to_owned(), None);
    assert_eq!(seen(b"  a.example  ", LineEnd::CrLf), well_formed("trailing-blanks several-blanks"));
    assert_eq!(seen(b"\ta.example", LineEnd::Lf), well_formed("tab bare-lf"));
    assert_eq!(seen(b" sub2\t", LineEnd::CrLf), well_formed("single-label trailing-blanks"));
    assert_eq!(seen(b"", LineEnd::Lf), ("empty@0".to_owned(), "bare-lf".to_owned(), None));
    let empty = ("empty@0".to_owned(), "trailing-blanks".to_owned(), None);
    assert_eq!(seen(&[b' '; 500], LineEnd::CrLf), empty);
    let dot = ("trailing-dot@4".to_owned(), "trailing-blanks".to_owned(), Some("sub2".to_owned()));
    assert_eq!(seen(b" sub2. ", LineEnd::CrLf), dot);
}

#[test]
fn splitting_keeps_every_octet() {
    let cases: [(&[u8], [&[u8]; 3]); 4] = [
        (b"", [b"", b"", b""]),
        (b" \t", [b"", b"", b" \t"]),
        (b"\t a b  ", [b"\t ", b"a b", b"  "]),
        (b"x", [b"", b"x", b""]),
    ];
    for (after_verb, [leading, octets, trailing]) in cases {
        assert_eq!(split_argument(after_verb), HelloArgument { leading, octets, trailing });
    }
}

#[test]
fn every_code_is_listed_once_in_order() {
    assert!(ProblemCode::ALL.is_sorted_by(|a, b| a < b));
    let references = ProblemCode::ALL.map(|code| (code.code(), code.reference()));
    assert!(references.contains(&("trailing-dot", "RFC 5321 4.1.2")));
    assert!(references.contains(&("dotted-decimal", "RFC 1123 2.1")));
    assert!(references.contains(&("bare-ipv6", "RFC 5321 4.1.3")));
}

/// The grammar once more, by the book and without regard to speed; for arguments too short to break a length limit.
fn naive_grammar(text: &str) -> bool {
    let let_dig = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let ldh = |s: &str| {
        s.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && let_dig(s.chars().next_back())
            && let_dig(s.chars().next())
    };
    if let Some(content) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let snum = |s: &str| (1..=3).contains(&s.len()) && s.parse::<u8>().is_ok();
        let is_ipv4 = content.split('.').count() == 4 && content.split('.').all(snum);
        let is_tagged = content.split_once(':').is_some_and(|(tag, rest)| {
            let hex_groups = content.split(':').count() >= 3 && tag.chars().all(|c| c.is_ascii_hexdigit());
            let tag_ok = let_dig(tag.chars().next_back()) && tag.chars().all(|c| c == '-' || let_dig(Some(c)));
            tag_ok && !hex_groups && !rest.is_empty() && !rest.contains(['[', ']', ' '])
        });
        return is_ipv4 || is_tagged;
    }
    let digits = |s: &str| !s.is_empty() && s.chars().all(|c| c.is_ascii_digit());
    let is_dotted_decimal = text.split('.').count() == 4 && text.split('.').all(digits);
    text.split('.').all(ldh) && !is_dotted_decimal
}

#[test]
fn short_strings_agree_with_the_grammar_by_the_book() {
    const ALPHABET: &[u8] = b"a1.-_[]: ";
    let mut strings: Vec<Vec<u8>> = vec![Vec::new()];
    let (mut well_formed, mut next) = (0, Vec::new());
    for length in 0..=5 {
        for string in &strings {
            let text = std::str::from_utf8(string).unwrap();
            let found = check(string, LineEnd::CrLf);
            assert_eq!(found.is_well_formed(), naive_grammar(text.trim_matches(' ')), "{text:?}");
            well_formed += usize::from(found.is_well_formed());
            assert_invariants(string);
            if length < 5 {
                next.extend(ALPHABET.iter().map(|octet| [&string[..], &[*octet]].concat()));
            }
        }
        strings = std::mem::take(&mut next);
    }
    assert!(well_formed > 500, "{well_formed}: the comparison must not be one of refusals only");
}

/// What holds for any octets: offsets inside the argument, order, one entry a code, printable words, a sound suggestion.
fn assert_invariants(after_verb: &[u8]) {
    let argument = split_argument(after_verb).octets;
    let found = check(after_verb, LineEnd::CrLf);
    assert!(found.problems.is_sorted_by(|a, b| (a.offset, a.code) < (b.offset, b.code)));
    for (index, problem) in found.problems.iter().enumerate() {
        assert!(problem.offset < argument.len().max(1), "{problem:?}");
        assert!(found.problems.iter().skip(index + 1).all(|other| other.code != problem.code));
        assert!(problem.message(argument).bytes().all(|octet| (32..127).contains(&octet)));
    }
    if let Some(suggestion) = found.suggestion {
        assert!(!found.problems.is_empty());
        assert!(check(suggestion.as_bytes(), LineEnd::CrLf).is_well_formed(), "{suggestion}");
    }
}

proptest! {
    #[test]
    fn any_octets_are_judged_soundly(octets in proptest::collection::vec(any::<u8>(), 0..2000)) {
        assert_invariants(&octets);
    }

    #[test]
    fn any_likely_octets_are_judged_soundly(text in r#"[a-f0-9.:\[\]<>"% _v\-]{0,40}(IPv6:)?[a-f0-9.:\]]{0,40}"#) {
        assert_invariants(text.as_bytes());
    }
}

/// The other tool's word for lines where the rule here is another, and the code or note found instead.
const RULE_DIFFERENCES: [(&str, &str, &str); 3] = [
    ("bare IPv4 (matches Domain grammar)", "malformed", "dotted-decimal@0"),
    ("malformed: extra space before the name", "well-formed", "several-blanks"),
    ("malformed: verb not followed by a space", "well-formed", "tab"),
];

#[test]
fn hellos_sent_to_real_servers_get_the_verdict_of_the_laboratory() {
    let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus/lab"));
    let Ok(entries) = std::fs::read_dir(folder) else {
        println!("skipped: no corpus at {}", folder.display());
        return;
    };
    let (mut compared, mut different) = (0, std::collections::BTreeSet::new());
    for path in entries.map(|entry| entry.unwrap().path()) {
        if !path.to_string_lossy().ends_with(".truth.json") {
            continue;
        }
        let truth: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        for connection in truth.as_array().unwrap() {
            let list = |field: &str| connection[field].as_array().cloned().unwrap_or_default();
            for (hex, verdict) in list("hello_hex").iter().zip(list("hello_verdicts")) {
                let (line, verdict) = (from_hex(hex.as_str().unwrap()), verdict.as_str().unwrap().to_owned());
                let (problems, notes, _) = seen(&line[4..], LineEnd::CrLf);
                compared += 1;
                if problems.is_empty() == verdict.starts_with("malformed") {
                    let known = RULE_DIFFERENCES.iter().find(|(theirs, _, _)| *theirs == verdict);
                    let (theirs, ours, why) = known.unwrap_or_else(|| panic!("{verdict}: {}", line.escape_ascii()));
                    assert_eq!(*ours == "malformed", !problems.is_empty());
                    assert!(problems == *why || notes == *why, "{theirs}: {problems} {notes}");
                    different.insert(verdict);
                }
            }
        }
    }
    println!("{compared} hello lines compared, judged otherwise by rule: {different:?}");
    assert!(compared > 1000 && different.len() == RULE_DIFFERENCES.len());
}

fn from_hex(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect()
}
