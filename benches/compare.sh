#!/usr/bin/env bash
# Validates one file of tokens with three programs in turn on one core, and with `peering` on two: tokens per second, medians.
#
#   benches/compare.sh [TOKENS] [ROUNDS]        the default is 100000 tokens and 5 rounds
#
# The Go program runs if Go is installed. Everything is pinned to its cores if taskset is installed.
set -euo pipefail
cd "$(dirname "$0")/.."
tokens=${1:-100000}
rounds=${2:-5}

cargo build --locked --release --bin peering --example generate_batch --example naive
built=${CARGO_TARGET_DIR:-target}/release
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$built/examples/generate_batch" "$tokens" >"$work/tokens"
echo "$tokens tokens, $(($(wc -c <"$work/tokens") / tokens)) bytes each including the line end; $rounds rounds"

on() { # CPUS COMMAND...
    local cpus=$1
    shift
    if command -v taskset >/dev/null; then taskset -c "$cpus" "$@"; else "$@"; fi
}

go_program() { GOMAXPROCS=1 on 0 "$work/go" "$work/tokens"; }
naive() { on 0 "$built/examples/naive" "$work/tokens"; }
peering() { # CPUS JOBS
    on "$1" "$built/peering" validate -batch "$work/tokens" -format jsonl -jobs "$2" -now 2026-12-01
}
one_core() { peering 0 1; }
two_cores() { peering 0,1 2; }

programs=(naive one_core two_cores)
if command -v go >/dev/null; then
    GO111MODULE=off go build -o "$work/go" benches/baseline/main.go
    programs=(go_program "${programs[@]}")
fi

seconds() { # COMMAND: wall seconds. The exit code is 1 because there are findings
    local TIMEFORMAT=%R
    { time "$1" >"$work/output" 2>"$work/complaints" || true; } 2>&1
}

# In turn, round by round, so that other load of the machine affects all of them.
for ((round = 0; round <= rounds; round++)); do
    for program in "${programs[@]}"; do
        took=$(seconds "$program")
        if [ -s "$work/complaints" ]; then
            cat "$work/complaints" >&2
            exit 1
        fi
        # The first round warms up.
        ((round == 0)) || echo "$took" >>"$work/$program.seconds"
    done
done

rate() { # PROGRAM: tokens per second, the median
    sort -n "$work/$1.seconds" | awk -v tokens="$tokens" '{ all[NR] = $1 } END { print tokens / all[int((NR + 1) / 2)] }'
}

for program in "${programs[@]}"; do
    printf '%-12s %10.0f tokens/s\n' "$program" "$(rate "$program")"
done
ratio() { # WHAT A B
    printf '%-28s %6.2f\n' "$1" "$(awk -v a="$(rate "$2")" -v b="$(rate "$3")" 'BEGIN { print a / b }')"
}
ratio "one core : naive" one_core naive
ratio "two cores : one core" two_cores one_core
if [ -e "$work/go_program.seconds" ]; then
    ratio "one core : Go" one_core go_program
fi
