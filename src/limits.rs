//! Every bound of the program in one place: what a hostile or broken capture can make it hold.

use crate::time::NANOS_PER_SEC;

/// The bounds one scan works within. Whatever a bound cuts off is counted and reported.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Octets of one captured packet. Wireshark refuses more for ordinary link types, so a larger length is damage.
    pub packet_octets: usize,
    /// Octets of one pcapng block: the largest packet plus room for options.
    pub block_octets: usize,
    /// Octets of a capture held in memory when its format must be read out of order; past it they go to a temporary file.
    pub capture_spool_octets: usize,
    /// Octets of such a capture in all, so of the temporary file. Network Monitor's offsets have 32 bits: no sound file
    /// is larger.
    pub capture_spool_disk_octets: u64,
    /// Buffers of a Windows event trace whose places are remembered, 24 octets each: 64 GiB of ordinary ones.
    pub etl_buffers: usize,
    /// Octets of the buffers held at once to put the events of several processors in order; past it those of further
    /// processors come later.
    pub etl_open_octets: usize,
    /// Packets of a Windows event trace that further events may belong to, about 100 octets each.
    pub etl_packets: usize,
    /// Connections followed at once, closed ones that still linger included. Past it the oldest is closed as evicted.
    pub live_flows: usize,
    /// Closed connections that stay open for late frames: a final ACK, a retransmitted FIN.
    pub lingering_flows: usize,
    /// Keys of connections already reported, kept so that a late frame opens no ghost session.
    pub tombstones: usize,
    /// How long a closed connection waits for late frames, in nanoseconds of capture time.
    pub linger_ns: i64,
    /// Silence after which a connection counts as over, in nanoseconds of capture time. RFC 5321 4.5.3.2 lets a peer
    /// wait up to 10 minutes for the reply to the end of the mail data; 15 are past every timeout it names.
    pub idle_ns: i64,
    /// Pairs of ends, of all ports, whose TCP connections are numbered as Wireshark does. One takes about 64 octets, and
    /// only when asked for.
    pub numbered_ends: usize,
    /// Out-of-order octets held for one direction of a connection while a hole may still be filled.
    pub held_octets: usize,
    /// Out-of-order segments held for one direction: a bound on bookkeeping where segments are tiny.
    pub held_segments: usize,
    /// Out-of-order octets held for all connections together. Past it nothing more is waited for.
    pub held_octets_in_all: usize,
    /// Further segments of the connection to wait for before octets that the capture has not shown count as lost. Two
    /// capture points some milliseconds apart differ by a window of segments, dozens of them in a fast transfer.
    pub reorder_segments: u64,
    /// Nanoseconds of capture time to wait for them: capture points and queues differ by tens of milliseconds.
    pub reorder_ns: i64,
    /// ICMP errors kept whose connection was not seen yet.
    pub early_errors: usize,
    /// Octets kept of one line; RFC 5321 4.5.3.1 allows 512 for a command or reply, real ones run to a few thousand.
    pub line_octets: usize,
    /// Lines kept of one reply. The largest EHLO responses seen have about 30.
    pub reply_lines: usize,
    /// Octets held after DATA, AUTH or STARTTLS until the reply tells what they are.
    pub undecided_octets: usize,
    /// Parts of six octets remembered of what AUTH carried in one session, so that a reply that repeats it is masked. A
    /// token of 2 KiB makes half of them; past the bound all text of the replies is masked.
    pub secret_parts: usize,
    /// Octets of a TLS handshake up to the end of its hello, kept until it is whole. Post-quantum key shares make one of
    /// 2 KiB.
    pub tls_hello_octets: usize,
    /// Commands remembered until their reply comes. Past it only the latest is, and replies to those between are counted.
    pub pending_commands: usize,
    /// Exchanges kept from the start of a session; beyond them they are only counted, hellos excepted.
    pub exchanges: usize,
    /// Hellos kept of one session.
    pub hellos: usize,
    /// Runs of octets told apart in one direction of a session: commands, mail text, secrets. A message makes about
    /// four; past the bound nothing is known. Only a trace needs them and asks for [`TRACE_SPANS`]; otherwise it is 0.
    pub spans: usize,
    /// Octets of host names kept of one direction of a session. Only an extract that replaces them needs them and asks for
    /// [`HOST_OCTETS`]; otherwise it is 0.
    pub host_octets: usize,
    /// Captures of a run whose packets are remembered, so that copies are known: about 100 octets each. Copies of further
    /// ones count as captures of their own.
    pub known_captures: usize,
    /// Tickets that are listed with nothing amiss in them, and as many with something; the rest are counted.
    pub tickets: usize,
    /// Pairs of client and server whose sessions are added up by name; those of tickets that were read only if they lost
    /// any.
    pub relays: usize,
    /// What sessions were lost to, added up over the run; sessions lost to anything further are only counted.
    pub findings: usize,
    /// Different refusals listed for one pair of client and server, and for one finding.
    pub relay_refusals: usize,
    /// Different hello arguments listed for one pair of client and server, and for one finding.
    pub relay_arguments: usize,
    /// Octets kept of each of these; RFC 5321 4.5.3.1.4 allows a command line 512.
    pub relay_argument_octets: usize,
    /// Lost sessions the table shows; the rest are counted below it.
    pub table_rows: usize,
    /// Sessions the page lists, lost ones first; the rest are counted.
    pub page_sessions: usize,
    /// Octets these may have in the page. A browser opens some tens of megabytes without trouble.
    pub page_octets: u64,
    /// Sessions one trace shows; the rest are counted.
    pub trace_sessions: usize,
    /// Frames of one session a trace shows: three quarters from its start, one quarter up to its end.
    pub trace_frames: u64,
    /// Octets of a trace held in memory before it goes to a temporary file.
    pub trace_octets: usize,
    /// DNS lookups remembered, each by client, name and type. Past it the oldest is forgotten.
    pub lookups: usize,
    /// Records kept of one DNS answer.
    pub lookup_records: usize,
    /// How long an answer explains a connection to an address it gave, in nanoseconds of capture time. Clients keep answers
    /// for their time to live, an hour most of the time.
    pub lookup_ns: i64,
    /// How long after a failed lookup a connection of its client may still come of it, in nanoseconds of capture time.
    pub lookup_failure_ns: i64,
    /// Lookups of one client that a connection may yet come of. Past it the oldest is judged at once.
    pub open_lookups: usize,
    /// Failed lookups listed; the rest are counted.
    pub failed_lookups: usize,
    /// Lost sessions held back until it is known whether another attempt of the same delivery succeeded, and deliveries
    /// remembered for them.
    pub attempts: usize,
    /// How long after a lost session the next attempt of the same delivery may begin, in nanoseconds of capture time: Linux
    /// gives a connection up about a minute after its last SYN.
    pub attempt_ns: i64,
    /// Connections on ports not asked for that are remembered by their first words. Past it the oldest is forgotten.
    pub other_connections: usize,
    /// Such ports that are counted one by one.
    pub other_ports: usize,
    /// Fragmented IP datagrams put together at once. Past it the oldest is dropped and counted.
    pub fragment_datagrams: usize,
    /// Octets held for all fragmented IP datagrams together, 64 a fragment for bookkeeping included. One datagram has
    /// at most 65,535 octets (RFC 791 3.1), so this is room for 64 of the largest.
    pub fragment_octets: usize,
    /// How long the rest of a fragmented IP datagram is waited for, in nanoseconds of capture time: what Linux waits.
    pub fragment_ns: i64,
    /// Octets of JSON kept in memory until the document can be written; past it they go to a temporary file.
    pub spool_octets: usize,
    /// How many times larger than the input everything unpacked from it may become, all layers added up. Captures
    /// stay below 100 in one layer; gzip reaches 1032 on zeros, and everything else far more.
    pub expansion: u64,
    /// Octets that may be unpacked whatever the size of the input: small files of zeros do expand like bombs.
    pub expansion_free_octets: u64,
    /// Archives and mails opened inside each other. Tickets have three: a mail, the zip in it, the tar in that.
    pub archive_depth: usize,
    /// Members looked at in one archive.
    pub archive_members: u64,
    /// Members looked at in one input, those of archives inside archives included.
    pub input_members: u64,
    /// Octets kept of the name of a member; file systems allow 255 a component.
    pub member_name_octets: usize,
    /// Octets held in temporary files at once, for archives that must be read out of order but come as a stream.
    pub archive_spool_octets: u64,
    /// Octets of the dictionary of a 7z member: what 7-Zip uses at its highest level. It is filled only as octets are
    /// unpacked, and halved for every archive around it.
    pub dictionary_octets: u64,
    /// Rounds of SHA-256 spent on the keys of a 7z archive; 7-Zip uses 2^19 for each.
    pub key_rounds: u64,
    /// Octets of the header of a mail or of one part of it.
    pub mail_header_octets: usize,
    /// Multipart bodies inside each other (RFC 2046 5.1).
    pub mail_depth: usize,
    /// Octets of the directory and of the small-sector table of an Outlook file, each: those are held in memory.
    pub outlook_table_octets: u64,
}

/// [`Limits::spans`] of a trace: 128 KiB a direction.
#[doc(hidden)]
pub const TRACE_SPANS: usize = 8_192;

/// [`Limits::host_octets`] of an extract.
#[doc(hidden)]
pub const HOST_OCTETS: usize = 64 * 1024;

impl Default for Limits {
    fn default() -> Self {
        Self {
            packet_octets: 256 * 1024,
            block_octets: 16 * 1024 * 1024,
            capture_spool_octets: 8 * 1024 * 1024,
            capture_spool_disk_octets: 4 * 1024 * 1024 * 1024,
            etl_buffers: 1_000_000,
            etl_open_octets: 64 * 1024 * 1024,
            etl_packets: 8_192,
            live_flows: 65_536,
            lingering_flows: 1_024,
            tombstones: 16_384,
            linger_ns: 30 * NANOS_PER_SEC,
            idle_ns: 15 * 60 * NANOS_PER_SEC,
            numbered_ends: 900_000,
            held_octets: 1024 * 1024,
            held_segments: 1_024,
            held_octets_in_all: 16 * 1024 * 1024,
            reorder_segments: 128,
            reorder_ns: NANOS_PER_SEC,
            early_errors: 64,
            line_octets: 4_096,
            reply_lines: 64,
            undecided_octets: 16 * 1024,
            secret_parts: 8_192,
            tls_hello_octets: 16 * 1024,
            pending_commands: 1_000,
            exchanges: 256,
            hellos: 64,
            spans: 0,
            host_octets: 0,
            known_captures: 250_000,
            tickets: 1_000,
            relays: 10_000,
            findings: 200,
            relay_refusals: 8,
            relay_arguments: 16,
            relay_argument_octets: 512,
            table_rows: 1_000,
            page_sessions: 10_000,
            page_octets: 64 * 1024 * 1024,
            trace_sessions: 1_000,
            trace_frames: 4_000,
            trace_octets: 8 * 1024 * 1024,
            lookups: 4_096,
            lookup_records: 16,
            lookup_ns: 60 * 60 * NANOS_PER_SEC,
            lookup_failure_ns: 5 * 60 * NANOS_PER_SEC,
            open_lookups: 256,
            failed_lookups: 1_000,
            attempts: 256,
            attempt_ns: 2 * 60 * NANOS_PER_SEC,
            other_connections: 4_096,
            other_ports: 64,
            fragment_datagrams: 1_024,
            fragment_octets: 4 * 1024 * 1024,
            fragment_ns: 30 * NANOS_PER_SEC,
            spool_octets: 16 * 1024 * 1024,
            expansion: 500,
            expansion_free_octets: 64 * 1024 * 1024,
            archive_depth: 6,
            archive_members: 100_000,
            input_members: 250_000,
            member_name_octets: 1_024,
            archive_spool_octets: 4 * 1024 * 1024 * 1024,
            dictionary_octets: 256 * 1024 * 1024,
            key_rounds: 1 << 26,
            mail_header_octets: 64 * 1024,
            mail_depth: 16,
            outlook_table_octets: 8 * 1024 * 1024,
        }
    }
}
