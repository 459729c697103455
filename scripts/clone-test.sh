#!/usr/bin/env bash
# Runs the tests that need no browser in a clone of the last commit with nothing beside it: whatever they read
# has to be in the repository. The dependencies are those that were built here. The clone is always made in
# the same place, because cargo keeps what it builds by path.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target}"
alone="$CARGO_TARGET_DIR/alone"
rm -rf "$alone"
trap 'rm -rf "$alone"' EXIT
git clone --quiet "$root" "$alone/kubestage"
unset CORPUS_DIR REQUIRE_CORPUS CONFORMANCE_DIR ORACLE_DIR DIFFERENTIAL_DIR ONLY UPDATE_EXPECT
say "Testing a clone with nothing beside it"
make -C "$alone/kubestage" unit
