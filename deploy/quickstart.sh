#!/usr/bin/env bash
# From a fresh clone to records streaming over TLS into a local inlet: installs packages, builds, runs the demo.
# Safe to run again. Arguments go to `aep-agent demo` (try --serve).
set -euo pipefail
cd "$(dirname "$0")/.."

echo "1/3 packages" >&2
deploy/packages.sh

echo "2/3 build (a few minutes the first time)" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { cmake --preset release -DAEP_AGENT_TESTS=OFF -DAEP_AGENT_BENCH=OFF -B build/quickstart &&
    cmake --build build/quickstart --target aep-agent; } >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    echo "the build failed; its last lines are above" >&2
    exit 1
fi

echo "3/3 demo" >&2
build/quickstart/agent/aep-agent demo "$@"
