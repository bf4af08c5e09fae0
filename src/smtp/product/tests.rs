use super::*;

fn greeting(lines: &[&str]) -> Product {
    recognise(&lines.iter().map(|line| line.as_bytes()).collect::<Vec<_>>())
}

#[test]
fn systems_of_the_article_are_recognised_with_their_build() {
    for (text, name, build) in [
        (
            "foo.bar Microsoft SMTP MAIL ready at Wed, 29 Nov 2017 23:48:59 +0000 Version: 5.5.1877.197.19",
            "Microsoft IIS 4.0 SMTP / MCIS 2.x",
            Some("5.5.1877.197.19"),
        ),
        (
            "foo.bar Microsoft ESMTP MAIL Service, Version: 5.0.2195.5329 ready at  Thu, 30 Nov 2017 11:40:25 +0200",
            "Microsoft IIS 5.0 SMTP / Exchange 2000",
            Some("5.0.2195.5329"),
        ),
        (
            "foo Microsoft ESMTP MAIL Service, Version: 6.0.3790.4675 ready at Wed, 21 Jul 2010 19:04:24 -0700",
            "Microsoft IIS 6.0 SMTP / Exchange 2003",
            Some("6.0.3790.4675"),
        ),
        (
            "foo.bar Microsoft ESMTP MAIL Service ready at Wed, 21 Jul 2010 19:04:24 -0700",
            "Microsoft Exchange 2007 or later",
            None,
        ),
        (
            "foo.bar Microsoft Exchange Internet Mail Service 5.0.1460.8 ready",
            "Microsoft Exchange 5.0 Internet Mail Service 5.0.1460.8",
            None,
        ),
        (
            "foo.bar ESMTP Server (Microsoft Exchange Internet Mail Service 5.5.2653.13) ready",
            "Microsoft Exchange 5.5 Internet Mail Service 5.5.2653.13",
            None,
        ),
        (
            "foo.bar  SMTP Server (Microsoft Exchange Internet Mail Service 5.5.2448.0) ready",
            "Microsoft Exchange 5.5 Internet Mail Service 5.5.2448.0",
            None,
        ),
        ("foo.bar Lotus SMTP MTA Service Ready", "Lotus Notes SMTP MTA", None),
        ("Lotus Notes ESMTP Server X1.0 on foo ready at Mon, 10 Sep 2001 07:21:54 EDT.", "Lotus Notes SMTP MTA", None),
        (
            "foo.bar ESMTP Service (Lotus Domino Release 5.0.13a) ready at Thu, 30 Nov 2017 11:40:25 +0200",
            "Lotus Domino 5.0.13a",
            None,
        ),
        (
            "foo.bar ESMTP Service (IBM Domino Release 9.0.1FP8 HF475) ready at Thu, 30 Nov 2017 11:40:25 +0200",
            "IBM Domino 9.0.1FP8 HF475",
            None,
        ),
        ("foo.bar ESMTP Service (HCL Domino Release 14.5.1) ready at Thu", "HCL Domino 14.5.1", None),
        (
            "foo.bar ESMTP Service (Lotus Domino Build V85_M2_08202008) ready",
            "Lotus Domino build V85_M2_08202008",
            None,
        ),
        (
            "foo.bar ESMTP Sendmail 8.14.4/8.14.4/Debian-4+deb7u1; Thu, 30 Nov 2017 11:40:25 +0200",
            "Sendmail 8.14.4",
            None,
        ),
        ("foo.bar Sendmail 4.1/SMI-4.1 ready at Thu, 30 Nov 17 11:40:25 PST", "Sendmail 4.1", None),
        ("foo.bar ESMTP Sendmail; Thu, 30 Nov 2017", "Sendmail", None),
    ] {
        let product = greeting(&[text]);
        assert_eq!((product.name.as_deref(), product.build.as_deref()), (Some(name), build), "{text}");
        assert!(product.system_of_kb240832 && !product.masked, "{text}");
    }
}

#[test]
fn other_products_are_named() {
    for (text, name) in [
        (
            "foo Microsoft ESMTP MAIL Service, Version: 6.0.2600.5512 ready at  Thu, 30 Nov 2017 18:22:40 +0900",
            "Microsoft IIS 5.1 SMTP",
        ),
        ("foo Microsoft ESMTP MAIL Service, Version: 10.0.14393.2608 ready at  Sun", "Microsoft IIS 10.0 SMTP"),
        ("foo Microsoft ESMTP MAIL Service, Version: 10.0.17763.1 ready at  Sun", "Microsoft IIS 10.0 SMTP"),
        ("foo.bar ESMTP Exim 4.92 #5 Thu, 16 Nov 2017 04:55:31 -0500", "Exim 4.92"),
        ("foo.bar, ESMTP EXIM 4.83", "Exim 4.83"),
        ("foo.bar ESMTP (Exim 4.87) Thu, 30 Nov 2017 03:25:58 -0800 ", "Exim 4.87"),
        ("ESMTP Exim", "Exim"),
        ("foo.bar ESMTP Postfix (Ubuntu)", "Postfix"),
        ("foo.bar ESMTP Postfix (Debian/GNU)", "Postfix"),
        ("foo.bar ESMTP Postfix (2.1.5)", "Postfix 2.1.5"),
        ("foo.bar ESMTP MDaemon 4.0.2; Sat, 06 Oct 2001 01:46:44 -0500", "MDaemon 4.0.2"),
        ("foo.bar ESMTP service ready [1] using MDaemon v3.0.3 R", "MDaemon 3.0.3"),
        ("X1 NT-ESMTP Server foo.bar (IMail 6.06 899085-1)", "IMail 6.06"),
        ("foo.bar (IMail 12.4.2.27 21349-1) NT-ESMTP Server X1", "IMail 12.4.2.27"),
        ("foo.bar ESMTP OpenSMTPD", "OpenSMTPD"),
        ("foo.bar ESMTP Haraka/3.0.3 ready (2B4A1C7E-1)", "Haraka 3.0.3"),
        ("foo.bar SMTP Server (JAMES SMTP Server 2.3.2) ready Tue, 19 May 2015", "Apache James 2.3.2"),
        ("foo.bar GroupWise Internet Agent 5.5.1 Ready (C)1993, 1998 Novell, Inc.", "Novell GroupWise 5.5.1"),
        ("foo.bar ESMTP Merak 8.0.3; Thu, 30 Nov 2017 12:08:09 +0200", "Merak Mail Server 8.0.3"),
        ("foo.bar Kerio Connect 9.2.5 patch 3 ESMTP ready", "Kerio Connect 9.2.5"),
        ("foo.bar ESMTP CommuniGate Pro 6.2c3", "CommuniGate Pro 6.2c3"),
        ("foo.bar ESMTP MailEnable Service, Version: 10.34-- ready at 05/20/15 08:50:22", "MailEnable 10.34"),
        (
            "foo.bar ESMTP service (Netscape Messaging Server 4.15 Patch 7 (built Sep 12 2001))",
            "Netscape Messaging Server 4.15",
        ),
        ("foo.bar ESMTP server (Post.Office v3.5.3 release 223 ID# 0-1) ready Thu", "Post.Office 3.5.3"),
        ("foo.bar -- Server ESMTP (PMDF V6.0-24)", "PMDF 6.0-24"),
        (
            "foo.bar -- Server ESMTP (Sun Internet Mail Server sims.3.5.1999.01.13)",
            "Sun Internet Mail Server 3.5.1999.01.13",
        ),
        ("barracuda.example.com ESMTP (0123456789abcdef0123456789abcdef)", "Barracuda Email Gateway"),
        ("foo.bar ESMTP Symantec Messaging Gateway", "Symantec Messaging Gateway"),
        ("foo.bar ESMTP SonicWall (10.0.3.1234)", "SonicWall Email Security"),
        ("InterLock SMTP Gateway 3.0 ready", "InterLock SMTP Gateway 3.0"),
        ("CheckPoint FireWall-1 secure ESMTP server", "Check Point FireWall-1"),
        ("SMTP/cmap ready________________", "Cisco PIX 4.x"),
        ("foo.bar SMTP/smap Ready.", "TIS FWTK smap"),
        ("mx.google.com ESMTP d2e1a72fcca58-7f0 - gsmtp", "Gmail"),
        ("foo.bar running IBM VM SMTP Level 3A0 on Mon, 10 Sep 2001 07:21:54 EDT", "IBM VM SMTP 3A0"),
        ("foo.bar ESMTP running IBM VM SMTP V2R4; Mon, 10 Sep 2001", "IBM VM SMTP V2R4"),
    ] {
        let product = greeting(&[text]);
        assert_eq!(product.name.as_deref(), Some(name), "{text}");
        assert!(!product.system_of_kb240832 && !product.masked, "{text}");
    }
}

#[test]
fn greetings_of_several_lines_are_read_whole() {
    let iis4 = greeting(&[
        "mail.your-domain.com Microsoft SMTP MAIL ready at Sat, 28 Aug 1999 09:32:00 -0400 Version: 5.5.1774.114.11",
        "ESMTP spoken here",
    ]);
    assert_eq!(iis4.name.as_deref(), Some("Microsoft IIS 4.0 SMTP / MCIS 2.x"));
    assert_eq!(iis4.build.as_deref(), Some("5.5.1774.114.11"));
    assert!(iis4.system_of_kb240832);
    let sendmail = greeting(&["foo.bar Sendmail 8.6.12/8.6.9 ready at Thu", "ESMTP spoken here"]);
    assert_eq!(sendmail.name.as_deref(), Some("Sendmail 8.6.12"));
    let domino = greeting(&["foo.bar ESMTP Service (Lotus Domino Release 5.0.13a", "Postfix) ready"]);
    assert_eq!(domino.name.as_deref(), Some("Lotus Domino 5.0.13a"));
    let postscreen = greeting(&["mx.example.net ESMTP", "mx.example.net ESMTP Postfix (Debian/GNU)"]);
    assert_eq!(postscreen.name.as_deref(), Some("Postfix"));
}

#[test]
fn words_of_no_product_name_nobody() {
    for lines in [
        &[][..],
        &[""],
        &["mx.example.net ESMTP"],
        &["ESMTP spoken here"],
        &["foo.bar ESMTP ready", "ESMTP spoken here"],
        &["postfix.example.com ESMTP"],
        &["sendmail.example.com ready"],
        &["foo.bar ESMTP Sendmailer 2"],
        &["foo.bar ESMTP (0123456789abcdef)"],
        &["foo.bar ESMTP *** no spam ***"],
    ] {
        assert_eq!(greeting(lines), Product::default(), "{lines:?}");
    }
}

#[test]
fn a_masked_banner_says_so() {
    for lines in [&["****0*2***"][..], &["*****************0****22*** 0 **2****"], &["****", "**2*"]] {
        assert_eq!(greeting(lines), Product { masked: true, ..Product::default() }, "{lines:?}");
    }
}

#[test]
fn versions_are_bounded_and_printable() {
    let long = greeting(&[&format!("foo.bar ESMTP Sendmail 8{}", "1".repeat(5000))]);
    assert_eq!(long.name.unwrap(), format!("Sendmail 8{}", "1".repeat(39)));
    let escape = recognise(&[b"foo.bar ESMTP Service (Lotus Domino Release 5\x1b[31m\xff) ready"]);
    assert_eq!(escape.name.as_deref(), Some("Lotus Domino 5?[31m?"));
}

#[test]
fn keywords_tell_exchange_and_middleboxes() {
    let exchange =
        Product { name: Some("Microsoft Exchange Server".to_owned()), system_of_kb240832: true, ..Product::default() };
    for keyword in ["XEXCH50", "X-EXPS GSSAPI NTLM", "X-EXPS=LOGIN", "X-LINK2STATE", "x-anonymoustls"] {
        assert_eq!(recognise_from_ehlo(&[b"mx Hello", b"SIZE", keyword.as_bytes()]), exchange, "{keyword}");
    }
    let middlebox = Product { masked: true, ..Product::default() };
    assert_eq!(recognise_from_ehlo(&[b"mx Hello", b"XXXXXXXA", b"SIZE 10240000"]), middlebox);
    for lines in [&[&b"XXXXXXXA"[..]][..], &[], &[b"mx", b"XCLIENT NAME", b"XXX", b""]] {
        assert_eq!(recognise_from_ehlo(lines), Product::default());
    }
}

#[test]
fn every_row_is_found_by_its_own_phrases() {
    assert!(PRODUCTS.iter().map(|row| row.phrases.len()).sum::<usize>() <= 128, "a bit for each");
    assert!(PRODUCTS.iter().flat_map(|row| row.phrases).all(|phrase| phrase.len() >= HEAD_OCTETS));
    for row in PRODUCTS {
        let text = format!("\n{}", row.phrases.join(" x "));
        let first = PRODUCTS.iter().find(|row| row.phrases.iter().all(|phrase| after(&text, phrase).is_some()));
        assert_eq!(first_row(&text).map(|row| row.name), first.map(|row| row.name), "{text}");
        assert!(first.is_some());
    }
}

/// What occurs where, phrase by phrase and place by place.
fn found_one_by_one(text: &str) -> Vec<(u32, usize)> {
    let phrases = PRODUCTS.iter().flat_map(|row| row.phrases);
    let places = |(number, phrase): (u32, &&str)| {
        let fits = |start: &usize| {
            let (before, rest) = text.split_at(*start);
            let Some((found, rest)) = rest.split_at_checked(phrase.len()) else { return false };
            found.eq_ignore_ascii_case(phrase) && begins_word(before, phrase) && ends_word(phrase, rest)
        };
        (1..text.len()).filter(fits).map(|start| (number, start)).collect::<Vec<_>>()
    };
    let mut found: Vec<_> = (0..).zip(phrases).flat_map(places).collect();
    found.sort_unstable_by_key(|(number, start)| (*start, *number));
    found
}

proptest::proptest! {
    #[test]
    fn phrases_are_found_as_one_by_one(pieces in proptest::collection::vec((0..PRODUCTS.len(), 0_usize..40, 0_usize..5), 0..12)) {
        let piece = |(row, octets, between): &(usize, usize, usize)| {
            let phrase = PRODUCTS[*row].phrases[0];
            format!("{}{}", &phrase[..phrase.len().min(*octets)], ["", " ", "x", ".", " ("][*between])
        };
        let text = format!("\n{}", pieces.iter().map(piece).collect::<String>());
        let found: Vec<_> = phrases_in(&text).map(|(number, range)| (number, range.start)).collect();
        assert_eq!(found, found_one_by_one(&text));
        assert_eq!(phrases_in(&text.to_uppercase()).count(), found.len());
    }

    #[test]
    fn any_octets_give_a_printable_name(lines in proptest::collection::vec(proptest::collection::vec(0_u8.., 0..200), 0..4)) {
        let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
        for product in [recognise(&lines), recognise_from_ehlo(&lines)] {
            assert!(product.name.is_none_or(|name| name.bytes().all(|octet| (32..127).contains(&octet))));
        }
    }
}

/// As public reports show them.
#[test]
fn services_and_test_servers_are_recognised() {
    for (text, name) in [
        ("163.com Coremail SMTP(Anti Spam) System", "Coremail"),
        ("Coremail SMTP(Anti Spam) System (163com[20050206])", "Coremail"),
        ("smtp.qq.com Esmtp QQ Mail Server", "QQ Mail"),
        ("newxmesmtplogicsvrszc43-0.qq.com XMail Esmtp QQ Mail Server.", "QQ Mail"),
        ("mtaig-aak03.mx.aol.com ESMTP Internet Inbound", "AOL"),
        ("cia-mc06.mx.aol.com ESMTP mail_cia-mc06.1; Sat, 10 Oct 2009 15:35:16 -0400", "AOL"),
        ("mail.inetsim.org INetSim Mail Service ready.", "INetSim"),
        ("localhost smtp4dev ready", "smtp4dev"),
        ("lab01 Python SMTP proxy version 0.2", "Python smtpd 0.2"),
        ("localhost Python SMTP 1.4.6", "aiosmtpd 1.4.6"),
        ("mx.google.com ESMTP m5sm6471201gve.3", "Gmail"),
        ("eu-smtp-inbound-1.mimecast.com ESMTP", "Mimecast"),
        ("mx0b-00000d03.pphosted.com ESMTP mfa-m0214089", "Proofpoint"),
        (
            "BL2NAM06FT004.mail.protection.outlook.com Microsoft ESMTP MAIL Service ready at Thu, 26 Sep 2019 10:51:20 +0000",
            "Microsoft Exchange Online",
        ),
    ] {
        assert_eq!(greeting(&[text]).name.as_deref(), Some(name), "{text}");
    }
}
