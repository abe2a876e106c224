#!/usr/bin/env bash
# Two ranks with one thread each beside one process with two threads, on a batch of 1,000: both train the same model of
# eight shards, in turn, and the medians are compared. Takes Open MPI.
#
#     ranks.sh [--rounds N] [--dataset NAME] [--data-dir DIR] [--tiny]
#
#     --rounds     how often each is run [default: 7]
#     --dataset, --data-dir    as of the example mnist_mpi [default: the built-in digits]
#     --tiny       one round of one epoch, to see that everything works
set -euo pipefail
cd "$(dirname "$0")/../.."

die() {
    echo "error: $*" >&2
    exit 2
}

rounds=7 epochs=4
data=(--dataset digits)
while [ $# -gt 0 ]; do
    case $1 in
        --rounds | --dataset | --data-dir) [ $# -ge 2 ] || die "$1 needs a value" ;;&
        --rounds) rounds=$2 && shift ;;
        --dataset) data=(--dataset "$2") && shift ;;
        --data-dir) data=(--data-dir "$2") && shift ;;
        --tiny) rounds=1 epochs=1 ;;
        *) die "$1 is no option; they stand at the top of $0" ;;
    esac
    shift
done
[[ $rounds =~ ^[1-9][0-9]*$ ]] || die "--rounds is $rounds; it must be a number from 1"

cargo build --quiet --locked --release --package minutia-mpi --example mnist_mpi
example=${CARGO_TARGET_DIR:-target}/release/examples/mnist_mpi
arguments=("${data[@]}" --shards 8 --batch 1000 --epochs "$epochs" --timings)
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# Milliseconds of a step: the median of a run, whose output is in a file.
step() {
    sed -n 's/^median seconds a step: \([0-9.]*\).*/\1/p' "$1" | awk '{ print 1000 * $1 }'
}

# Runs a command and keeps what a step took; both kinds of runs must learn the same.
measure() {
    local name=$1 digest
    shift
    "$@" >"$logs/out" 2>&1 || { cat "$logs/out" >&2; die "$name failed"; }
    step "$logs/out" >>"$logs/$name"
    digest=$(grep -o 'parameters_sha256 .*' "$logs/out")
    [ "${first:=$digest}" = "$digest" ] || die "$name has learned something else: $digest, not $first"
}

# Median, least and most of the numbers in a file.
spread() {
    sort -g "$1" | awk '{ a[NR] = $1 } END { print (a[int((NR + 1) / 2)] + a[int(NR / 2) + 1]) / 2, a[1], a[NR] }'
}

for ((round = 0; round < rounds; round++)); do
    measure ranks mpirun --bind-to none -n 2 "$example" "${arguments[@]}" --threads 1
    measure alone "$example" "${arguments[@]}" --threads 2 --alone
done

read -r ranks least most <<<"$(spread "$logs/ranks")"
printf '%s\n' "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores; medians of $rounds in turn (least to most)"
printf 'two ranks, a thread each:   %.2f ms a step (%.2f to %.2f)\n' "$ranks" "$least" "$most"
read -r alone least most <<<"$(spread "$logs/alone")"
printf 'one process, two threads:   %.2f ms a step (%.2f to %.2f)\n' "$alone" "$least" "$most"
awk -v a="$ranks" -v b="$alone" 'BEGIN { printf "ratio:                      %.3f\n", a / b }'
