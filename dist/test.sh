#!/usr/bin/env bash
# Installs what dist/build.sh made into clean surroundings as its users would, runs it there, and removes it again.
#
#   dist/test.sh FOLDER             as root; what this machine cannot try is named
#
# Needs Debian's mmdebstrap, lintian, rpm, cpio, and unzip; wine for the program for Windows; buildah for the image.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
out=$(cd "$1" && pwd)
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
cd "$temporary"

say() { printf '\n-- %s\n' "$*"; }
fail() {
  echo "$*" >&2
  exit 1
}
# lost COMMAND...: it has to find the lost session of the first example, which exit code 1 says.
lost() {
  local status=0
  "$@" >found.txt || status=$?
  [ "$status" -eq 1 ] || fail "exit code $status, not 1: $*"
  grep -q 'fix      at the client' found.txt || fail "no remedy from: $*"
}

say "checksums"
(cd "$out" && sha256sum --check --quiet SHA256SUMS)
echo "$(wc -l <"$out/SHA256SUMS") files as in SHA256SUMS"

say "archive for Linux: unpacked, and alone in an empty root as in its image"
tar -xzf "$out"/ehlotrace-*-x86_64-linux.tar.gz
unpacked=$(echo ehlotrace-*-x86_64-linux)
lost "$unpacked/ehlotrace" scan "$unpacked/samples/kb240832-lost.pcap"
man --local-file "$unpacked/man/man1/ehlotrace-scan.1" | grep -q '\-\-format' || fail "the manual page of scan does not read"
mkdir -m 755 scratch
cp "$unpacked/ehlotrace" scratch/
lost chroot scratch /ehlotrace scan --timezone Europe/Berlin - <"$unpacked/samples/kb240832-lost.pcap"
grep -q '15:32:00' found.txt || fail "no time zones in an empty root"
if command -v buildah >/dev/null; then
  # This isolation needs no rights that a container has not.
  export BUILDAH_ISOLATION=chroot
  buildah build --quiet --tag localhost/ehlotrace-test "$unpacked" >/dev/null
  image=$(buildah from localhost/ehlotrace-test)
  entry=$(buildah inspect --format '{{index .OCIv1.Config.Entrypoint 0}}' "$image")
  lost buildah run "$image" "$entry" scan - <"$unpacked/samples/kb240832-lost.pcap"
  buildah rm "$image" >/dev/null
  buildah rmi localhost/ehlotrace-test >/dev/null
else
  echo "the image was not built: this machine has no buildah"
fi

say "Debian package: lintian"
lintian --fail-on error,warning,info "$out"/ehlotrace_*_amd64.deb
say "Debian package: in a fresh Debian"
mmdebstrap --quiet --variant=apt --include=man-db,bash-completion,zsh,fish \
  "$(. /etc/os-release && echo "$VERSION_CODENAME")" debian
cp "$out"/ehlotrace_*_amd64.deb debian/tmp/
find debian -not -path 'debian/proc/*' -not -path 'debian/var/*' -not -path 'debian/root/*' | sort >before.txt
chroot debian sh -c 'apt-get install --yes -qq /tmp/ehlotrace_*.deb' >/dev/null
lost chroot debian ehlotrace scan /usr/share/doc/ehlotrace/samples/kb240832-lost.pcap
chroot debian man ehlotrace | grep -q '^NAME' || fail "man ehlotrace shows nothing"
chroot debian man ehlotrace-scan | grep -q '\-\-format' || fail "man ehlotrace-scan shows nothing"
# shellcheck disable=SC2016
chroot debian bash -c '. /usr/share/bash-completion/bash_completion; _completion_loader ehlotrace
  COMP_WORDS=(ehlotrace expl); COMP_CWORD=1; COMP_LINE="ehlotrace expl"; COMP_POINT=14
  "$(complete -p ehlotrace | sed "s/.*-F \([^ ]*\).*/\1/")" ehlotrace expl ehlotrace; echo "${COMPREPLY[@]}"' | grep -qx explain ||
  fail "bash does not complete"
chroot debian fish -c 'complete -C "ehlotrace expl"' | grep -q '^explain' || fail "fish does not complete"
chroot debian zsh -f -c 'autoload -Uz compinit; compinit -u -d /tmp/dump; [ "$_comps[ehlotrace]" = _ehlotrace ] &&
  autoload +X -Uz _ehlotrace' || fail "zsh does not complete"
rm -f debian/tmp/dump
chroot debian apt-get remove --yes -qq ehlotrace >/dev/null
find debian -not -path 'debian/proc/*' -not -path 'debian/var/*' -not -path 'debian/root/*' | sort >after.txt
diff before.txt after.txt || fail "the package left something behind, or took something along"

say "RPM: into an empty root"
package=$(echo "$out"/ehlotrace-*.x86_64.rpm)
requires=$(rpm -qp --requires "$package" | grep -v '^rpmlib(' || true)
[ -z "$requires" ] || fail "the RPM needs: $requires"
mkdir -p fedora
rpm --root "$temporary/fedora" --dbpath /var/lib/rpm --initdb
rpm --root "$temporary/fedora" --dbpath /var/lib/rpm --install --nosignature "$package"
lost chroot fedora /usr/bin/ehlotrace scan /usr/share/doc/ehlotrace/samples/kb240832-lost.pcap
[ -s fedora/usr/share/man/man1/ehlotrace-scan.1.gz ] || fail "the RPM has no manual page of scan"
rpm --root "$temporary/fedora" --dbpath /var/lib/rpm --erase ehlotrace
left=$(find fedora/usr -type f)
[ -z "$left" ] || fail "the RPM left: $left"

say "Python wheel: in a fresh virtual environment"
python3 -m venv fresh
fresh/bin/pip install --quiet --disable-pip-version-check "$out"/ehlotrace-*.whl
lost fresh/bin/ehlotrace scan "$here/samples/kb240832-lost.pcap"
fresh/bin/python -c "import ehlotrace; assert ehlotrace.sessions(['$here/samples/kb240832-lost.pcap']).num_rows == 1"
fresh/bin/pip uninstall --quiet --yes ehlotrace
[ ! -e fresh/bin/ehlotrace ] || fail "the wheel left its program"

say "archive for Windows"
unzip -q "$out"/ehlotrace-*-x86_64-windows.zip
if wine=$(PATH=$PATH:/usr/lib/wine command -v wine64); then
  "$here/tests/wine-library.sh" ehlotrace-*-x86_64-windows
  lost env WINEDEBUG=-all WINEPREFIX="$temporary/wine" "$wine" ehlotrace-*-x86_64-windows/ehlotrace.exe scan "$here/samples/kb240832-lost.pcap"
  WINEPREFIX=$temporary/wine PATH=$PATH:/usr/lib/wine wineserver --kill || true
else
  echo "not run: this machine has no Wine"
fi

say "all packages work"
