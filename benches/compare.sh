#!/usr/bin/env bash
# Validates one file of tokens with three programs in turn on one core, and with `peering` on two. Prints tokens per second of
# CPU time, and the ratios of the programs in each round: minimum, median and maximum.
#
#   benches/compare.sh [TOKENS] [ROUNDS]        the default is 100000 tokens and 9 rounds
#
# The Go program runs if Go is installed. Everything is pinned to its cores if taskset is installed.
set -euo pipefail
cd "$(dirname "$0")/.."
tokens=${1:-100000}
rounds=${2:-9}

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

seconds() { # COMMAND: wall and CPU seconds. The exit code is 1 because there are findings
    local TIMEFORMAT='%R %U %S'
    { time "$1" >"$work/output" 2>"$work/complaints" || true; } 2>&1 | awk '{ print $1, $2 + $3 }'
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

spread() { # FORMAT: the minimum, median and maximum of the numbers on standard input
    sort -n | awk -v format="$1 $1 $1\n" '{ all[NR] = $1 } END { printf format, all[1], all[int((NR + 1) / 2)], all[NR] }'
}
printf '%-34s %9s %9s %9s\n' "" minimum median maximum
for program in "${programs[@]}"; do
    printf '%-34s ' "$program, tokens/s of CPU time"
    awk -v tokens="$tokens" '{ print tokens / $2 }' "$work/$program.seconds" | spread '%9.0f'
done
ratio() { # WHAT COLUMN A B: how many times the seconds of A those of B are, round by round
    printf '%-34s ' "$1"
    paste -d ' ' "$work/$3.seconds" "$work/$4.seconds" |
        awk -v column="$2" '{ print $(column + 2) / $column }' | spread '%9.2f'
}
if [ -e "$work/go_program.seconds" ]; then
    ratio "one core : Go, CPU time" 2 one_core go_program
fi
ratio "one core : naive, CPU time" 2 one_core naive
ratio "two cores : one core, wall time" 1 two_cores one_core
