#!/usr/bin/env bash
# Builds what run.sh needs into one folder, which is then carried to a machine with an NVIDIA GPU: that machine needs
# no Rust.
#
#     benches/gpu/build.sh [FOLDER]        default: target/gpu-bundle
#
# CARGO_BUILD_JOBS and the like are respected.
set -euo pipefail
cd "$(dirname "$0")/../.."
bundle=${1:-target/gpu-bundle}

# Test executables that ask for a GPU, and those alone.
tensor_tests=(cuda gpu_failures memory random_programs sparse_products steps)

rm -rf "$bundle"
mkdir -p "$bundle"/{bin,gpu,peers,workspace/xtask}

# The executables that a cargo command builds.
executables() {
    cargo "$@" --locked --features cuda --message-format json-render-diagnostics |
        sed -n 's/.*"executable":"\([^"]*\)".*/\1/p'
}

# Copies one without its debugging information: PLACE, then the file.
put() {
    install -D "$2" "$1"
    strip --strip-debug "$1" 2>/dev/null || true
}

tests() {
    local package=$1 file name
    shift
    while read -r file; do
        name=$(basename "$file" | sed 's/-[0-9a-f]\{16\}$//')
        put "$bundle/tests/$package/$name" "$file"
    done < <(executables test --no-run --package "$package" "$@")
}

tests minutia-tensor "${tensor_tests[@]/#/--test=}"
tests minutia-graph --lib
tests minutia --test same_bits
put "$bundle/bin/gpu-bench" "$(executables build --release --package minutia --bench gpu)"
put "$bundle/bin/xtask" "$(executables build --release --package xtask)"

expected=$((${#tensor_tests[@]} + 2))
found=$(find "$bundle/tests" -type f | wc -l)
if [ "$found" != "$expected" ]; then
    echo "error: $found test executables were built, and $expected are expected" >&2
    exit 1
fi

# xtask looks for these in the folder above its own.
cp reproduce.toml repro.lock "$bundle/workspace/"
cp benches/gpu/*.py "$bundle/gpu/"
cp benches/peers/shared.py "$bundle/peers/"
cp benches/gpu/run.sh "$bundle/"

{
    echo "commit: $(git describe --always --dirty 2>/dev/null || echo unknown)"
    echo "compiler: $(rustc --version)"
    echo "target: $(rustc -vV | sed -n 's/^host: //p')"
    if command -v objdump >/dev/null; then
        newest=$(find "$bundle/bin" "$bundle/tests" -type f -exec objdump -T {} + |
            grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
        echo "needs: $newest or newer"
    fi
} >"$bundle/about.txt"
cat "$bundle/about.txt"
echo "$bundle: $(du -sh "$bundle" | cut -f 1). Carry it to the GPU, and run: bash $(basename "$bundle")/run.sh"
