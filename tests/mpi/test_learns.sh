#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What can be learned is learned, in one epoch at default rates: on a synthetic click log, AUC within 0.01 of what
# the log's own click probabilities reach; and what was learned shows which features belong together.
. "$(dirname "$0")/lib.sh"

# within DISTANCE RUN: of the AUC that demo/truth.json tells
within() {
    python3 -c '
import json, sys
with open("demo/truth.json", encoding="utf-8") as truth, open(sys.argv[2], encoding="utf-8") as run:
    best, found = json.load(truth)["log"]["auc"], json.loads(run.readlines()[-1])["held_out"]["auc"]
print(f"AUC {found}, at best {best}")
sys.exit(found < best - float(sys.argv[1]))' "$@"
}

# towers are the planted groups, whatever their numbers
planted() {
    python3 -c '
import json, re
with open("demo/truth.json", encoding="utf-8") as truth, open("towers.yaml", encoding="utf-8") as plan:
    group = {name: g for name, g in json.load(truth).items() if name != "log"}
    towers = re.findall(r"- \{id: \d+,.*?features: \[(.*?)\]", plan.read(), re.S)
groups = [{group[name] for name in re.split(r",\s*", features)} for features in towers]
print(towers)
assert sorted(map(list, groups)) == [[0], [1], [2], [3]]'
}

# train RANKS PLAN MODE RUN ARGUMENT...
train() {
    train_ranks=$1 train_plan=$2 train_mode=$3 train_run=$4
    shift 4
    mpi "$train_ranks" "$TRAIN" "$train_plan" --data criteo:demo/log.tsv --mode "$train_mode" --json -q "$@" \
        >"$train_run"
}

"$TOWERPART" synth -q -o demo --features 26 --groups 4 --rows 20 --log 300000 --samples 32 --ranks-per-host 1
sed -e 's/local_batch_size: .*/batch_size: 512/' -e 's/bottom_mlp: .*/bottom_mlp: [64, 32, 16]/' \
    -e 's/top_mlp: .*/top_mlp: [128, 64, 1]/' demo/model.yaml >model.yaml
sed 's/fanout: 4/fanout: 1/' demo/topology.yaml >one.yaml
"$TOWERPART" plan -q --strategy load -m model.yaml -t one.yaml -o flat.yaml
train 1 flat.yaml flat flat.json --dump dump
ok 'flat is nearly as good as the generating model' within 0.01 flat.json
ok 'affinity of the dump' "$TOWERPART" affinity -q -m model.yaml -d dump -o affinity.npz
ok 'plan' "$TOWERPART" plan -q -m model.yaml -t demo/topology.yaml -a affinity.npz -o towers.yaml
ok 'towers are the groups that the log was made of' planted
train 4 towers.yaml dmt dmt.json
ok 'so are four towers at compression 2' within 0.01 dmt.json
echo "1..$count"
