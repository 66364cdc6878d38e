#!/usr/bin/env bash
# tests/check_rooms.sh must let a right tree pass and find a wrong include.
set -euo pipefail
check=$(dirname "$0")/check_rooms.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/agent/{record,source,inlet,config}

include() { printf '#include "%s"\n' "$2" >"$tree/agent/$1"; }
expect() {
    local wanted=$1 what=$2 got=pass
    "$check" "$tree" 2>/dev/null || got=fail
    [[ $got == "$wanted" ]] || { echo "check_rooms.sh: expected $wanted for $what" >&2; exit 1; }
}

include source/a.cpp record/block.hpp
include config/a.cpp source/options.hpp
expect pass "allowed includes"
include source/a.cpp pipeline/queue.hpp
expect fail "an include upward"
include source/a.cpp base/result.hpp
include inlet/a.cpp telemetry/log.hpp
expect fail "the inlet using telemetry"
include inlet/a.cpp base/result.hpp
include config/a.cpp source/source.hpp
expect fail "the configuration including more than options"
