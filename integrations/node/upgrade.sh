# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
#
# Takes one node to a release: kubeadm's package, `kubeadm upgrade apply` (first control plane) or
# `node`, then kubelet and kubectl, and the proof that the new kubelet runs. Finished parts are not
# repeated by a later start; holds are on again on every way out. Needs common.sh and sources.sh.
# usage: main --role master-first|master|worker --release X.Y.Z [--steady SECONDS] [-- FLAGS]

# Held together on many clusters, and kubelet's dependencies change with it.
packages="kubeadm kubelet kubectl cri-tools kubernetes-cni"
manifests=$root/etc/kubernetes/manifests
previous_file=$state/previous # versions before the first attempt, with the release it was for
applied_file=$state/applied   # the release that kubeadm has brought to this node
finished_file=$state/finished # the release that this script has finished last

is_at_release() { case $(installed_version "$1") in "$release"-*) true ;; *) false ;; esac; }
control_plane_runs_release() {
    for component in kube-apiserver kube-controller-manager kube-scheduler; do
        grep -Eq "^ *image: .*:v$release *\$" "$manifests/$component.yaml" || return 1
    done
}
file_says() { [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }

# All that can be seen of a finished upgrade, so that a second start does no harm and costs nothing.
is_finished() {
    file_says "$finished_file" "$release" && is_at_release kubeadm && is_at_release kubelet &&
        [ "$(kubelet --version)" = "Kubernetes v$release" ] && [ "$(live_pid kubelet)" != 0 ] &&
        { [ "$role" = worker ] || control_plane_runs_release; } || return 1
    case $(readlink "$root/proc/$(live_pid kubelet)/exe") in *' (deleted)') return 1 ;; esac
}

remember_versions() {
    mkdir -p "$state"
    resumed=no
    [ ! -e "$previous_file" ] || resumed=yes
    if ! grep -Fxq "release=$release" "$previous_file" 2>/dev/null; then
        {
            echo "release=$release"
            for package in $packages; do
                echo "$package=$(installed_version "$package")"
            done
        } >"$previous_file.new"
        mv -f "$previous_file.new" "$previous_file"
    fi
    for package in kubeadm kubelet kubectl; do
        version=$(sed -n "s/^$package=//p" "$previous_file")
        [ -z "$version" ] || note "previous_$package" "$version"
    done
}

# A dpkg that was killed in the middle of our own packages is brought to its end; anything else that
# it complains about is somebody else's, and is left to a person.
repair_dpkg() {
    complaint=$(dpkg_complaint)
    [ -n "$complaint" ] || return 0
    repair="repair it first: sudo dpkg --configure -a"
    [ "$resumed" = yes ] || fail "dpkg is not in order: $complaint; $repair"
    for word in $(dpkg --audit | sed -n 's/^ \([a-z0-9.+-]*\).*/\1/p'); do
        case " $packages " in
            *" $word "*) ;;
            *) fail "dpkg is not in order: $word; $repair" ;;
        esac
    done
    say "dpkg was interrupted here before, bringing it to its end"
    dpkg --force-confdef --force-confold --configure -a </dev/null || fail "dpkg --configure -a"
}

update_index() {
    words=$(check_sources 2>&1) || fail "$words"
    minor=${release%.*}
    source_minors | grep -Fxq "$minor" ||
        fail "the apt source is for $(source_minors | one_line), not $minor: stage repo comes first"
    update_kubernetes_index || fail "apt-get update: $index_words"
}

install_kubeadm() {
    if ! is_at_release kubeadm; then
        version=$(version_to_install kubeadm "$release")
        install_exactly "$packages" "kubeadm=$version"
    fi
    [ "$(kubeadm version -o short)" = "v$release" ] ||
        fail "kubeadm says $(kubeadm version -o short), not v$release"
}

# What the new kubeadm itself offers must be the release, or nothing because it is there already.
check_plan() {
    # shellcheck disable=SC2046 # flags of kubeadm are words without blanks
    plan=$(kubeadm upgrade plan "v$release" $(plan_flags "$@") </dev/null) ||
        fail "kubeadm upgrade plan: $(echo "$plan" | tail -n 3 | one_line)"
    offers=$(echo "$plan" | plan_offers)
    if [ -z "$offers" ]; then
        control_plane_runs_release ||
            fail "kubeadm upgrade plan offers nothing, and this control plane is not at $release"
    elif ! echo "$offers" | grep -Fxq "$release"; then
        fail "kubeadm upgrade plan offers $(echo "$offers" | one_line), not $release"
    fi
}

# run_kubeadm WORDS: its output goes to the log as it comes; $state/kubeadm.log keeps it for a look.
run_kubeadm() {
    say "kubeadm $*"
    {
        kubeadm_status=0
        kubeadm "$@" </dev/null || kubeadm_status=$?
        echo $kubeadm_status >"$state/kubeadm.status"
    } 2>&1 | tee "$state/kubeadm.log"
    kubeadm_status=$(cat "$state/kubeadm.status")
    rm -f "$state/kubeadm.status"
    return "$kubeadm_status"
}

# Right after a control plane was upgraded, kubelets are for a moment not yet allowed to read their
# new configuration; that and nothing else is tried again.
upgrade_node() {
    tries=0
    until run_kubeadm upgrade node "$@"; do
        tries=$((tries + 1))
        if ! grep -q 'is forbidden' "$state/kubeadm.log" || [ $tries -ge 6 ]; then
            fail "kubeadm upgrade node ended with $kubeadm_status"
        fi
        say "trying again in 10s"
        sleep 10
    done
}

upgrade_with_kubeadm() {
    if [ "$role" != worker ] && file_says "$applied_file" "$release" &&
        control_plane_runs_release; then
        say "kubeadm has brought this control plane to $release before"
        return 0
    fi
    if [ "$role" = master-first ]; then
        check_plan "$@"
        run_kubeadm upgrade apply "v$release" --yes "$@" ||
            fail "kubeadm upgrade apply ended with $kubeadm_status"
    else
        upgrade_node "$@"
    fi
    # It has been seen to say SUCCESS and leave a component as it was.
    [ "$role" = worker ] || control_plane_runs_release ||
        fail "kubeadm reports success, but the manifests in $manifests are not at v$release"
    echo "$release" >"$applied_file"
}

install_kubelet() {
    set --
    for package in kubelet kubectl; do
        if [ -z "$(installed_version "$package")" ] || is_at_release "$package"; then continue; fi
        version=$(version_to_install "$package" "$release")
        set -- "$@" "$package=$version"
    done
    [ $# -eq 0 ] || install_exactly "$packages" "$@"
    [ "$(kubelet --version)" = "Kubernetes v$release" ] ||
        fail "kubelet says $(kubelet --version), not v$release"
}

restart_kubelet() {
    say "restarting the kubelet"
    systemctl daemon-reload
    systemctl restart kubelet || service_failure kubelet "it cannot be restarted"
    await_steady kubelet "$1" "$steady"
    if [ "$2" = active ] && [ "$(property containerd ActiveState)" != active ]; then
        service_failure containerd "it was up before the upgrade and is not now"
    fi
}

parse_arguments() {
    role='' release='' steady=10
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        case $1 in
            --role) role=$2 ;;
            --release) release=$2 ;;
            --steady) steady=$2 ;;
            *) fail "unknown argument $1" ;;
        esac
        shift 2
    done
    case $role in master-first | master | worker) ;; *) fail "role '$role'" ;; esac
    echo "$release" | grep -Eq '^[0-9]+\.[0-9]+\.[0-9]+$' || fail "release '$release' is not X.Y.Z"
}

main() {
    parse_arguments "$@"
    while [ $# -gt 0 ] && [ "$1" != -- ]; do shift; done
    [ $# -eq 0 ] || shift
    at_end put_things_back
    remember_versions
    if is_finished; then
        say "this node is at $release already"
        return 0
    fi
    repair_dpkg
    rest_timers
    # shellcheck disable=SC2086 # a list of names
    { remember_holds $packages; release_holds $packages; }
    update_index
    install_kubeadm
    upgrade_with_kubeadm "$@"
    kubelet_pid=$(property kubelet MainPID)
    containerd_state=$(property containerd ActiveState)
    install_kubelet
    restart_kubelet "$kubelet_pid" "$containerd_state"
    echo "$release" >"$finished_file"
    rm -f "$applied_file" "$previous_file"
    say "kubelet $release runs, process $(property kubelet MainPID)"
}
