#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The Debian system that all nodes of the lab share as the lower layer of their overlays: built
# once with debootstrap, kept in the cache under a name that contains the digest of this very
# file, so that a changed recipe makes a new image. Prints the path of the image on its last line.
# Needs root.
set -eu

cache=${1:?usage: base_image.sh CACHE_DIR}
mirror=${LOCKKEEPER_LAB_MIRROR:-http://deb.debian.org/debian}
suite=bookworm
packages=systemd,systemd-sysv,dbus,openssh-server,sudo,curl,iproute2,procps,ca-certificates,gpg,gpgv

say() { echo "lab image: $*" >&2; }
fail() { say "failed: $*"; exit 1; }

stamp=$(sha256sum "$0" | cut -c1-12)
image=$cache/base-$stamp
mkdir -p "$cache"
exec 9>"$cache/.base.lock"
flock -w 300 9 || fail "another build holds $cache/.base.lock for more than 300s"
if [ -e "$image/.complete" ]; then
    echo "$image"
    exit 0
fi

work=$cache/base-$stamp.building
log=$cache/debootstrap.log
rm -rf "$work"
say "debootstrap $suite into $work (about a minute, log in $log)"
debootstrap --variant=minbase --include="$packages" "$suite" "$work" "$mirror" >"$log" 2>&1 ||
    fail "debootstrap, last line: $(tail -n 1 "$log")"

# A login without a password, the way fleets of servers are kept.
chroot "$work" useradd --create-home --uid 1000 --shell /bin/bash ops
echo 'ops ALL=(ALL) NOPASSWD: ALL' >"$work/etc/sudoers.d/ops"
chmod 0440 "$work/etc/sudoers.d/ops"
install -d -m 0700 -o 1000 -g 1000 "$work/home/ops/.ssh"
cat >"$work/etc/ssh/sshd_config.d/lab.conf" <<'CONF'
HostKey /etc/ssh/ssh_host_ed25519_key
PasswordAuthentication no
PrintMotd no
UseDNS no
CONF
rm -f "$work"/etc/ssh/ssh_host_*

# A node reaches only what the lab serves: no Debian mirror, no timers that would start apt behind
# a test's back.
rm -f "$work/etc/apt/sources.list" "$work"/var/cache/apt/archives/*.deb "$work"/var/cache/apt/*.bin
rm -rf "$work"/var/lib/apt/lists/* "$work/usr/share/doc" "$work/usr/share/man" \
    "$work/usr/share/locale"
mkdir -p "$work/usr/share/man/man1" "$work/etc/apt/keyrings"
: >"$work/etc/resolv.conf"
for unit in apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer \
    dpkg-db-backup.timer systemd-tmpfiles-clean.timer getty.target console-getty.service \
    systemd-logind.service systemd-firstboot.service e2scrub_reap.service; do
    ln -sf /dev/null "$work/etc/systemd/system/$unit"
done
ln -sf /lib/systemd/system/multi-user.target "$work/etc/systemd/system/default.target"

touch "$work/.complete"
mv "$work" "$image"
for old in "$cache"/base-*; do
    # An image that a running lab still stands on stays.
    [ "$old" = "$image" ] || grep -q "$old" /proc/mounts || rm -rf "$old"
done
say "ready: $image ($(du -sh "$image" | cut -f1))"
echo "$image"
