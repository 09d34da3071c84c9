#!/bin/bash
# Takes kazoo in as users do, and builds and runs their programs: test-install.sh PRESET [KIND]...
# Kinds: static and shared, installed, found by CMake and pkg-config; components, parts of the static one; folder of a
# project; deb, Debian packages (only with preset release: they are always built so). All of them if none is named.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

preset=${1:?usage: test-install.sh PRESET [KIND]...}
work=$PWD/build/install-test
tests=$PWD/tests/install
passed=0
failed=0
mkdir -p "$work"
export CMAKE_CXX_COMPILER_LAUNCHER=ccache CMAKE_GENERATOR=Ninja

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

build() { # KIND SHARED
    cmake --preset "$preset" -B "$work/$1-build" -DBUILD_SHARED_LIBS="$2" -DKAZOO_BUILD_TESTS=OFF \
          -DKAZOO_BUILD_EXAMPLES="$2" &&
        cmake --build "$work/$1-build"
}

# What is installed in one place works in another.
install_and_move() { # KIND
    rm -rf "${work:?}/$1" "$work/$1-before"
    cmake --install "$work/$1-build" --prefix "$work/$1-before" && mv "$work/$1-before" "$work/$1"
}

found_by_cmake() { # KIND COMPILER
    local consumer=$work/$1-$2
    rm -rf "$consumer"
    cmake -S "$tests" -B "$consumer" -DCMAKE_CXX_COMPILER="$2" -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH="$work/$1" &&
        cmake --build "$consumer" && "$consumer/consumer" && "$consumer/asio_consumer"
}

found_by_pkg_config() { # KIND [OPTION]...
    local consumer=$work/$1-pkg-config flags libraries
    export PKG_CONFIG_PATH=$work/$1/lib/pkgconfig
    read -ra flags <<<"$(pkg-config --cflags kazoo-testkit)"
    read -ra libraries <<<"$(pkg-config "${@:2}" --libs kazoo-testkit)"
    ccache g++ -std=c++20 "${flags[@]}" -c "$tests/consumer.cpp" -o "$consumer.o" &&
        g++ "$consumer.o" -o "$consumer" "${libraries[@]}" && LD_LIBRARY_PATH=$work/$1/lib "$consumer"
}

try_static() {
    build static OFF && install_and_move static && "$work/static/bin/kz" --version &&
        found_by_cmake static g++ && found_by_cmake static clang++-19 &&
        found_by_pkg_config static && found_by_pkg_config static --static
}

try_shared() {
    build shared ON && install_and_move shared && "$work/shared/bin/kz" --version && only_ours "$work/shared/lib/libkazoo.so" &&
        found_by_cmake shared g++ && found_by_pkg_config shared
}

# The library and what it takes to build with it, without the testing kit and kz; the licence comes along.
try_components() {
    local prefix=$work/parts consumer=$work/parts-consumer component
    build static OFF || return
    rm -rf "$prefix" "$consumer"
    for component in library development; do
        cmake --install "$work/static-build" --prefix "$prefix" --component $component || return
    done
    if [[ -e $prefix/bin || -e $prefix/include/kazoo/testkit ]]; then find "$prefix"; return 1; fi
    [[ -s $prefix/share/doc/kazoo/LICENSE && -s $prefix/share/doc/kazoo/errors.md ]] &&
        cmake -S "$tests/library" -B "$consumer" -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH="$prefix" &&
        cmake --build "$consumer" && "$consumer/user" || return
    rm -rf "$consumer"
    if cmake -S "$tests" -B "$consumer" -DCMAKE_PREFIX_PATH="$prefix" >"$work/parts.log" 2>&1; then
        echo "found a testing kit that is not there"
        return 1
    fi
    grep -q 'The testing kit is not installed' "$work/parts.log"
}

# The library alone is built, nothing of it is installed. With the options of the static build, whose objects it reuses.
try_folder() {
    local consumer=$work/folder options
    build static OFF || return
    mapfile -t options < <(sed -nE 's/^((CMAKE_CXX_COMPILER|CMAKE_BUILD_TYPE|CMAKE_CXX_FLAGS_[A-Z]+|KAZOO_WERROR):.*)/-D\1/p' \
                           "$work/static-build/CMakeCache.txt")
    rm -rf "$consumer"
    cmake -S "$tests/library" -B "$consumer" -DAS_FOLDER=ON "${options[@]}" &&
        cmake --build "$consumer" && "$consumer/user" &&
        cmake --install "$consumer" --prefix "$consumer/prefix" &&
        diff <(cd "$consumer/prefix" && find . -type f) <(echo ./bin/user)
}

try_deb() {
    ./scripts/make-deb.sh "$work/deb-build" && ./scripts/test-deb.sh "$work/deb-build"
}

kinds=("${@:2}")
if ((${#kinds[@]} == 0)); then
    kinds=(static shared components folder)
    if [[ $preset == release ]]; then kinds+=(deb); fi
fi
for kind in "${kinds[@]}"; do
    if "try_$kind" >"$work/$kind.log" 2>&1; then
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
