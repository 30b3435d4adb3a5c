# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts beside it: the tree's top, and long steps that show that they live.
set -eu
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=${GODWIT_BUILD:-$top/build}
jobs=$(nproc)

# step LABEL LOG CMD...: runs CMD with its output in LOG; says what, how long and how it ended.
step() {
    local label=$1 log=$2 rc=0 start=$SECONDS last=0 pid
    shift 2
    mkdir -p "$(dirname "$log")"
    printf '%s: %s ...\n' "${0##*/}" "$label"
    "$@" </dev/null >"$log" 2>&1 &
    pid=$!
    while kill -0 $pid 2>/dev/null; do
        sleep 0.5
        if [ $((SECONDS - start - last)) -ge 30 ]; then
            last=$((SECONDS - start))
            printf '%s:   %d s: %s\n' "${0##*/}" $last "$(tail -n 1 "$log" | cut -c1-100)"
        fi
    done
    wait $pid || rc=$?
    if [ $rc -eq 0 ]; then
        printf '%s: %s: done in %d s\n' "${0##*/}" "$label" $((SECONDS - start))
    else
        printf '%s: %s: FAILED (status %d) after %d s; the end of %s:\n' "${0##*/}" "$label" $rc \
            $((SECONDS - start)) "$log"
        tail -n 40 "$log"
    fi
    return $rc
}

need_root() {
    if [ "$(id -u)" -ne 0 ]; then
        echo "${0##*/}: this needs root (packages, network namespaces)" >&2
        exit 1
    fi
}
