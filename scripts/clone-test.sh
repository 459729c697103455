#!/usr/bin/env bash
# Runs the tests that need no browser in a clone of the last commit with nothing beside it: whatever they read
# has to be in the repository. The dependencies are those that were built here.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

alone=$(mktemp -d)
trap 'rm -rf "$alone"' EXIT
git clone --quiet "$root" "$alone/kubestage"
unset CORPUS_DIR REQUIRE_CORPUS CONFORMANCE_DIR ORACLE_DIR DIFFERENTIAL_DIR
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target}"
say "Testing a clone in $alone"
make -C "$alone/kubestage" unit
