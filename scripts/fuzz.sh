#!/bin/bash
# Builds every fuzzer, replays its seeds and lets it run on: fuzz.sh SECONDS [NAME]...
# The build makes the seeds. What is found meanwhile stays in build/fuzz/corpus, crashes in build/fuzz/crashes.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

seconds=${1:?usage: fuzz.sh SECONDS [NAME]...}
shift
cmake --preset fuzz && cmake --build --preset fuzz --target fuzzers || exit 1
names=("$@")
if ((${#names[@]} == 0)); then
    mapfile -t names < <(find build/fuzz/tests/fuzz -maxdepth 1 -type f -executable -name 'fuzz_*' -printf '%f\n' | sort)
fi
mkdir -p build/fuzz/crashes

run_one() {
    local name=$1 seeds=()
    mkdir -p "build/fuzz/corpus/$name"
    if [[ -d build/fuzz/tests/fuzz/seeds/${name#fuzz_} ]]; then seeds=("build/fuzz/tests/fuzz/seeds/${name#fuzz_}"); fi
    "build/fuzz/tests/fuzz/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/crashes/$name-" "build/fuzz/corpus/$name" "${seeds[@]}" \
        >"build/fuzz/$name.log" 2>&1
}

passed=0
failed=0
finish() { # PID NAME
    if wait "$1"; then
        passed=$((passed + 1))
        echo "ok      $2: $(sed -n 's/^stat::number_of_executed_units: *//p' "build/fuzz/$2.log") runs"
    else
        failed=$((failed + 1))
        echo "FAILED  $2; the end of build/fuzz/$2.log:"
        tail -n 40 "build/fuzz/$2.log"
    fi
}

cores=$(nproc)
pids=()
for name in "${names[@]}"; do
    run_one "$name" &
    pids+=($!)
    at=$((${#pids[@]} - cores))
    if ((at >= 0)); then finish "${pids[at]}" "${names[at]}"; fi
done
for ((at = ${#pids[@]} < cores ? 0 : ${#pids[@]} - cores + 1; at < ${#pids[@]}; ++at)); do
    finish "${pids[at]}" "${names[at]}"
done
if [[ -n ${KAZOO_COUNTS:-} ]]; then echo "$passed $failed" >>"$KAZOO_COUNTS"; fi
echo "$passed passed, $failed failed"
((failed == 0))
