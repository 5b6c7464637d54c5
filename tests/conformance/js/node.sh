#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# usage: node.sh FOLDER
#
# Prints the folder in which node 20 or later and npm are. Debian 12 has node 18 only, so where the
# machine has none of its own, both are taken from the npm registry into FOLDER, by pinned hashes.
set -eu

folder=$1
registry=https://registry.npmjs.org
npm_version=10.8.2
npm_hash=c7f0088c520a46596b85c6f8f1da943400199748a0f7ea8cb8df75469668dc26f6fb3ba26df87e2884a5ebe91557292d0f3db7d0929cdb4f14910c3032ac81fb
node_version=20.20.2

fail() { echo "node: failed: $*" >&2; exit 1; }

# fetch URL HASH FOLDER: unpacks a package there.
fetch() {
    file=$(mktemp)
    curl -fsS --retry 3 --max-time 300 -o "$file" "$1" || fail "cannot fetch $1"
    echo "$2  $file" | sha512sum --status -c || fail "$1 is not what it was"
    mkdir -p "$3"
    tar -xzf "$file" -C "$3" --strip-components=1
    rm -f "$file"
}

if command -v npm >/dev/null &&
    major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null) &&
    [ "$major" -ge 20 ]; then
    dirname "$(command -v node)"
    exit
fi
case $(uname -m) in
    x86_64) arch=x64 node_hash=3de1d033cc007661ed640d66068732819c6ce4b8945adb097b3413901774898f7cecaa46ac3d4edad544c9dbcc662b9771e45a9f1b7bae34e70c407038fba3a1 ;;
    aarch64) arch=arm64 node_hash=2c25c99cd4c58b21ae601c36819488e4e04531b92300fb7cb2a0ff34aad6a04d90983812b9b4ea16783a19a349f4427c1e9c413067165a96db72ce15a3e0a71a ;;
    *) fail "no node for $(uname -m)" ;;
esac
home=$folder/node-$node_version-npm-$npm_version
if [ ! -e "$home/complete" ]; then
    rm -rf "$home"
    fetch "$registry/node-linux-$arch/-/node-linux-$arch-$node_version.tgz" "$node_hash" "$home"
    fetch "$registry/npm/-/npm-$npm_version.tgz" "$npm_hash" "$home/lib/node_modules/npm"
    ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$home/bin/npm"
    ln -sf ../lib/node_modules/npm/bin/npx-cli.js "$home/bin/npx"
    chmod +x "$home/lib/node_modules/npm/bin/npm-cli.js" "$home/lib/node_modules/npm/bin/npx-cli.js"
    : >"$home/complete"
fi
echo "$home/bin"
