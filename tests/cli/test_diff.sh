#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What would happen if one plan took the place of another: text, JSON, exit statuses, on small and large plans.
. "$(dirname "$0")/lib.sh"
plans=$SOURCE/plans
follow "$SOURCE/docs/compare.md"

# --- a plan and itself --------------------------------------------------------------------------------
for name in criteo-a100-64 meta-856-h100-512 small-mixed; do
    expect "$name and itself" 0 '' diff "$plans/$name/plan.yaml" "$plans/$name/plan.yaml"
    ok '  do not differ, it says' grep -q '^No differences: ' logs/out
    ok '  and nothing else' test "$(wc -l <logs/out)" -eq 1
    expect '  as JSON' 0 '' diff --json "$plans/$name/plan.yaml" "$plans/$name/plan.yaml"
    ok '  no table is listed' python3 -c '
import json
diff = json.load(open("logs/out"))
assert diff["same"] and diff["tables"] == [] and diff["model"] == diff["topology"] == diff["settings"] == []'
done

# --- one table moves ----------------------------------------------------------------------------------
# t_c11 has 405282 rows of 128 float32 and 4 bytes of state each, cut in two strips on ranks 2 and 3. The
# strips change places: all values travel, and the state of both: 405282 * 512 and 405282 * 4 * 2.
criteo=$plans/criteo-a100-64/plan.yaml
sed '/name: t_c11, tower: 0/{s/rank: 2,/rank: 3,/;n;s/rank: 3,/rank: 2,/;}' "$criteo" >swapped.yaml
expect 'strips change places' 1 '' diff "$criteo" swapped.yaml
ok 'the summary comes first' sh -c 'head -n 1 logs/out | grep -q "^Summary   1 table moves; 211 MB travel (3.24 MB"'
ok 'the table is listed' grep -q '^ ~ t_c11  *f11  *0 column 2-3  *-> 0 column ' logs/out
expect 'as JSON' 1 '' diff --json "$criteo" swapped.yaml
ok 'bytes are exact' python3 -c '
import json
diff = json.load(open("logs/out"))
assert diff["summary"]["weight_bytes"] == 405282 * 512 and diff["summary"]["state_bytes"] == 405282 * 8
assert diff["summary"]["between_hosts_bytes"] == diff["summary"]["features_moved"] == 0
table, = diff["tables"]
assert [s["rank"] for s in table["from"]["shards"]] == [2, 3]
assert [s["rank"] for s in table["to"]["shards"]] == [3, 2]
assert table["features"] == ["f11"] and table["change"] == "moves"'

# --- towers that were renumbered ------------------------------------------------------------------------
python3 - "$criteo" >rotated.yaml <<'END'
import re, sys
text = open(sys.argv[1]).read()
start, end = text.index("\ntables:\n- {name: t_c00, tower"), text.index("\nranks:\n")
tables = re.sub(r"tower: (\d+)", lambda m: "tower: %d" % ((int(m[1]) + 1) % 8), text[start:end])
tables = re.sub(r"rank: (\d+)", lambda m: "rank: %d" % ((int(m[1]) + 8) % 64), tables)
lists = re.findall(r"features: (\[[^]]*\]), output_dim", text)
turned = iter(lists[-1:] + lists[:-1])
head = re.sub(r"features: (\[[^]]*\]), output_dim", lambda m: "features: %s, output_dim" % next(turned), text[:start])
print(head + tables + text[end:], end="")
END
expect 'all towers on the next host' 1 '' diff "$criteo" rotated.yaml
ok 'every table moves' grep -q '^Summary   26 tables move; ' logs/out
ok 'and it says that only the numbers changed' grep -q '^Numbers   the plans are equal up to the numbers of towers: 0 -> 1, ' logs/out
expect 'as JSON' 1 '' diff --json "$criteo" rotated.yaml
ok 'tower by tower' python3 -c '
import json
assert json.load(open("logs/out"))["renumbering"] == [1, 2, 3, 4, 5, 6, 7, 0]'

# --- many tables ------------------------------------------------------------------------------------------
meta=$plans/meta-856-h100-512
expect 'another plan of 856 tables' 0 '' plan -q -m "$meta/model.yaml" -t "$meta/topology.yaml" \
    --strategy load -o load.yaml
expect 'a diff of them' 1 '' diff "$meta/plan.yaml" load.yaml
ok 'is short' test "$(wc -l <logs/out)" -le 60
ok 'of at most 100 columns' awk 'length($0) > 100 { exit 1 }' logs/out
ok 'counts what it does not list' grep -q '^   \.\.\. and [0-9]* more: --all$' logs/out
expect 'a whole one' 1 '' diff --all "$meta/plan.yaml" load.yaml -o whole.txt
ok 'lists every table' test "$(grep -c '^ [~=] ' whole.txt)" -ge 800
ok 'of at most 100 columns' awk 'length($0) > 100 { exit 1 }' whole.txt
expect 'two unrelated plans' 1 '' diff "$meta/plan.yaml" "$criteo" -o other.txt
ok 'of at most 100 columns' awk 'length($0) > 100 { exit 1 }' other.txt
ok 'drop one set of tables and add the other' grep -q '26 tables are added, 856 are dropped' other.txt

# --- what it refuses ----------------------------------------------------------------------------------------
sed '/name: t_c11, tower: 0/s/rank: 2/rank: 99/' "$criteo" >broken.yaml
expect 'a plan that breaks rules' 3 'the second plan: 
rank: found 99' diff "$criteo" broken.yaml
expect 'a plan that is not there' 3 'missing.yaml' diff "$criteo" missing.yaml
expect 'one plan' 2 'the second plan file is missing' diff "$criteo"
expect 'three plans' 2 'broken.yaml' diff "$criteo" "$criteo" broken.yaml
expect 'an output that is an input' 2 'swapped.yaml' diff "$criteo" swapped.yaml -o swapped.yaml
finish
