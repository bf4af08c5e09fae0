//! Every bound has a test that exceeds it.

use std::collections::BTreeSet;

/// Bounds, and the test that sets each low and exceeds it: its file and its name.
const TESTS: &[(&str, &str, &str)] = &[
    ("archive_depth", "src/container/unpack/tests/bounds.rs", "archives_inside_each_other"),
    ("archive_members", "src/container/unpack/tests/bombs.rs", "bounds_on_members_and_temporary_files"),
    ("archive_spool_octets", "src/container/unpack/tests/bombs.rs", "bounds_on_members_and_temporary_files"),
    ("attempt_ns", "tests/it/attempts.rs", "no_more_sessions_are_held_back_than_the_bound_allows"),
    ("attempts", "tests/it/attempts.rs", "no_more_sessions_are_held_back_than_the_bound_allows"),
    (
        "block_octets",
        "tests/it/bounds/captures.rs",
        "a_block_past_the_bound_ends_a_pcapng_with_an_error_that_says_where",
    ),
    (
        "capture_spool_disk_octets",
        "src/capture/netmon/tests.rs",
        "a_capture_past_the_bounds_is_read_from_disk_and_up_to_them",
    ),
    (
        "capture_spool_octets",
        "src/capture/netmon/tests.rs",
        "a_capture_past_the_bounds_is_read_from_disk_and_up_to_them",
    ),
    ("dictionary_octets", "src/container/unpack/tests/bounds.rs", "the_dictionary_of_a_7z"),
    ("etl_buffers", "src/capture/etl/tests.rs", "of_too_many_buffers_the_first_are_read"),
    (
        "etl_open_octets",
        "src/capture/etl/tests.rs",
        "without_room_for_all_processors_every_packet_is_read_all_the_same",
    ),
    ("etl_packets", "src/capture/etl/tests.rs", "a_packet_that_had_to_be_forgotten_counts_again"),
    ("exchanges", "tests/it/bounds/dialogue.rs", "exchanges_and_hellos_past_the_bound_are_counted"),
    ("expansion", "src/container/unpack/tests/bounds.rs", "expansion_of_what_is_packed"),
    ("expansion_free_octets", "src/container/unpack/tests/bounds.rs", "expansion_of_what_is_packed"),
    ("failed_lookups", "src/dns/tests.rs", "listed_failures_are_bounded_and_counted"),
    ("fragment_datagrams", "src/wire/tests/fragments.rs", "both_bounds_hold"),
    ("fragment_ns", "tests/it/bounds/captures.rs", "fragments_that_waited_too_long_are_counted"),
    ("fragment_octets", "src/wire/tests/fragments.rs", "both_bounds_hold"),
    ("early_errors", "src/flow/tests.rs", "an_icmp_error_recorded_before_its_syn_is_found_by_it"),
    ("held_octets", "tests/it/bounds/connections.rs", "a_hole_given_up_to_stay_within_bounds_is_counted"),
    ("held_octets_in_all", "tests/it/bounds/connections.rs", "a_hole_given_up_to_stay_within_bounds_is_counted"),
    ("held_segments", "tests/it/bounds/connections.rs", "a_hole_given_up_to_stay_within_bounds_is_counted"),
    ("hellos", "tests/it/bounds/dialogue.rs", "exchanges_and_hellos_past_the_bound_are_counted"),
    ("host_octets", "tests/it/redaction.rs", "names_past_the_bound_are_not_told_apart"),
    ("idle_ns", "tests/it/bounds/connections.rs", "silence_past_the_bound_ends_a_session_and_what_follows_is_counted"),
    ("input_members", "src/container/unpack/tests/bombs.rs", "bounds_on_members_and_temporary_files"),
    ("key_rounds", "src/container/unpack/tests/bounds.rs", "the_keys_of_a_7z"),
    ("known_captures", "src/batch/tests.rs", "copies_of_captures_past_the_bound_are_not_known"),
    ("line_octets", "tests/it/bounds/dialogue.rs", "a_line_past_the_bound_is_marked_as_incomplete"),
    ("linger_ns", "tests/it/bounds/connections.rs", "frames_of_connections_that_linger_no_longer_are_counted"),
    ("lingering_flows", "tests/it/bounds/connections.rs", "frames_of_connections_that_linger_no_longer_are_counted"),
    ("live_flows", "tests/it/bounds/connections.rs", "connections_past_the_bound_are_closed_as_evicted"),
    ("lookup_failure_ns", "tests/it/bounds/lookups.rs", "a_failure_waits_for_a_connection_for_a_while"),
    ("lookup_ns", "tests/it/bounds/lookups.rs", "an_answer_explains_a_connection_for_a_while"),
    ("lookup_records", "tests/it/bounds/lookups.rs", "records_of_an_answer_past_the_bound_are_counted_in_it"),
    ("lookups", "src/dns/tests.rs", "the_oldest_lookups_are_forgotten_and_counted"),
    ("mail_depth", "src/container/unpack/tests/bounds.rs", "headers_and_multipart_bodies_of_a_mail"),
    ("mail_header_octets", "src/container/unpack/tests/bounds.rs", "headers_and_multipart_bodies_of_a_mail"),
    ("member_name_octets", "src/container/unpack/tests/bounds.rs", "names_of_members"),
    (
        "numbered_ends",
        "tests/it/bounds/connections.rs",
        "connections_past_the_bound_have_no_number_and_their_frames_are_counted",
    ),
    ("open_lookups", "src/dns/tests.rs", "of_too_many_open_lookups_of_a_client_the_oldest_is_judged_at_once"),
    (
        "other_connections",
        "tests/it/other_ports.rs",
        "past_the_bounds_ports_are_only_counted_and_connections_forgotten",
    ),
    ("other_ports", "tests/it/other_ports.rs", "past_the_bounds_ports_are_only_counted_and_connections_forgotten"),
    ("outlook_table_octets", "src/container/unpack/tests/bounds.rs", "the_tables_of_an_outlook_message"),
    (
        "packet_octets",
        "tests/it/bounds/captures.rs",
        "a_packet_past_the_bound_ends_a_pcap_with_an_error_that_says_where",
    ),
    ("page_octets", "src/report/html/tests.rs", "bounds_are_kept_and_told"),
    ("page_sessions", "src/report/html/tests.rs", "bounds_are_kept_and_told"),
    (
        "pending_commands",
        "tests/it/bounds/dialogue.rs",
        "replies_to_commands_past_the_bound_answer_no_other_and_are_counted",
    ),
    ("findings", "src/report/tests/findings.rs", "findings_past_the_bound_are_counted"),
    ("relay_argument_octets", "tests/it/bounds/connections.rs", "a_hello_argument_past_the_bound_is_marked_as_cut"),
    ("relay_arguments", "src/report/tests.rs", "bounds_are_kept_and_told"),
    ("relay_refusals", "src/report/tests.rs", "bounds_are_kept_and_told"),
    ("relays", "src/report/tests.rs", "bounds_are_kept_and_told"),
    ("reorder_ns", "tests/it/bounds/connections.rs", "a_hole_given_up_to_stay_within_bounds_is_counted"),
    ("reorder_segments", "tests/it/bounds/connections.rs", "a_hole_given_up_to_stay_within_bounds_is_counted"),
    ("reply_lines", "tests/it/bounds/dialogue.rs", "lines_of_a_reply_past_the_bound_are_counted"),
    ("secret_parts", "tests/it/secrets.rs", "past_the_bound_on_what_is_remembered_all_text_of_replies_is_masked"),
    // A trace sets it; the test exceeds what it sets.
    ("spans", "tests/it/bounds/dialogue.rs", "a_trace_says_where_it_no_longer_tells_commands_from_mail"),
    ("spool_octets", "src/report/tests.rs", "the_spool_in_a_file_makes_no_difference"),
    ("table_rows", "src/report/tests.rs", "bounds_are_kept_and_told"),
    ("tickets", "src/report/tests.rs", "tickets_past_the_bound_are_counted"),
    ("tls_hello_octets", "tests/it/bounds/dialogue.rs", "a_tls_hello_past_the_bound_is_marked"),
    ("tombstones", "tests/it/bounds/connections.rs", "frames_of_connections_that_are_forgotten_are_a_session"),
    (
        "trace_frames",
        "tests/it/trace_choice.rs",
        "a_long_session_keeps_its_beginning_and_its_end_and_says_what_lies_between",
    ),
    ("trace_octets", "tests/it/bounds/captures.rs", "a_trace_past_the_bound_of_what_is_held_is_the_same"),
    ("trace_sessions", "tests/it/trace_choice.rs", "more_sessions_than_the_bound_are_counted"),
    (
        "undecided_octets",
        "tests/it/bounds/dialogue.rs",
        "octets_past_the_bound_before_the_reply_that_tells_what_they_are_are_counted",
    ),
];

fn read(path: &str) -> String {
    std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn every_bound_has_a_test_that_exceeds_it() {
    let limits = read("src/limits.rs");
    let fields: BTreeSet<&str> =
        limits.lines().filter_map(|line| line.strip_prefix("    pub ")?.split_once(':')).map(|field| field.0).collect();
    assert!(fields.len() > 40, "src/limits.rs is not read as it is written");
    let tested: BTreeSet<&str> = TESTS.iter().map(|test| test.0).collect();
    assert_eq!(fields, tested, "bounds without a test, or tests without a bound");
    for (field, file, test) in TESTS {
        let source = read(file);
        let found = source.split_once(&format!("#[test]\nfn {test}() {{\n"));
        // The comment above a test counts, too.
        let (before, after) = found.unwrap_or_else(|| panic!("{file} has no test {test}"));
        let comment = before.rsplit("\n\n").next().unwrap_or_default();
        let body = after.split("\n}\n").next().unwrap_or_default();
        let mut words =
            [comment, body].into_iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric() && c != '_'));
        assert!(words.any(|word| word == *field), "{test} in {file} does not name {field}");
    }
}
