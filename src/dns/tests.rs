//! Lookups that succeed, that fail in every way, and those that only seem to.

use proptest::prelude::*;

use super::*;
use crate::limits::Limits;
use crate::time::{NANOS_PER_SEC, Timestamp};
use crate::wire::Datagram;

const CLIENT: &str = "192.0.2.10";
const RESOLVER: &str = "192.0.2.53";
const SERVER: &str = "198.51.100.25";

const NO_ERROR: u8 = 0;
const SERVFAIL: u8 = 2;
const NXDOMAIN: u8 = 3;
const REFUSED: u8 = 5;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn name(text: &str) -> Vec<u8> {
    let labels = text.split('.').filter(|label| !label.is_empty());
    let mut octets: Vec<u8> =
        labels.flat_map(|label| [&[u8::try_from(label.len()).unwrap()], label.as_bytes()].concat()).collect();
    octets.push(0);
    octets
}

const fn number(kind: RecordType) -> u8 {
    match kind {
        RecordType::A => 1,
        RecordType::Aaaa => 28,
        RecordType::Mx => 15,
    }
}

/// A record: `10 mx.example` for MX, else an address.
fn record(owner: &str, kind: RecordType, data: &str) -> Vec<u8> {
    let data = match (kind, data.split_once(' ')) {
        (RecordType::Mx, Some((preference, host))) => {
            [preference.parse::<u16>().unwrap().to_be_bytes().to_vec(), name(host)].concat()
        }
        _ => match ip(data) {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        },
    };
    let length = u16::try_from(data.len()).unwrap().to_be_bytes();
    [name(owner), vec![0, number(kind), 0, 1, 0, 0, 14, 16], length.to_vec(), data].concat()
}

fn message(flags: [u8; 2], asked: &str, kind: RecordType, answers: &[Vec<u8>], additional: &[Vec<u8>]) -> Vec<u8> {
    let [answer_count, additional_count] = [answers, additional].map(|records| u8::try_from(records.len()).unwrap());
    let header = vec![0, 7, flags[0], flags[1], 0, 1, 0, answer_count, 0, 0, 0, additional_count];
    [header, name(asked), vec![0, number(kind), 0, 1], answers.concat(), additional.concat()].concat()
}

/// Lookups and a clock that moves a second a datagram.
struct Bench {
    lookups: Lookups,
    frame: u64,
    seconds: i64,
}

impl Bench {
    fn new() -> Self {
        Self::with(Limits::default())
    }

    fn with(limits: Limits) -> Self {
        Self { lookups: Lookups::new(&limits), frame: 0, seconds: 0 }
    }

    fn moment(&mut self) -> Moment {
        self.frame += 1;
        self.seconds += 1;
        let elapsed_ns = self.seconds * NANOS_PER_SEC;
        Moment { frame: self.frame, time: Timestamp::from_nanos(elapsed_ns), elapsed_ns, event: None }
    }

    fn send(&mut self, from: &str, to: &str, octets: &[u8]) {
        let moment = self.moment();
        let (src, dst) =
            if to == RESOLVER { ((ip(from), 40_000), (ip(to), 53)) } else { ((ip(from), 53), (ip(to), 40_000)) };
        let payload_wire_len = u32::try_from(octets.len()).unwrap();
        self.lookups
            .datagram(&Datagram { src: src.into(), dst: dst.into(), payload: octets, payload_wire_len }, moment);
    }

    fn ask(&mut self, asked: &str, kind: RecordType) {
        self.send(CLIENT, RESOLVER, &message([0x01, 0], asked, kind, &[], &[]));
    }

    fn reply(&mut self, asked: &str, kind: RecordType, code: u8, data: &[&str]) {
        let answers: Vec<_> = data.iter().map(|data| record(asked, kind, data)).collect();
        self.send(RESOLVER, CLIENT, &message([0x81, 0x80 | code], asked, kind, &answers, &[]));
    }

    fn lookup(&mut self, asked: &str, kind: RecordType, code: u8, data: &[&str]) {
        self.ask(asked, kind);
        self.reply(asked, kind, code, data);
    }

    fn connect(&mut self, server: &str) -> Option<Lookup> {
        let moment = self.moment();
        self.lookups.connection(ip(CLIENT), ip(server), moment)
    }

    /// What failed, after a minute of nothing.
    fn failed(mut self) -> Vec<(u64, String, &'static str)> {
        let end = Timestamp::from_nanos((self.seconds + 60) * NANOS_PER_SEC);
        let failed = self.lookups.finish(end);
        let listed = failed.listed.iter();
        listed.map(|one| (one.moment.frame, format!("{} {}", one.record_type, one.name), one.why.code())).collect()
    }
}

use RecordType::{A, Aaaa, Mx};

#[test]
fn a_host_with_two_addresses_asks_from_one_and_connects_from_the_other() {
    let connect = |bench: &mut Bench, client: &str| {
        let moment = bench.moment();
        bench.lookups.connection(ip(client), ip("2001:db8::25"), moment).map(|lookup| lookup.steps.len())
    };
    let mut bench = Bench::new();
    bench.lookup("example.com", Mx, NO_ERROR, &["10 mx1.example.com"]);
    bench.lookup("mx1.example.com", Aaaa, NO_ERROR, &["2001:db8::25"]);
    assert_eq!(connect(&mut bench, "2001:db8::10"), Some(2));
    let answer =
        message([0x81, 0x80], "mx1.example.com", Aaaa, &[record("mx1.example.com", Aaaa, "2001:db8::25")], &[]);
    bench.send(RESOLVER, "192.0.2.11", &answer);
    assert_eq!(connect(&mut bench, "2001:db8::10"), None, "whose address it is cannot be told any more");
    assert_eq!(connect(&mut bench, CLIENT), Some(2));
}

#[test]
fn a_connection_has_the_answers_that_led_to_it() {
    let mut bench = Bench::new();
    bench.lookup("Example.COM", Mx, NO_ERROR, &["20 mx2.example.com", "10 mx1.example.com"]);
    bench.lookup("mx1.example.com", A, NO_ERROR, &[SERVER, "198.51.100.26"]);
    bench.lookup("mx1.example.com", Aaaa, NO_ERROR, &["2001:db8::25"]);
    let shown = |lookup: Lookup| -> Vec<String> {
        let steps = lookup.steps.iter();
        steps
            .map(|step| format!("{} {} {}: {}", step.answered.frame, step.record_type, step.name, step.answer))
            .collect()
    };
    let mx = "2 MX example.com: 10 mx1.example.com, 20 mx2.example.com";
    assert_eq!(shown(bench.connect(SERVER).unwrap()), [mx, "4 A mx1.example.com: 198.51.100.25, 198.51.100.26"]);
    assert_eq!(shown(bench.connect("2001:db8::25").unwrap()), [mx, "6 AAAA mx1.example.com: 2001:db8::25"]);
    assert_eq!(bench.connect("198.51.100.99"), None);
    let moment = bench.moment();
    assert_eq!(bench.lookups.connection(ip("192.0.2.11"), ip(SERVER), moment), None, "another client");
    bench.seconds += 3_600;
    assert_eq!(bench.connect(SERVER), None, "an hour later");
}

#[test]
fn an_address_may_come_along_with_the_mx_records() {
    let mut bench = Bench::new();
    bench.ask("example.com", Mx);
    let answers = [record("example.com", Mx, "10 mx.example.com")];
    let along = [record("mx.example.com", A, SERVER), record("ns.example.com", A, "198.51.100.53")];
    bench.send(RESOLVER, CLIENT, &message([0x81, 0x80], "example.com", Mx, &answers, &along));
    let lookup = bench.connect(SERVER).unwrap();
    assert_eq!(lookup.steps.len(), 1);
    assert_eq!(lookup.steps[0].asked.unwrap().frame, 1);
    assert_eq!(bench.connect("198.51.100.53"), None, "no exchange");
}

#[test]
fn every_failure_has_its_name_and_frame() {
    for (code, data, why) in [
        (NXDOMAIN, &[][..], "nxdomain"),
        (SERVFAIL, &[], "servfail"),
        (REFUSED, &[], "refused"),
        (4, &[], "error"),
        (NO_ERROR, &[], "no-record"),
        (NO_ERROR, &["0 ."], "null-mx"),
    ] {
        let mut bench = Bench::new();
        bench.lookup("example.com", Mx, code, data);
        assert_eq!(bench.failed(), [(1, "MX example.com".to_owned(), why)]);
    }
    let mut bench = Bench::new();
    bench.ask("example.com", Mx);
    bench.ask("example.com", Mx);
    assert_eq!(bench.failed(), [(1, "MX example.com".to_owned(), "no-answer")]);
}

#[test]
fn a_question_at_the_very_end_is_not_unanswered() {
    let mut bench = Bench::new();
    bench.ask("example.com", Mx);
    let end = bench.moment().time;
    assert_eq!(bench.lookups.finish(end).listed, []);
}

#[test]
fn an_answer_without_its_question_counts() {
    let mut bench = Bench::new();
    bench.reply("example.com", Mx, NXDOMAIN, &[]);
    assert_eq!(bench.failed(), [(1, "MX example.com".to_owned(), "nxdomain")]);
}

#[test]
fn an_exchange_without_address_is_a_failure_of_the_exchange() {
    let mut bench = Bench::new();
    bench.lookup("example.com", Mx, NO_ERROR, &["10 mx.example.com"]);
    bench.lookup("mx.example.com", A, NXDOMAIN, &[]);
    bench.lookup("mx.example.com", Aaaa, NXDOMAIN, &[]);
    assert_eq!(bench.failed(), [(3, "A mx.example.com".to_owned(), "nxdomain")]);
}

#[test]
fn what_another_lookup_makes_good_is_no_failure() {
    type Play = fn(&mut Bench);
    let cases: [(&str, Play); 7] = [
        ("the domain has an address", |bench| {
            bench.lookup("example.com", Mx, NO_ERROR, &[]);
            bench.lookup("example.com", A, NO_ERROR, &[SERVER]);
        }),
        ("one of IPv4 and IPv6", |bench| {
            bench.lookup("example.com", Mx, NO_ERROR, &["10 mx.example.com"]);
            bench.lookup("mx.example.com", A, NO_ERROR, &[SERVER]);
            bench.lookup("mx.example.com", Aaaa, NO_ERROR, &[]);
        }),
        ("one of two exchanges", |bench| {
            bench.lookup("example.com", Mx, NO_ERROR, &["10 a.example.com", "20 b.example.com"]);
            bench.lookup("a.example.com", A, NXDOMAIN, &[]);
            bench.lookup("b.example.com", A, NO_ERROR, &[SERVER]);
        }),
        ("a second try", |bench| {
            bench.lookup("example.com", Mx, SERVFAIL, &[]);
            bench.lookup("example.com", Mx, NO_ERROR, &["10 mx.example.com"]);
        }),
        ("a second server that fails", |bench| {
            bench.lookup("example.com", Mx, NO_ERROR, &["10 mx.example.com"]);
            bench.reply("example.com", Mx, SERVFAIL, &[]);
        }),
        ("nothing to do with mail", |bench| bench.lookup("www.example.com", A, NXDOMAIN, &[])),
        ("a connection after it", |bench| {
            bench.lookup("example.com", Mx, NXDOMAIN, &[]);
            assert_eq!(bench.connect(SERVER), None);
        }),
    ];
    for (what, play) in cases {
        let mut bench = Bench::new();
        play(&mut bench);
        assert_eq!(bench.failed(), [], "{what}");
    }
}

#[test]
fn a_connection_known_to_be_for_another_domain_makes_nothing_good() {
    let mut bench = Bench::new();
    bench.lookup("lost.example", Mx, SERVFAIL, &[]);
    bench.lookup("works.example", Mx, NO_ERROR, &["10 dead.example", "20 mx.example"]);
    bench.lookup("dead.example", A, SERVFAIL, &[]);
    bench.lookup("mx.example", A, NO_ERROR, &[SERVER]);
    assert!(bench.connect(SERVER).is_some());
    assert_eq!(bench.failed(), [(1, "MX lost.example".to_owned(), "servfail")]);
}

#[test]
fn a_connection_long_after_a_failure_makes_nothing_good() {
    let mut bench = Bench::new();
    bench.lookup("example.com", Mx, NXDOMAIN, &[]);
    bench.seconds += 301;
    bench.connect(SERVER);
    assert_eq!(bench.failed(), [(1, "MX example.com".to_owned(), "nxdomain")]);
}

#[test]
fn a_cut_answer_is_unclear_rather_than_a_failure() {
    let mut bench = Bench::new();
    let whole = message([0x81, 0x80], "example.com", Mx, &[record("example.com", Mx, "10 mx.example.com")], &[]);
    bench.ask("example.com", Mx);
    bench.send(RESOLVER, CLIENT, &whole[..40]);
    bench.ask("truncated.example", Mx);
    bench.send(RESOLVER, CLIENT, &message([0x83, 0x80], "truncated.example", Mx, &[], &[]));
    assert_eq!(bench.failed(), []);
}

#[test]
fn the_questions_of_a_resolver_on_its_way_down_are_no_deliveries() {
    let mut bench = Bench::new();
    bench.send(CLIENT, RESOLVER, &message([0, 0], "example.com", Mx, &[], &[]));
    bench.send(RESOLVER, CLIENT, &message([0x80, 0], "example.com", Mx, &[], &[]));
    assert_eq!(bench.failed(), []);
}

#[test]
fn a_client_that_takes_mail_may_only_have_checked_a_sender() {
    let mut bench = Bench::new();
    let moment = bench.moment();
    bench.lookups.connection(ip("203.0.113.7"), ip(CLIENT), moment);
    bench.lookup("example.com", Mx, NXDOMAIN, &[]);
    let end = Timestamp::from_nanos(i64::MAX);
    assert!(bench.lookups.finish(end).listed[0].is_server_too);
}

#[test]
fn the_oldest_lookups_are_forgotten_and_counted() {
    let mut bench = Bench::with(Limits { lookups: 2, ..Limits::default() });
    bench.lookup("a.example", Mx, NXDOMAIN, &[]);
    bench.lookup("b.example", Mx, NO_ERROR, &["10 mx.example"]);
    bench.lookup("mx.example", A, NO_ERROR, &[SERVER]);
    assert_eq!(bench.lookups.forgotten, 1);
    assert_eq!(bench.connect(SERVER).unwrap().steps.len(), 2);
    bench.lookup("c.example", Mx, NXDOMAIN, &[]);
    assert_eq!(bench.connect(SERVER).unwrap().steps.len(), 1, "the MX answer is forgotten");
    bench.lookup("d.example", Mx, NXDOMAIN, &[]);
    assert_eq!(bench.connect(SERVER), None);
    assert_eq!(bench.lookups.known.len(), 2);
    assert_eq!(bench.lookups.index_sizes(), [0, 0]);
}

#[test]
fn answers_that_change_leave_nothing_behind() {
    let mut bench = Bench::new();
    for host in 0..=255_u8 {
        bench.reply("mx.example", A, NO_ERROR, &[&format!("198.51.100.{host}")]);
        bench.reply("example.com", Mx, NO_ERROR, &[&format!("{host} mx{host}.example")]);
    }
    assert_eq!(bench.lookups.index_sizes(), [1, 1]);
}

#[test]
fn listed_failures_are_bounded_and_counted() {
    let mut bench = Bench::with(Limits { failed_lookups: 2, ..Limits::default() });
    for domain in ["a.example", "b.example", "c.example"] {
        bench.lookup(domain, Mx, NXDOMAIN, &[]);
    }
    let failed = bench.lookups.finish(Timestamp::from_nanos(0));
    assert_eq!((failed.listed.len(), failed.omitted), (2, 1));
}

#[test]
fn of_too_many_open_lookups_of_a_client_the_oldest_is_judged_at_once() {
    let mut bench = Bench::with(Limits { open_lookups: 2, ..Limits::default() });
    for domain in ["a.example", "b.example", "c.example"] {
        bench.lookup(domain, Mx, NXDOMAIN, &[]);
    }
    let judged: Vec<&str> = bench.lookups.failed.listed.iter().map(|failed| &*failed.name).collect();
    assert_eq!(judged, ["a.example"]);
    assert_eq!(bench.lookups.open.values().map(|open| open.len()).sum::<usize>(), 2);
    assert_eq!(bench.lookups.finish(Timestamp::from_nanos(0)).listed.len(), 3);
}

proptest! {
    /// Whatever comes, in whatever order, stays within bounds.
    #[test]
    fn any_traffic_stays_within_bounds(
        datagrams in proptest::collection::vec((0..6_u8, 0..4_u8, any::<bool>(), 0..6_u8, 0..4_u8), 0..200),
    ) {
        let mut bench = Bench::with(Limits { lookups: 8, open_lookups: 5, failed_lookups: 4, ..Limits::default() });
        for (which, kind, is_answer, code, other) in datagrams {
            let asked = format!("h{which}.example");
            let (kind, data) = match kind {
                0 => (A, format!("198.51.100.{other}")),
                1 => (Aaaa, format!("2001:db8::{other}")),
                _ => (Mx, format!("10 h{other}.example")),
            };
            if is_answer {
                bench.reply(&asked, kind, code, &[&data]);
            } else {
                bench.ask(&asked, kind);
            }
            if code == 5 {
                bench.connect(&format!("198.51.100.{other}"));
            }
            prop_assert!(bench.lookups.known.len() <= 8);
            prop_assert!(bench.lookups.index_sizes().iter().all(|size| *size <= 8));
            prop_assert!(bench.lookups.open.values().map(|open| open.len()).sum::<usize>() <= 5);
        }
        let failed = bench.lookups.finish(Timestamp::from_nanos(i64::MAX));
        prop_assert!(failed.listed.len() <= 4);
    }
}
