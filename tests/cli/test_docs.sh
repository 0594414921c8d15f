#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What docs/ says is true: the examples of docs/specs.md load, alone and together, the edits of
# docs/plan-format.md work as shown, and both pages name every key that their readers know.
. "$(dirname "$0")/lib.sh"
specs=$SOURCE/docs/specs.md
format=$SOURCE/docs/plan-format.md

# Every yaml block goes to model-N.yaml, topology-N.yaml or part-N.yaml, by its first line.
awk '/^```yaml$/ { block = 1; file = ""; next }
    /^```$/ { block = 0 }
    block && file == "" {
        kind = /^towerpart_model:/ ? "model" : /^towerpart_topology:/ ? "topology" : "part"
        file = kind "-" ++number[kind] ".yaml"
        print file > "blocks"
    }
    block { print > file }' "$specs"
sort blocks | tr '\n' ' ' >found
ok 'there are two examples of each spec and one part' \
    grep -qx 'model-1.yaml model-2.yaml part-1.yaml topology-1.yaml topology-2.yaml ' found
ok 'they are in this order: minimal, full' grep -q '^name: minimal$' model-1.yaml

# plans MODEL TOPOLOGY: that pair gives a plan without findings
plans() {
    expect "$1 on $2: a plan" 0 '' plan -q -m "$1" -t "$2" --strategy load -o fine.yaml
    expect "$1 on $2: no findings" 0 '' check fine.yaml -m "$1" -t "$2"
}
cat model-1.yaml part-1.yaml >model-dcn.yaml # the minimal one has no arch and no tower_module of its own
for model in model-1.yaml model-2.yaml model-dcn.yaml; do
    plans "$model" topology-1.yaml
    plans "$model" topology-2.yaml
done
ok 'the part is a dcn' grep -q '^    interaction: dcn$' fine.yaml

# keys PAGE SOURCE...: the page names every key that a reader lists in `keys` or the like
keys() {
    keys_page=$1
    shift
    cat "$@" | tr '\n' ' ' | grep -o 'keys\[\] = {[^}]*}' | grep -o '"[^"]*"' | tr -d '"' | sort -u >known
    ok "$keys_page: there are keys to look for" test "$(wc -l <known)" -ge 20
    while read -r key; do
        ok "$keys_page names $key" grep -q "[\`.]${key}[\`.]" "$keys_page"
    done <known
}
keys "$specs" "$SOURCE/src/spec/model_read.c" "$SOURCE/src/spec/model_feature.c" \
    "$SOURCE/src/spec/model_arch.c"     "$SOURCE/src/spec/topology_read.c"
keys "$format" "$SOURCE/src/plan/plan_read.c"

# The reasons of docs/specs.md for keys that are refused.
cat "$SOURCE/src/spec/model_read.c" "$SOURCE/src/spec/topology_read.c" | tr '\n' ' ' |
    grep -o '{"[a-z_*]*", [TP_]*WHY_[A-Z]*}' | sed 's/{"\([^"]*\)".*/\1/' | sort -u >known
ok 'there are refused keys to look for' test "$(wc -l <known)" -ge 20
while read -r key; do
    ok "docs/specs.md tells why $key is refused" grep -qF "\`$key\`" "$specs"
done <known

cp "$SOURCE/plans/small-mixed/plan.yaml" "$SOURCE/plans/small-mixed/affinity.npz" .
follow "$format"
ok 'there are commands' test "$(wc -l <logs/commands)" -ge 10
finish
