#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `towerpart export`: what is written holds every shard of the plan, told by an independent reader; it comes
# back by import; docs/export.md is true, and its Python runs.
. "$(dirname "$0")/lib.sh"
plans=$SOURCE/plans
here=$(dirname "$0")
export PYTHONDONTWRITEBYTECODE=1

# layout PLAN FILE: what the plan says of towers, tables and ranks
layout() {
    sed -n '/^towers:/,/^quality:/p' "$1" >"$2"
    [ -s "$2" ] || echo "Bail out! $1 has no towers"
}

# torchrec NAME PLAN MODEL TOPOLOGY NOTES: every shard is in the JSON, and import gives the plan back; these
# notes are all that is said
torchrec() {
    expect "$1: is exported to torchrec" 0 "$5
plan written to plan.json" export --to torchrec "$2" -o plan.json
    ok '  no more is said' test "$(wc -l <logs/err)" -eq "$(printf '%s\nplan written\n' "$5" | grep -c .)"
    ok '  every shard is where the plan has it' python3 "$here/placed.py" "$2" torchrec plan.json
    expect '  is imported' 0 ': 0 findings' import --from torchrec plan.json -m "$3" -t "$4" -o back.yaml
    layout "$2" before
    layout back.yaml after
    ok '  as it was' cmp before after
}
# hugectr NAME PLAN NOTES: the shards that HugeCTR makes of it are as large, and on the same ranks
hugectr() {
    expect "$1: is exported to hugectr" 0 "$3
plan written to hugectr.json" export --to hugectr "$2" -o hugectr.json
    ok '  no more is said' test "$(wc -l <logs/err)" -eq "$(printf '%s\nplan written\n' "$3" | grep -c .)"
    ok '  every shard is where the plan has it' python3 "$here/placed.py" "$2" hugectr hugectr.json
}
for name in small-mixed criteo-a100-64 meta-856-h100-512; do
    torchrec $name "$plans/$name/plan.yaml" "$plans/$name/model.yaml" "$plans/$name/topology.yaml" ''
done

# mixed DIR HOSTS RANKS KEY=VALUE...: whole, by columns and by rows, in one plan
mixed() {
    mkdir -p "$1"
    python3 "$SOURCE/tests/mpi/mixed_plan.py" "$TOWERPART" "$@" 2>logs/mixed || sed 's/^/# /' logs/mixed
}
mixed two 2 2
torchrec 'mixed, two hosts' two/plan.yaml two/model.yaml two/topology.yaml ''
mixed four 4 2 k=2
torchrec 'mixed, towers of two hosts' four/plan.yaml four/model.yaml four/topology.yaml \
    'towers of 2 hosts: 
TorchRec cuts rows over one host or over all'
expect '  quietly' 0 '' export -q --to torchrec four/plan.yaml -o quiet.json
ok '  the same' cmp quiet.json plan.json
mixed whole 2 2 k=2
torchrec 'mixed, one tower of all hosts' whole/plan.yaml whole/model.yaml whole/topology.yaml 'towers of 2 hosts: '
ok '  rows are on all ranks' grep -q '"row_wise"' plan.json

small=$plans/small-mixed
expect 'a flat plan' 0 '' plan -q -m "$small/model.yaml" -t "$small/topology.yaml" --flat -o flat.yaml
torchrec 'flat' flat.yaml "$small/model.yaml" "$small/topology.yaml" ''
expect '1,000 features' 0 '' synth -q -o large --features 1000 --groups 40 --samples 32 --hosts 16 --ranks-per-host 4
expect '  planned' 0 '' plan -q -m large/model.yaml -t large/topology.yaml --strategy load -o large.yaml
torchrec '1,000 features' large.yaml large/model.yaml large/topology.yaml ''

by_rows=': HugeCTR deals the rows out one by one'
idle=' without a table, first '
turned=' with columns on other ranks than in the plan'
# In the mixed plans t_b, t_e and t_h are cut by columns, their first piece on the rank 1, 4 and 7 places after the
# tower's first, round and round.
hugectr small-mixed "$small/plan.yaml" "$by_rows"
hugectr criteo-a100-64 "$plans/criteo-a100-64/plan.yaml" "12 ranks$idle"
hugectr 'mixed, two hosts' two/plan.yaml "$by_rows
2 tables$turned"
hugectr 'mixed, towers of two hosts' four/plan.yaml "$by_rows
1 table$turned"
hugectr 'mixed, one tower of all hosts' whole/plan.yaml "$by_rows
1 table$turned"

hugectr meta-856-h100-512 "$plans/meta-856-h100-512/plan.yaml" "$by_rows"

# One shard of a table beside another one of it: uneven, until it is moved as the message says.
# move TABLE FROM TO: the table's first shard on rank FROM goes to rank TO, in moved.yaml
move() {
    python3 - "$@" <<'END' && "$TOWERPART" recost -q moved.yaml -o moved.yaml
import sys
table, start, end = sys.argv[1:]
plan = open('moved.yaml').read()
first = plan.index('\n- {name: %s, tower' % table)
last = plan.index('\n- {name: ', first + 1)
entry = plan[first:last].replace('{rank: %s, ' % start, '{rank: %s, ' % end, 1)
assert entry != plan[first:last]
open('moved.yaml', 'w').write(plan[:first] + entry + plan[last:])
END
}
# The first table in four columns, and the ranks of two of them.
four=$(python3 - "$plans/meta-856-h100-512/plan.yaml" <<'END'
import sys, yaml
for table in yaml.safe_load(open(sys.argv[1]))['tables']:
    ranks = [shard['rank'] for shard in table['shards']]
    if table['sharding'] == 'column' and len(ranks) == 4:
        print(table['name'], ranks[0], ranks[1])
        break
END
)
cp "$plans/meta-856-h100-512/plan.yaml" moved.yaml
rm -f hugectr.json
# shellcheck disable=SC2086 # three words
ok 'two shards on one rank' move $four
expect '  are uneven columns' 1 'expected as many on each, since HugeCTR cuts evenly: move one from rank
then towerpart recost' export --to hugectr moved.yaml -o hugectr.json
ok '  nothing is written' test ! -e hugectr.json
# shellcheck disable=SC2046 # three words
ok '  moved as it says' move $(sed -nE 's/.*table (\w+): found .* move one from rank ([0-9]+) to rank ([0-9]+),.*/\1 \2 \3/p' logs/err)
hugectr '  and then even' moved.yaml "$by_rows"
hugectr 'flat' flat.yaml ''
hugectr '1,000 features' large.yaml ''

# --- refused ----------------------------------------------------------------------------------------
rm -f plan.json
sed '/name: t_user, tower/s/rank: 0/rank: 1/' "$small/plan.yaml" >edited.yaml
expect 'a plan with stale figures' 1 'edited.yaml: found ' export --to torchrec edited.yaml -o plan.json
ok '  what to do is said' grep -q 'expected a sound plan: .*recost.*; see towerpart check' logs/err
ok '  nothing is written' test ! -e plan.json
cp "$small/plan.yaml" .
expect 'an unknown program' 2 "--to: found 'xml', expected torchrec or hugectr" export --to xml plan.yaml
expect 'no program' 2 'option --to PROGRAM is missing' export plan.yaml
expect 'no plan' 2 'the plan file is missing' export --to torchrec
expect 'over the plan' 2 'would change the input PLAN' export --to torchrec plan.yaml -o plan.yaml
expect 'a file that is no plan' 3 'model.yaml:' export --to torchrec "$small/model.yaml"
expect 'a folder that is not there' 4 'none/plan.json' export --to torchrec plan.yaml -o none/plan.json
"$TOWERPART" export --to torchrec - <plan.yaml >piped.json 2>logs/err
ok 'through pipes' test $? -eq 0
ok '  nothing else is said' test ! -s logs/err

# --- the page ---------------------------------------------------------------------------------------
cp "$small/model.yaml" "$small/topology.yaml" .
follow "$SOURCE/docs/export.md"
ok 'there are commands' test "$(wc -l <logs/commands)" -ge 2
ok 'the same through pipes' cmp piped.json plan.json
ok 'the Python of docs/export.md loads it' python3 "$here/load_examples.py" "$SOURCE/docs/export.md" .
finish
