#!/bin/sh
# Runs ehlotrace beside tcpdump, tshark and zcat on generated captures and prints the medians of five runs, with ratios and
# the memory held.
#
#   benches/compare.sh [FOLDER]     FOLDER keeps the captures, 2.2 GB; a temporary one unless given.
#
# Environment: RUNS (5), SESSIONS (40000), MEGABYTES (1500), CAPTURES (10000), MANY (1000000 sessions, 4.3 GB that are
# removed again; 0 leaves them out), EHLOTRACE (a program built before; else one is built).
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
runs=${RUNS:-5}
sessions=${SESSIONS:-40000}
megabytes=${MEGABYTES:-1500}
captures=${CAPTURES:-10000}
many=${MANY:-1000000}

if [ $# -ge 1 ]; then
    folder=$1
    mkdir -p "$folder"
else
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
fi

cd "$here"
target=${CARGO_TARGET_DIR:-$here/target}
cargo build --quiet --release --example generate_load
generate=$target/release/examples/generate_load
if [ -z "${EHLOTRACE:-}" ]; then
    cargo build --quiet --release --bin ehlotrace
    EHLOTRACE=$target/release/ehlotrace
fi

# make FILE MODE AMOUNT: generates a capture unless it is there.
make() {
    [ -s "$folder/$1" ] || "$generate" "$2" "$3" >"$folder/$1"
}
make mixed.pcap mixed "$megabytes"
make smtp.pcap smtp "$sessions"
make smtp.pcapng smtp-commented "$sessions"
[ -s "$folder/smtp.pcap.gz" ] || gzip -c "$folder/smtp.pcap" >"$folder/smtp.pcap.gz"

# median COMMAND...: the median wall time in milliseconds; the first run, which fills the cache, is not counted.
median() {
    "$@" >/dev/null 2>&1 || [ $? -le 3 ] || echo "failed: $*" >&2
    run=0
    while [ "$run" -lt "$runs" ]; do
        begin=$(date +%s%N)
        "$@" >/dev/null 2>&1 || true
        end=$(date +%s%N)
        echo $(((end - begin) / 1000000))
        run=$((run + 1))
    done | sort -n | sed -n "$(((runs + 1) / 2))p"
}

# row NAME BASE COMMAND...: prints the time, the ratio to BASE milliseconds (- for none), and leaves the time in $time.
row() {
    name=$1
    base=$2
    shift 2
    if ! command -v "$1" >/dev/null; then
        echo "skipped: $name ($1 is not installed)"
        time=-
        return
    fi
    time=$(median "$@")
    if [ "$base" = - ] || [ "$base" = 0 ]; then ratio=-; else
        ratio=$(awk "BEGIN { printf \"%.2f\", $time / $base }")
    fi
    printf '%-44s %8s ms %8s\n' "$name" "$time" "$ratio"
}

scan() { # NAME BASE FILE FORMAT
    row "$1" "$2" "$EHLOTRACE" scan --format "$4" "$folder/$3"
    resident scan --format "$4" "$folder/$3"
}

# resident ARGUMENT...: prints what ehlotrace holds resident at most, in megabytes.
resident() {
    if [ -x /usr/bin/time ]; then
        /usr/bin/time -f '%M' "$EHLOTRACE" "$@" 2>&1 >/dev/null | tail -n 1 |
            awk '{ printf "%44s %8.1f MB resident\n", "", $1 / 1024 }'
    fi
}

# rate COUNT WHAT: prints COUNT divided by $time, which is in milliseconds.
rate() {
    awk "BEGIN { printf \"%44s %8d $2 a second\\n\", \"\", $1 * 1000 / $time }"
}

nproc_text=$(nproc 2>/dev/null || echo '?')
model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)
echo "processors: $nproc_text, ${model:-model unknown}; median of $runs runs; ratios are to the first row of each group"

echo; echo "$megabytes MB, 0.1 % on port 25"
row "tcpdump -w /dev/null 'tcp port 25'" - tcpdump -r "$folder/mixed.pcap" -w /dev/null 'tcp port 25'
filter=$time
row 'reading the file (dd)' "$filter" dd if="$folder/mixed.pcap" of=/dev/null bs=256k
scan 'ehlotrace, table' "$filter" mixed.pcap table

echo; echo "$sessions SMTP sessions"
row "tcpdump -w /dev/null 'tcp port 25'" - tcpdump -r "$folder/smtp.pcap" -w /dev/null 'tcp port 25'
filter=$time
scan 'ehlotrace, table' "$filter" smtp.pcap table
scan 'ehlotrace, JSON Lines' "$filter" smtp.pcap jsonl
lines=$time
scan 'ehlotrace, JSON Lines, pcapng with comments' "$filter" smtp.pcapng jsonl
if [ "$lines" != - ] && command -v tshark >/dev/null; then
    RUNS_BEFORE=$runs
    runs=1
    row 'tshark -Y smtp (one run)' "$filter" tshark -r "$folder/smtp.pcap" -Y smtp
    row 'tshark -Y smtp -T ek, JSON (one run)' "$filter" tshark -r "$folder/smtp.pcap" -Y smtp -T ek
    runs=$RUNS_BEFORE
else
    echo "skipped: tshark (not installed)"
fi

echo; echo "the same, gzipped"
row 'zcat' - zcat "$folder/smtp.pcap.gz"
unpacked=$time
scan 'ehlotrace, table' "$unpacked" smtp.pcap.gz table
scan 'ehlotrace, JSON Lines' "$unpacked" smtp.pcap.gz jsonl

echo; echo "$captures small captures, --jobs 2"
pile=$folder/pile
if [ ! -d "$pile" ]; then
    mkdir "$pile"
    set -- samples/*.pcap
    number=0
    while [ "$number" -lt "$captures" ]; do
        for sample in "$@"; do
            [ "$number" -lt "$captures" ] || break
            cp "$sample" "$pile/$number.pcap"
            number=$((number + 1))
        done
    done
fi
row 'ehlotrace, JSON Lines' - "$EHLOTRACE" scan --jobs 2 --format jsonl "$pile"
rate "$captures" captures
resident scan --jobs 2 --format jsonl "$pile"

if [ "$many" -gt 0 ]; then
    few=$((many / 100))
    echo; echo "$few and $many sessions, all closed: time a session must be the same"
    make few.pcap smtp "$few"
    scan 'ehlotrace, JSON Lines' - few.pcap jsonl
    rate "$few" sessions
    make many.pcap smtp "$many"
    runs=1
    scan 'ehlotrace, JSON Lines (one run)' - many.pcap jsonl
    rate "$many" sessions
    rm "$folder/many.pcap"
fi
