#!/usr/bin/env bash
# Installs the distribution's packages that aep-agent is built with (Debian 12). Quick when all are there.
#   deploy/packages.sh          to build the program
#   deploy/packages.sh tests    also what the tests and checks need
set -euo pipefail

packages=(
    g++ cmake ninja-build pkg-config ccache mold ca-certificates tzdata
    libboost1.81-dev libssl-dev libsimdjson-dev libconcurrentqueue-dev libyaml-cpp-dev prometheus-cpp-dev
    libspdlog-dev libfmt-dev libcli11-dev libhowardhinnant-date-dev libxxhash-dev libre2-dev zlib1g-dev
    liblmdb-dev libzstd-dev
)
if [[ "${1:-}" == tests ]]; then
    packages+=(libgtest-dev libgmock-dev libbenchmark-dev libvalijson-dev rapidjson-dev clang libclang-rt-14-dev clang-format clang-tidy git faketime e2fsprogs mount)
fi

missing=()
for package in "${packages[@]}"; do
    [[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" == installed ]] || missing+=("$package")
done
[[ ${#missing[@]} -eq 0 ]] && exit 0

as_root=()
if [[ $EUID -ne 0 ]]; then
    if ! command -v sudo >/dev/null; then
        printf 'These packages are missing, and installing them needs root or sudo:\n  %s\n' "${missing[*]}" >&2
        printf 'As root:\n  apt-get update && apt-get install -y --no-install-recommends %s\n' "${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi

echo "installing ${#missing[@]} packages: ${missing[*]}" >&2
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" </dev/null; }
for attempt in 1 2 3; do
    if apt update >&2 && apt install --no-install-recommends "${missing[@]}" >&2; then exit 0; fi
    echo "attempt $attempt of 3 to install packages failed" >&2
done
exit 1
