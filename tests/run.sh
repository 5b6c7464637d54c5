#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: tests/run.sh [NAME]
#
# Installs what is missing, builds the release preset, and passes all tests (or those whose name
# matches the expression NAME). The last line is the test runner's own count.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
jobs=$(nproc)
log=$(mktemp)
trap 'rm -f "$log"' EXIT

step() { echo "run: $*"; }
fail() { echo "run: failed: $*" >&2; exit 1; }

cd "$root"
step "installing what is missing"
tests/setup.sh || fail "this machine could not be made ready"
if node=$(tests/conformance/js/node.sh "${XDG_CACHE_HOME:-$HOME/.cache}/lockkeeper-tests"); then
    export PATH="$node:$PATH"
else
    step "no Node 20: the tests with the official JavaScript clients will be skipped"
fi

step "building (preset release, $jobs at a time)"
launcher=()
if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
cmake --preset release "${launcher[@]}" >"$log" || { tail -n 30 "$log"; fail "cmake"; }
cmake --build --preset release -j "$jobs" >"$log" || { tail -n 60 "$log"; fail "the build"; }

step "testing ($jobs at a time)"
status=0
ctest --preset release -j "$jobs" ${1:+-R "$1"} 2>&1 | tee "$log" || status=$?
# ctest says its count before the lists of what was skipped and what failed.
grep -E '^[0-9]+% tests passed, [0-9]+ tests failed out of [0-9]+' "$log" ||
    fail "ctest gave no count"
exit "$status"
