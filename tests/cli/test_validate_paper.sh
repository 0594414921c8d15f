#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tests/bench/validate-paper runs, meets its aim, and prints what docs/validation.md shows; the constants there are those
# of the figures' file.
. "$(dirname "$0")/lib.sh"
page=$SOURCE/docs/validation.md
ln -s "$SOURCE/tests" tests
ln -s "$(dirname "$(dirname "$TOWERPART")")" build
awk '/^## / { ours = /paper/ } ours' "$page" >section.md
follow section.md
ok 'it shows all lines' test "$(wc -l <logs/said)" -eq "$(wc -l <logs/shown)"
ok 'of 60 cells' grep -q '^SUMMARY .* 60 cells' logs/said

ok 'the page has the constants' python3 -c '
import json, sys
fitted = json.load(open(sys.argv[1]))["fitted"]
page = open(sys.argv[2]).read()
assert "A100 | %.2f |" % fitted["efficiency"]["A100"] in page
assert "V100 | %.2f |" % fitted["efficiency"]["V100"] in page
assert "`exchange_s` | %g ms |" % (fitted["exchange_s"] * 1e3) in page' \
    "$SOURCE/tests/bench/paper/figures.json" "$page"

python3 tests/bench/validate-paper build --exchange-s 0 >out 2>err
ok 'without the fixed time the aim is missed' test $? -eq 1
ok 'and it says so' grep -q ': missed$' out
python3 tests/bench/validate-paper nowhere >out 2>err
ok 'without a build it fails' test $? -ne 0
ok 'and says what is missing' grep -q '^nowhere/tools/towerpart is missing' err
finish
