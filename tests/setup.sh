#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Installs what the build, the lab and the tests need on a Debian 12 machine. Repeat it freely.
set -eu

here=$(cd "$(dirname "$0")" && pwd)

# The build: the product's libraries, and those of its tests.
"$here/packages.sh" setup cmake g++ git ninja-build pkg-config \
    libboost1.81-dev libcli11-dev libcurl4-openssl-dev libfmt-dev libhowardhinnant-date-dev \
    libinih-dev libre2-dev libspdlog-dev libsqlite3-dev libssh-dev libssl-dev libsystemd-dev \
    libyaml-cpp-dev nlohmann-json3-dev prometheus-cpp-dev zlib1g-dev \
    doctest-dev libbenchmark-dev librapidcheck-dev \
    clang-format-19 gpgv shellcheck sqlite3 tzdata xz-utils
"$here/lab/setup.sh"
