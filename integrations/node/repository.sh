# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
#
# Points a node's apt to the repository of another Kubernetes minor: only the minor in the path
# changes, after that repository has answered and verified; the old files are kept. Needs common.sh
# and sources.sh.
# usage: main --minor X.Y

# The keyrings that the active entries name, one path a line; none where they rely on trusted.gpg.d.
keyrings() {
    active_entries |
        sed -nE 's/.*[[ ]signed-by=([^] ]+).*/\1/p; s/^Signed-By: *(\/[^ ]+) *$/\1/p' |
        tr ',' '\n' | sort -u
}

# apt would only say EXPKEYSIG; a person wants to know which file, and what to do.
check_keys() {
    now=$(date +%s)
    for keyring in $(keyrings); do
        [ -s "$root$keyring" ] ||
            fail "the keyring $keyring does not exist; $(refresh_command "$keyring")"
        command -v gpg >/dev/null || continue
        expiry=$(gpg --batch --quiet --show-keys --with-colons "$root$keyring" 2>/dev/null |
            awk -F: '$1 == "pub" { print $7; exit }')
        [ -n "$expiry" ] || continue
        day=$(date -u -d "@$expiry" +%Y-%m-%d)
        [ "$expiry" -gt "$now" ] ||
            fail "the signing key in $keyring expired on $day; $(refresh_command "$keyring")"
        [ "$expiry" -gt $((now + 14 * 86400)) ] ||
            say "the signing key in $keyring expires on $day"
    done
}

refresh_command() {
    echo "fetch it anew: curl -fsSL https://pkgs.k8s.io/core:/stable:/v$minor/deb/Release.key |" \
        "sudo gpg --dearmor --batch --yes -o $1"
}

check_repository() {
    view=$(mktemp -d)
    (
        private_view "$view" "$minor"
        apt-get -q update >"$view/log" 2>&1 </dev/null
    ) || {
        words=$(apt_words "$view/log")
        rm -rf "$view"
        fail "the package repository of $minor does not answer or verify: $words"
    }
    rm -rf "$view"
}

# Writes beside the file and renames: apt sees the old text or the new one. A dot in front hides the
# new one from apt until then. Links are followed, so that they stay links.
rewrite() {
    real=$(readlink -f "$1")
    new=$(dirname "$real")/.lockkeeper.new
    cp -p "$real" "$new"
    with_minor "$minor" "$real" >"$new"
    if cmp -s "$real" "$new"; then
        rm -f "$new"
        return 0
    fi
    mkdir -p "$state/backup"
    backup=$state/backup/$(basename "$1").before-$minor
    cp -p "$real" "$backup"
    sync "$new"
    mv -f "$new" "$real"
    say "$1 now points to $minor; the old file is $backup"
    rewritten="$rewritten $1"
}

put_sources_back() {
    for file in $rewritten; do
        real=$(readlink -f "$file")
        cp -p "$state/backup/$(basename "$file").before-$minor" "$(dirname "$real")/.lockkeeper.new"
        mv -f "$(dirname "$real")/.lockkeeper.new" "$real"
        say "$file is as it was"
    done
}

main() {
    [ "$1" = --minor ] || fail "unknown argument $1"
    minor=$2
    echo "$minor" | grep -Eq '^[0-9]+\.[0-9]+$' || fail "minor '$minor' is not X.Y"
    words=$(check_sources 2>&1) || fail "$words"
    note previous_minor "$(source_minors | one_line)"
    check_keys
    check_repository
    rewritten=''
    for file in $(source_files "$source_pattern"); do
        rewrite "$file"
    done
    if ! update_kubernetes_index; then
        put_sources_back
        fail "apt-get update with the new source: $index_words"
    fi
    [ -n "$rewritten" ] || say "the apt source of this node points to $minor already"
    say "the apt source of this node is that of $minor, and verifies"
}
