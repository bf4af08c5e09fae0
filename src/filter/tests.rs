use std::io::Cursor;

use super::*;
use crate::diagnosis::rule;
use crate::scan::{CaptureReport, ScanOptions, scan};

/// The numbers of a sample's sessions that pass a filter, and what came of the sample.
fn passing(sample: &str, filter: &SessionFilter) -> (Vec<u64>, CaptureReport) {
    let octets = std::fs::read(format!("{}/samples/{sample}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut numbers = Vec::new();
    let report = scan(Box::new(Cursor::new(octets)), &ScanOptions::default(), &mut |session, diagnosis| {
        numbers.extend(filter.passes(&session, &diagnosis).then_some(session.number));
    });
    numbers.sort_unstable();
    (numbers, report.unwrap())
}

fn networks(texts: &[&str]) -> Vec<Network> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn filter(set: impl FnOnce(&mut SessionFilter)) -> SessionFilter {
    let mut filter = SessionFilter::default();
    set(&mut filter);
    filter
}

/// 2003-04-14 at this hour and minute.
fn at(hour: i64, minute: i64) -> TimeLimit {
    TimeLimit::At(Timestamp::from_secs_nanos(1_050_278_400 + hour * 3_600 + minute * 60, 0))
}

#[test]
fn every_condition_chooses_by_itself_and_all_together_hold() {
    const SAMPLE: &str = "relay-stopped.pcapng";
    let refused = rule("ehlo-argument").unwrap();
    let timed_out = rule("timed-out").unwrap();
    for (filter, expected) in [
        (SessionFilter::default(), &[1, 2, 3, 4, 5, 6, 7, 8][..]),
        (filter(|filter| filter.clients = networks(&["192.0.2.40"])), &[2, 6]),
        (filter(|filter| filter.clients = networks(&["192.0.2.32/27", "2001:db8::/32"])), &[2, 6]),
        (filter(|filter| filter.servers = networks(&["192.0.2.0/24"])), &[1, 2, 3, 4, 5, 6, 7, 8]),
        (filter(|filter| filter.servers = networks(&["192.0.2.40"])), &[]),
        (filter(|filter| filter.since = Some(at(7, 0))), &[6, 7, 8]),
        (filter(|filter| filter.until = Some(at(6, 15))), &[1]),
        // The first session begins at six sharp.
        (filter(|filter| (filter.since, filter.until) = (Some(at(6, 0)), Some(at(6, 0)))), &[1]),
        (filter(|filter| filter.causes = vec![timed_out, refused]), &[1, 3, 4, 5, 7, 8]),
        (filter(|filter| filter.causes = vec![timed_out]), &[]),
        (filter(|filter| filter.outcomes = vec![Outcome::Delivered, Outcome::Unknown]), &[2, 6]),
        (filter(|filter| filter.hello = Some("BUILD.".to_owned())), &[2, 6]),
        (filter(|filter| filter.hello = Some("ehlo".to_owned())), &[]),
        (filter(|filter| filter.numbers = vec![7..=9, 2..=2]), &[2, 7, 8]),
        (
            filter(|filter| {
                filter.outcomes = vec![Outcome::Lost];
                filter.since = Some(at(6, 10));
                filter.until = Some(at(6, 50));
                filter.numbers = vec![4..=8];
            }),
            &[4, 5],
        ),
    ] {
        assert_eq!(passing(SAMPLE, &filter).0, expected, "{filter:?}");
    }
}

#[test]
fn behind_a_proxy_both_are_clients() {
    for sample in ["proxied.pcap", "xclient.pcap"] {
        for (client, numbers) in [("203.0.113.9", &[1][..]), ("192.0.2.7", &[1]), ("192.0.2.25", &[])] {
            let by_client = filter(|filter| filter.clients = networks(&[client]));
            assert_eq!(passing(sample, &by_client).0, numbers, "{sample}: {client}");
        }
        // In a hello of its own, or in HELO= of XCLIENT.
        let by_name = filter(|filter| filter.hello = Some("Sub2.".to_owned()));
        assert_eq!(passing(sample, &by_name).0, [1], "{sample}");
    }
}

#[test]
fn spans_are_counted_back_from_the_end_of_the_capture() {
    const HOUR_NS: i64 = 3_600_000_000_000;
    let last_hour = filter(|filter| filter.since = Some(TimeLimit::BeforeEnd(HOUR_NS)));
    assert!(last_hour.needs_end() && !last_hour.is_empty());
    let (_, report) = passing("relay-stopped.pcapng", &last_hour);
    let of_capture = last_hour.ending_at(report.info.unwrap().last_time);
    assert!(!of_capture.needs_end());
    // Its last frame is a moment after 7:15, so the hour begins after the third session did.
    assert_eq!(passing("relay-stopped.pcapng", &of_capture).0, [4, 5, 6, 7, 8]);
    let extreme = filter(|filter| filter.until = Some(TimeLimit::BeforeEnd(i64::MAX)));
    assert_eq!(
        extreme.ending_at(Some(Timestamp::from_nanos(i64::MIN))).until,
        Some(TimeLimit::At(Timestamp::from_nanos(i64::MIN)))
    );
    assert!(extreme.ending_at(None).is_empty());
}

#[test]
fn lookups_that_led_nowhere_pass_by_client_and_time_alone() {
    let (_, report) = passing("lookup-failed.pcap", &SessionFilter::default());
    let lookups = report.failed_lookups;
    let asked = TimeLimit::At(lookups.listed[0].moment.time);
    let later = TimeLimit::At(Timestamp::from_nanos(lookups.listed[0].moment.time.as_nanos() + 1));
    for (filter, total) in [
        (SessionFilter::default(), 1),
        (filter(|filter| filter.clients = networks(&["192.0.2.10"])), 1),
        (filter(|filter| filter.clients = networks(&["192.0.2.11"])), 0),
        (filter(|filter| (filter.since, filter.until) = (Some(asked), Some(asked))), 1),
        (filter(|filter| filter.since = Some(later)), 0),
        (filter(|filter| filter.servers = networks(&["0.0.0.0/0"])), 0),
        (filter(|filter| filter.outcomes = Outcome::ALL.to_vec()), 0),
    ] {
        let mut kept = lookups.clone();
        filter.keep_lookups(&mut kept);
        assert_eq!(kept.total(), total, "{filter:?}");
    }
}
