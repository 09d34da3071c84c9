#!/bin/bash
# Installs what tests need, builds, runs every test and the install test: test-all.sh [PRESET]
# Ends with "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

preset=${1:-release}
./scripts/install-deps.sh test && cmake --preset "$preset" && cmake --build --preset "$preset" || exit 1

counts=$(mktemp)
trap 'rm -f "$counts"' EXIT
KAZOO_COUNTS=$counts ./scripts/run-tests.sh "$preset"
tests=$?
KAZOO_COUNTS=$counts ./scripts/test-install.sh "$preset"
install=$?

if [[ -n ${KAZOO_COUNTS:-} ]]; then cat "$counts" >>"$KAZOO_COUNTS"; fi
echo
awk '{ passed += $1; failed += $2 } END { print passed + 0 " passed, " failed + 0 " failed" }' "$counts"
exit $((tests || install))
