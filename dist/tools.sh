# Sourced by the other scripts: puts the tools that packages are made with into the path. Those that are missing are installed
# below target/dist, in these versions.
tools=${EHLOTRACE_DIST_TOOLS:-$PWD/target/dist/tools}
export PATH=$tools/bin:$PATH

# brought CRATE VERSION [FEATURE]: a command of cargo. Compiling takes longer than what they then do, but for one that compares
# texts.
brought() {
  command -v "$1" >/dev/null || (
    unset RUSTFLAGS CFLAGS
    CARGO_PROFILE_DEV_OPT_LEVEL=1 CARGO_PROFILE_DEV_DEBUG=false CARGO_TARGET_DIR=$tools/target cargo install --quiet --locked --debug --root "$tools" "$1" --version "$2" ${3:+--features "$3"}
  )
}
brought cargo-deb 3.8.0
brought cargo-generate-rpm 0.21.1
brought cargo-about 0.9.3 cli
brought cargo-deny 0.20.2
if ! command -v maturin >/dev/null || ! python3 -c 'import ziglang' 2>/dev/null; then
  python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet --disable-pip-version-check maturin==1.16.0 cargo-zigbuild==0.24.1 ziglang==0.17.1
  hash -r
fi
rustup --quiet target add x86_64-unknown-linux-musl x86_64-pc-windows-gnu
