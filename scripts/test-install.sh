#!/bin/bash
# Installs kazoo, static and shared, and builds and runs a program that finds it: test-install.sh PRESET
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

preset=${1:?usage: test-install.sh PRESET}
work=$PWD/build/install-test
passed=0
failed=0
mkdir -p "$work"

# Everything that a shared library of ours offers to the linker must be ours.
only_ours() { # LIBRARY
    local names alien
    names=$(nm -DC --defined-only "$1" | cut -d ' ' -f 3-)
    alien=$(grep -vE '^((typeinfo( name)?|vtable|VTT|guard variable|(non-)?virtual thunk) (for|to) )?kazoo::' <<<"$names")
    if [[ -z $names || -n $alien ]]; then
        echo "$1 exports nothing, or what is not kazoo's:"
        head -n 20 <<<"$alien"
        return 1
    fi
}

try() { # KIND SHARED
    local build=$work/$1-build prefix=$work/$1 consumer=$work/$1-consumer library name
    rm -rf "$prefix" "$consumer"
    cmake --preset "$preset" -B "$build" -DBUILD_SHARED_LIBS="$2" -DKAZOO_BUILD_TESTS=OFF -DKAZOO_BUILD_EXAMPLES="$2" &&
        cmake --build "$build" &&
        cmake --install "$build" --prefix "$prefix" &&
        cmake -S tests/install -B "$consumer" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH="$prefix" &&
        cmake --build "$consumer" &&
        "$consumer/consumer" || return 1
    if [[ $2 == OFF ]]; then return 0; fi
    for name in libkazoo libkazoo_testing; do
        library=$(find "$prefix" -name "$name.so" | head -n 1)
        if [[ -z $library ]]; then echo "$name.so was not installed"; return 1; fi
        only_ours "$library" || return 1
    done
}

for kind in static shared; do
    shared=OFF
    if [[ $kind == shared ]]; then shared=ON; fi
    if try $kind $shared >"$work/$kind.log" 2>&1; then
        passed=$((passed + 1))
        echo "ok      install.$kind"
    else
        failed=$((failed + 1))
        echo "FAILED  install.$kind; the end of its log:"
        tail -n 40 "$work/$kind.log"
    fi
done
if [[ -n ${KAZOO_COUNTS:-} ]]; then echo "$passed $failed" >>"$KAZOO_COUNTS"; fi
echo "$passed passed, $failed failed"
((failed == 0))
