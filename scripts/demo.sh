#!/bin/bash
# Runs the demo: demo.sh [KZ DEMO] (the built programs; those of the release build if not given).
# SERVERS=host:port,... runs it on those, below a path of its own that is removed at the end. Otherwise it starts a
# server as its own process.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

kz=${1:-build/release/tools/kz/kz}
demo=${2:-build/release/tools/demo/demo}
path=/kazoo-demo-$$-$RANDOM
servers=${SERVERS:-}
server=
running=

# shellcheck disable=SC2317 # the trap calls it
end() { # PID; only those that this script has started
    if [[ -n $1 ]]; then
        kill "$1" 2>/dev/null
        wait "$1" 2>/dev/null
    fi
}
# shellcheck disable=SC2317
finish() {
    local result=$?
    trap - EXIT
    end "$running" # its workers end with it
    if [[ -n ${SERVERS:-} ]]; then
        if "$kz" -s "$SERVERS" rm -r "$path"; then echo "removed $path"; else result=1; fi
    fi
    end "$server"
    exit "$result"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [[ -z $servers ]]; then
    exec 3< <(exec "$kz" serve --port 0 --tick 500)
    server=$!
    read -r -t 30 -u 3 _ _ servers || { echo "the embedded server did not start" >&2; exit 1; }
    echo "kz serve runs as process $server and listens on $servers"
fi

"$demo" "$servers" "$path" &
running=$!
wait "$running"
result=$?
running=
exit "$result"
