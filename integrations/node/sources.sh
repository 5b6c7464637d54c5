# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
#
# The apt sources of Kubernetes on a node: which lines they are, whether the repository of a minor
# answers and verifies, without touching what apt knows. One-line (.list) and deb822 (.sources)
# files; any mirror that keeps the layout core:/stable:/vX.Y/deb. Needs common.sh.

# An active line: not a comment.
source_pattern='^[[:space:]]*[^#[:space:]].*core:/stable:/v[0-9]+\.[0-9]+/deb'
legacy_pattern='^[[:space:]]*[^#[:space:]].*(apt\.kubernetes\.io|packages\.cloud\.google\.com/apt)'

source_files() {
    apt_folder=$root/etc/apt
    for file in "$apt_folder/sources.list" "$apt_folder"/sources.list.d/*.list \
        "$apt_folder"/sources.list.d/*.sources; do
        [ ! -f "$file" ] || ! grep -Eq "$1" "$file" || echo "$file"
    done
}

# The minors that the node's sources point to, one a line.
source_minors() {
    source_files "$source_pattern" | while read -r file; do
        grep -E "$source_pattern" "$file" | grep -Eo 'core:/stable:/v[0-9]+\.[0-9]+' |
            sed 's/.*v//'
    done | sort -u -V
}

check_sources() {
    legacy=$(source_files "$legacy_pattern" | one_line)
    if [ -n "$legacy" ]; then
        echo "$legacy: the old package repository is gone, use https://pkgs.k8s.io" >&2
        return 1
    fi
    if [ -z "$(source_files "$source_pattern")" ]; then
        echo "no apt source of Kubernetes (.../core:/stable:/vX.Y/deb/) on this node" >&2
        return 1
    fi
    # A repository that is trusted without a signature is no source for a control plane.
    if active_entries | grep -Eiq '\[[^]]*trusted=yes|^Trusted: *yes'; then
        echo "an apt source of Kubernetes is trusted without a signature; use signed-by instead" >&2
        return 1
    fi
}

kubernetes_stanzas() { grep -v '^#' | awk -v RS= -v ORS='\n\n' '/core:\/stable:\/v[0-9]/'; }

# The active Kubernetes lines of .list files, and the whole stanzas of .sources files.
active_entries() {
    source_files "$source_pattern" | while read -r file; do
        case $file in
            *.sources) kubernetes_stanzas <"$file" ;;
            *) grep -E "$source_pattern" "$file" ;;
        esac
    done
}

# with_minor MINOR FILE: the file's text with that minor in the active Kubernetes lines; every other
# byte as it was. An empty MINOR changes nothing.
with_minor() {
    if [ -z "$1" ]; then cat "$2"; return; fi
    active=$(echo "$source_pattern" | sed 's,/,\\/,g')
    sed -E "/$active/s,(core:/stable:/v)[0-9]+\.[0-9]+(/deb),\1$1\2,g" "$2"
}

# kubernetes_sources FOLDER [MINOR]: only the Kubernetes lines and stanzas, as files for apt.
kubernetes_sources() {
    mkdir -p "$1"
    number=0
    for file in $(source_files "$source_pattern"); do
        number=$((number + 1))
        case $file in
            *.sources) with_minor "${2:-}" "$file" | kubernetes_stanzas >"$1/$number.sources" ;;
            *) with_minor "${2:-}" "$file" | grep -E "$source_pattern" >"$1/$number.list" ;;
        esac
    done
}

# private_view FOLDER MINOR: makes apt see only the Kubernetes repository of a minor, with lists and
# caches of its own, so that nothing on the node changes, not even a time stamp. The node's ways to
# the network (proxies, certificates) stay; its hooks do not run. Afterwards APT_CONFIG is set.
private_view() {
    chmod 0755 "$1" # apt fetches as a user of its own
    mkdir -p "$1/lists/partial" "$1/cache/archives/partial"
    kubernetes_sources "$1/parts" "$2"
    {
        apt-config dump | grep -E '^Acquire::' || true
        printf '%s "%s";\n' Dir::Etc::main /dev/null Dir::Etc::parts /dev/null \
            Dir::Etc::sourcelist /dev/null Dir::Etc::sourceparts "$1/parts" \
            Dir::State::lists "$1/lists" Dir::Cache "$1/cache" APT::Update::Error-Mode any \
            Acquire::Retries 1 Acquire::http::Timeout 20 Acquire::https::Timeout 20
    } >"$1/apt.conf"
    export APT_CONFIG="$1/apt.conf"
}

# The words of a failed apt-get, one line.
apt_words() { grep -E '^(E|W|Err)[: ]' "$1" | sed -E 's/^(E|W): //' | sort -u | one_line 400; }

# Refreshes what apt knows of Kubernetes, and of nothing else: another repository that is down today
# is not our concern. dpkg's lock timeout does not cover the lock on the lists, so that is tried
# again here. A failure leaves its words in index_words.
update_kubernetes_index() {
    index=$(mktemp -d)
    kubernetes_sources "$index/parts"
    tries=0 index_words=''
    until apt_get update -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$index/parts" \
        -o APT::Get::List-Cleanup=0 >"$index/log" 2>&1 </dev/null; do
        tries=$((tries + 1))
        if [ $tries -ge $((lock_timeout_s / 5)) ] ||
            ! grep -q 'Could not get lock' "$index/log"; then
            index_words=$(apt_words "$index/log")
            index_words=${index_words:-$(tail -n 1 "$index/log")}
            index_words=${index_words:-it failed without a word}
            break
        fi
        sleep 5
    done
    rm -rf "$index"
    [ -z "$index_words" ]
}
