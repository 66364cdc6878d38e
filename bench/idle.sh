#!/usr/bin/env bash
# What many idle files cost: memory of the whole process, and CPU, where none of them was read (`start_at: end`), after a line of
# each was read and delivered, and after a restart.
#   bench/idle.sh [FILES [SECONDS]]
source "$(dirname "$0")/common.sh"
files=${1:-10000} seconds=${2:-20}
settle=5
build
dir=$(mktemp -d "$work/idle.XXXXXX")
agent='' inlet=''
cleanup() {
    for pid in $agent $inlet; do kill "$pid" 2>/dev/null || true; done
    wait
    rm -rf "$dir"
}
trap cleanup EXIT

"$bin/agent/aep-agent" inlet --listen 127.0.0.1:0 --ca-file "$dir/ca.pem" --entities "$dir/entities.ndjson" --keep 1 \
    >"$dir/inlet.out" 2>"$dir/inlet.err" &
inlet=$!
url=$(wait_for_line "$dir/inlet.out" | grep -oE 'https://[^"]+')
mkdir "$dir/logs"
for ((i = 0; i < files; ++i)); do
    echo "{\"_id\":\"file-$i\",\"timestamp\":\"2026-01-31T12:00:00Z\",\"eventType\":\"web\"}" >"$dir/logs/application-$i.log"
done

# wait_until WHAT COMMAND...: until the command succeeds.
wait_until() {
    local what=$1
    shift
    for _ in $(seq 600); do
        ! "$@" || return 0
        sleep 0.1
    done
    echo "waited for $what in vain" >&2
    return 1
}
all_delivered() { (($(wc -l <"$dir/entities.ndjson") >= files)); }
started() { grep -q source_started "$dir/$1.log"; }
value() { awk -v name="$1:" '$1 == name {print $2}' "/proc/$agent/status"; }
ticks() { awk '{print $14 + $15}' "/proc/$agent/stat"; }

failed=0
measure() { # START_AT WORDS
    write_config "$dir/$1.yaml" "$url" "$dir/ca.pem" "$dir/logs/*.log"
    sed -i -e "s|state_dir: .*}|state_dir: $dir/state-$1}|" -e "s|start_at: beginning|start_at: $1|" "$dir/$1.yaml"
    : >"$dir/$1.log"
    "$bin/agent/aep-agent" run -c "$dir/$1.yaml" 2>"$dir/$1.log" &
    agent=$!
    wait_until "the first scan" started "$1"
    [[ $1 == end ]] || wait_until "delivery" all_delivered
    sleep "$settle"
    local before
    before=$(ticks)
    sleep "$seconds"
    awk -v words="$2" -v ticks="$(($(ticks) - before))" -v hertz="$(getconf CLK_TCK)" -v s="$seconds" \
        -v rss="$(value VmRSS)" -v anon="$(value RssAnon)" -v peak="$(value VmHWM)" 'BEGIN {
            printf "%-22s RSS %.1f MiB (%.1f of it anonymous, peak %.1f), %.2f %% of a core\n",
                words, rss / 1024, anon / 1024, peak / 1024, 100 * ticks / hertz / s
            exit rss > 40 * 1024 || ticks > hertz * s / 100 }' || failed=1
    kill "$agent"
    wait "$agent"
    agent=''
}

echo "$files idle files; asked: at most 40 MiB and 1 % of a core"
measure end "none of them read:"
measure beginning "each was read once:"
measure beginning "after a restart:"
exit "$failed"
