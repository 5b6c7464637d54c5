#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Runs one node: node_loop.sh CGROUP COMMAND... starts the command, and again each time it ends
# with 133, which is how a node says that it reboots. SIGTERM is passed on and means an orderly
# shutdown. With a CGROUP other than `-` the node first gets a control group of its own in each
# hierarchy that systemd uses, or several nodes would share one.
set -u

cgroup=$1
shift
if [ "$cgroup" != - ]; then
    while read -r _ where kind options _; do
        case $kind,$options in
            cgroup2,* | cgroup,*name=systemd*)
                mkdir -p "$where/$cgroup"
                echo $$ >"$where/$cgroup/cgroup.procs" || exit 1 ;;
        esac
    done </proc/mounts
fi

child=
ending=
trap 'ending=1; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM INT

while [ -z "$ending" ]; do
    "$@" </dev/null &
    child=$!
    [ -z "$ending" ] || kill -TERM "$child"
    # A trapped signal ends `wait` early: go on until the child is really gone.
    while :; do
        wait "$child"
        status=$?
        kill -0 "$child" 2>/dev/null || break
    done
    [ "$status" = 133 ] || exit "$status"
    echo "node_loop: reboot"
done
