#!/usr/bin/env bash
# Everything that is to be done on a machine with an NVIDIA GPU: tests, compute-sanitizer, measurements, the
# reproduction, and other libraries on the same card. build.sh makes the BUNDLE.
#
#     run.sh [BUNDLE] [--data-dir DIR] [--out DIR] [--without PART,...] [--tiny]
#
#     --data-dir   the folder with the four IDX files of MNIST [default: where xtask looks, else built-in digits]
#     --out        where logs and results go [default: gpu-results]
#     --without    parts to leave out: suites, sanitizer, bench, reproduce, peers
#     --tiny       small sizes, to see that everything works; needs --data-dir with a few thousand images
#
# MINUTIA_CUDA_DRIVER may name another driver than libcuda.so.1. A part that fails hides no other; the summary says what
# became of each, and the exit code is 1 if any failed.
set -uo pipefail

die() {
    echo "error: $*" >&2
    exit 2
}

bundle='' out=gpu-results without=''
data=() tiny=()
while [ $# -gt 0 ]; do
    case $1 in
        --data-dir | --out | --without) [ $# -ge 2 ] || die "$1 needs a value" ;;&
        --data-dir) data=(--data-dir "$(realpath "$2")") && shift ;;
        --out) out=$2 && shift ;;
        --without) without=$2 && shift ;;
        --tiny) tiny=(--tiny) ;;
        -*) die "$1 is no option; they stand at the top of $0" ;;
        *) bundle=$1 ;;
    esac
    shift
done
bundle=$(realpath "${bundle:-$(dirname "$0")}")
[ -x "$bundle/bin/gpu-bench" ] || die "$bundle is no bundle: build.sh makes one"
mkdir -p "$out/logs" || die "$out cannot be made"
out=$(realpath "$out")
export MINUTIA_CUDA_DRIVER=${MINUTIA_CUDA_DRIVER:-libcuda.so.1} MINUTIA_OFFLINE=1
[ ${#tiny[@]} = 0 ] || [ ${#data[@]} != 0 ] || die "--tiny needs --data-dir: the built-in digits are 70,000"

# What a part has to say goes into $detail; it returns 0, SKIPPED, or anything else for a failure.
SKIPPED=77
detail=$out/logs/detail
rows=()
failures=0

# Runs one part: NAME, then the command. Its output goes to a log.
part() {
    local name=$1 start=$SECONDS status outcome log
    shift
    log=$out/logs/${name//[^A-Za-z0-9_.-]/_}.log
    : >"$detail"
    "$@" >"$log" 2>&1
    status=$?
    case $status in
        0) outcome=passed ;;
        "$SKIPPED") outcome=skipped ;;
        *)
            outcome="**failed** ($status)"
            failures=$((failures + 1))
            [ -s "$detail" ] || grep -v '^$' "$log" | tail -n 1 | cut -c 1-160 | tr '|' '/' >"$detail"
            ;;
    esac
    rows+=("| $name | $outcome | $((SECONDS - start)) s | $(tr '\n' ' ' <"$detail") |")
    echo "${rows[-1]}"
}

skip() {
    echo "$*" | tee "$detail"
    return $SKIPPED
}

wanted() { case ",$without," in *",$1,"*) return 1 ;; esac; }

has_python() { command -v python3 >/dev/null; }

# The test executables.
suites() { (cd "$bundle/tests" && find . -type f | sed 's|^\./||' | sort); }

card() {
    has_python || skip "no python3 to ask for the card's limits" || return
    python3 "$bundle/gpu/card.py" "$out/card.json" >"$detail"
}

suite() {
    timeout 3600 "$bundle/tests/$1" --test-threads 1 || return
    # The log is that of the part, which holds nothing else.
    grep -o '[0-9]* passed' "$log" >"$detail"
}

# Installs packages into an environment of their own: NAME, then the packages. Prints its folder.
environment() {
    local folder=$out/venv-$1
    if ! has_python; then return 1; fi
    if [ ! -e "$folder/installed" ]; then
        python3 -m venv "$folder" >&2 &&
            timeout 1800 "$folder/bin/python" -m pip install --quiet --retries 1 "${@:2}" >&2 &&
            touch "$folder/installed" || return
    fi
    echo "$folder"
}

sanitizer_path() {
    local folder candidate
    command -v compute-sanitizer && return
    for candidate in /usr/local/cuda*/bin/compute-sanitizer /opt/cuda/bin/compute-sanitizer; do
        [ -x "$candidate" ] && echo "$candidate" && return
    done
    folder=$(environment sanitizer nvidia-cuda-sanitizer-api) || return
    find "$folder" -path '*/bin/compute-sanitizer' | grep .
}

sanitize() {
    local tool=$1 sanitizer name failed=()
    sanitizer=$(sanitizer_path) || skip "no compute-sanitizer in a CUDA toolkit, and pip cannot install it" || return
    for name in $(suites); do
        echo "-- $name"
        PROPTEST_CASES=16 timeout 3600 "$sanitizer" --tool "$tool" --error-exitcode 99 \
            "$bundle/tests/$name" --test-threads 1 || failed+=("$name ($?)")
    done
    if [ ${#failed[@]} != 0 ]; then
        echo "${failed[*]}" >"$detail"
        return 1
    fi
    echo "$(suites | wc -l) suites without a finding" >"$detail"
}

# Looks for reproduce.toml and repro.lock in the bundle.
xtask() { CARGO_MANIFEST_DIR=$bundle/workspace/xtask timeout 7200 "$bundle/bin/xtask" "$@"; }

# The CPU's own numbers, and the files that all contenders start from.
inputs() {
    local jobs=epoch_s,inverse_step_us,ideal_images_s
    [ ${#tiny[@]} = 0 ] || jobs=inverse_step_us
    xtask bench --jobs $jobs --repeats 3 "${data[@]}" --out "$out/cpu" --json "$out/cpu.json" || return
    echo "this machine's CPU, in cpu.json" >"$detail"
}

bench() {
    local peaks=() arguments=("${tiny[@]}" --json "$out/bench.json")
    [ -d "$out/cpu/inputs" ] && arguments+=(--inputs "$out/cpu/inputs")
    if [ -s "$out/card.json" ]; then
        read -ra peaks < <(sed -n 's/^ *"arguments": "\(.*\)".*/\1/p' "$out/card.json")
    fi
    timeout 7200 "$bundle/bin/gpu-bench" "${arguments[@]}" "${peaks[@]}" >"$out/bench.md"
    local status=$?
    cat "$out/bench.md"
    if [ $status = 0 ]; then echo "all bits are the CPU's" >"$detail"; fi
    return $status
}

# The digest of the trained parameters on a device.
parameters() {
    grep -o '"parameters_sha256": *"[0-9a-f]*' "$out/reproduce-$1/results.json" | grep -o '[0-9a-f]\{16\}' | head -n 1
}

reproduce() {
    local device manifests=("$out"/reproduce-{cuda,cpu}/manifest.json) arguments=(--fresh --no-progress "${data[@]}")
    [ ${#tiny[@]} = 0 ] || arguments=(classifier --epochs 1 "${arguments[@]}")
    for device in cuda cpu; do
        echo "-- $device"
        xtask reproduce "${arguments[@]}" --device $device --out "$out/reproduce-$device" || return
    done
    if ! diff "${manifests[@]}"; then
        echo "files differ; parameters $(parameters cuda) on the GPU, $(parameters cpu) on the CPU" >"$detail"
        return 1
    fi
    {
        echo "$(grep -c : "${manifests[1]}") files are the same as the CPU's; parameters $(parameters cuda);"
        grep 'repro.lock' "$log" | head -n 1
    } >"$detail"
}

# A Python that has a library: the system's, or one in an environment. MODULE, then what pip is asked for.
python_with() {
    local folder
    if python3 -c "import $1" 2>/dev/null; then
        echo python3
    else
        folder=$(environment "$1" "${@:2}") && echo "$folder/bin/python"
    fi
}

# One library: MODULE, its script, what pip is asked for, and a flag for each of its ways.
peer() {
    local python module=$1 script=$2 packages=$3 way status=0
    shift 3
    has_python || skip "no python3" || return
    [ -d "$out/cpu/inputs" ] || skip "the part 'inputs' has left no files to start from" || return
    # shellcheck disable=SC2086 # several packages
    python=$(python_with "$module" numpy $packages) || skip "$packages cannot be installed; is there a network?" || return
    for way in "$@"; do
        timeout 3600 "$python" "$bundle/gpu/$script" "$out/cpu/inputs" "${tiny[@]}" ${way:+"$way"} |
            tee -a "$out/peers.jsonl" || status=1
    done
    if [ $status = 0 ]; then "$python" -c "import $module; print($module.__version__)" >"$detail"; fi
    return $status
}

compare() {
    [ -s "$out/peers.jsonl" ] || skip "there are no peers" || return
    [ -s "$out/bench.json" ] || skip "there are no numbers of ours" || return
    python3 "$bundle/gpu/compare.py" "$out/bench.json" "$out/peers.jsonl" >"$out/peers.md"
    local status=$?
    cat "$out/peers.md"
    [ $status = 0 ] && echo "all losses agree" >"$detail"
    return $status
}

machine() {
    echo "Run on $(date -u +%F) with the driver \`$MINUTIA_CUDA_DRIVER\`."
    sed 's/^/- /' "$bundle/about.txt"
    if command -v nvidia-smi >/dev/null; then
        nvidia-smi --query-gpu=name,driver_version,compute_cap,memory.total,power.limit,clocks.max.sm,clocks.max.mem --format=csv |
            sed 's/^/- /'
    else
        echo "- no nvidia-smi"
    fi
}

rm -f "$out"/{bench.md,bench.json,peers.md,peers.jsonl,card.json}
machine | tee "$out/machine.md"
part card card
if wanted suites; then for name in $(suites); do part "suite $name" suite "$name"; done; fi
if wanted sanitizer; then
    for tool in memcheck racecheck synccheck initcheck; do part "sanitizer $tool" sanitize $tool; done
fi
if wanted bench || wanted peers; then part inputs inputs; fi
if wanted bench; then part bench bench; fi
if wanted reproduce; then part reproduce reproduce; fi
if wanted peers; then
    part "peer torch" peer torch peer_torch.py torch "" --graphs
    part "peer jax" peer jax peer_jax.py "jax[cuda12]" "" --scan
    part compare compare
fi

{
    cat "$out/machine.md"
    printf '\n| part | outcome | time | |\n|---|---|---|---|\n'
    printf '%s\n' "${rows[@]}"
    for file in bench.md peers.md; do
        if [ -s "$out/$file" ]; then
            echo
            cat "$out/$file"
        fi
    done
} >"$out/summary.md"
echo
echo "$failures parts failed. The summary, to be pasted into benches/gpu/RESULTS.md, is $out/summary.md"
[ $failures = 0 ]
