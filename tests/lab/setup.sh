#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Brings a Debian 12 machine to the point where the lab can run: installs the packages that are
# missing (no service is started or left enabled) and, as root, makes the image that the nodes
# share. Repeat it freely: it takes a second when there is nothing to do. Without root it only
# says what is missing.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
packages="apt-utils ca-certificates curl debootstrap dpkg-dev gnupg gpgv iproute2 openssh-client
    openssh-server openssl procps prometheus prometheus-alertmanager prometheus-pushgateway python3
    systemd-container util-linux"
policy=/usr/sbin/policy-rc.d

say() { echo "lab setup: $*"; }
fail() { echo "lab setup: failed: $*" >&2; exit 1; }

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

list_missing() {
    for package in $packages; do
        is_installed "$package" || echo "$package"
    done
    # Debian's client owns /usr/bin/kubectl, so it must never be put beside another package's.
    command -v kubectl >/dev/null || echo kubernetes-client
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
        timeout 600 apt-get -o DPkg::Lock::Timeout=120 $command >"$log" 2>&1 ||
            fail "apt-get $command: $(grep '^E:' "$log" | head -n 1)"
    done
    rm -f "$log"
    disable_services "$@"
}

# What was installed for the lab must not start by itself when this machine boots.
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

[ -e /etc/debian_version ] || fail "this is not Debian: the lab is made for Debian 12"
# shellcheck disable=SC2046 # one word per package
set -- $(list_missing)
if [ $# -gt 0 ]; then
    [ "$(id -u)" = 0 ] || fail "missing: $*; as root: apt-get install --no-install-recommends $*"
    say "installing: $*"
    install_missing "$@"
fi
say "packages are there"
if [ "$(id -u)" = 0 ]; then
    cache=${LOCKKEEPER_LAB_CACHE:-/var/cache/lockkeeper-lab}
    image=$("$here/base_image.sh" "$cache") || fail "no image for the nodes"
    say "image of the nodes: $image"
else
    say "not root: the lab will run its nodes as processes of this user"
fi
