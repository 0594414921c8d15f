#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The man pages that the build made: one for every command and program, with all that a page needs.
#
# In, beside what lib.sh needs: $PAGES, the folder of the pages; empty: help2man is not there.
. "$(dirname "$0")/lib.sh"
if [ -z "$PAGES" ]; then
    echo '1..0 # SKIP help2man is not found'
    exit 0
fi

"$TOWERPART" --help >help
sed -n '/^Commands/,/^$/s/^  \([a-z]*\) .*/towerpart-\1/p' help >names
ok 'there are commands' test "$(wc -l <names)" -ge 9
echo towerpart >>names
[ "$TRAINER" = no ] || printf '%s\n' towerpart-train towerpart-calibrate >>names
sort -o names names
(cd "$PAGES" && find . -name '*.1' | sed 's,^\./\(.*\)\.1$,\1,' | sort) >made
ok 'every command and program has a page, and nothing else' diff names made

# section NAME: the lines of a section of the page at hand
section() {
    sed -n "/^\.SH \"*$1\"*\$/,/^\.SH/{/^\.SH/d;p;}" page
}

while read -r name; do
    cp "$PAGES/$name.1" page
    usage=$(echo "$name" | sed 's/^towerpart-\([a-z]*\)$/towerpart \1/; s/ \(train\|calibrate\)$/-\1/')
    section NAME >part
    ok "$name: NAME says what it does" grep -qx "$name \\\\- [a-z].\{15,\}" part
    case $usage in
    *' '*) ok "$name: and the same as the table of commands" grep -qxF -- \
        "  $(printf '%-10s %s' "${name#towerpart-}" "$(sed 's/.* \\- //; s/\\-/-/g' part)")" help ;;
    esac
    section SYNOPSIS >part
    ok "$name: SYNOPSIS says how it is called" grep -q "^\\\\fB$usage\\\\fR .*\\[OPTION\.\.\.\]" part
    section DESCRIPTION >part
    ok "$name: DESCRIPTION is a sentence" grep -q '^[A-Z][a-z]' part
    section OPTIONS >part
    ok "$name: OPTIONS has --help and --version" test "$(grep -c '\\-\\-\(help\|version\)' part)" -ge 2
    section EXAMPLES >part
    ok "$name: EXAMPLES calls it" grep -q "$(echo "$usage" | sed 's/-/\\\\-/') " part
    section 'SEE ALSO' >part
    ok "$name: SEE ALSO names another page, and not itself" sh -c \
        "grep -q '^.BR towerpart' part && ! grep -q '^.BR $name (1)' part"
    ok "$name: no complaint of help2man" sh -c '! grep -qi "help2man: " page'
    if command -v groff >/dev/null; then
        groff -man -Tascii -ww page >text 2>complaints
        ok "$name: no complaint of groff" test ! -s complaints
    fi
done <names
finish
