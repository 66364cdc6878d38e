# Sourced by the scripts here: builds, makes the data set, writes a configuration.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$root/build/bench
bin=$root/build/release
mkdir -p "$work"

build() {
    "$root/deploy/packages.sh"
    cmake --preset release -S "$root" -DAEP_AGENT_BENCH=ON >"$work/build.log" 2>&1 &&
        cmake --build "$bin" --target aep-agent bench_append bench_dataset bench_sink bench_floor bench_launch >>"$work/build.log" 2>&1 ||
        { tail -n 40 "$work/build.log" >&2; exit 1; }
}

# make_dataset RECORDS: prints the file's name; made once.
make_dataset() {
    local file=$work/events-$1.ndjson
    if [[ ! -e $file ]]; then
        "$bin/bench/bench_dataset" "$1" >"$file.new"
        mv "$file.new" "$file"
    fi
    echo "$file"
}

# write_config FILE URL CA_FILE [FILE_TO_TAIL]
write_config() {
    local sources=""
    [[ -n ${4:-} ]] && sources="sources:
  - {id: bench, type: file, include: ['$4'], start_at: beginning, stream: events}"
    cat >"$1" <<YAML
agent: {state_dir: $work/state}
platforms:
  - id: main
    org_id: 0123456789ABCDEF01234567@AdobeOrg
    limits: {requests_per_second: unlimited, messages_per_second: unlimited}
$sources
streams:
  - id: events
    kind: experience_event
    schema: {id: 'https://ns.adobe.com/acme/schemas/0123456789abcdef0123456789abcdef'}
    dataset_id: 5e30d7986c0cc218a85cee65
    flow_id: 69f188b6-af07-4587-8061-e94d34637b41
    source_name: bench
    destination: inlet
destinations:
  - {id: inlet, platform: main, url: '$2', tls: {ca_file: $3}}
telemetry: {listen: 'off'}
YAML
}

# wait_for_line FILE: prints the file's first line once there is one.
wait_for_line() {
    local line
    for _ in $(seq 200); do
        if read -r line <"$1" 2>/dev/null && [[ -n $line ]]; then
            echo "$line"
            return
        fi
        sleep 0.05
    done
    echo "nothing came from $1" >&2
    return 1
}
