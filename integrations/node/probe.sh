# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
#
# Looks at a node before a run and changes nothing on it. Answers with lines key=value, in no order
# that matters, `lockkeeper-probe 1` first and `end=yes` last; a key is absent when it could not be
# found out. Needs common.sh and sources.sh.
# usage: main --role master-first|master|worker --release X.Y.Z [--snapshot-target PATH] [-- FLAGS]

put() { printf '%s=%s\n' "$1" "$(printf '%s' "$2" | one_line)"; }

# free_bytes PATH: of the file system that holds it, or will hold it.
free_bytes() {
    place=$1
    until [ -e "$place" ]; do place=$(dirname "$place"); done
    df -P -B1 "$place" | awk 'NR == 2 { print $4 }'
}

probe_space() {
    put root_free_bytes "$(free_bytes "$root/etc/kubernetes/tmp")"
    [ -z "$target" ] || put snapshot_free_bytes "$(free_bytes "$root$target")"
    etcd_manifest=$root/etc/kubernetes/manifests/etcd.yaml
    [ -e "$etcd_manifest" ] || return 0
    data=$(sed -n 's/^ *- --data-dir=//p' "$etcd_manifest")
    data=$root${data:-/var/lib/etcd}
    [ ! -d "$data" ] || put etcd_bytes "$(du -s -B1 "$data" | cut -f1)"
}

probe_packages() {
    put kubeadm "$(installed_version kubeadm)"
    put kubelet "$(installed_version kubelet)"
    put containerd "$(installed_version containerd.io)$(installed_version containerd)"
    put holds "$(all_holds)"
    put dpkg_audit "$(dpkg_complaint)"
}

probe_repository() {
    if ! words=$(check_sources 2>&1); then
        put package_failure "$words"
        return 0
    fi
    private_view "$view" "${release%.*}"
    if ! apt-get -q update >"$view/log" 2>&1 </dev/null; then
        put package_failure "$(apt_words "$view/log")"
        return 0
    fi
    put package "$(apt-cache madison kubeadm 2>/dev/null | newest_revision "$release")"
    [ -n "$(apt-cache madison kubelet 2>/dev/null | newest_revision "$release")" ] ||
        put package_failure "it has no kubelet $release"
}

probe_plan() {
    # shellcheck disable=SC2046 # flags of kubeadm are words without blanks
    if ! timeout 120 kubeadm upgrade plan "v$release" $(plan_flags "$@") \
        >"$view/plan" 2>"$view/plan.err" </dev/null; then
        words=$(grep -hE 'ERROR|FATAL|rror' "$view/plan" "$view/plan.err" | one_line)
        put plan_failure "${words:-$(tail -n 2 "$view/plan.err" | one_line)} (kubeadm upgrade plan)"
        return 0
    fi
    manual=$(sed -n 's/^\([a-z.]*k8s\.io\) .* yes *$/\1/p' "$view/plan" | one_line)
    if [ -n "$manual" ]; then
        put plan_failure "the configuration of $manual needs a manual upgrade first"
        return 0
    fi
    echo plan=yes
    plan_offers <"$view/plan" | sed 's/^/plan_offer=/'
}

# A flag on a `-` line of the API server's diff whose name stands on no `+` line would be lost.
probe_diff() {
    # shellcheck disable=SC2046 # see above
    timeout 60 kubeadm upgrade diff "v$release" $(plan_flags "$@") 2>/dev/null </dev/null | awk '
        /^--- / { ours = ($0 ~ /kube-apiserver/); next }
        /^\+\+\+ / { next }
        ours && /^[-+] +- --/ {
            flag = $0; sub(/^[-+] +- /, "", flag); name = flag; sub(/=.*/, "", name)
            if (/^-/) { lost[name] = flag } else { kept[name] = 1 }
        }
        END { for (name in lost) if (!(name in kept)) print "dropped_flag=" lost[name] }' |
        cut -c1-300
}

main() {
    role='' release='' target=''
    while [ $# -gt 0 ]; do
        case $1 in
            --role) role=$2 ;;
            --release) release=$2 ;;
            --snapshot-target) target=$2 ;;
            --) shift; break ;;
        esac
        shift 2
    done
    view=$(mktemp -d)
    trap 'rm -rf "$view"' EXIT
    echo "lockkeeper-probe 1"
    probe_space
    probe_packages
    probe_repository
    if [ "$role" = master-first ]; then
        probe_plan "$@"
        probe_diff "$@"
    fi
    echo end=yes
}
