#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Stands in for the programs of a node in the unit tests of its scripts: linked under each of their
# names. The node is the folder $LOCKKEEPER_ROOT; what the programs know is in its folder `fake`:
# installed/NAME (version), available (lines "NAME VERSION"), holds, unit/NAME/PROPERTY, and
# switches that make something go wrong. Every call is a line in `calls`.
set -u
fake=$LOCKKEEPER_ROOT/fake
name=$(basename "$0")
printf '%s %s\n' "$name" "$*" >>"$fake/calls"

on() { [ -e "$fake/$1" ]; }
has() { cat "$fake/installed/$1" 2>/dev/null; }
release_of() { has "$1" | sed 's/-.*//'; }
held() { grep -Fxq "$1" "$fake/holds"; }

install_one() {
    package=${1%%=*} version=${1#*=}
    grep -Fxq "$package $version" "$fake/available" || {
        echo "E: Version '$version' for '$package' was not found"
        exit 100
    }
    if held "$package"; then
        echo "E: Held packages were changed and -y was used without --allow-change-held-packages."
        exit 100
    fi
    if [ $simulate = yes ]; then
        echo "Inst $package [$(has "$package")] ($version Kubernetes [amd64])"
        return
    fi
    ! on "killed-at-$package" || kill -9 "$(cat "$fake/script.pid")"
    if on "broken-$package"; then
        echo "E: Sub-process /usr/bin/dpkg returned an error code (1)"
        exit 100
    fi
    echo "$version" >"$fake/installed/$package"
}

apt_get() {
    simulate=no command=
    while [ $# -gt 0 ]; do
        case $1 in
            -o) shift ;;
            -s) simulate=yes ;;
            -*) ;;
            *=*) install_one "$1" ;;
            *) command=$1 ;;
        esac
        shift
    done
    case $command in
        update)
            if on locks && [ "$(cat "$fake/locks")" -gt 0 ]; then
                echo $(($(cat "$fake/locks") - 1)) >"$fake/locks"
                echo "E: Could not get lock /var/lib/apt/lists/lock." \
                    "It is held by process 99 (apt-get)"
                exit 100
            fi
            if on update-fails; then cat "$fake/update-fails"; exit 100; fi
            ;;
        install) [ $simulate = no ] || ! on simulated || cat "$fake/simulated" ;;
    esac
}

apt_mark() {
    case $1 in
        hold)
            if on hold-fails; then echo "E: dpkg frontend lock is locked"; exit 100; fi
            { cat "$fake/holds"; echo "$2"; } | sort -u >"$fake/holds.new"
            mv "$fake/holds.new" "$fake/holds"
            ;;
        unhold)
            grep -Fxv "$2" "$fake/holds" >"$fake/holds.new"
            mv "$fake/holds.new" "$fake/holds"
            ;;
    esac
}

manifest() {
    printf 'spec:\n  containers:\n  - command:\n    image: registry.k8s.io/%s:v%s\n' "$1" "$2" \
        >"$LOCKKEEPER_ROOT/etc/kubernetes/manifests/$1.yaml"
}

kubeadm() {
    case "$1 ${2:-}" in
        "version "*) echo "v$(release_of kubeadm)" ;;
        "upgrade plan") cat "$fake/plan"; ! on plan-fails || exit 1 ;;
        "upgrade diff") ! on diff || cat "$fake/diff" ;;
        "upgrade apply" | "upgrade node")
            if on forbidden && [ "$(cat "$fake/forbidden")" -gt 0 ]; then
                echo $(($(cat "$fake/forbidden") - 1)) >"$fake/forbidden"
                echo 'configmaps "kubelet-config" is forbidden' >&2
                exit 1
            fi
            if on kubeadm-fails; then echo "FATAL: static Pod hash did not change" >&2; exit 1; fi
            if ! on kubeadm-noop && on control-plane; then
                for component in kube-apiserver kube-controller-manager kube-scheduler; do
                    manifest $component "$(release_of kubeadm)"
                done
            fi
            echo "[upgrade] SUCCESS!"
            ;;
    esac
}

# restart UNIT: a new process, whose program is the installed one.
restart() {
    ! on "dead-$1" || { echo failed >"$fake/unit/$1/ActiveState"; return; }
    pid=$(($(cat "$fake/unit/$1/MainPID") + 1))
    echo $pid >"$fake/unit/$1/MainPID"
    mkdir -p "$LOCKKEEPER_ROOT/proc/$pid"
    ln -sfn "/usr/bin/$1" "$LOCKKEEPER_ROOT/proc/$pid/exe"
    ! on "replaced-$1" || ln -sfn "/usr/bin/$1 (deleted)" "$LOCKKEEPER_ROOT/proc/$pid/exe"
}

systemctl() {
    case $1 in
        show)
            # A unit in a crash loop is up with another process at each look.
            if on "looping-$2" && [ "$4" = NRestarts ]; then
                echo $(($(cat "$fake/unit/$2/NRestarts") + 1)) >"$fake/unit/$2/NRestarts"
                restart "$2"
            fi
            echo "$4=$(cat "$fake/unit/$2/$4" 2>/dev/null)"
            ;;
        restart) restart "$2" ;;
        is-active) [ "$(cat "$fake/timers/$3" 2>/dev/null)" = active ] ;;
        stop) echo inactive >"$fake/timers/$2" ;;
        start) echo active >"$fake/timers/$2" ;;
    esac
}

case $name in
    apt-get) apt_get "$@" ;;
    apt-cache) sed -n "s,^$2 \(.*\), $2 | \1 | https://pkgs.k8s.io Packages,p" "$fake/available" ;;
    apt-config) echo 'Acquire::http::Proxy "http://proxy:3128";' ;;
    apt-mark) apt_mark "$@" ;;
    containerd) echo "containerd containerd.io $(release_of containerd.io) abc" ;;
    dpkg-query)
        if [ $# -lt 4 ]; then
            sed 's/^/hold /' "$fake/holds"
        else
            [ -n "$(has "$4")" ] && echo "installed $(has "$4")"
        fi
        ;;
    dpkg)
        case $1 in
            --audit) cat "$fake/audit" ;;
            --compare-versions) exec /usr/bin/dpkg "$@" ;;
            *) : >"$fake/audit" ;;
        esac
        ;;
    kubeadm) kubeadm "$@" ;;
    kubelet) echo "Kubernetes v$(release_of kubelet)" ;;
    systemctl) systemctl "$@" ;;
esac
