#!/usr/bin/env bash
# What reading costs where an application writes record by record: CPU of the source's thread, and of the whole agent, at so many
# appends a second into one file.
#   bench/appends.sh [APPENDS_PER_SECOND [SECONDS]]
source "$(dirname "$0")/common.sh"
rate=${1:-10000} seconds=${2:-20}
build
dir=$(mktemp -d "$work/appends.XXXXXX")
agent='' sink='' writer=''
cleanup() {
    for pid in $writer $agent $sink; do kill "$pid" 2>/dev/null || true; done
    wait
    rm -rf "$dir"
}
trap cleanup EXIT

"$bin/bench/bench_sink" "$dir/ca.pem" >"$dir/port" 2>"$dir/sink.log" &
sink=$!
port=$(wait_for_line "$dir/port")
: >"$dir/app.ndjson"
write_config "$dir/agent.yaml" "https://localhost:$port/collection/bench" "$dir/ca.pem" "$dir/app.ndjson"
sed -i "s|state_dir: .*}|state_dir: $dir/state}|" "$dir/agent.yaml"
"$bin/agent/aep-agent" run -c "$dir/agent.yaml" 2>"$dir/agent.log" &
agent=$!
for _ in $(seq 200); do
    ! grep -q source_started "$dir/agent.log" || break
    sleep 0.05
done
"$bin/bench/bench_append" "$dir/app.ndjson" "$rate" $((seconds + 2)) >/dev/null &
writer=$!
sleep 1

# ticks STAT_FILE: user and system
ticks() { awk '{sub(/.*\) /, ""); print $12 + $13}' "$1"; }
reading=$(grep -l '^source ' "/proc/$agent/task"/*/comm)
reading=${reading%/comm}/stat whole=/proc/$agent/stat
reading_before=$(ticks "$reading") whole_before=$(ticks "$whole") lines=$(wc -l <"$dir/app.ndjson")
sleep "$seconds"
awk -v reading="$(($(ticks "$reading") - reading_before))" -v whole="$(($(ticks "$whole") - whole_before))" \
    -v appends="$((($(wc -l <"$dir/app.ndjson") - lines) / seconds))" -v all="$((seconds * $(getconf CLK_TCK)))" 'BEGIN {
        printf "%d appends/s into one file: reading thread %.1f %% of a core (asked: at most 3), whole agent %.1f %%\n",
            appends, 100 * reading / all, 100 * whole / all
        exit 100 * reading / all > 3 }'
