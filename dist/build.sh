#!/usr/bin/env bash
# Makes what is released, from this checkout, into one folder with SHA256SUMS.
#
#   dist/build.sh [FOLDER]          target/dist/out unless given
#
# Needs Linux on x86_64 with Rust, Python 3 with venv, and Debian's gcc-mingw-w64-x86-64; dist/tools.sh brings the rest.
# The same commit gives the same octets, wherever it is checked out: dist/repeat.sh compares.
set -euo pipefail
cd "$(dirname "$0")/.."
umask 022
export LC_ALL=C TZ=UTC
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}

here=$PWD
work=$here/target/dist
out=${1:-$work/out}
rm -rf "$out" "$work/root" "$work/portable"
mkdir -p "$out" "$work/root" "$work/portable"
out=$(cd "$out" && pwd)

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
linux=x86_64-unknown-linux-musl
windows=x86_64-pc-windows-gnu

say() { printf '\n-- %s\n' "$*"; }

. dist/tools.sh

# No path of this machine gets into a program.
cargo_home=${CARGO_HOME:-$HOME/.cargo}
export CARGO_TARGET_DIR=$work/target
same="--remap-path-prefix=$CARGO_TARGET_DIR=/target --remap-path-prefix=$here=/ehlotrace --remap-path-prefix=$cargo_home=/cargo"
export RUSTFLAGS="$same"
# C code that writes down when it was compiled says the same each time, also where a compiler keeps what it made before.
export CFLAGS="-ffile-prefix-map=$CARGO_TARGET_DIR=/target -ffile-prefix-map=$cargo_home=/cargo \
  -Wno-builtin-macro-redefined -D__DATE__=\"\" -D__TIME__=\"\""

say "licences of what is linked in"
licences=$work/THIRD-PARTY-LICENSES.txt
cargo fetch --locked --quiet
cargo about generate --config dist/about.toml --locked --offline --fail --features arrow dist/about.hbs >"$licences"

say "the program for Linux, static, and the Python wheel around it"
# With any C library a static program runs, so the wheel has the tags of both.
cp "$licences" python/
trap 'rm -f "$here/python/THIRD-PARTY-LICENSES.txt"' EXIT
(cd python && maturin build --release --locked --zig --target $linux --compatibility manylinux2014 musllinux_1_2 --out "$out")
program=$CARGO_TARGET_DIR/$linux/release/ehlotrace

say "the program for Windows"
RUSTFLAGS="$same -C link-arg=-Wl,--no-insert-timestamp" cargo build --locked --release --features arrow --bin ehlotrace --target $windows

say "manual pages, completions"
share=$work/root/usr/share
doc=$share/doc/ehlotrace
mkdir -p "$share"/man/man1 "$share"/bash-completion/completions "$share"/zsh/vendor-completions \
  "$share"/fish/vendor_completions.d "$share"/lintian/overrides "$doc" "$work"/root/usr/bin
install -m 755 "$program" "$work/root/usr/bin/ehlotrace"
"$program" completions bash >"$share/bash-completion/completions/ehlotrace"
"$program" completions zsh >"$share/zsh/vendor-completions/_ehlotrace"
"$program" completions fish >"$share/fish/vendor_completions.d/ehlotrace.fish"
"$program" man >"$share/man/man1/ehlotrace.1"
for subcommand in $("$program" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]\+\) .*/\1/p' | grep -v '^help$'); do
  "$program" man "$subcommand" >"$share/man/man1/ehlotrace-$subcommand.1"
done
cp -r README.md docs samples "$licences" "$doc/"
cp CHANGELOG.md "$doc/changelog"
cp dist/lintian-overrides "$share/lintian/overrides/ehlotrace"

# portable NAME PROGRAM: a folder to unpack anywhere.
portable() {
  local folder=$work/portable/$1
  mkdir -p "$folder/completions"
  cp -r README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE docs samples "$licences" "$folder/"
  install -m 755 "$2" "$folder/"
}

say "ehlotrace-$version-x86_64-linux.tar.gz"
name=ehlotrace-$version-x86_64-linux
portable "$name" "$program"
mkdir -p "$work/portable/$name/man"
cp -r "$share/man/man1" "$work/portable/$name/man/"
cp "$share/bash-completion/completions/ehlotrace" "$work/portable/$name/completions/ehlotrace.bash"
cp "$share/zsh/vendor-completions/_ehlotrace" "$share/fish/vendor_completions.d/ehlotrace.fish" "$work/portable/$name/completions/"
cp dist/Containerfile "$work/portable/$name/"
tar --create --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" --format=gnu \
  --directory "$work/portable" "$name" | gzip --no-name --best >"$out/$name.tar.gz"

say "ehlotrace-$version-x86_64-windows.zip"
name=ehlotrace-$version-x86_64-windows
portable "$name" "$CARGO_TARGET_DIR/$windows/release/ehlotrace.exe"
"$program" completions powershell >"$work/portable/$name/completions/ehlotrace.ps1"
find "$work/portable/$name" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
(cd "$work/portable" && find "$name" | sort | zip --quiet -X -9 -@ "$out/$name.zip")

say "Debian package and RPM"
printf 'ehlotrace (%s-1) stable; urgency=medium\n\n  * See /usr/share/doc/ehlotrace/changelog.gz.\n\n -- %s  %s\n' "$version" \
  "$(sed -n 's/^maintainer = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)" "$(date -R -d "@$SOURCE_DATE_EPOCH")" >"$work/changelog"
gzip --no-name --best "$share"/man/man1/*.1 "$doc/changelog" "$doc/THIRD-PARTY-LICENSES.txt"
cp LICENSE-MIT LICENSE-APACHE "$work/"
find "$work/root" "$work"/LICENSE-* -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
cargo deb --no-build --no-strip --target $linux --output "$out/ehlotrace_$version-1_amd64.deb"
cargo generate-rpm --target $linux --output "$out/ehlotrace-$version-1.x86_64.rpm"

say "what was made, in $out"
(cd "$out" && sha256sum -- * >"$work/SHA256SUMS" && mv "$work/SHA256SUMS" . && cat SHA256SUMS)
