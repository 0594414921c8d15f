#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/schema/ takes what the program takes: real files are valid, and what is broken neither of them takes.
. "$(dirname "$0")/lib.sh"
here=$(dirname "$0")
plans=$SOURCE/plans
export PYTHONDONTWRITEBYTECODE=1
schemas() { python3 "$here/schemas.py" "$SOURCE/docs/schema" "$@"; }

# --- the same keys ----------------------------------------------------------------------------------
# keys KIND WORD... -- FILE...: the schema knows those words, and the keys that the readers in the files list
keys() {
    kind=$1
    shift
    : >words
    while [ "$1" != -- ]; do
        echo "$1" >>words
        shift
    done
    shift
    cat "$@" | tr '\n' ' ' | grep -o 'keys\[\] = {[^}]*}' | grep -o '"[^"]*"' | tr -d '"' >>words
    ok "$kind: there are keys to look for" test "$(wc -l <words)" -ge 15
    # shellcheck disable=SC2046 # one word per key
    ok '  the schema knows these, and no other' schemas keys "$kind" $(sort -u words)
}
spec=$SOURCE/src/spec
keys model -- "$spec/model_read.c" "$spec/model_feature.c" "$spec/model_arch.c"
keys topology alone ranks -- "$spec/topology_read.c"
# shellcheck disable=SC2046
keys plan upper_bound lower_bound $(sed -n 's/^ *\[TP_PHASE_[A-Z_]*\] = "\([a-z_]*\)",$/\1/p' \
    "$SOURCE/src/cost/step.c") -- "$SOURCE/src/plan/plan_read.c"

# --- real files are valid ---------------------------------------------------------------------------
awk '/^```yaml$/ { block = 1; file = ""; next }
    /^```$/ { block = 0 }
    block && file == "" {
        kind = /^towerpart_model:/ ? "model" : /^towerpart_topology:/ ? "topology" : "part"
        file = kind "-" ++number[kind] ".yaml"
    }
    block { print > file }' "$SOURCE/docs/specs.md"
cat model-1.yaml part-1.yaml >model-dcn.yaml
alone='alone: {ranks: 1, memory_bytes_per_s: 4.0e+12, flops_per_s: 2.5e+14}'
sed "s/^  exchange_s: .*/&\n  $alone/" topology-2.yaml >alone.yaml
ok 'there is a topology with the rates of a rank alone' grep -q '^  alone:' alone.yaml
write_specs
ok 'model specs are valid' schemas valid model model.yaml model-1.yaml model-2.yaml model-dcn.yaml \
    "$plans/small-mixed/model.yaml" "$plans/criteo-a100-64/model.yaml" "$plans/meta-856-h100-512/model.yaml"
ok 'topologies are valid' schemas valid topology topology.yaml topology-1.yaml topology-2.yaml alone.yaml \
    "$plans/small-mixed/topology.yaml" "$plans/criteo-a100-64/topology.yaml" \
    "$plans/meta-856-h100-512/topology.yaml"

small=$plans/small-mixed
from="-m $small/model.yaml -t $small/topology.yaml"
made=
for strategy in coherent diverse paper; do
    expect "a plan: $strategy" 0 '' plan -q $from -a "$small/affinity.npz" --strategy $strategy --effort 1 \
        -o $strategy.yaml
    made="$made $strategy.yaml"
done
for strategy in load stride; do
    expect "a plan: $strategy" 0 '' plan -q -m model.yaml -t topology.yaml --strategy $strategy -o $strategy.yaml
    made="$made $strategy.yaml"
done
expect 'a flat plan' 0 '' plan -q $from --flat -o flat.yaml
"$TOWERPART" export -q --to torchrec "$small/plan.yaml" -o plan.json
expect 'an imported plan' 0 '' import -q --from torchrec plan.json $from -o imported.yaml
expect 'a plan of a dcn, of two hosts per tower' 0 '' plan -q -m model-dcn.yaml -t topology-2.yaml --strategy load \
    -o dcn.yaml
expect '1,000 features' 0 '' synth -q -o large --features 1000 --groups 40 --samples 32 --hosts 16 --ranks-per-host 4
expect '  planned' 0 '' plan -q -m large/model.yaml -t large/topology.yaml --strategy load -o large.yaml
ok 'plans are valid' schemas valid plan $made flat.yaml imported.yaml dcn.yaml large.yaml \
    "$small/plan.yaml" "$plans/criteo-a100-64/plan.yaml" "$plans/meta-856-h100-512/plan.yaml"

# --- broken ones are not ----------------------------------------------------------------------------
# Of a spec, check reads any; one that is only another than the plan's ends in exit status 1.
for action in breaks refused; do
    ok "$action: model specs" schemas $action model model-2.yaml "$TOWERPART" check "$small/plan.yaml" -m %
    ok "$action: topologies" schemas $action topology topology-2.yaml "$TOWERPART" check "$small/plan.yaml" -t %
    ok "$action: plans" schemas $action plan "$small/plan.yaml" "$TOWERPART" check %
done
finish
