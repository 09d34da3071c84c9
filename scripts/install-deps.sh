#!/bin/bash
# Installs the Debian packages that a task needs: install-deps.sh [build|demo|deb|test|bench]...
# Does nothing, and needs no rights, when all are there.
set -euo pipefail

build=(g++ cmake ninja-build ccache libasio-dev libssl-dev libsasl2-dev libkrb5-dev libcli11-dev nlohmann-json3-dev)
deb=("${build[@]}" dpkg-dev file)
test=("${deb[@]}" libgtest-dev libgmock-dev libspdlog-dev libzookeeper-java openjdk-17-jre-headless
      clang-19 libclang-rt-19-dev clang-format-19 doxygen python3 python3-kazoo patch shellcheck iproute2
      pkgconf lintian openssl libsasl2-modules libsasl2-modules-gssapi-mit
      krb5-kdc krb5-admin-server krb5-user)
bench=("${build[@]}" libzookeeper-mt-dev libzookeeper-java openjdk-17-jdk-headless python3-kazoo
       libcurator-recipes-java golang-go golang-github-samuel-go-zookeeper-dev)

wanted=()
for task in "${@:-build}"; do
    case $task in
        build | demo) wanted+=("${build[@]}") ;;
        deb) wanted+=("${deb[@]}") ;;
        test) wanted+=("${test[@]}") ;;
        bench) wanted+=("${bench[@]}") ;;
        *) echo "usage: $0 [build|demo|deb|test|bench]..." >&2; exit 2 ;;
    esac
done

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    echo "This machine has no apt. Please install what these Debian packages bring: ${wanted[*]}" >&2
    echo "and use cmake, ninja and ctest directly; CONTRIBUTING.md says how." >&2
    exit 1
fi

missing=()
for package in "${wanted[@]}"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    if [[ $status != installed && " ${missing[*]} " != *" $package "* ]]; then missing+=("$package"); fi
done
if ((${#missing[@]} == 0)); then exit 0; fi

as_root=()
if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
        echo "Not root, and no sudo here. Please run: apt-get install --no-install-recommends ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi

echo "installing ${missing[*]}"
run_apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" </dev/null; }
run_apt update
run_apt install -y --no-install-recommends "${missing[@]}" >/dev/null
