#!/bin/sh
# Runs ehlotrace beside tcpdump, tshark and zcat on generated captures and prints the medians of five runs with ratios.
#
#   benches/compare.sh [FOLDER]     FOLDER keeps the captures, 2.2 GB; a temporary one unless given.
#
# Environment: RUNS (5), SESSIONS (40000), MEGABYTES (1500), EHLOTRACE (a program built before; else one is built).
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
runs=${RUNS:-5}
sessions=${SESSIONS:-40000}
megabytes=${MEGABYTES:-1500}

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
    "$@" >/dev/null 2>&1 || true
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
    runs=$RUNS_BEFORE
else
    echo "skipped: tshark -Y smtp (tshark is not installed)"
fi

echo; echo "the same, gzipped"
row 'zcat' - zcat "$folder/smtp.pcap.gz"
unpacked=$time
scan 'ehlotrace, table' "$unpacked" smtp.pcap.gz table
scan 'ehlotrace, JSON Lines' "$unpacked" smtp.pcap.gz jsonl
