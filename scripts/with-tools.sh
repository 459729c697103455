#!/usr/bin/env bash
# Runs a command with the project's tools first on PATH: scripts/with-tools.sh trunk serve
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
exec "$@"
