#!/usr/bin/env bash
# Copies the shared libraries that a program needs, and that a slim image of the same Debian has not, to the place
# that they have there.   deploy/docker/libraries.sh PROGRAM ROOT
set -euo pipefail
program=$1
root=$2

needed=$(ldd "$program")
if grep 'not found' <<<"$needed" >&2; then exit 1; fi
awk '$2 == "=>" {print $3}' <<<"$needed" | while read -r library; do
    case ${library##*/} in
        # These come with every image, and must fit its loader.
        libc.so.* | libm.so.* | libgcc_s.so.*) continue ;;
    esac
    install -D -m 0644 "$library" "$root/usr/lib/$(basename "$(dirname "$library")")/${library##*/}"
done
