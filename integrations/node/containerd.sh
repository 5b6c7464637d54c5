# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
#
# Brings the containerd of a node to the version that its neighbours run, and proves that it and the
# kubelet are up with it. Never goes back to an older one. Needs common.sh.
# usage: main --version X.Y.Z [--steady SECONDS]

# Docker's repository and the distributions name the package differently; only these have runc.
packages="containerd.io containerd runc"

main() {
    version='' steady=10
    while [ $# -gt 0 ]; do
        case $1 in
            --version) version=$2 ;;
            --steady) steady=$2 ;;
            *) fail "unknown argument $1" ;;
        esac
        shift 2
    done
    echo "$version" | grep -Eq '^[0-9]+\.[0-9]+\.[0-9]+$' || fail "version '$version' is not X.Y.Z"
    package=containerd.io
    [ -n "$(installed_version "$package")" ] || package=containerd
    before=$(installed_version "$package")
    [ -n "$before" ] || fail "neither containerd.io nor containerd is installed as a package"
    note previous_containerd "$package=$before"
    at_end put_things_back
    old_pid=$(property containerd MainPID)
    # An epoch would make any version look newer.
    if dpkg --compare-versions "${before#*:}" ge "$version"; then
        say "containerd is at $before already"
    else
        rest_timers
        # shellcheck disable=SC2086 # a list of names
        { remember_holds $packages; release_holds $packages; }
        # A repository of somebody else's that is down today is no reason to stop: what counts is
        # whether the version can be had.
        apt_get update </dev/null || say "apt-get update complained, going on all the same"
        found=$(version_to_install "$package" "$version")
        containerd config dump >/dev/null || fail "containerd cannot read its own configuration"
        install_exactly "$packages" "$package=$found"
        systemctl daemon-reload
        # Its package restarts it on most systems; where it does not, we do.
        [ "$(live_pid containerd)" != "$old_pid" ] || systemctl restart containerd ||
            service_failure containerd "it cannot be restarted"
        await_steady containerd "$old_pid" "$steady"
    fi
    [ "$(live_pid containerd)" != 0 ] || service_failure containerd "it is not up"
    [ "$(live_pid kubelet)" != 0 ] || service_failure kubelet "it is not up with this containerd"
    say "$(containerd --version | cut -d' ' -f1-3) runs, process $(property containerd MainPID)"
}
