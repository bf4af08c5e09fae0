#!/usr/bin/env bash
# Has a program that disturbs real captures run over ehlotrace, and holds what it counts against what is promised: no other verdict
# and nothing misread where only order, form or company of the packets changes; where packets are missing, at most 1 in 1,000 another
# verdict and 3 in 1,000 misread.
#
#   tests/metamorph.sh PROGRAM EHLOTRACE [SEEDS]
#
# One transformation is left out: a clock set forward by a minute cannot be told from a wait of a minute (docs/testing.md).
set -euo pipefail
program=$1
ehlotrace=$2
seeds=${3:-1}
status=0
lines=$(dirname "$0")/metamorph_lines.py
printed=$(EHLOTRACE=$(realpath "$ehlotrace") python3 "$program" --bin "$lines" --seeds "$seeds" --only '^(?!8 clock set forward by 60 s)') || status=$?
printf '%s\n' "$printed" | sed -n '/^class  /,$p'
[ "$status" -le 1 ]
printf '%s\n' "$printed" | awk '
  # A row: number and name of the class, then pairs, differ, late SYN, others, misread, explained.
  /^ ?[0-9]+ [a-zA-Z].*[0-9]$/ && NF >= 8 {
    rows++; class = $1; pairs = $(NF - 5); differ = $(NF - 4); misread = $(NF - 1)
    most_differ = most_misread = 0
    if (class == 14) { most_differ = pairs / 1000; most_misread = pairs * 3 / 1000 }
    if (pairs == 0 || differ > most_differ || misread > most_misread) { print "too many in class " class; bad = 1 }
  }
  END { if (rows != 14) { print rows " classes, not 14"; bad = 1 } exit bad }'
