#!/bin/bash
# Makes Debian packages libkazoo0, libkazoo-dev and kz, as preset deb builds them: make-deb.sh [FOLDER]
# They are put into FOLDER/packages (build/deb/packages). DEBFULLNAME and DEBEMAIL name their maintainer.
set -euo pipefail
cd "$(dirname "$0")/.."

build=${1:-build/deb}
umask 022
rm -rf "$build/packages"
cmake --preset deb -B "$build"
cmake --build "$build"
cpack --config "$build/CPackConfig.cmake"
rm -rf "$build/packages/_CPack_Packages"
ls -l "$build/packages"
