#!/usr/bin/env bash
# A training step of two machines beside the prediction of the example `scaling`: two network namespaces, joined by a link
# that carries so many Mbit/s in each direction, are the machines; Open MPI starts a rank on each and talks TCP.
#
#   benches/mpi/shaped.sh [RATE...]        rates in Mbit/s, 100 and 1000 unless given
#
# Needs root on Linux, two cores that nobody else uses, Open MPI as `.ci/mpi` installs it, and of Debian's packages iproute2 and
# util-linux. All that it changes lies in namespaces of its own, which end with it.
#
# MINUTIA_MPI_FLAGS are handed to mpirun. Unless given, they say two things. A message is sent, and not fetched: by default Open
# MPI's receivers ask for each piece of it, behind what they send themselves, so that a full-duplex link is half idle. And a rank
# that waits leaves its core to the kernel, which has the link's work to do on the same cores.
set -euo pipefail
cd "$(dirname "$0")/../.."

# Bytes of a full Ethernet frame, and what TCP carries in it.
readonly frame=1514 payload=1448
readonly mnist=target/release/examples/mnist_mpi scaling=target/release/examples/scaling

if [ -z "${MINUTIA_MPI_INSIDE:-}" ]; then
    [ "$(id -u)" = 0 ] || { echo "needs root, for namespaces of the network" >&2; exit 1; }
    for tool in ip mpirun nsenter tc unshare; do
        command -v "$tool" >/dev/null || { echo "needs $tool" >&2; exit 1; }
    done
    cargo build --release --quiet -p minutia-mpi --example mnist_mpi --example scaling
    MINUTIA_MPI_INSIDE=1 exec unshare --net --uts -- "$0" "$@"
fi

work=$(mktemp -d)
unshare --net --uts -- sleep infinity &
other=$!
trap 'kill "$other"; rm -rf "$work"' EXIT
while [ "$(readlink "/proc/$other/ns/net")" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
there() { nsenter --target "$other" --net --uts -- "$@"; }

# Two machines and their link.
hostname first
there hostname second
ip link add wire type veth peer name wire netns "$other"
ip address add 10.0.0.1/24 dev wire
there ip address add 10.0.0.2/24 dev wire
for side in "" there; do
    $side ip link set lo up
    $side ip link set wire up
done

# mpirun reaches the second machine by this in place of ssh.
cat >"$work/agent" <<END
#!/bin/sh
shift
exec nsenter --target $other --net --uts -- sh -c "\$*"
END
chmod +x "$work/agent"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
machines=(--host "10.0.0.1:1,10.0.0.2:1" --mca plm_rsh_agent "$work/agent" --mca oob_tcp_if_include wire
    --mca btl tcp,self --mca btl_tcp_if_include wire)

# As in the measured costs.
shards=8 batch=256
arguments=(--dataset digits --shards $shards --batch $batch --threads 1 --timings)
parameters=238510
# Of an epoch: 55,000 images.
steps=$((55000 / batch))

# Runs some epochs and prints the medians in seconds: step, gradients, reduction, update, gather.
medians() {
    "$@" | sed -nE 's/^median seconds a step: ([0-9.]+) \(gradients ([0-9.]+), reduction ([0-9.]+), update ([0-9.]+), gather ([0-9.]+)\)$/\1 \2 \3 \4 \5/p'
}
# What TCP has carried out of the first machine: all bytes of its packets but the headers.
sent() { awk '$1 == "wire:" { print $10 - 66 * $11 }' /proc/net/dev; }
of() { awk "BEGIN { printf \"%.6g\", $1 }"; }

# Costs without a network.
read -r -a costs < <("$scaling" --measure 300 --threads 1)
echo "costs on $(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -n 1): ${costs[*]}"
echo
echo "| Mbit/s | | step, ms | gradients | reduction | update | gather | KB sent |"
echo "|---|---|---|---|---|---|---|---|"
row="| %s | %s | %.2f | %.2f | %.2f | %.2f | %.2f | %.1f |\n"
[ $# -gt 0 ] || set -- 100 1000
for rate in "$@"; do
    for side in "" there; do
        $side tc qdisc replace dev wire root tbf rate "${rate}mbit" burst 16kb latency 50ms
    done
    # shellcheck disable=SC2206  # Several words on purpose.
    run=(mpirun -n 2 --bind-to none "${machines[@]}" ${MINUTIA_MPI_FLAGS---mca btl_tcp_flags 1 --mca mpi_yield_when_idle 1} "$mnist" "${arguments[@]}")
    before=$(sent)
    medians "${run[@]}" --epochs 0 >/dev/null
    between=$(sent)
    measured=$(medians "${run[@]}" --epochs 1)
    # An epoch of steps, and little else.
    kilobytes=$(of "($(sent) - 2 * $between + $before) / $steps / 1e3")
    awk -v row="$row" -v rate="$rate" -v sent="$kilobytes" \
        '{ printf row, rate, "measured", $1 * 1e3, $2 * 1e3, $3 * 1e3, $4 * 1e3, $5 * 1e3, sent }' <<<"$measured"
    "$scaling" --shards $shards --ranks 2 "${costs[@]}" --latency-us 20 --gbit "$(of "$rate / 1e3 * $payload / $frame")" |
        awk -v row="$row" -v rate="$rate" -v sent="$(of "4 * ($parameters + 1) / 1e3")" \
            '$1 == 2 { printf row, rate, "predicted", 1e3 / $2, $5, $6, $7, $8, sent }'
done
