#!/bin/bash
# Runs the built tests of a preset: run-tests.sh PRESET [LABEL]... (no label: all of them). Ends with "N passed, N failed"
# and, if KAZOO_COUNTS names a file, adds the two numbers to it as a line. Settings of ctest are in CMakePresets.json.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

preset=$1
shift
labels=$(IFS='|'; echo "$*")
junit=build/$preset/tests.xml
reports=build/$preset/reports # of the suites
rm -rf "$junit" "$reports"
# Most tests wait for something: two of them share a core. Simulations count twice (tests/CMakeLists.txt).
ctest --preset "$preset" --parallel "$((2 * $(nproc)))" --no-tests=error --output-junit "$PWD/$junit" \
      ${labels:+--label-regex "^($labels)\$"}
result=$?

# What the simulation and the soak have been through: ctest hides the output of tests that pass.
sed -n '/^[0-9]* \(seeds\|seconds, seed [0-9]*\)$/,/^\[/p' "build/$preset/Testing/Temporary/LastTest.log" 2>/dev/null | grep -v '^\['
counted=$(./scripts/count_tests.py "$junit" "$reports") || counted="0 1 0"
grep '^failed: ' <<<"$counted"
read -r passed failed unrun <<<"${counted##*$'\n'}"
# A program that cannot even list its tests has no failed test of its own.
if ((result != 0 && failed == 0)); then failed=1; fi
if ((unrun > 0)); then echo "$unrun not run (skipped or disabled)"; fi
if [[ -n ${KAZOO_COUNTS:-} ]]; then echo "$passed $failed" >>"$KAZOO_COUNTS"; fi
echo "$passed passed, $failed failed"
exit $((result != 0 || failed > 0))
