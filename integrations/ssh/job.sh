# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# Starts a job on a node, or looks at one. Runs as root for a moment, sent over SSH, and answers on
# stdout with lines `key=value` and then the new part of the job's log:
#
#   lockkeeper-job 1 / state=... / refused=... / exit=... / rebooted=... / note=name=value ...
#   log_from=BYTES / --, and the log from that byte on
#
# A job is a folder with: script, afterwards (run whatever became of the script), runner, lock (held
# by flock while anything of the job lives), started (made by mkdir, which only one caller can win),
# boot, log, notes, status. Given by the caller: job, action, log_offset, bytes_max, and to start
# one also fence, anew and the functions script_text, afterwards_text and runner_text. With anew=yes
# a person has looked at a job that vanished and wants it carried out again.
# shellcheck disable=SC2154 # the caller gives them
set -eu
umask 077
root=${LOCKKEEPER_ROOT:-}
base=$root/var/lib/lockkeeper
folder=$base/jobs/$job
folders_kept=20
refused=

# Whether nobody holds the lock. Shared, so that two lookers do not see each other.
lock_is_free() { flock -n -s "$1" true; }

# The order matters: the runner takes the lock before it makes `started`, and writes `status`
# before it lets go, so every moment of its life reads as one of these.
read_state() {
    if [ -e "$folder/status" ]; then
        state=finished
    elif [ ! -d "$folder" ]; then
        state=absent
    elif [ ! -d "$folder/started" ]; then
        state=prepared
    elif ! lock_is_free "$folder/lock"; then
        state=running
    elif [ -e "$folder/status" ]; then
        state=finished
    else
        state=vanished
    fi
}

# Replaces a file so that a reader sees the old content or the new one, also after a power cut.
replace() {
    cat >"$1.new"
    sync "$1.new"
    mv -f "$1.new" "$1"
}

answer() {
    printf 'lockkeeper-job 1\nstate=%s\n' "$state"
    [ -z "$refused" ] || printf 'refused=%s\n' "$refused"
    case $state in running | finished | vanished) answer_started ;; esac
}

answer_started() {
    [ ! -e "$folder/status" ] || printf 'exit=%s\n' "$(head -n 1 "$folder/status")"
    if [ "$(cat "$folder/boot" 2>/dev/null)" != "$(cat /proc/sys/kernel/random/boot_id)" ]; then
        echo rebooted=yes
    fi
    [ ! -s "$folder/notes" ] || head -c 16384 "$folder/notes" | grep '=' | sed 's/^/note=/'
    [ -e "$folder/log" ] || return 0
    size=$(wc -c <"$folder/log")
    from=$log_offset
    [ $((size - from)) -le "$bytes_max" ] || from=$((size - bytes_max))
    printf 'log_from=%s\n--\n' "$from"
    tail -c "+$((from + 1))" "$folder/log" | head -c "$bytes_max"
}

# A bot that was replaced while it could not reach the node must not begin anything any more: each
# run brings a higher number than the one before it, and the node remembers the highest.
check_fence() {
    stored=0
    [ ! -e "$base/fence" ] || stored=$(cat "$base/fence")
    case $stored in
        '' | *[!0-9]*)
            refused="the file $base/fence is damaged: it holds '$stored', not a number"
            return 0
            ;;
    esac
    if [ "$fence" -lt "$stored" ]; then
        refused="a newer run has been here: its number is $stored, this one's is $fence"
    elif [ "$fence" -gt "$stored" ]; then
        echo "$fence" | replace "$base/fence"
    fi
}

check_node_is_free() {
    [ -e "$base/node.lock" ] || return 0
    lock_is_free "$base/node.lock" ||
        refused="job $(cat "$base/running" 2>/dev/null || echo '?') is still running there"
}

prune() {
    # shellcheck disable=SC2012 # names of jobs are letters, digits and dashes
    ls -1t "$base/jobs" | tail -n "+$((folders_kept + 1))" | while read -r old; do
        [ "$old" = "$job" ] || rm -rf "${base:?}/jobs/$old"
    done
}

# systemd keeps the job out of the SSH session, so that nothing ends it with the connection. Told to
# stop (a reboot, a person), the step gets ten minutes to finish: killing dpkg or kubeadm half-way
# costs more than waiting. The afterwards part runs even when the runner was killed.
start() {
    if [ -d "$root/run/systemd/system" ] && command -v systemd-run >/dev/null; then
        said=$(systemd-run --quiet --collect --unit="lockkeeper-$job" \
            --description="Lockkeeper, job $job" -p KillMode=mixed -p TimeoutStopSec=600 \
            -p ExecStopPost="/bin/sh $folder/runner $folder afterwards" \
            /bin/sh "$folder/runner" "$folder" 2>&1) || {
            # Another caller may have won; whether it did is seen by the state.
            case $said in *already*) ;; *) refused="systemd-run: $said" ;; esac
        }
    else
        (setsid sh "$folder/runner" "$folder" </dev/null >/dev/null 2>&1 7>&- &)
    fi
}

launch() {
    mkdir -p "$base/jobs"
    chmod 0700 "$base"
    exec 7>>"$base/launch.lock"
    if ! flock -w 20 7; then
        refused="another start holds $base/launch.lock"
        return 0
    fi
    check_fence
    read_state
    if [ "$state" = vanished ] && [ "$anew" = yes ] && [ -z "$refused" ]; then
        mv "$folder" "$folder-lost-$(date +%s)"
        state=absent
    fi
    case $state in running | finished | vanished) refused=; return 0 ;; esac
    [ -n "$refused" ] || check_node_is_free
    [ -z "$refused" ] || return 0
    prune
    mkdir -p "$folder"
    echo "$fence" | replace "$folder/fence"
    script_text | replace "$folder/script"
    afterwards_text | replace "$folder/afterwards"
    runner_text | replace "$folder/runner"
    start
    # Usually there at once; where it is not, the caller looks again.
    tries=0
    until [ -d "$folder/started" ] || [ $tries -ge 20 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
    read_state
}

state=absent
if [ "$action" = launch ]; then
    launch </dev/null
else
    read_state
fi
answer
