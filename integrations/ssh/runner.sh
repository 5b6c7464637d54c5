# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# usage: runner FOLDER [afterwards]
#
# Stays for the life of a job. It takes the lock of the node, so that two jobs never run at once,
# and of the job, so that a looker knows that it lives; then wins or loses the right to run it by
# making one folder. Its children inherit both locks: while anything of the job lives, it is
# running. With `afterwards` it only carries out that part, for systemd after a violent end.
set -u
umask 077
folder=$1
base=${folder%/jobs/*}
LOCKKEEPER_JOB=$folder
export LOCKKEEPER_JOB

do_afterwards() {
    (umask 022 && exec sh "$folder/afterwards") >>"$folder/log" 2>&1 </dev/null
}

if [ "${2:-}" = afterwards ]; then
    [ ! -d "$folder/started" ] || [ -e "$folder/status" ] || do_afterwards
    exit 0
fi

exec 9>>"$base/node.lock" 8>>"$folder/lock"
flock -w 10 9 || exit 75
flock -n 8 || exit 75
[ "$(cat "$folder/fence")" -ge "$(cat "$base/fence")" ] || exit 75
cat /proc/sys/kernel/random/boot_id >"$folder/boot"
mkdir "$folder/started" 2>/dev/null || exit 75
echo "${folder##*/}" >"$base/running"

# Told to stop, it lets the step finish: a handled signal waits for the child in the foreground,
# and is not handed down to it, as an ignored one would be.
trap : TERM HUP INT
(umask 022 && exec sh "$folder/script") >"$folder/log" 2>&1 </dev/null
exit_status=$?
do_afterwards || echo "the part afterwards failed" >>"$folder/log"
sync "$folder/log"
echo "$exit_status" >"$folder/status.new"
sync "$folder/status.new"
mv -f "$folder/status.new" "$folder/status"
