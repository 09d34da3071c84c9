#!/bin/bash
# Checks packages of make-deb.sh, installs them, builds programs with them and uses kz: test-deb.sh FOLDER
# FOLDER is that of make-deb.sh. Root installs them in a mount namespace: what changes on this machine is seen by nobody
# else and is gone at the end, however it ends. Who may not do that unpacks them.
set -euo pipefail
cd "$(dirname "$0")/.."

build=$(realpath "${1:?usage: test-deb.sh FOLDER}")
scratch=$build/scratch
consumer=$PWD/tests/install

# Within the namespace: keeps what is written below a folder in memory.
set_aside() { # FOLDER
    local name=${1//\//_}
    mkdir "$scratch/$name" "$scratch/$name/upper" "$scratch/$name/work"
    mount -t overlay overlay -o "lowerdir=$1,upperdir=$scratch/$name/upper,workdir=$scratch/$name/work" "$1"
}

install_packages() {
    mount -t tmpfs tmpfs "$scratch"
    for folder in /etc /usr /var; do set_aside "$folder"; done
    dpkg --install "$build"/packages/*.deb
    kz=/usr/bin/kz
}

unpack_packages() {
    local root=$scratch/root
    for package in "$build"/packages/*.deb; do dpkg --extract "$package" "$root"; done
    LD_LIBRARY_PATH=$root/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)
    export LD_LIBRARY_PATH PKG_CONFIG_PATH=$LD_LIBRARY_PATH/pkgconfig CMAKE_PREFIX_PATH=$root/usr
    kz=$root/usr/bin/kz
}

build_consumers() {
    local flags
    read -ra flags <<<"$(pkg-config --cflags --libs kazoo-testkit)"
    g++ -std=c++20 "$consumer/consumer.cpp" -o "$scratch/consumer" "${flags[@]}"
    "$scratch/consumer"
    cmake -S "$consumer" -B "$scratch/build" -G Ninja -DCMAKE_BUILD_TYPE=Release
    cmake --build "$scratch/build"
    "$scratch/build/consumer"
    "$scratch/build/asio_consumer"
}

use_kz() {
    local server=0 servers
    exec 3< <(exec "$kz" serve --port 0)
    server=$!
    # shellcheck disable=SC2064 # that process
    trap "kill $server" EXIT
    read -r -t 30 -u 3 _ _ servers
    "$kz" -s "$servers" create /app v
    [[ $("$kz" -s "$servers" get /app) == v ]]
}

# What is removed is gone.
remove_packages() {
    dpkg --remove kz libkazoo-dev libkazoo0
    if ls "$kz" /usr/include/kazoo /usr/lib/*/libkazoo* /usr/lib/*/cmake/kazoo 2>/dev/null; then return 1; fi
}

if [[ ${2:-} == here ]]; then
    install_packages
    build_consumers
    (use_kz)
    remove_packages
    exit
fi

lintian --fail-on error "$build"/packages/*.deb
rm -rf "$scratch"
mkdir "$scratch"
# shellcheck disable=SC2016 # the inner shell expands it
probe='mount -t tmpfs tmpfs "$0" && mkdir "$0"/{u,w} && mount -t overlay -o "lowerdir=/usr,upperdir=$0/u,workdir=$0/w" probe /usr'
if ((EUID == 0)) && unshare --mount bash -c "$probe" "$scratch"; then
    unshare --mount "$0" "$build" here
    echo "installed, used and removed"
else
    unpack_packages
    build_consumers
    (use_kz)
    echo "unpacked and used: to install them takes root and mount namespaces"
fi
