#!/usr/bin/env bash
# Builds the commit of this checkout again, in another folder, and compares.
#
#   dist/repeat.sh FOLDER           what dist/build.sh made of a checkout without changes
set -euo pipefail
out=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
. dist/tools.sh
again=$(mktemp -d)
trap 'rm -rf "$again"' EXIT
git clone --quiet . "$again/elsewhere"
EHLOTRACE_DIST_TOOLS=$tools "$again/elsewhere/dist/build.sh" "$again/out" >"$again/log" 2>&1 || {
  tail -n 40 "$again/log"
  exit 1
}
diff "$out/SHA256SUMS" "$again/out/SHA256SUMS" || {
  trap - EXIT
  rm -rf "$again/elsewhere"
  echo "built twice, and not the same: the second one is in $again/out"
  exit 1
}
echo "built twice: the same octets"
