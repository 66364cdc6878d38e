#!/usr/bin/env bash
# Builds the fuzz targets with clang under ASan and UBSan and runs each for AEP_AGENT_FUZZ_SECONDS (default 60),
# from seeds here and what earlier runs found in build/fuzz.   tests/fuzz/run.sh [TARGET...]
set -euo pipefail
cd "$(dirname "$0")/../.."

work=build/fuzz
mkdir -p "$work"
flags=(-std=c++20 -O1 -g1 -Iagent -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined
    -fno-sanitize=function -fno-sanitize-recover=all -Wno-unknown-warning-option)

# Only what checks records: the rest of the agent stays out, so that this builds in a minute.
sources=(agent/base/{json_text,result,suggest,utf8}.cpp
    agent/xdm/{descriptors,field_search,json,json_pointer,keywords,meta_schemas,number,pattern,plan,report}.cpp
    agent/xdm/{required_paths,schema,schema_compiler,schema_index,schema_keywords,schema_objects}.cpp
    agent/xdm/{text_format,timestamp,uri,validator,value_hash,violation_text}.cpp)

launcher=()
if command -v ccache >/dev/null; then launcher=(ccache); fi
compile() {
    local source=$1 object=$2
    "${launcher[@]}" clang++ "${flags[@]}" -c "$source" -o "$object"
}
export -f compile

targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || targets=(fuzz_schema fuzz_record)

objects=()
running=0
for source in "${sources[@]}" "${targets[@]/#/tests/fuzz/}"; do
    [[ $source == *.cpp ]] || source+=.cpp
    object=$work/$(echo "$source" | tr / _).o
    objects+=("$object")
    compile "$source" "$object" &
    running=$((running + 1))
    if [[ $running -ge 2 ]]; then wait -n; running=$((running - 1)); fi
done
for _ in $(seq "$running"); do wait -n; done

shared=()
for object in "${objects[@]}"; do [[ $object == *tests_fuzz_* ]] || shared+=("$object"); done
for target in "${targets[@]}"; do
    clang++ -fsanitize=fuzzer,address,undefined "$work/tests_fuzz_$target.cpp.o" "${shared[@]}" -o "$work/$target" \
        -lsimdjson -lre2 -lfmt -ldate-tz -lxxhash
    mkdir -p "$work/corpus_$target" "$work/seeds_$target"
    # Seeds as text: one file each, the zero byte between schema and record written as a line of its own.
    for seed in tests/fuzz/seeds/*.txt; do
        if [[ $target == fuzz_schema ]]; then
            sed '/^---$/,$d' "$seed" >"$work/seeds_$target/$(basename "$seed")"
        else
            sed 's/^---$/\x0/' "$seed" >"$work/seeds_$target/$(basename "$seed")"
        fi
    done
    "$work/$target" -max_total_time="${AEP_AGENT_FUZZ_SECONDS:-60}" -max_len=4096 -timeout=20 -rss_limit_mb=2048 \
        -dict=tests/fuzz/schema.dict -artifact_prefix="$work/" -print_funcs=0 -verbosity=0 \
        "$work/corpus_$target" "$work/seeds_$target"
    echo "$target: $(find "$work/corpus_$target" -type f | wc -l) inputs kept, no fault found"
done
