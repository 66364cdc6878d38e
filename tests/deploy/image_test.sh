#!/usr/bin/env bash
# What the image would hold runs with nothing of the build machine around it: the program, the libraries that
# deploy/docker/libraries.sh chose, and of a Debian only the C library and its loader. Stands in for a build with
# Docker, which tests cannot rely on.   tests/deploy/image_test.sh PROGRAM
set -euo pipefail
here=$(dirname "$0")/../..
program=$1
if [[ $EUID -ne 0 ]]; then
    echo "SKIPPED: chroot needs root"
    exit 77
fi
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

install -D -m 0755 "$program" "$root/usr/bin/aep-agent"
"$here/deploy/docker/libraries.sh" "$program" "$root"
ln -s usr/lib "$root/lib"
ln -s usr/lib64 "$root/lib64"
for base in $(ldd "$program" | grep -oE '/[^ ]+/(libc|libm|libgcc_s|ld-linux[^ ]*)\.so\.[0-9]+'); do
    install -D -m 0755 "$base" "$root/usr$base"
done
chroot "$root" /usr/bin/aep-agent version
# The agent's own configuration for compose.yaml is valid.
install -D "$here/deploy/docker/agent.yaml" "$root/etc/aep-agent/agent.yaml"
install -D -m 0644 /etc/ssl/certs/ca-certificates.crt "$root/certificates/ca.pem"
chroot "$root" /usr/bin/aep-agent check -c /etc/aep-agent
