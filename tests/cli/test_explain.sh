#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Why a feature is where it is: text and JSON, with and without the affinity, on plans small and large.
. "$(dirname "$0")/lib.sh"
plans=$SOURCE/plans

for case in criteo-a100-64:f11 meta-856-h100-512:f411 small-mixed:f03; do
    name=${case%:*} feature=${case#*:}
    expect "$feature of $name" 0 '' \
        explain "$feature" "$plans/$name/plan.yaml" -a "$plans/$name/affinity.npz"
    for word in Feature Table Affinity Partners 'Held by' TOWERS PLACES; do
        ok "  it says: $word" grep -q "^$word " logs/out
    done
    ok '  in at most 100 columns' awk 'length($0) > 100 { exit 1 }' logs/out
    ok '  and 40 lines' test "$(wc -l <logs/out)" -le 40
    expect '  as JSON' 0 '' \
        explain --json "$feature" "$plans/$name/plan.yaml" -a "$plans/$name/affinity.npz" -o explain.json
    expect '  and the plan' 0 '' report --json "$plans/$name/plan.yaml" -o plan.json
    ok '  both agree' python3 -c '
import json, math
explain, plan = json.load(open("explain.json")), json.load(open("plan.json"))
tower = next(t for t in plan["towers"] if explain["feature"] in t["features"])
assert explain["tower"] == tower["id"] and len(explain["towers"]) == len(plan["towers"])
table = next(t for t in plan["tables"] if t["name"] == explain["table"])
assert table["shards"] == explain["shards"] and table["sharding"] == explain["sharding"]
assert explain["towers"][explain["tower"]]["other_features"] == len(tower["features"]) - 1
assert math.isclose(explain["now"]["inside_affinity"], plan["quality"]["inside_affinity"], rel_tol=1e-6)
for mode, seconds in explain["now"]["seconds"].items():
    assert math.isclose(seconds, plan["cost"][mode]["seconds"], rel_tol=1e-9)
assert explain["affinity_given"] and not explain["other_affinity"]
assert all(place["tower"] != explain["tower"] for place in explain["places"])
values = [place["inside_affinity"] for place in explain["places"]]
assert values == sorted(values, reverse=True)'
    expect '  without affinity' 0 '' explain "$feature" "$plans/$name/plan.yaml"
    ok '  it says what is left out' grep -q '^Affinity  left out: ' logs/out
    ok '  and shows no partners' sh -c '! grep -q "^Partners" logs/out'
done
meta=$plans/meta-856-h100-512
expect 'all towers' 0 '' explain --all f411 "$meta/plan.yaml" -a "$meta/affinity.npz"
ok 'are listed' test "$(sed -n '/^TOWERS/,/^PLACES/p' logs/out | grep -cE '^ +[0-9]+ +[0-9]+ ')" -eq 64

# --- constraints of the small plan: f03 and f04 together, f06 pinned to tower 2 --------------------------
small=$plans/small-mixed/plan.yaml
expect 'a pinned feature' 0 '' explain f06 "$small" -a "$plans/small-mixed/affinity.npz"
ok 'is held by its pin' grep -q '^Held by   constraint pin: tower 2\.$' logs/out
expect 'a bound feature' 0 '' explain f03 "$small"
ok 'moves with another' grep -q '^Moves     with .*: constraint together\.$' logs/out

# --- a thousand features ----------------------------------------------------------------------------------
expect 'a model of 1000 features' 0 'written to big' synth -o big --features 1000 --groups 16 --hosts 16 --samples 64
expect 'its affinity' 0 '1000 features, 64 samples' affinity -m big/model.yaml -d big/dump -o big/affinity.npz
expect 'a plan' 0 '' plan -q -m big/model.yaml -t big/topology.yaml --strategy load -o big/plan.yaml
expect 'another' 0 '' plan -q -m big/model.yaml -t big/topology.yaml -a big/affinity.npz --strategy paper \
    -o big/other.yaml
expect 'and one without towers' 0 '' plan -q -m big/model.yaml -t big/topology.yaml --flat -o big/flat.yaml
feature=$(sed -n 's/.*features: \[\([^],]*\)[],].*/\1/p' big/plan.yaml | tail -n 1)
expect 'is explained' 0 '' explain "$feature" big/plan.yaml -a big/affinity.npz
ok 'in at most 100 columns' awk 'length($0) > 100 { exit 1 }' logs/out
expect 'of a plan without towers too' 0 '' explain "$feature" big/flat.yaml -a big/affinity.npz
ok 'nothing holds it' grep -q '^Held by   nothing: one tower holds all features' logs/out
expect 'and compared' 1 '' diff big/plan.yaml big/other.yaml
ok 'in at most 100 columns' awk 'length($0) > 100 { exit 1 }' logs/out

# --- what it refuses ----------------------------------------------------------------------------------------
expect 'a feature that is not there' 2 'feature f033 is not in the model; did you mean f03?' explain f033 "$small"
expect 'a feature that shares its table' 0 '' explain f01 "$small"
ok '  names the others' grep -q '^Shares    its table with f02, which' logs/out
expect 'a table' 2 'feature t_user is not in the model; did you mean f00?' explain t_user "$small"
expect 'a name that is like no other' 2 'feature nonsense is not in the model' explain nonsense "$small"
ok 'no other is proposed' sh -c '! grep -q "did you mean" logs/err'
expect 'an affinity that is not there' 3 'missing.npz' explain f11 "$small" -a "$plans/criteo-a100-64/missing.npz"
expect 'no plan' 2 'the plan file is missing' explain f11
expect 'three arguments' 2 'third' explain f11 "$small" third
cp "$small" plan.yaml
expect 'an output that is an input' 2 'plan.yaml' explain f03 plan.yaml -o plan.yaml
finish
