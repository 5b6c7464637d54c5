# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
#
# Runs the operator's own command on a node, with the node's name, role and release in its
# environment and in a shell of its own. Needs common.sh.
# usage: main --node NAME --role master|worker --release X.Y.Z COMMAND

main() {
    while [ $# -gt 1 ]; do
        case $1 in
            --node) NODE=$2 ;;
            --role) ROLE=$2 ;;
            --release) RELEASE=$2 ;;
            *) fail "unknown argument $1" ;;
        esac
        shift 2
    done
    export NODE ROLE RELEASE
    say "hook: $1"
    hook_status=0
    sh -c "$1" </dev/null || hook_status=$?
    [ "$hook_status" = 0 ] || fail "the hook ended with $hook_status"
    say "the hook is done"
}
