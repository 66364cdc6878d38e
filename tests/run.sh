#!/usr/bin/env bash
# Builds aep-agent and passes all its tests and checks. Installs what it needs; safe to run again.
#   tests/run.sh             release tests, format, rooms, fuzzing, ASan+UBSan of the rooms that take input apart
#   tests/run.sh --thorough  also all other rooms under ASan+UBSan, TSan, clang-tidy: an hour and more on two cores
#   tests/run.sh --quick    release build and tests only
#   tests/run.sh --filter REGEX   only the release tests whose name matches
set -uo pipefail
cd "$(dirname "$0")/.."
# One clone compiles, the next takes it from the cache, wherever it stands.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1

quick=0
thorough=0
filter=.
while [[ $# -gt 0 ]]; do
    case $1 in
        --quick) quick=1 ;;
        --thorough) thorough=1 ;;
        --filter) filter=$2; quick=1; shift ;;
        *) echo "tests/run.sh: unknown option '$1'; known: --quick, --thorough, --filter REGEX" >&2; exit 2 ;;
    esac
    shift
done

passed=0
failed=0
skipped=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

step() { printf '\n=== %s (%d s)\n' "$1" "$SECONDS"; }

# One check that passes or fails as a whole.
check() {
    local name=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        echo "FAILED: $name"
        failed=$((failed + 1))
        return 1
    fi
}

# build PRESET [TARGET...]
build() {
    local preset=$1
    shift
    cmake --preset "$preset" >"$log" 2>&1 &&
        cmake --build --preset "$preset" -j 2 ${1:+--target "$@"} >"$log" 2>&1 && return
    grep -E -A 5 'error:|FAILED|warning:|CMake Error' "$log" | head -n 60
    return 1
}

# Runs the tests of a build and counts each of them.
run_tests() {
    local preset=$1
    shift
    ctest --test-dir "build/$preset" -j 2 --output-on-failure --timeout 600 --no-tests=error "$@" 2>&1 | tee "$log"
    local sums total bad left_out
    left_out=$(grep -c '\*\*\*Skipped' "$log")
    sums=$(grep -oE '[0-9]+ tests failed out of [0-9]+' "$log" | tail -n 1)
    bad=${sums%% *}
    total=${sums##* }
    if [[ -z $sums ]]; then
        failed=$((failed + 1))
    else
        failed=$((failed + bad))
        skipped=$((skipped + left_out))
        passed=$((passed + total - bad - left_out))
    fi
}

check_format() {
    find agent bench tests -name '*.[ch]pp' -print0 | xargs -0 clang-format --dry-run --Werror
}

# clang-tidy over one file; its verdict is kept for as long as nothing that the file includes changes.
tidy_one() {
    local file=$1 key
    key=build/tidy/$({ cat .clang-tidy; g++ -std=c++20 -Iagent -Ibuild/release/agent/generated -MM "$file" 2>/dev/null |
        tr -d '\\:' | tr ' ' '\n' | grep -E '\.[ch]pp$' | sort -u | xargs cat; } | sha256sum | cut -c1-40)
    [[ -e $key ]] && return
    clang-tidy --quiet -p build/release --extra-arg=-Wno-unknown-warning-option "$file" 2>/dev/null && touch "$key"
}
export -f tidy_one

check_tidy() {
    mkdir -p build/tidy
    find agent -name '*.cpp' ! -name '*_impl.cpp' -print0 | xargs -0 -n 1 -P 2 bash -c 'tidy_one "$0"'
}

# The rooms that take apart what comes from outside.
parsing=(base record codec xdm pipeline inlet telemetry)

step "packages"
deploy/packages.sh tests || exit 1

step "release build"
check "release build" build release && { step "release tests"; run_tests release -R "$filter"; }

if [[ $quick -eq 0 ]]; then
    step "format"
    check "clang-format" check_format

    step "address and undefined behaviour"
    check "asan build" build asan "${parsing[@]/%/_test}" && run_tests asan -R "^($(IFS='|'; echo "${parsing[*]}"))\\."

    step "fuzzing"
    check "fuzzing" tests/fuzz/run.sh
fi

if [[ $thorough -eq 1 ]]; then
    step "address and undefined behaviour, everywhere"
    check "asan build" build asan && run_tests asan

    step "threads"
    # The rooms that have threads.
    threaded=(record source store telemetry pipeline delivery http inlet)
    check "tsan build" build tsan "${threaded[@]/%/_test}" && run_tests tsan -R "^($(IFS='|'; echo "${threaded[*]}"))\\."

    step "clang-tidy"
    check "clang-tidy" check_tidy
fi

printf '\n%d s\n%d passed, %d failed, %d skipped\n' "$SECONDS" "$passed" "$failed" "$skipped"
[[ $failed -eq 0 ]]
