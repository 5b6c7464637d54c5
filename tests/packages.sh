#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# usage: packages.sh WHO PACKAGE...
#
# Installs those Debian packages that are missing; needs root only if there are any. No service is
# started, and none of those below will start by itself when the machine boots. WHO begins each
# line.
set -eu

who=$1
shift
policy=/usr/sbin/policy-rc.d

say() { echo "$who: $*"; }
fail() { echo "$who: failed: $*" >&2; exit 1; }

is_installed() {
    case $1 in
        # Debian's client owns /usr/bin/kubectl, so it must never be put beside another package's.
        kubernetes-client) command -v kubectl >/dev/null ;;
        *) [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] ;;
    esac
}

list_missing() {
    for package in "$@"; do
        is_installed "$package" || echo "$package"
    done
}

install_missing() {
    export DEBIAN_FRONTEND=noninteractive
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 0755 "$policy"
        trap 'rm -f "$policy"' EXIT
    fi
    log=$(mktemp)
    for command in "update -q" "install -q -y --no-install-recommends $*"; do
        # shellcheck disable=SC2086 # the words of the command are meant to be split
        timeout 900 apt-get -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 $command \
            >"$log" 2>&1 || fail "apt-get $command: $(grep '^E:' "$log" | head -n 1)"
    done
    rm -f "$log"
}

disable_services() {
    for package in "$@"; do
        case $package in
            openssh-server) unit=ssh ;;
            prometheus*) unit=$package ;;
            *) continue ;;
        esac
        systemctl disable "$unit" >/dev/null 2>&1 || true
    done
}

[ -e /etc/debian_version ] || fail "this is not Debian: made for Debian 12"
# shellcheck disable=SC2046 # one word per package
set -- $(list_missing "$@")
if [ $# -gt 0 ]; then
    [ "$(id -u)" = 0 ] || fail "missing: $*; as root: apt-get install --no-install-recommends $*"
    say "installing: $*"
    install_missing "$@"
    disable_services "$@"
fi
say "packages are there"
