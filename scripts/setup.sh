#!/usr/bin/env bash
# Installs what the build or the tests need and the machine lacks, and says so.
#
#   scripts/setup.sh rust    the wasm target only
#   scripts/setup.sh npm     the npm packages only
#   scripts/setup.sh module  wasm-bindgen's program and wasm-split, which scripts/build.mjs asks for while it builds
#   scripts/setup.sh build   everything else that the page's build needs
#   scripts/setup.sh test    the same, and a Chromium
#   scripts/setup.sh fuzz    what `make fuzz` needs
#
# A second call finds everything in its place and installs nothing. Tools go to .tools/ and
# node_modules/ inside the project; only the wasm target (rustup) and Chromium (apt) live outside.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

need_cargo() {
  command -v cargo >/dev/null && command -v rustc >/dev/null ||
    die "Rust is missing: install it with rustup, see https://rustup.rs/"
  local wanted found
  wanted=$(sed -n 's/^rust-version = "1\.\([0-9]*\).*/\1/p' Cargo.toml)
  found=$(rustc --version | sed -n 's/^rustc 1\.\([0-9]*\)\..*/\1/p')
  [ "${found:-$wanted}" -ge "$wanted" ] || die "Rust 1.$found is too old: 1.$wanted or newer is needed, run 'rustup update stable'"
}

need_node() {
  command -v node >/dev/null && command -v npm >/dev/null ||
    die "Node.js is missing: install version 20 or newer with npm, see https://nodejs.org/"
  local major
  major=$(node -p 'process.versions.node.split(".")[0]')
  [ "$major" -ge 20 ] || die "Node.js $(node --version) is too old: version 20 or newer is needed, see https://nodejs.org/"
}

wasm_target() {
  need_cargo
  local libs
  libs=$(rustc --print target-libdir --target wasm32-unknown-unknown 2>/dev/null) && [ -d "$libs" ] && return
  command -v rustup >/dev/null ||
    die "Rust's wasm32-unknown-unknown target is missing and there is no rustup to add it: install Rust with rustup, see https://rustup.rs/"
  say "Adding Rust's wasm32-unknown-unknown target (some seconds)"
  rustup target add wasm32-unknown-unknown ||
    die "Rust's wasm target could not be fetched: run 'rustup target add wasm32-unknown-unknown' where the network allows it"
}

# Is a program of this version at this path?
is_version() { [ -x "$1" ] && [ "$("$1" --version 2>/dev/null | awk '{ print $2; exit }')" = "$2" ]; }

# Makes the first match of the right version the one that PATH finds first. Fails when there is none.
adopt() {
  local name=$1 version=$2 dir first
  first=$(command -v "$name" || true)
  if [ -n "$first" ] && is_version "$first" "$version"; then return; fi
  local IFS=:
  for dir in $PATH; do
    if [ "$dir" != "$tools/bin" ] && is_version "$dir/$name" "$version"; then
      mkdir -p "$tools/bin"
      ln -sf "$dir/$name" "$tools/bin/$name"
      return
    fi
  done
  return 1
}

# Fetches a ready program where `cargo binstall` is installed: binstalled PROGRAM CRATE VERSION. Fails when there is none.
binstalled() {
  command -v cargo-binstall >/dev/null || return 1
  say "Fetching $2 $3 with cargo binstall"
  cargo binstall --no-confirm --disable-strategies compile --root "$tools" "$2@$3" </dev/null || true
  is_version "$tools/bin/$1" "$3"
}

# A program of scripts/, built into .tools/: built PROGRAM
built() {
  say "Building $1 into .tools/ (half a minute, this once)"
  # The build folder is kept until the end, so that an interrupted build goes on where it stopped.
  CARGO_TARGET_DIR="$tools/build" cargo build --quiet --locked --release --manifest-path "scripts/$1/Cargo.toml" ||
    die "$1 could not be built: see the message above; or put it on PATH in the version that scripts/$1/Cargo.toml names"
  mkdir -p "$tools/bin"
  mv "$tools/build/release/$1" "$tools/bin/"
}

# wasm-bindgen's program: a ready one, or the part of it that the page's build uses (scripts/wasm-bindgen).
bindgen() {
  local version
  version=$(pinned wasm_bindgen)
  # One that was built here before its source changed does not know all options.
  [ -L "$tools/bin/wasm-bindgen" ] || [ "$tools/bin/wasm-bindgen" -nt scripts/wasm-bindgen/main.rs ] || rm -f "$tools/bin/wasm-bindgen"
  adopt wasm-bindgen "$version" && return
  binstalled wasm-bindgen wasm-bindgen-cli "$version" && return
  built wasm-bindgen
}

# What cuts the page's module (scripts/wasm-split).
splitter() {
  adopt wasm-split "$(pinned version scripts/wasm-split/Cargo.toml)" && return
  built wasm-split
}

# What makes the page's module out of the compiled program.
module() {
  bindgen
  splitter
  rm -rf "$tools/build"
}

cargo_fuzz() {
  local version
  version=$(pinned cargo-fuzz-version fuzz/Cargo.toml)
  adopt cargo-fuzz "$version" && return
  binstalled cargo-fuzz cargo-fuzz "$version" && return
  say "Building cargo-fuzz $version from source into .tools/: about 2 minutes on two cores, this once"
  CARGO_TARGET_DIR="$tools/build" CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_DEBUG=0 \
    cargo install cargo-fuzz --version "$version" --root "$tools" --force --locked ||
    die "cargo-fuzz $version could not be built: see the message above; or put a ready one on PATH"
  rm -rf "$tools/build"
}

npm_packages() {
  need_node
  local want
  want=$(cksum <package-lock.json)
  [ "$(cat node_modules/.installed-lock 2>/dev/null)" = "$want" ] && return
  say "Installing the npm packages of package-lock.json into node_modules/ (half a minute)"
  PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --ignore-scripts --no-audit --no-fund --loglevel=error ||
    die "The npm packages could not be installed: check that npm reaches its registry, then try again"
  printf '%s\n' "$want" >node_modules/.installed-lock
}

# root's own apt-get, or one that sudo allows without a question; nothing elsewhere.
apt() {
  command -v apt-get >/dev/null || return 1
  local as=()
  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || return 1
    as=(sudo -n)
  fi
  ${as[@]+"${as[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" </dev/null >&2
}

chromium() {
  node scripts/chromium.mjs >/dev/null && return
  [ -z "${CHROMIUM:-}" ] || die "CHROMIUM names no Chromium that starts: correct it or leave it out"
  # Ubuntu's package of that name is a stub that wants snapd, so only Debian's own is taken.
  if grep -qsE '^ID=(")?debian' /etc/os-release; then
    say "Installing Chromium and fonts for the browser tests with apt-get (a minute or two)"
    apt update && apt install -y --no-install-recommends chromium fonts-liberation fonts-noto-cjk || true
    node scripts/chromium.mjs >/dev/null && return
  fi
  say "Fetching Playwright's Chromium for the browser tests (about 170 MB)"
  playwright install chromium </dev/null >&2 || true
  node scripts/chromium.mjs >/dev/null && return
  die "No Chromium was found and none could be installed: install Chromium or Chrome, or name one with CHROMIUM=/path/to/chrome"
}

# The packages are downloaded while rustup downloads; what has to be compiled is left to scripts/build.mjs.
build() {
  need_cargo
  need_node
  npm_packages &
  local npm=$!
  wasm_target
  wait "$npm" || exit 1
}

case ${1:-build} in
  rust) wasm_target ;;
  npm) npm_packages ;;
  module) module ;;
  build) build ;;
  test)
    build
    chromium
    ;;
  fuzz)
    need_cargo
    cargo_fuzz
    ;;
  *) die "setup.sh knows rust, npm, module, build, test and fuzz" ;;
esac
