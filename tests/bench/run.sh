#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds release and runs every benchmark, one after the other; about half an hour, most of it spent
# waiting for kubectl. Nothing else should run meanwhile. README.md says what each compares.
#   bash tests/bench/run.sh [PART...]     PART: webhook journal rules run backtest drain scale idle
#   KUBECTL=/path/to/kubectl                another one than that of the PATH
set -euo pipefail
cd "$(dirname "$0")/../.."

build=build/release
bench=$build/tests/bench
parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(webhook journal rules run backtest drain scale idle)
kubectl=${KUBECTL:-$(command -v kubectl || true)}

if [ "$(id -u)" = 0 ] && ! dpkg-query -W libbenchmark-dev > /dev/null 2>&1; then
  apt-get install -y --no-install-recommends libbenchmark-dev > /dev/null
fi

launcher=()
if command -v ccache > /dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
cmake --preset release "${launcher[@]}" > /dev/null
nice ninja -C "$build" -j"${JOBS:-1}" lockkeeper lab_apiserver kubernetes_probe webhook_bench \
  journal_bench rules_bench run_bench backtest_bench

echo "machine: $(nproc) x $(sed -n 's/^model name\s*: //p' /proc/cpuinfo | sort -u | head -n 1)"
for part in "${parts[@]}"; do
  echo
  echo "== $part"
  case $part in
    webhook | journal) "$bench/${part}_bench" ;;
    backtest) "$bench/backtest_bench" config/rules.ini ;;
    rules | run) "$bench/${part}_bench" --benchmark_repetitions=5 \
      --benchmark_report_aggregates_only=true ;;
    drain | scale) python3 "tests/bench/${part}_bench.py" --bin-dir "$build" --kubectl "$kubectl" ;;
    idle) python3 tests/bench/idle_bench.py --bin-dir "$build" ;;
    *) echo "unknown part $part" >&2; exit 2 ;;
  esac
done
