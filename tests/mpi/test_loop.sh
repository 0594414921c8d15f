#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The loop of docs/trainer.md, as it stands there: train flat, dump, affinity, plan, check, train with tower modules, compare.
. "$(dirname "$0")/lib.sh"
mkdir programs
ln -s "$TOWERPART" programs/towerpart
ln -s "$TRAIN" programs/towerpart-train
PATH=$work/programs:$PATH

sed -n '/^## The loop/,/^## What/p' "$SOURCE/docs/trainer.md" | sed -n '/^```sh/,/^```/p' | sed '/^```/d' >loop.sh
ok 'the page has a loop' grep -q -- '--mode dmt' loop.sh
ok 'it runs' sh -e loop.sh
ok 'the dump has every feature' test "$(ls loop/learned | wc -l)" -eq 26
ok 'what was learned says which features belong together' python3 -c '
import json, re, sys
truth = json.load(open("loop/truth.json"))
plan = open("loop/plan.yaml").read()
towers = [re.split(r",\s*", t) for t in re.findall(r"\{id: \d+,.*?features: \[(.*?)\]", plan, re.S)]
assert len(towers) == 2 and sum(map(len, towers)) == 26
# A tower of two groups holds 2 * C(6.5, 2) of the C(13, 2) pairs inside: half, if groups stay whole.
inside = [truth[a.strip()] == truth[b.strip()] for t in towers for a in t for b in t if a < b]
print(sum(inside) / len(inside))
assert sum(inside) / len(inside) > 0.4'
ok 'both runs have learned' python3 -c '
import json
best = json.load(open("loop/truth.json"))["log"]["auc"]
for mode in ("flat", "dmt"):
    auc = json.loads(open(f"loop/{mode}.json").readlines()[-1])["held_out"]["auc"]
    print(mode, auc, best)
    assert best - 0.15 < auc < best + 0.02'
echo "1..$count"
