#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A plan of 856 tables on 512 ranks: reports and findings that a person can read, and all of them on demand.
. "$(dirname "$0")/lib.sh"
plan=$SOURCE/plans/meta-856-h100-512/plan.yaml
lines() { wc -l <"$1"; }
listed() { sed -n "/^$1/,/^\$/p" "$2" | grep -cE '^ +[0-9]+ '; }

expect 'a report' 0 '' report "$plan" -o report.txt
ok 'is at most 170 lines long' test "$(lines report.txt)" -le 170
ok 'of at most 100 columns' test -z "$(grep -E '.{101}' report.txt)"
ok 'counts the towers that it does not list' grep -q '^   \.\.\. *52 more towers: ' report.txt
ok 'counts the ranks that it does not list' grep -q '^     \.\.\. *496 more ranks: ' report.txt
expect 'a whole report' 0 '' report --all "$plan" -o whole.txt
ok 'lists 64 towers' test "$(listed TOWERS whole.txt)" -eq 64
ok 'lists 512 ranks' test "$(listed RANKS whole.txt)" -eq 512
sed "/^NEXT/,\$d" whole.txt >lists.txt
ok 'counts nothing' test -z "$(grep -E ' more (towers|ranks)|and [0-9]+ more' lists.txt)"
expect 'as JSON' 0 '' report --json "$plan" -o brief.json
expect 'as JSON with --all' 0 '' report --json --all "$plan" -o whole.json
ok 'both are the same and complete' python3 -c '
import json
brief, whole = (json.load(open(name)) for name in ("brief.json", "whole.json"))
assert brief == whole
assert [len(brief[key]) for key in ("towers", "tables", "ranks")] == [64, 856, 512]
assert sum(len(tower["features"]) for tower in brief["towers"]) == 856'

# Of 512 ranks two figures each are changed.
sed '/rank: [0-9]*, memory_bytes/s/_bytes: \([0-9]*\)[0-9], lookup_bytes: \([0-9]*\)/_bytes: \1, lookup_bytes: 1\2/' \
    "$plan" >stale.yaml
expect 'a plan with 1024 findings' 1 '' check stale.yaml
cp logs/out brief.txt
ok 'shows 4 of each kind' test "$(grep -c ': memory_bytes: ' brief.txt)" -eq 4
ok 'counts the rest' test "$(grep -c '^  \.\.\. and 508 more like it: --all$' brief.txt)" -eq 2
ok 'and the sum' test "$(tail -n 1 brief.txt)" = '1024 findings in all'
expect 'lists them' 1 '' check --all stale.yaml
ok 'all' test "$(lines logs/out)" -eq 1024
expect 'as JSON' 1 '' check --json stale.yaml
ok 'all' python3 -c 'import json; assert len(json.load(open("logs/out"))["findings"]) == 1024'
expect 'as JSON with --all' 1 '' check --json --all stale.yaml
ok 'all too' python3 -c 'import json; assert len(json.load(open("logs/out"))["findings"]) == 1024'
expect 'a report says how many' 0 '' report stale.yaml -o report.txt
ok 'on top' grep -q '^Findings  1024 rules are broken or figures stale' report.txt
finish
