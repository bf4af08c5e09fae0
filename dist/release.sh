#!/usr/bin/env bash
# Makes a release from a clean checkout, or says what stands in its way. Publishes nothing.
#
#   dist/release.sh VERSION         as root: the packages are installed into fresh roots
set -euo pipefail
cd "$(dirname "$0")/.."
version=$1
fail() {
  echo "dist/release.sh: $*" >&2
  exit 1
}

[ -z "$(git status --porcelain)" ] || fail "the checkout has changes; commit them first"
grep -qx "version = \"$version\"" Cargo.toml || fail "Cargo.toml has another version than $version"
grep -q "^## \[$version\]" CHANGELOG.md || fail "CHANGELOG.md has no section '## [$version] - DATE'"
git rev-parse --quiet --verify "v$version" >/dev/null && fail "the tag v$version exists"

. dist/tools.sh
cargo deny check licenses bans sources
# The advisories are fetched; a release needs them.
cargo deny check advisories || fail "an advisory stands, or its database could not be fetched"
.ci/run
cargo package --locked
dist/build.sh
dist/test.sh target/dist/out
dist/repeat.sh target/dist/out
git tag --annotate "v$version" --message "ehlotrace $version"
cat <<END

v$version is tagged, and target/dist/out has its files. What is left to do by hand:
  git push --tags
  cargo publish --locked
  upload target/dist/out, and the wheel in it to the Python index
END
