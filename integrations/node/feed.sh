# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
#
# Asks the node's own source of Kubernetes what it offers, with lists of its own, so that nothing
# on the node changes. Answers with lines key=value, `lockkeeper-feed 1` first and `end=yes` last;
# `failure` in place of `madison` when the source does not answer or does not verify. Needs
# common.sh and sources.sh.
# usage: main

main() {
    view=$(mktemp -d)
    trap 'rm -rf "$view"' EXIT
    echo "lockkeeper-feed 1"
    if ! words=$(check_sources 2>&1); then
        printf 'failure=%s\n' "$(printf '%s' "$words" | one_line)"
    else
        private_view "$view" ''
        if apt-get -q update >"$view/log" 2>&1 </dev/null; then
            apt-cache madison kubeadm 2>/dev/null | head -n 500 | sed 's/^/madison=/'
        else
            printf 'failure=%s\n' "$(apt_words "$view/log")"
        fi
    fi
    echo end=yes
}
