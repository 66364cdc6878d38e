#!/usr/bin/env bash
# Memory against an inlet that takes requests and never answers, with 2 GiB of input waiting.
#   bench/rss.sh [SECONDS]
source "$(dirname "$0")/common.sh"
seconds=${1:-20}
limit_mib=32
allowed_mib=$((limit_mib + 16))

build
data=$(make_dataset 3400000)
rm -f "$work/inlet.json"
"$bin/agent/aep-agent" inlet --listen 127.0.0.1:0 --ca-file "$work/inlet-ca.pem" --fault stall \
    >"$work/inlet.json" 2>"$work/inlet.log" &
inlet=$!
agent=
trap 'kill -9 $inlet $agent 2>/dev/null' EXIT
url=$(wait_for_line "$work/inlet.json" | grep -oE 'https://[^"]+')
write_config "$work/rss.yaml" "$url" "$work/inlet-ca.pem" "$data"

"$bin/agent/aep-agent" run -c "$work/rss.yaml" 2>"$work/agent.log" &
agent=$!
for _ in $(seq "$seconds"); do
    sleep 1
    kill -0 "$agent" || { tail -n 5 "$work/agent.log" >&2; exit 1; }
done
peak_kib=$(awk '/VmHWM/ {print $2}' "/proc/$agent/status")
awk -v p="$peak_kib" -v l="$limit_mib" -v a="$allowed_mib" -v s="$seconds" 'BEGIN {
    printf "peak RSS after %d s: %.1f MiB; memory_limit %d MiB, promised at most %d MiB\n", s, p / 1024, l, a
    exit p / 1024 > a }'
