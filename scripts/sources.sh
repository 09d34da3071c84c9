#!/bin/bash
# Lists the C++ sources, relative to the top: sources.sh [--new] (with files that git does not know yet).
set -euo pipefail
cd "$(dirname "$0")/.."
options=()
if [[ ${1:-} == --new ]]; then options=(--cached --others --exclude-standard); fi
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    # A file that was deleted and not yet committed is still listed.
    git ls-files "${options[@]}" '*.hpp' '*.cpp' | while read -r file; do if [[ -f $file ]]; then echo "$file"; fi; done
else # an unpacked archive
    find bench examples include src tests tools -name '*.[hc]pp' | sort
fi
