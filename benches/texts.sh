#!/usr/bin/env bash
# Measures `peering explain -log` beside `grep -F -f` with the same fragment, and `peering stale -snapshot` beside `gzip -dc`.
# Prints CPU seconds (user and system), the best of three runs in turn, and peak memory.
#
#   benches/texts.sh [MEGABYTES]        the default is 200
#
# One line in a thousand of the log is about a peering. PEERING_BIN is the path of a binary to measure instead.
set -euo pipefail
cd "$(dirname "$0")/.."
megabytes=${1:-200}
if [ -z "${PEERING_BIN:-}" ]; then
    cargo build --locked --release --bin peering --example generate_snapshot
    built=${CARGO_TARGET_DIR:-target}/release
    PEERING_BIN=$built/peering
    generate_snapshot=$built/examples/generate_snapshot
fi
work=$(mktemp -d)
export PEERING_STATE_DIR=$work
trap 'rm -rf "$work"' EXIT
gnu_time=$(command -v time || true)
[ -x "$gnu_time" ] || gnu_time=/usr/bin/time

# grep would stop at the first match if its output were /dev/null.
run() { # WHAT COMMAND...: notes the CPU seconds and the kilobytes of a run
    local what=$1 status=0
    shift
    "$gnu_time" -f '%U %S %M' -o "$work/took" "$@" >"$work/output" 2>"$work/complaints" || status=$?
    if [ "$status" -gt 1 ]; then
        cat "$work/complaints" >&2
        exit 1
    fi
    tail -1 "$work/took" | awk '{ print $1 + $2, $3 }' >>"$work/$what.runs"
}

best() { # WHAT
    sort -n "$work/$1.runs" | head -1
}

report() { # WHAT PEER BYTES
    paste -d ' ' <(best "$1") <(best "$2") | awk -v what="$1" -v peer="$2" -v bytes="$3" \
        '{ printf "%s: %.2f s, %.0f MB/s, %.0f MB of memory; %s: %.2f s; ratio %.2f\n", what, $1, bytes / 1e6 / $1, $2 / 1024, peer, $3, $1 / $3 }'
}

awk -v bytes="$((megabytes * 1000000))" 'BEGIN {
    for (line = 0; written < bytes; line++) {
        time = sprintf("2024-03-05T10:%02d:%02d.%03dZ", line / 60000 % 60, line / 1000 % 60, line % 1000)
        if (line % 1000 == 500)
            text = time " [ERROR] agent.server.peering: error managing peering stream: peer_name=east-" line % 7 " peer_id=11111111-2222-3333-4444-55555555555" line % 7 " error=\"rpc error: code = Unavailable desc = connection error: desc = \\\"transport: Error while dialing: dial tcp 10.0.0.1:8503: connect: connection refused\\\"\""
        else if (line % 3 == 0)
            text = time " [DEBUG] agent.http: Request finished: method=GET url=/v1/health/service/web-" line % 400 "?passing=1 from=10.0." line % 200 ".7:40" line % 100 " latency=" line % 900 ".5us"
        else if (line % 3 == 1)
            text = time " [INFO]  agent.server.serf.lan: serf: EventMemberUpdate: node-" line % 2000 ".example"
        else
            text = time " [WARN]  agent: Check is now critical: check=service:web-" line % 400 "-sidecar-proxy"
        print text
        written += length(text) + 1
    }
}' >"$work/log"
for fold in {p,P}{e,E}{e,E}{r,R}; do echo "$fold"; done >"$work/fragments"
for _ in 1 2 3; do
    run explain-log "$PEERING_BIN" explain -log "$work/log"
    run grep grep -c -F -f "$work/fragments" "$work/log"
done
report explain-log grep "$(wc -c <"$work/log")"
rm "$work/log"

[ -n "${generate_snapshot:-}" ] || exit 0
"$generate_snapshot" "$megabytes" >"$work/snapshot"
sed -n 's/^  "token": "\(.*\)",$/\1/p' fixtures/consul/staleness/cases.json | head -1 >"$work/token"
for _ in 1 2 3; do
    run stale-snapshot "$PEERING_BIN" stale "@$work/token" -snapshot "$work/snapshot"
    # shellcheck disable=SC2016 # the inner shell expands it
    run gzip sh -c 'gzip -dc "$0" >/dev/null' "$work/snapshot"
done
report stale-snapshot gzip "$((megabytes * 1000000))"
