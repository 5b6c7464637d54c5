#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# process_view.sh DIR NAME init | root COMMAND...: the private view of the machine in which a node
# without root lives. Runs inside `unshare --user --map-root-user --mount --pid --fork --uts`:
# /etc, /var, /home and the like are the node's own, /usr is the machine's with the node's files
# over it, /proc shows only the node. Then either the node's init, as a user that is not root, or
# one command as the node's root.
set -eu

dir=$1 name=$2 mode=$3
shift 3
root=$dir/root

mount --bind "$root" "$root"
layers="lowerdir=/usr,upperdir=$dir/usr,workdir=$dir/usr-work"
mount -t overlay overlay -o "$layers,userxattr" "$root/usr"
mount -t proc proc "$root/proc"
for device in null zero full random urandom tty; do
    : >>"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
# Also a run by root must not reach the machine itself.
for path in /proc/sys /proc/sysrq-trigger; do
    [ -e "$root$path" ] || continue
    mount --bind "$root$path" "$root$path"
    mount -o remount,bind,ro "$root$path"
done
mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
while read -r _ path _; do
    case $path in
        "$root/sys/fs/cgroup"*) mount -o remount,bind,ro,nosuid,nodev,noexec "$path" ;;
    esac
done </proc/self/mounts
find "$root/run" -mindepth 1 -delete
cat /proc/sys/kernel/random/uuid >"$root/run/boot_id"
mount --bind "$root/run/boot_id" "$root/proc/sys/kernel/random/boot_id"
hostname "$name"
cd "$root"
pivot_root . mnt
umount -l /mnt
cd /

environment="PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8"
# shellcheck disable=SC2086 # the words of the environment are meant to be split
case $mode in
    init) exec env -i $environment PYTHONDONTWRITEBYTECODE=1 \
        unshare --user --map-user=1000 --map-group=1000 python3 /usr/lib/lab/init.py ;;
    root) exec env -i $environment HOME=/root "$@" ;;
esac
