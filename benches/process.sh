#!/usr/bin/env bash
# Measures whole processes: `peering inspect` and `peering generate-token`. Wall time (median) and peak memory.
#
#   benches/process.sh [RUNS]        50 runs, unless told otherwise
#
# Memory is what GNU time reads from the kernel when the child has ended. A child starts with its parent's peak until it
# execs, so the parent must be small: GNU time takes under 2 MB, a shell or a test harness would be what is measured.
# The time holds what the shell takes to start a process at all: see the line of `true`.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-50}
gnu_time=$(command -v time || true)
[ -x "$gnu_time" ] || gnu_time=/usr/bin/time
[ -x "$gnu_time" ] || { echo "GNU time is needed (Debian: apt install time)" >&2; exit 2; }

cargo build --locked --release --bin peering
peering=$(realpath "${CARGO_TARGET_DIR:-target}/release/peering")
PEERING_STATE_DIR=$(mktemp -d)
export PEERING_STATE_DIR
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$PEERING_STATE_DIR"' EXIT

milliseconds() { # COMMAND...: the median of some wall times, in milliseconds
    for ((run = 0; run < runs; run++)); do
        local from=${EPOCHREALTIME/[.,]/}
        "$@" >/dev/null 2>&1
        echo $((${EPOCHREALTIME/[.,]/} - from))
    done | sort -n | awk '{ all[NR] = $1 } END { printf "%.1f", all[int((NR + 1) / 2)] / 1000 }'
}

megabytes() { # COMMAND...: the largest of three peaks
    for run in 1 2 3; do
        "$gnu_time" -f %M -o "$PEERING_STATE_DIR/peak" "$@" >/dev/null 2>&1
        tail -1 "$PEERING_STATE_DIR/peak"
    done | sort -n | awk '{ peak = $1 } END { printf "%.1f", peak / 1024 }'
}

measure() { # WHAT COMMAND...
    local what=$1
    shift
    "$@" >/dev/null # once for the caches, and to fail loudly
    printf '%-36s %6s ms %6s MB\n' "$what" "$(milliseconds "$@")" "$(megabytes "$@")"
}

measure "true (what any process takes)" "$(type -P true)"
measure "inspect, one root" "$peering" inspect @fixtures/tokens/one-server.txt
measure "inspect, two roots" "$peering" inspect @fixtures/tokens/two-roots.txt -format json
measure "validate" "$peering" validate @fixtures/tokens/three-servers.txt -fail-on error -skip address-loopback
measure "generate-token, embedded" "$peering" generate-token -name measured -http-addr=embedded

"$peering" dev -listen 127.0.0.1:0 >"$PEERING_STATE_DIR/listening" 2>/dev/null &
server=$!
until grep -q Listening "$PEERING_STATE_DIR/listening"; do sleep 0.1; done
address=$(sed 's/^Listening on //' "$PEERING_STATE_DIR/listening")
measure "generate-token, http://" "$peering" generate-token -name measured -http-addr="$address"
