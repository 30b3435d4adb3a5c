#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# doc/route-path.md names functions with their files: all of them must be there.
top=${srcdir:-$(dirname "$0")/..}
doc=$top/doc/route-path.md
pairs=$(sed -n -e 's/^| `\([a-z0-9_]*\)` | \([a-z/_0-9.]*\.c\) |.*/\1 \2/p' "$doc"
        grep -o '`[a-z0-9_]*` ([a-z/_0-9]*\.c)' "$doc" | sed 's/`\([a-z0-9_]*\)` (\(.*\))/\1 \2/')
bad=0 n=0
while read -r fn file; do
    n=$((n + 1))
    grep -Eq "^([a-z].*[ *])?$fn\(" "$top/$file" 2>/dev/null || { echo "$doc: no function $fn in $file"; bad=1; }
done <<EOF
$pairs
EOF
[ "$n" -ge 25 ] || { echo "$doc: only $n functions found: has its form changed?"; bad=1; }
exit $bad
