#!/usr/bin/env bash
# What the disk buffer costs: stdin to sink over TLS, in turn in memory, through the disk, and through the disk with zstd.
#   bench/buffer.sh [ROUNDS [RECORDS]]
source "$(dirname "$0")/common.sh"
rounds=${1:-3}
records=${2:-1000000}

build
data=$(make_dataset "$records")
megabytes=$(($(stat -c %s "$data") / 1000000))

rm -f "$work/port"
"$bin/bench/bench_sink" "$work/sink-ca.pem" >"$work/port" 2>"$work/sink.log" &
sink=$!
trap 'kill $sink 2>/dev/null' EXIT
port=$(wait_for_line "$work/port")

write_buffered() { # NAME BUFFER
    write_config "$work/$1.yaml" "https://localhost:$port/collection/bench" "$work/sink-ca.pem"
    sed -i -e "s|^streams:|sources: [{id: bench, type: stdin, stream: events}]\nstreams:|" \
        -e "s|state_dir: .*}|state_dir: $work/state-$1, shutdown_timeout: 10m}|" \
        -e "s|tls: {ca_file|buffer: $2, tls: {ca_file|" "$work/$1.yaml"
}
write_buffered memory '{type: memory}'
write_buffered disk '{type: disk}'
write_buffered zstd '{type: disk, compression: zstd}'

measure() { # NAME
    local cpu wall rss code
    rm -rf "$work/state-$1"
    read -r cpu wall rss code < <("$bin/bench/bench_launch" "$bin/agent/aep-agent" run -c "$work/$1.yaml" <"$data" 2>"$work/$1.log")
    if [[ $code != 0 ]]; then
        echo "$1 ended with $code:" >&2
        tail -n 5 "$work/$1.log" >&2
        exit 1
    fi
    echo "$wall" >>"$work/$1.txt"
    awk -v n="$1" -v c="$cpu" -v w="$wall" -v r="$rss" -v k="$records" -v m="$megabytes" 'BEGIN {
        printf "%-7s %8.3f %12.0f %8.0f %10.1f\n", n, c * 1e6 / k, k / w, m / w, r / 1024 }'
}

median() { sort -n "$work/$1.txt" | awk '{v[NR] = $1} END {print (NR % 2) ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }

echo "$records records, $megabytes MB, $(nproc) cores"
printf '%-7s %8s %12s %8s %10s\n' "" "CPU s/M" "records/s" "MB/s" "RSS MiB"
rm -f "$work"/{memory,disk,zstd}.txt
for _ in $(seq "$rounds"); do
    for name in memory disk zstd; do measure "$name"; done
done
for name in disk zstd; do
    awk -v n="$name" -v m="$(median memory)" -v d="$(median "$name")" 'BEGIN { printf "throughput of %s: %.0f %% of that of memory\n", n, 100 * m / d }'
done
