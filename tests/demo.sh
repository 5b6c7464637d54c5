#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: tests/demo.sh [systemd|process]
#
# Installs what is missing, builds the bot and the lab, and takes a five-node cluster from 1.34.2 to
# 1.34.7 while a real Prometheus alert holds it up. Nothing is left running. The nodes are small
# Debian systems under systemd if that works here, else processes.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
log=$(mktemp)
trap 'rm -f "$log"' EXIT

step() { echo "demo: $*"; }
fail() { echo "demo: failed: $*" >&2; exit 1; }

cd "$root"
step "installing what is missing"
tests/setup.sh || fail "this machine could not be made ready"
step "building the bot and the lab (preset release, $(nproc) at a time)"
launcher=()
if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
cmake --preset release "${launcher[@]}" >"$log" || { tail -n 30 "$log"; fail "cmake"; }
cmake --build --preset release -j "$(nproc)" --target lockkeeper lab_apiserver >"$log" ||
    { tail -n 60 "$log"; fail "the build"; }
python3 tests/e2e/demo.py --bin-dir build/release --kind "${1:-auto}"
