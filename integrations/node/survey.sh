# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
#
# Looks at what the next minor version asks of a node, and changes nothing: the version of cgroup,
# the flags that the kubelet and the control plane are started with, feature gates. Answers with
# lines key=value, `lockkeeper-survey 1` first and `end=yes` last. Needs common.sh.
# usage: main

# The files out of which the kubelet's flags come, as kubeadm's and Debian's units have them.
kubelet_files() {
    for file in "$root/var/lib/kubelet/kubeadm-flags.env" "$root/etc/default/kubelet" \
        "$root/etc/sysconfig/kubelet" "$root"/etc/systemd/system/kubelet.service.d/*.conf \
        "$root"/usr/lib/systemd/system/kubelet.service.d/*.conf; do
        [ ! -f "$file" ] || echo "$file"
    done
}

# flags_in COMPONENT FILE: the names of its flags; comments do not count.
flags_in() {
    grep -v '^ *#' "$2" | grep -oE -e '(^|[^A-Za-z0-9-])--[a-z][a-z0-9-]*' |
        sed 's/^[^-]*//' | sort -u | head -n 200 | while read -r flag; do
        echo "flag=$1 $flag ${2#"$root"}"
    done
}

# Of --feature-gates=A=true,B=false in a file, and of the block featureGates in the kubelet's.
gates_in() {
    grep -v '^ *#' "$1" | grep -oE -e '--feature-gates=[A-Za-z0-9=,]+' |
        sed 's/^--feature-gates=//' | tr ',' '\n' | sed 's/=.*//'
}
gates_of_configuration() {
    awk '/^[^ ]/ { inside = ($1 == "featureGates:") } inside && /^ +[A-Za-z0-9]+:/ {
        sub(/:.*/, ""); gsub(/ /, ""); print }' "$1"
}

survey_cgroup() {
    case $(stat -fc %T "$root/sys/fs/cgroup" 2>/dev/null) in
        cgroup2fs) echo cgroup=v2 ;;
        tmpfs) echo cgroup=v1 ;;
    esac
}

main() {
    echo "lockkeeper-survey 1"
    survey_cgroup
    configuration=$root/var/lib/kubelet/config.yaml
    if [ -f "$configuration" ]; then
        sed -n 's/^failCgroupV1: *\(true\|false\) *$/fail_cgroup_v1=\1/p' "$configuration"
        gates_of_configuration "$configuration" | sort -u | sed 's/^/gate=/' | head -n 100
    fi
    kubelet_files | while read -r file; do
        flags_in kubelet "$file"
        gates_in "$file" | sort -u | sed 's/^/gate=/' | head -n 100
    done
    for file in "$root"/etc/kubernetes/manifests/*.yaml; do
        [ -f "$file" ] || continue
        flags_in "$(basename "$file" .yaml)" "$file"
        gates_in "$file" | sort -u | sed 's/^/gate=/' | head -n 100
    done
    echo end=yes
}
