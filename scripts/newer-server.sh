#!/bin/bash
# Brings the jars of a newer ZooKeeper server into a folder: newer-server.sh FOLDER [SUITE]
# They come from the libzookeeper-java package of another Debian release (trixie: ZooKeeper 3.9) by the machine's own
# mirror; nothing is installed. Then: KAZOO_ZOOKEEPER_JARS=FOLDER make real
set -euo pipefail

if (($# < 1 || $# > 2)); then
    echo "usage: $0 FOLDER [SUITE]" >&2
    exit 2
fi
folder=$1 suite=${2:-trixie}
if [[ -e $folder/version ]]; then # the last thing that is written
    read -r version there <"$folder/version"
    if [[ $there != "$suite" ]]; then
        echo "$folder has a server already, of ${there:-an unknown suite} and not $suite: remove it first" >&2
        exit 1
    fi
    echo "$version"
    exit 0
fi

# Of the machine's sources, in whatever form they are.
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null |
    grep -oE 'https?://[^ ]+/debian/?( |$)' | head -n 1 | tr -d ' ' || true)
if [[ -z $mirror ]]; then
    echo "no Debian mirror among the sources of this machine" >&2
    exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{sources,lists/partial,cache/archives/partial,package}
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$work/sources/other.list"
apt_of() {
    apt-get -qq -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$work/sources" \
        -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" -o Dir::State::status=/dev/null \
        -o APT::Sandbox::User=root "$@"
}
apt_of update
(cd "$work" && apt_of download libzookeeper-java)
dpkg -x "$work"/libzookeeper-java_*.deb "$work/package"
mkdir -p "$folder"
cp -L "$work"/package/usr/share/java/zookeeper{,-jute}.jar "$folder/"
version=$(basename "$work"/libzookeeper-java_*.deb | cut -d_ -f2)
echo "$version $suite" >"$folder/version"
echo "$version"
