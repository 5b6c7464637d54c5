#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Brings a Debian 12 machine to the point where the lab can run: installs the packages that are
# missing and, as root, makes the image that the nodes share. Repeat it freely: it takes a second
# when there is nothing to do. Without root it only says what is missing.
set -eu

here=$(cd "$(dirname "$0")" && pwd)

say() { echo "lab setup: $*"; }

"$here/../packages.sh" "lab setup" apt-utils ca-certificates curl debootstrap dpkg-dev gnupg gpgv \
    iproute2 kubernetes-client openssh-client openssh-server openssl procps prometheus \
    prometheus-alertmanager prometheus-pushgateway python3 systemd-container util-linux
if [ "$(id -u)" = 0 ]; then
    cache=${LOCKKEEPER_LAB_CACHE:-/var/cache/lockkeeper-lab}
    image=$("$here/base_image.sh" "$cache") || { say "failed: no image for the nodes" >&2; exit 1; }
    say "image of the nodes: $image"
else
    say "not root: the lab will run its nodes as processes of this user"
fi
