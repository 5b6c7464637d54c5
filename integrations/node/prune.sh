# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
#
# Removes what kubeadm leaves behind at every upgrade: copies of etcd's data and of the manifests,
# which have filled root disks. Only folders of three known names, only old ones, never the newest.
# Needs common.sh.
# usage: main --older-than MINUTES --keep COUNT

main() {
    minutes='' keep=''
    while [ $# -gt 0 ]; do
        case $1 in
            --older-than) minutes=$2 ;;
            --keep) keep=$2 ;;
            *) fail "unknown argument $1" ;;
        esac
        shift 2
    done
    echo "$minutes $keep" | grep -Eq '^[0-9]+ [0-9]+$' ||
        fail "'$minutes' and '$keep' are not numbers"
    folder=$root/etc/kubernetes/tmp
    before=$(used_bytes)
    removed=0
    for prefix in kubeadm-backup-etcd- kubeadm-backup-manifests- kubeadm-kubelet-config; do
        prune_prefix "$prefix"
    done
    note pruned "$removed"
    say "removed $removed of kubeadm's old copies, $((before - $(used_bytes))) bytes"
}

used_bytes() { if [ -d "$folder" ]; then du -s -B1 "$folder" | cut -f1; else echo 0; fi; }

# Newest first by their own times; -type d leaves links alone, and rm does not leave the disk.
prune_prefix() {
    [ -d "$folder" ] || return 0
    list=$(find "$folder" -mindepth 1 -maxdepth 1 -type d -name "$1*" -printf '%T@ %p\n' |
        sort -rn | tail -n "+$((keep + 1))" | cut -d' ' -f2-)
    [ -n "$list" ] || return 0
    old_ifs=$IFS
    IFS='
'
    for candidate in $list; do
        [ -n "$(find "$candidate" -maxdepth 0 -mmin "+$minutes")" ] || continue
        rm -rf --one-file-system "$candidate"
        say "removed $candidate"
        removed=$((removed + 1))
    done
    IFS=$old_ifs
}
