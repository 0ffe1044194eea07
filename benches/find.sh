#!/usr/bin/env bash
# Measures `peering find` on 10,000 files (500 MB) with 50 tokens, against `grep -rF` in the same run.
#
#   benches/find.sh [PROFILE]        the build profile; the default is release
#
# The files are generated from a seed: source code, logs, base64 and binary data. Fails if a token is missed, or if
# something else is found. PEERING_BIN is the path of a binary to measure instead.
set -euo pipefail
cd "$(dirname "$0")/.."
profile=${1:-release}
if [ -z "${PEERING_BIN:-}" ]; then
    cargo build --locked --profile "$profile" --bin peering
    PEERING_BIN=$(realpath "${CARGO_TARGET_DIR:-target}/$profile/peering")
fi
data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT

python3 - "$data" fixtures/tokens <<'PYTHON'
import base64, pathlib, random, sys

FILES, BYTES, TOKENS = 10_000, 500_000_000, 50
target, tokens = pathlib.Path(sys.argv[1]), sorted(pathlib.Path(sys.argv[2]).glob("*.txt"))
tokens = [path.read_text().strip() for path in tokens]
rng = random.Random(16)
words = "let token name value server address peering cluster consul return error match config state if else for in".split()

def code(size):
    lines = ("    " * rng.randrange(4) + " ".join(rng.choices(words, k=rng.randrange(3, 12))) + ";\n" for _ in range(200))
    block = "".join(lines)
    return (block * (size // len(block) + 1))[:size].encode()

def log(size):
    line = lambda: f"2026-11-27T17:31:{rng.randrange(60):02}Z [INFO] agent.server: id={rng.getrandbits(64):x} status={rng.randrange(600)}\n"
    block = "".join(line() for _ in range(200))
    return (block * (size // len(block) + 1))[:size].encode()

def encoded(size):
    text = base64.b64encode(rng.randbytes(size * 3 // 4)).decode()
    return "\n".join(text[at : at + 76] for at in range(0, len(text), 76))[:size].encode()

def binary(size):
    return rng.randbytes(size)

def forms(token):
    again = base64.b64encode(token.encode()).decode()
    wrap = lambda text, width, by: by.join(text[at : at + width] for at in range(0, len(text), width))
    return [
        f"\nTOKEN={token}\n",
        f'\n"token": "{token}",\n',
        "\ntoken: |\n  " + wrap(token, 64, "\n  ") + "\nnext: 1\n",
        "\n# " + wrap(token, 76, "\n# ") + "\n",
        f"\ndata:\n  token: {again}\n",
    ]

planted = set(rng.sample(range(FILES), TOKENS))
number = 0
for index in range(FILES):
    size = BYTES // FILES
    content = rng.choices([code, log, encoded, binary], weights=[6, 2, 1, 1])[0](size)
    if index in planted:
        form = forms(tokens[number % len(tokens)])[number % 5].encode()
        at = rng.randrange(size - len(form))
        content = content[:at] + form + content[at + len(form) :]
        number += 1
    path = target / f"{index % 100:02}" / f"{index}.dat"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
(target.parent / (target.name + ".expected")).write_text("\n".join(sorted(f"{i % 100:02}/{i}.dat" for i in planted)) + "\n")
PYTHON
expected="$data.expected"
trap 'rm -rf "$data" "$expected"' EXIT

cores=$(nproc)
bytes=$(du -sb --apparent-size "$data" | cut -f1)
seconds() { # COMMAND...: the best of five wall times; the first run fills the caches
    for run in 0 1 2 3 4 5; do
        local from=${EPOCHREALTIME/[.,]/}
        "$@" >/dev/null 2>&1 || true
        [ "$run" = 0 ] || echo $((${EPOCHREALTIME/[.,]/} - from))
    done | sort -n | head -1
}

cd "$data"
"$PEERING_BIN" find . -format jsonl | grep -o '^{"path":"[^"]*"' | cut -d'"' -f4 | sort >"$expected.found" || true
if ! diff "$expected" "$expected.found"; then
    echo "FAILED: what was found differs from what was planted" >&2
    rm -f "$expected.found"
    exit 1
fi
rm -f "$expected.found"
find_time=$(seconds "$PEERING_BIN" find .)
grep_time=$(seconds grep -rF eyJDQSI6 .)
awk -v bytes="$bytes" -v cores="$cores" -v find="$find_time" -v grep="$grep_time" 'BEGIN {
    printf "50 of 50 tokens found, and nothing else\n"
    printf "peering find  %7.0f ms  %6.0f MB/s, %.0f MB/s per core of %d\n", find / 1000, bytes / find, bytes / find / cores, cores
    printf "grep -rF      %7.0f ms  %6.0f MB/s\n", grep / 1000, bytes / grep
    printf "ratio         %7.2f\n", find / grep
}'
