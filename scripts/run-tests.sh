#!/bin/bash
# Runs the built tests of a preset: run-tests.sh PRESET [LABEL]... (no label: all of them). Ends with "N passed, N failed"
# and, if KAZOO_COUNTS names a file, adds the two numbers to it as a line. Settings of ctest are in CMakePresets.json.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

preset=$1
shift
labels=$(IFS='|'; echo "$*")
report=build/$preset/tests.xml
rm -f "$report"
ctest --preset "$preset" --parallel "$(($(nproc) + 1))" --no-tests=error --output-junit "$PWD/$report" \
      ${labels:+--label-regex "^($labels)\$"}
result=$?

count() { # ATTRIBUTE of the report's first element; 0 if there is none
    local found
    found=$(sed -n "s/^[[:space:]]*$1=\"\([0-9]*\)\".*/\1/p" "$report" 2>/dev/null | head -n 1)
    echo "${found:-0}"
}
failed=$(count failures)
unrun=$(($(count skipped) + $(count disabled)))
passed=$(($(count tests) - failed - unrun))
# What the simulation and the soak have been through: ctest hides the output of tests that pass.
sed -n '/^[0-9]* \(seeds\|seconds, seed [0-9]*\)$/,/^\[/p' "build/$preset/Testing/Temporary/LastTest.log" 2>/dev/null | grep -v '^\['
# A program that cannot even list its tests has no failed test of its own.
if ((result != 0 && failed == 0)); then failed=1; fi
if ((unrun > 0)); then echo "$unrun not run (skipped or disabled)"; fi
if [[ -n ${KAZOO_COUNTS:-} ]]; then echo "$passed $failed" >>"$KAZOO_COUNTS"; fi
echo "$passed passed, $failed failed"
exit $result
