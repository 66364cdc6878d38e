#!/usr/bin/env bash
# Agent against floor: file to sink over TLS, in turn, on the same bytes.   bench/run.sh [ROUNDS [RECORDS]]
source "$(dirname "$0")/common.sh"
rounds=${1:-4}
records=${2:-1000000}

build
data=$(make_dataset "$records")
megabytes=$(($(stat -c %s "$data") / 1000000))

rm -f "$work/port"
"$bin/bench/bench_sink" "$work/sink-ca.pem" >"$work/port" 2>"$work/sink.log" &
sink=$!
trap 'kill $sink 2>/dev/null' EXIT
port=$(wait_for_line "$work/port")
write_config "$work/run.yaml" "https://localhost:$port/collection/bench" "$work/sink-ca.pem"

measure() { # NAME COMMAND...
    local name=$1 cpu wall rss code
    shift
    read -r cpu wall rss code < <("$bin/bench/bench_launch" "$@" 2>"$work/$name.log")
    if [[ $code != 0 ]]; then
        echo "$name ended with $code:" >&2
        tail -n 5 "$work/$name.log" >&2
        exit 1
    fi
    echo "$cpu $wall $rss" >>"$work/$name.txt"
    awk -v n="$name" -v c="$cpu" -v w="$wall" -v r="$rss" -v k="$records" -v m="$megabytes" 'BEGIN {
        printf "%-7s %8.3f %12.0f %8.0f %10.1f\n", n, c * 1e6 / k, k / w, m / w, r / 1024 }'
}

median() { sort -n "$work/$1.txt" | awk '{v[NR] = $1} END {print (NR % 2) ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }

echo "$records records, $megabytes MB, $(nproc) cores"
printf '%-7s %8s %12s %8s %10s\n' "" "CPU s/M" "records/s" "MB/s" "RSS MiB"
rm -f "$work"/{floor,agent}.txt
for _ in $(seq "$rounds"); do
    measure floor "$bin/bench/bench_floor" "$data" "$port"
    measure agent "$bin/agent/aep-agent" send "$data" -c "$work/run.yaml" --rejected "$work/rejected.ndjson"
done
awk -v a="$(median agent)" -v f="$(median floor)" 'BEGIN { printf "agent/floor, medians of CPU: %.2f\n", a / f }'
