#!/usr/bin/env bash
# Runs the program for Windows under Wine beside the native one: exit codes and outputs have to be equal, octet for octet but
# for the separators of paths.
#
#   tests/windows.sh target/debug/ehlotrace target/x86_64-pc-windows-gnu/debug/ehlotrace.exe
set -euo pipefail
native=$(realpath "$1")
windows=$(realpath "$2")
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap '{ wineserver -k || true; } 2>/dev/null; sleep 1; rm -rf "$work"' EXIT
export WINEPREFIX=$work/wine WINEDEBUG=-all
cp "$windows" "$work/ehlotrace.exe"
tests/wine-library.sh "$work"
wine "$work/ehlotrace.exe" --version >/dev/null

compared=0
# What differs is only how folders are separated, in JSON twice.
slashes() { sed 's/\\\\/\//g; s/\(samples\|tickets\)\\/\1\//g'; }

same() { # INPUT ARGUMENTS...
  local input=$1 native_code=0 windows_code=0
  shift
  "$native" "$@" <"$input" >"$work/native.out" 2>"$work/native.err" || native_code=$?
  wine "$work/ehlotrace.exe" "$@" <"$input" >"$work/windows.out" 2>"$work/windows.err" || windows_code=$?
  compare "$*" "$native_code" "$windows_code"
}

compare() { # NAME CODE CODE
  local ending
  for ending in out err; do
    slashes <"$work/native.$ending" >"$work/native.slashes"
    slashes <"$work/windows.$ending" >"$work/windows.slashes"
    if ! cmp "$work/native.slashes" "$work/windows.slashes"; then
      diff "$work/native.slashes" "$work/windows.slashes" | cut -c 1-300 | head -n 10
      echo "differs under Wine: ehlotrace $1" && exit 1
    fi
  done
  if [ "$2" -ne "$3" ]; then
    echo "exit codes $2 and $3: ehlotrace $1" && exit 1
  fi
  compared=$((compared + 1))
}

lost=samples/kb240832-lost.pcap
same /dev/null scan "$lost"
for format in table json jsonl csv markdown html; do
  same /dev/null scan --format "$format" --show all --port any samples/week.pcap samples/mixed.pcapng samples/tls-failed.pcap
done
same /dev/null scan --quiet samples
same /dev/null scan --timezone Europe/Berlin --since 2003-04-15T00:00 samples/week.pcap
same /dev/null scan --excel=semicolon --format csv "$lost"
same "$lost" scan -
same /dev/null scan --format csv --rows findings samples/week.pcap
same /dev/null trace --hex "$lost"
same /dev/null trace --port any samples/proxied-binary.pcap
same "$lost" extract -
same /dev/null extract --lost samples/relay-stopped.pcapng
same /dev/null compare samples/relay-stopped.pcapng samples/week.pcap
same /dev/null check sub2.
same samples/README.md check -
same /dev/null explain ehlo-argument
same /dev/null causes
same /dev/null schema --jsonl
same /dev/null completions powershell
same /dev/null scan README.md
same /dev/null scan

# No shell of Windows expands wildcards: the program does.
"$native" scan --quiet --show all samples/kb*.pcap >"$work/native.out" 2>"$work/native.err" || native_code=$?
wine "$work/ehlotrace.exe" scan --quiet --show all 'samples\kb*.pcap' >"$work/windows.out" 2>"$work/windows.err" || windows_code=$?
compare 'scan samples\kb*.pcap' "${native_code:-0}" "${windows_code:-0}"

# A report takes the place of an older one in one step, and nothing is left beside it.
mkdir "$work/reports"
for _ in 1 2; do
  wine "$work/ehlotrace.exe" scan --quiet -o "$work/reports/lost.json" "$lost" || [ $? -eq 1 ]
done
"$native" scan --quiet --format json "$lost" >"$work/native.json" || [ $? -eq 1 ]
cmp "$work/native.json" "$work/reports/lost.json"
[ "$(ls -A "$work/reports")" = lost.json ]

# Paths of more than 260 characters, and with the prefix that Windows has for them.
long=$work/$(printf 'folder-of-a-long-name/%.0s' {1..16})
mkdir -p "$long"
cp "$lost" "${long}lost.pcap"
for prefix in 'Z:' '\\?\Z:'; do
  path=$prefix${long//\//\\}
  wine "$work/ehlotrace.exe" scan --quiet -o "${path}lost.json" "${path}lost.pcap" || [ $? -eq 1 ]
  grep -q '"lost":1,' "${long}lost.json"
  rm "${long}lost.json"
done

echo "$compared commands give the same under Wine"
