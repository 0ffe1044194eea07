#!/usr/bin/env bash
# Measures whole processes: `peering inspect` and `peering generate-token`. Wall time (median) and peak memory.
#
#   benches/process.sh [RUNS]        the default is 50 runs
#
# GNU time reads the peak memory from the kernel when the child has ended. Until it calls exec, a child has the peak of its
# parent, so the parent must be small: GNU time uses less than 2 MB, a shell or a test harness much more.
# The times include what the shell needs to start any process: compare with the line of `true`.
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

milliseconds() { # COMMAND...: the median wall time, in milliseconds
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
    "$@" >/dev/null # fills the caches, and fails if the command does
    printf '%-36s %6s ms %6s MB\n' "$what" "$(milliseconds "$@")" "$(megabytes "$@")"
}

measure "true (any process)" "$(type -P true)"
measure "inspect, one root" "$peering" inspect @fixtures/tokens/one-server.txt
measure "inspect, two roots" "$peering" inspect @fixtures/tokens/two-roots.txt -format json
measure "validate" "$peering" validate @fixtures/tokens/three-servers.txt -fail-on error -skip address-loopback
measure "generate-token, embedded" "$peering" generate-token -name measured -http-addr=embedded

"$peering" dev -listen 127.0.0.1:0 >"$PEERING_STATE_DIR/listening" 2>/dev/null &
server=$!
until grep -q Listening "$PEERING_STATE_DIR/listening"; do sleep 0.1; done
address=$(sed 's/^Listening on //' "$PEERING_STATE_DIR/listening")
measure "generate-token, http://" "$peering" generate-token -name measured -http-addr="$address"
