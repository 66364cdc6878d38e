#!/usr/bin/env bash
# Proves that the includes under agent/ keep the directions between rooms: each room may include from itself, from
# base and telemetry, and from the rooms named here. Lowest first.   tests/check_rooms.sh [ROOT]
set -euo pipefail
root=${1:-$(dirname "$0")/..}

declare -A may_use=(
    [base]="" [telemetry]="" [record]="" [codec]="" [xdm]="" [http]=""
    [store]="record"
    [mapping]="codec"
    [source]="record"
    [pipeline]="record codec mapping xdm"
    [delivery]="record store http"
    [platform]="http"
    [inlet]=""
    [config]="any-options"
    [app]="everything"
)

# Whether a file of room $1 may include "$2/$3".
allowed() {
    local room=$1 used=$2 header=$3
    [[ $used == "$room" || $used == base ]] && return 0
    # The local inlet stands alone, so that it shares no mistake with the sending side.
    [[ $used == telemetry && $room != base && $room != inlet ]] && return 0
    case ${may_use[$room]} in
        everything) return 0 ;;
        any-options) [[ $header == options.hpp && $used != app ]] && return 0 ;;
    esac
    [[ " ${may_use[$room]} " == *" $used "* ]]
}

wrong=0
while IFS=: read -r file line text; do
    path=${file#"$root"/agent/}
    room=${path%%/*}
    [[ $text =~ \"([a-z_]+)/([^\"]+)\" ]] || continue
    if [[ -z ${may_use[$room]+known} ]]; then
        echo "$file:$line: room '$room' is not in the table of tests/check_rooms.sh" >&2
        wrong=1
    elif ! allowed "$room" "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"; then
        echo "$file:$line: $room may not include ${BASH_REMATCH[1]}/${BASH_REMATCH[2]}" >&2
        wrong=1
    fi
done < <(grep -rnE --include='*.hpp' --include='*.cpp' '^[[:space:]]*#include "[a-z_]+/' "$root/agent")
exit "$wrong"
