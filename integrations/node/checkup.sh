# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
#
# What a run would need of a node, for `lockkeeper doctor`: programs, holds, dpkg's peace, a reboot
# that is waited for, free space. Changes nothing. Answers with lines key=value,
# `lockkeeper-checkup 1` first and `end=yes` last. Needs common.sh.
# usage: main

needed_programs="awk flock mktemp sed systemctl tar"
packaged_programs="apt-cache apt-get apt-mark dpkg-query kubeadm kubelet"

lacks() { ! command -v "$1" >/dev/null 2>&1; }

main() {
    echo "lockkeeper-checkup 1"
    programs=$needed_programs
    if lacks k3s; then
        programs="$programs $packaged_programs"
        echo kubeadm=yes
    fi
    for program in $programs; do
        ! lacks "$program" || echo "missing=$program"
    done
    if ! lacks dpkg-query && lacks k3s; then
        held=" $(all_holds | tr '\n' ' ')"
        for package in kubeadm kubelet; do
            case $held in
                *" $package "*) ;;
                *) [ -z "$(installed_version "$package")" ] || echo "unheld=$package" ;;
            esac
        done
        printf 'dpkg=%s\n' "$(dpkg_complaint | one_line)"
    fi
    [ ! -e "$root/var/run/reboot-required" ] || echo reboot=yes
    place=$root/var/lib
    df -P -B1 "$place" 2>/dev/null | awk 'NR == 2 { print "free=" $4 }'
    echo end=yes
}
