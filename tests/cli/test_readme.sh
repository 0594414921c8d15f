#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What README.md says is true: its commands run, print the lines that it shows, and its tour names every
# source file and no other.
. "$(dirname "$0")/lib.sh"
readme=$SOURCE/README.md
follow "$readme"
ok 'there are commands' test "$(wc -l <logs/commands)" -ge 8

(cd "$SOURCE" && find src tools -name '*.c' ! -name 'cmd_*') | sed 's,.*/,,' | sort -u >files
grep -o '`[a-z0-9_-]*\.c`' "$readme" | tr -d '`' | sort -u >named
ok 'the tour names every source file and no other' diff files named
sed -n 's/^\*\*`\(src\/[a-z]*\)\/`\*\*.*/\1/p' "$readme" | sort >rooms
(cd "$SOURCE" && find src -mindepth 1 -maxdepth 1 -type d) | sort >folders
ok 'and every room' diff folders rooms
finish
