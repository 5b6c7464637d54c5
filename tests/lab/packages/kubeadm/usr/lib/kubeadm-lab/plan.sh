# shellcheck shell=sh disable=SC2154
# SPDX-License-Identifier: Apache-2.0
#
# `kubeadm upgrade plan` in the layout of 1.30 and later. The real one asks the Internet for the
# newest versions when none is named; this one knows the releases that exist in the lab. Functions
# and variables of kubeadm itself are used.

# newest_of MINOR VERSION: the newest release of that minor, when it is newer than VERSION.
newest_of() {
    for release in $released; do
        if [ "$(minor "$release")" = "$1" ] && older "$2" "$release"; then
            echo "$release"
        fi
    done | sort -V | tail -n 1
}

# block DESCRIPTION CURRENT TARGET
block() {
    node=$(hostname)
    format='%-25s %-9s %-10s %s\n'
    echo "Components that must be upgraded manually after you have upgraded the control plane" \
        "with 'kubeadm upgrade apply':"
    printf '%-11s %-9s %-9s %s\n' COMPONENT NODE CURRENT TARGET
    kubelets | while read -r name version; do
        [ "$version" = "v$3" ] || printf '%-11s %-9s %-9s %s\n' kubelet "$name" "$version" "v$3"
    done
    printf '\nUpgrade to the latest %s:\n\n' "$1"
    # shellcheck disable=SC2059 # the format is ours
    {
        printf "$format" COMPONENT NODE CURRENT TARGET
        for component in kube-apiserver kube-controller-manager kube-scheduler; do
            printf "$format" "$component" "$node" "v$2" "v$3"
        done
        printf "$format" kube-proxy '' "v$2" "v$3"
        printf "$format" CoreDNS '' v1.12.1 v1.12.1
        printf "$format" etcd "$node" "$(etcd_version "$2")" "$(etcd_version "$3")"
    }
    printf '\nYou can now apply the upgrade by executing the following command:\n\n'
    printf '\tkubeadm upgrade apply v%s\n\n' "$3"
    if older "$own" "$3"; then
        echo "Note: Before you can perform this upgrade, you have to update kubeadm to v$3."
        echo
    fi
    printf '_____________________________________________________________________\n\n'
}

plan_json() {
    printf '{"kind":"UpgradePlan","apiVersion":"output.kubeadm.k8s.io/v1alpha3",'
    printf '"availableUpgrades":['
    separator=
    while read -r target description; do
        printf '%s{"description":"%s","components":[' "$separator" "$description"
        printf '{"name":"kube-apiserver","currentVersion":"v%s","newVersion":"v%s",' \
            "$current" "$target"
        printf '"nodeName":"%s"}]}' "$(hostname)"
        separator=,
    done
    printf '],"configVersions":[{"group":"kubelet.config.k8s.io","currentVersion":"v1beta1",'
    printf '"preferredVersion":"v1beta1","manualUpgradeRequired":false}]}\n'
}

# offers: lines "VERSION DESCRIPTION"
offers() {
    if [ -n "$target" ]; then
        older "$current" "$target" || return
        if [ "$(minor "$target")" = "$(minor "$current")" ]; then
            echo "$target version in the v$(minor "$current") series"
        else
            echo "$target stable version"
        fi
        return
    fi
    patch=$(newest_of "$(minor "$current")" "$current")
    [ -z "$patch" ] || echo "$patch version in the v$(minor "$current") series"
    if [ "$(minor "$own")" != "$(minor "$current")" ]; then
        echo "$own stable version"
    fi
}

config_table() {
    cat <<'TEXT'

The table below shows the current state of component configs as understood by this version of
kubeadm.
Configs that have a "yes" mark in the "MANUAL UPGRADE REQUIRED" column require manual config
upgrade or resetting to kubeadm defaults before a successful upgrade can be performed. The version
to manually upgrade to is denoted in the "PREFERRED VERSION" column.

API GROUP                 CURRENT VERSION   PREFERRED VERSION   MANUAL UPGRADE REQUIRED
kubeproxy.config.k8s.io   v1alpha1          v1alpha1            no
kubelet.config.k8s.io     v1beta1           v1beta1             no
_____________________________________________________________________

TEXT
}

upgrade_plan() {
    parse "$@"
    current=$(running_version kube-apiserver)
    [ -n "$current" ] || die "failed to load admin kubeconfig:" \
        "open /etc/kubernetes/admin.conf: no such file or directory"
    if [ "$output" = json ]; then
        api_answers
        offers | plan_json
        return
    fi
    preflight
    echo "[upgrade] Running cluster health checks"
    echo "[upgrade] Fetching available versions to upgrade to"
    echo "[upgrade/versions] Cluster version: $current"
    echo "[upgrade/versions] kubeadm version: v$own"
    if [ -z "$target" ]; then
        warning="W$(date +%m%d\ %T) $$ version.go:109]"
        echo "$warning could not fetch a Kubernetes version from the internet" >&2
        echo "$warning falling back to the local client version: v$own" >&2
    fi
    echo "[upgrade/versions] Target version: v${target:-$own}"
    echo
    if [ -z "$(offers)" ]; then
        echo "Awesome, you're up-to-date! Enjoy!"
        return
    fi
    offers | while read -r version description; do
        block "$description" "$current" "$version"
    done
    config_table
}
