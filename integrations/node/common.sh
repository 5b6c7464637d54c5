# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
#
# What all node scripts share: words for the log, notes for the bot, apt and its settings, the
# versions of packages, the holds. Each script is sent to the node with this part in front and a
# line `main ARGUMENTS` behind. Root is empty but for tests, which give a folder that stands for /.
set -eu

export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
# needrestart would open a dialog, or restart containerd and the kubelet behind our back.
export NEEDRESTART_MODE=l NEEDRESTART_SUSPEND=1 UCF_FORCE_CONFFOLD=1 APT_LISTCHANGES_FRONTEND=none
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 022

root=${LOCKKEEPER_ROOT:-}
state=$root/var/lib/lockkeeper
lock_timeout_s=600 # unattended-upgrades may hold dpkg's lock for minutes; it is never broken

say() { echo "$*"; }
fail() {
    echo "failed: $*" >&2
    exit 1
}

# note NAME VALUE: one line that the bot remembers.
note() {
    [ -z "${LOCKKEEPER_JOB:-}" ] || echo "$1=$2" >>"$LOCKKEEPER_JOB/notes"
}

one_line() { tr -s '\n\t ' '   ' | sed 's/^ //; s/ $//' | cut -c1-400; }

# Every call waits for dpkg's lock, keeps changed configuration files, never asks, never removes a
# package, and takes a failed index for what it is: apt-get update says 0 to a repository that is
# down or badly signed unless Error-Mode is `any`.
apt_options="-o DPkg::Lock::Timeout=$lock_timeout_s -o APT::Update::Error-Mode=any
    -o Acquire::Retries=3 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold"
apt_get() {
    # shellcheck disable=SC2086 # options are words
    apt-get -q $apt_options "$@"
}

# installed_version PACKAGE: as dpkg has it, "" when it is not installed.
installed_version() {
    # shellcheck disable=SC2016 # the format is dpkg's
    dpkg-query -W -f '${db:Status-Status} ${Version}\n' "$1" 2>/dev/null | sed -n 's/^installed //p'
}

# The newest revision of a package that is exactly this release, from lines of `apt-cache madison`.
# Behind the release stands a revision (-1.1), never more of the version: 1.34.1 is not 1.34.10.
newest_revision() {
    awk -F'|' -v release="$1" '
        { version = $2; gsub(/ /, "", version); bare = version; sub(/^[0-9]+:/, "", bare) }
        { rest = substr(bare, length(release) + 1) }
        index(bare, release) == 1 && rest ~ /^([-~+]|$)/ && rest !~ /^~(alpha|beta|rc)/ {
            print version
        }' |
        sort -u -V | tail -n 1
}

# What dpkg complains about, one line; "" when all is well. Of an interrupted dpkg only files tell.
dpkg_complaint() {
    complaint=$(dpkg --audit 2>&1 | grep '^ ' | one_line || true)
    if [ -z "$complaint" ] && ls "$root"/var/lib/dpkg/updates/[0-9]* >/dev/null 2>&1; then
        complaint="dpkg was interrupted"
    fi
    echo "$complaint"
}

# The holds of some packages, and how they come back. They are written down before the first is
# taken off, and stay written down until all are on again: a later script of this node, or the part
# that runs when this one was killed, finishes what this one could not.
holds_file=$state/holds

# All packages on hold, one a line. From dpkg: apt-mark would build apt's caches first.
all_holds() {
    # shellcheck disable=SC2016 # the format is dpkg's
    selections=$(dpkg-query -W -f '${db:Status-Want} ${Package}\n') || fail "dpkg-query"
    echo "$selections" | sed -n 's/^hold //p' | sort -u
}

# held PACKAGES: those of them that are on hold.
held() {
    holds=$(all_holds)
    for package in "$@"; do
        echo "$holds" | grep -Fx "$package" || true
    done | sort
}

remember_holds() {
    mkdir -p "$state"
    present=$(held "$@")
    { [ ! -e "$holds_file" ] || cat "$holds_file"; echo "$present"; } |
        sed '/^$/d' | sort -u >"$holds_file.new"
    sync "$holds_file.new"
    mv -f "$holds_file.new" "$holds_file"
    note holds "$(one_line <"$holds_file")"
}

# release_holds PACKAGES: those that are held; the others are left alone.
release_holds() {
    present=$(held "$@")
    for package in $present; do
        hold_state unhold "$package" || fail "apt-mark cannot unhold $package"
    done
}

# apt-mark has no lock timeout of its own: dpkg may be busy for a moment. On a full disk not even a
# hold can be written; what was downloaded can be had again.
hold_state() {
    tries=0
    until words=$(apt-mark "$1" "$2" 2>&1 </dev/null); do
        tries=$((tries + 1))
        [ $tries -lt 20 ] || { say "$words"; return 1; }
        case $words in *'No space left'*) apt_get clean || true ;; esac
        sleep 3
    done
}

restore_holds() {
    [ -e "$holds_file" ] || return 0
    if hold_remembered; then
        rm -f "$holds_file"
        return 0
    fi
    say "not held again, do it by hand: sudo apt-mark hold $(one_line <"$holds_file")"
    return 1
}

hold_remembered() {
    while read -r package; do
        hold_state hold "$package" || return 1
    done <"$holds_file"
    # shellcheck disable=SC2046 # one word per package
    [ "$(held $(cat "$holds_file"))" = "$(cat "$holds_file")" ]
}

# The timers that start apt behind our back rest meanwhile.
timers_file=$state/timers
rest_timers() {
    mkdir -p "$state"
    for timer in apt-daily.timer apt-daily-upgrade.timer; do
        systemctl is-active --quiet "$timer" 2>/dev/null || continue
        echo "$timer" >>"$timers_file"
        systemctl stop "$timer" || true
    done
}
wake_timers() {
    [ -e "$timers_file" ] || return 0
    sort -u "$timers_file" | while read -r timer; do
        systemctl start "$timer" </dev/null || true
    done
    rm -f "$timers_file"
}

# at_end FUNCTION: called on every way out of the script, once; its failure is the script's.
at_end() {
    end_function=$1
    # shellcheck disable=SC2154 # it is assigned in there
    trap 'end_status=$?; trap - EXIT; '"$end_function"' || end_status=1; exit "$end_status"' EXIT
    trap 'exit 143' TERM
    trap 'exit 130' INT
    trap 'exit 129' HUP
}

put_things_back() {
    wake_timers
    restore_holds
}

# The exact version of a package from the release's repository, or the end of the script.
version_to_install() {
    found=$(apt-cache madison "$1" 2>/dev/null | newest_revision "$2")
    [ -n "$found" ] || fail "$1 $2 is not in the package repository of this node"
    echo "$found"
}

# Runs an installation as a simulation first. Refused: removals, and changes to installed packages
# other than those of the list. A dependency that is new to the node may come along.
# usage: install_exactly "ALLOWED PACKAGES" PACKAGE=VERSION...
install_exactly() {
    allowed=" $1 "
    shift
    plan=$(apt_get -s install --no-install-recommends "$@" 2>&1) ||
        fail "apt would not install $*: $(echo "$plan" | grep '^E:' | one_line)"
    refused=$(echo "$plan" | awk -v allowed="$allowed" '
        $1 == "Remv" { print "it removes " $2 }
        $1 == "Inst" && $3 ~ /^\[/ && !index(allowed, " " $2 " ") { print "it changes " $2 }')
    [ -z "$refused" ] || fail "apt is not let install $*: $(echo "$refused" | one_line)"
    say "installing $*"
    apt_get install -y --no-install-recommends --no-remove "$@" </dev/null ||
        fail "apt-get install $* (the lines above say why)"
}

# --- Services ----------------------------------------------------------------------------------
property() { systemctl show "$1" -p "$2" | sed "s/^$2=//"; }

# await_steady UNIT OLD_PID SECONDS: a new main process that lives for that long, and whose program
# has not been replaced under it. A crash loop shows as a growing counter of restarts.
await_steady() {
    unit=$1 old_pid=$2 steady_s=$3
    waited=0 since=0 pid=0 restarts=$(property "$unit" NRestarts)
    while [ $((waited - since)) -lt "$steady_s" ] || [ "$pid" = 0 ]; do
        [ $waited -lt $((60 + steady_s)) ] || service_failure "$unit" "it does not come up"
        sleep 1
        waited=$((waited + 1))
        now=$(live_pid "$unit")
        [ "$now" != "$old_pid" ] || now=0
        if [ "$now" = 0 ] || [ "$now" != "$pid" ]; then since=$waited; fi
        pid=$now
        [ $(($(property "$unit" NRestarts) - restarts)) -lt 3 ] ||
            service_failure "$unit" "it ends and is restarted again and again"
    done
    case $(readlink "$root/proc/$pid/exe" || true) in
        *' (deleted)') service_failure "$unit" "it still runs the program that was replaced" ;;
    esac
}

# The main process of a unit that is up, else 0.
live_pid() {
    if [ "$(property "$1" ActiveState)/$(property "$1" SubState)" = active/running ]; then
        property "$1" MainPID
    else
        echo 0
    fi
}

service_failure() {
    journalctl -u "$1" -n 15 --no-pager -o cat 2>/dev/null || true
    fail "$1: $2 (state $(property "$1" ActiveState)/$(property "$1" SubState))"
}

# --- kubeadm -----------------------------------------------------------------------------------
# plan_flags FLAGS: those of them that `kubeadm upgrade plan` and `diff` know too.
plan_flags() {
    while [ $# -gt 0 ]; do
        case $1 in
            --ignore-preflight-errors | --config | --kubeconfig)
                if [ $# -gt 1 ]; then
                    printf '%s %s ' "$1" "$2"
                    shift
                fi
                ;;
            --ignore-preflight-errors=* | --config=* | --kubeconfig=* | --allow-*)
                printf '%s ' "$1"
                ;;
        esac
        shift
    done
}

# The releases that a plan offers, one a line; an up-to-date cluster is offered none.
plan_offers() { sed -n 's/^[[:space:]]*kubeadm upgrade apply v\([0-9][0-9.]*\).*/\1/p'; }
