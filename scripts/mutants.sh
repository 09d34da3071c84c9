#!/bin/bash
# Shows that the tests notice when a safeguard is broken: mutants.sh [PATCH]...
# Each tests/mutants/*.patch begins with two lines, then the diff (paths as `git diff` writes them):
#     Breaks: what no longer works
#     Test: PROGRAM [--gtest_filter=…]
# On a copy of the tree all tests must pass; with a patch its test must fail, crash or hang.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

time_limit=300
top=$PWD
copy=$top/build/mutants/tree
build=$top/build/mutants/build
log=$top/build/mutants/log
unbroken=$top/build/mutants/unbroken
patches=("$@")
if ((${#patches[@]} == 0)); then patches=(tests/mutants/*.patch); fi
if [[ ! -e ${patches[0]} ]]; then echo "no patches in tests/mutants" >&2; exit 1; fi

header() { sed -n "/^--- /q; s/^$2: *//p" "$1"; }

# A fresh copy with fresh times: an interrupted run may have left a broken file, and objects built from it.
rm -rf "$copy"
mkdir -p "$copy" "$unbroken"
for folder in CMakeLists.txt CMakePresets.json cmake include src tests tools examples bench README.md; do
    if [[ -e $folder ]]; then cp -r "$folder" "$copy/"; fi
done
programs=$(for patch in "${patches[@]}"; do header "$patch" Test; done | cut -d ' ' -f 1 | sort -u)
echo "building $(echo "$programs" | tr '\n' ' ')from an unbroken copy"
# shellcheck disable=SC2086 # the names are words
(cd "$copy" && cmake --preset dev -B "$build" -DKAZOO_BUILD_EXAMPLES=OFF -DKAZOO_UNITY_TESTS=ON &&
    cmake --build "$build" --target $programs) \
    >"$log" 2>&1 || { tail -n 40 "$log"; exit 1; }

run_test() { # LINE
    local words
    read -ra words <<<"$1"
    timeout "$time_limit" "$build/tests/${words[0]}" "${words[@]:1}"
}

# Which lines pass, before anything is broken.
declare -A passes
while read -r test; do
    if [[ -n $test ]] && run_test "$test" </dev/null >"$log" 2>&1 && ! grep -q 'Running 0 tests' "$log"; then passes[$test]=1; fi
done < <(for patch in "${patches[@]}"; do header "$patch" Test; done | sort -u)

try() { # PATCH; prints the verdict. What is broken is built again with the next patch.
    local patch=$1 test result files
    test=$(header "$patch" Test)
    if [[ -z $test ]]; then echo "FAILED: no 'Test:' line"; return; fi
    if [[ -z ${passes[$test]:-} ]]; then echo "FAILED: without the patch the test fails, or the filter picks none"; return; fi
    patch --dry-run -d "$copy" -p1 -s <"$patch" >"$log" 2>&1 || { echo "FAILED: the patch does not apply"; return; }
    mapfile -t files < <(sed -n 's/^+++ b\///p' "$patch")
    (cd "$copy" && cp --parents "${files[@]}" "$unbroken/")
    patch --no-backup-if-mismatch -d "$copy" -p1 -s <"$patch"
    if cmake --build "$build" --target "${test%% *}" >"$log" 2>&1; then
        run_test "$test" >"$log" 2>&1
        result=$?
        case $result in
            0) echo "FAILED: nobody noticed" ;;
            124) echo "noticed: it hangs" ;;
            1) echo "noticed: $(sed -n 's/^\[  FAILED  \] \(.*\) (.*/\1/p' "$log" | head -n 1)" ;;
            *) echo "noticed: exit code $result" ;;
        esac
    else
        echo "FAILED: it does not build"
    fi
    (cd "$unbroken" && cp --parents "${files[@]}" "$copy/") # `patch -R` may find another place
}

passed=0
failed=0
printf '%-34s %-58s %s\n' mutant breaks result
for patch in "${patches[@]}"; do
    verdict=$(try "$patch")
    printf '%-34s %-58s %s\n' "$(basename "$patch" .patch)" "$(header "$patch" Breaks)" "$verdict"
    if [[ $verdict == noticed* ]]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done
echo "$passed passed, $failed failed"
((failed == 0))
