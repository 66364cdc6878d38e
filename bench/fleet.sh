#!/usr/bin/env bash
# Many agents, one inlet that takes fewer messages than they have: who gets how much, and is anything lost?
#   bench/fleet.sh [AGENTS] [MESSAGES_PER_SECOND] [SECONDS]
source "$(dirname "$0")/common.sh"
agents=${1:-50} limit=${2:-5000} seconds=${3:-30}
build
dir=$(mktemp -d "$work/fleet.XXXXXX")
pids=()
cleanup() {
    ((${#pids[@]} == 0)) || kill "${pids[@]}" 2>/dev/null || true
    wait
    rm -rf "$dir"
}
trap cleanup EXIT

"$bin/agent/aep-agent" inlet --listen 127.0.0.1:0 --ca-file "$dir/ca.pem" --entities "$dir/entities.ndjson" \
    --limit-messages "$limit" --keep 1 >"$dir/inlet.out" 2>"$dir/inlet.err" &
pids+=($!)
url=$(wait_for_line "$dir/inlet.out" | sed 's/.*"url":"\([^"]*\)".*/\1/')

each=$((limit * seconds / agents))
for ((i = 0; i < agents; ++i)); do
    mkdir "$dir/$i"
    awk -v agent="$i" -v count="$each" 'BEGIN {
        for (n = 0; n < count; ++n)
            printf "{\"_id\":\"a%03d-%07d\",\"timestamp\":\"2026-01-31T12:00:00Z\",\"eventType\":\"web\"}\n", agent, n
    }' >"$dir/$i/events.ndjson"
    write_config "$dir/$i/agent.yaml" "$url" "$dir/ca.pem" "$dir/$i/events.ndjson"
    sed -i "s|state_dir: [^}]*|state_dir: $dir/$i/state|; s|tls: {ca_file|batch: {max_messages: 100}, tls: {ca_file|" \
        "$dir/$i/agent.yaml"
done
start=$(date +%s)
for ((i = 0; i < agents; ++i)); do
    "$bin/agent/aep-agent" run -c "$dir/$i/agent.yaml" 2>"$dir/$i/log" &
    pids+=($!)
done

# Half way, so that no agent has come to its end: how much each has got.
sleep $((seconds / 2))
cut -c9-12 "$dir/entities.ndjson" | sort | uniq -c | awk '{print $1}' | sort -n >"$dir/shares"
echo "$agents agents, $limit messages/s, after $((seconds / 2)) s: messages that each has delivered"
awk '{ value[NR] = $1; sum += $1 }
    END {
        printf "  agents served %d, least %d, lower quarter %d, median %d, upper quarter %d, most %d, all %d\n",
            NR, value[1], value[int((NR + 3) / 4)], value[int((NR + 1) / 2)], value[int((3 * NR + 3) / 4)], value[NR], sum
    }' "$dir/shares"

expected=$((each * agents))
for ((i = 0; i < seconds * 6; ++i)); do
    (($(wc -l <"$dir/entities.ndjson") < expected)) || break
    sleep 1
done
took=$(($(date +%s) - start))
distinct=$(cut -c9-20 "$dir/entities.ndjson" | sort -u | wc -l)
echo "  all: $distinct of $expected messages after $took s ($((distinct / took)) a second), not delivered $((expected - distinct))," \
    "duplicates $(($(wc -l <"$dir/entities.ndjson") - distinct))"
