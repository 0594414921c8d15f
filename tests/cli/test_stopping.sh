#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A search that ends early: after --time-limit, or by Ctrl-C. What it has found is a plan like any other.
. "$(dirname "$0")/lib.sh"
"$TOWERPART" synth -q -o . --features 120 --groups 7 --noise 4 --samples 400 --hosts 8
"$TOWERPART" affinity -q -m model.yaml -d dump -o a.npz
plan='plan -m model.yaml -t topology.yaml -a a.npz'
inside() {
    sed -n 's/^  inside_affinity: //p' "$1"
}

expect 'a plan after a fifth of a second' 0 '' $plan -q --time-limit 0.2 -o short.yaml
expect 'is sound' 0 '' check short.yaml -m model.yaml -t topology.yaml
expect 'a plan after two seconds' 0 '' $plan -q --time-limit 2 -o long.yaml
ok 'is no worse' awk "BEGIN { exit !($(inside long.yaml) >= $(inside short.yaml)) }"
expect 'little effort ends before a long time' 0 '' $plan -q --effort 1 --time-limit 1000 -o effort.yaml
expect 'effort without a time' 0 '' $plan -q --effort 1 -o same.yaml
ok 'is the same plan' cmp effort.yaml same.yaml

python3 "$(dirname "$0")/interrupt.py" 3 "$TOWERPART" $plan --time-limit 1000 -o stopped.yaml 2>logs/err
judge 'Ctrl-C' 0 $? 'interrupted: this is the best plan so far
plan written to stopped.yaml' ''
expect 'its plan is sound' 0 '' check stopped.yaml -m model.yaml -t topology.yaml
expect 'and can be reported' 0 '' report stopped.yaml -o report.txt
ok 'which says that stability was not assessed' grep -q 'stability *not assessed' report.txt
echo "1..$count"
