#!/usr/bin/env bash
# The systemd unit is one that systemd understands, and as hardened as it says.   tests/deploy/systemd_test.sh PROGRAM
set -euo pipefail
unit=$(dirname "$0")/../../deploy/systemd/aep-agent.service
program=$(realpath "$1")
if ! command -v systemd-analyze >/dev/null; then
    echo "SKIPPED: systemd-analyze is not installed"
    exit 77
fi
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

# verify wants programs that exist.
sed "s|/usr/bin/aep-agent|$program|g" "$unit" >"$directory/aep-agent.service"
said=$(systemd-analyze verify --man=no "$directory/aep-agent.service" 2>&1) || { echo "$said"; exit 1; }
[[ -z $said ]] || { echo "$said"; exit 1; }

claimed=$(grep -oP 'gives it \K[0-9.]+' "$unit")
version=$(systemd-analyze --version | head -n 1)
measured=$(systemd-analyze security --offline=true "$directory/aep-agent.service" | grep -oP 'Overall exposure level.*: \K[0-9.]+')
[[ $measured == "$claimed" || $version != "systemd 252"* ]] || { echo "it says $claimed, $version measures $measured"; exit 1; }
echo "understood; exposure $measured by $version"
