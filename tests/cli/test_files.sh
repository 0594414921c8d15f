#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Where results go: pipes, files, full disks; and that a failure leaves no file and harms none.
. "$(dirname "$0")/lib.sh"
data=$SOURCE/tests/data/diabetes130
specs="-m $data/model.yaml -t $data/topology.yaml"
plan="plan -q $specs"

# --- the whole road -----------------------------------------------------------------------------------
expect 'affinity of the real dump warns of the features that never vary' 0 \
    'warning: 2 features never vary in the dump, affinity 0 to all others: payer_code, nateglinide' \
    affinity -m "$data/model.yaml" -d "$data/dump_seed0" -o affinity.npz
ok 'and names the next command' grep -qF 'next: towerpart plan -m' logs/err
expect 'the same quietly: only the warning' 0 'warning: 2 features' \
    affinity -q -m "$data/model.yaml" -d "$data/dump_seed0" -o quiet.npz
ok 'no summary' test "$(wc -l <logs/err)" -eq 1
expect 'plan from the affinity' 0 'plan written to plan.yaml; next: towerpart report plan.yaml' \
    plan $specs -a affinity.npz -o plan.yaml
ok 'with the same warning' grep -qF 'warning: 2 features never vary in the dump' logs/err
ok 'a summary of 2 to 4 lines' test "$(wc -l <logs/err)" -ge 2 -a "$(wc -l <logs/err)" -le 4
ok 'with the recommendation' grep -q '^recommended: ' logs/err
ok 'nothing on standard output' test ! -s logs/out
ok 'the plan records the base names and digests of its inputs' \
    test "$(grep -c "file: model.yaml, sha256: \"*$(sha256sum <"$data/model.yaml" | cut -c1-64)\"*\|file: topology.yaml, sha256: \"*$(sha256sum <"$data/topology.yaml" | cut -c1-64)\"*\|file: affinity.npz, *sha256: \"*$(sha256sum <affinity.npz | cut -c1-64)\"*" plan.yaml)" -ge 2
ok 'and no absolute path' sh -c '! grep -q "/" plan.yaml'
expect 'check finds nothing' 0 '' check plan.yaml
ok 'and says so' grep -qx 'plan.yaml: no findings' logs/out
expect 'check against the specs it was made from' 0 '' check plan.yaml $specs
expect 'check as JSON' 0 '' check --json plan.yaml
ok 'is JSON' python3 -c 'import json; assert json.load(open("logs/out")) == {"sound": True, "findings": []}'
expect 'report' 0 '' report plan.yaml
ok 'at most 100 columns' awk 'length($0) > 100 { exit 1 }' logs/out
expect 'report as JSON' 0 '' report --json plan.yaml
cp logs/out report.json
ok 'is JSON' python3 -m json.tool report.json
expect 'report --format json is the same' 0 '' report --format json plan.yaml
ok 'byte for byte' cmp logs/out report.json
expect 'report into a file' 0 '' report --json plan.yaml -o file.json
ok 'holds the same' cmp file.json report.json
expect 'recost of a plan that nobody touched' 0 '' recost -q plan.yaml -a affinity.npz -o recost.yaml
ok 'changes nothing' cmp plan.yaml recost.yaml
expect 'the recosted plan is sound' 0 '' check recost.yaml
expect 'recost without the affinity' 0 '' recost -q plan.yaml -o bare.yaml
ok 'changes nothing either' cmp plan.yaml bare.yaml
for strategy in load stride diverse paper; do
    needs= says=
    case $strategy in
        diverse | paper) needs='-a affinity.npz' && says='2 features never vary' ;;
    esac
    expect "plan --strategy $strategy" 0 "$says" $plan --strategy $strategy $needs -o $strategy.yaml
    ok "it is recorded: $strategy" grep -qx "strategy: $strategy" $strategy.yaml
    expect "and sound: $strategy" 0 '' check $strategy.yaml
done
expect 'plan --flat' 0 '' $plan --flat -o flat.yaml
expect 'is sound' 0 '' check flat.yaml
expect 'plan with two hosts per tower' 0 'warning' $plan -a affinity.npz --hosts-per-tower 2 -o k2.yaml
expect 'plan with two towers' 0 'warning' $plan -a affinity.npz --towers 2 -o t2.yaml
ok 'is the same' cmp k2.yaml t2.yaml

# --- pipes --------------------------------------------------------------------------------------------
ok 'plan to a pipe, from specs in a pipe, is the plan in a file' sh -c '
    "$TOWERPART" plan -q -m - -t "$1/topology.yaml" -a affinity.npz <"$1/model.yaml" |
    sed "s/file: -/file: model.yaml/; s/file: \"-\"/file: model.yaml/" | cmp - plan.yaml' sh "$data"
ok 'a report of a plan in a pipe' sh -c '
    "$TOWERPART" plan -q $1 -a affinity.npz -o - | "$TOWERPART" report - --json | cmp - report.json' sh "$specs"
ok 'check of a plan in a pipe' sh -c '"$TOWERPART" check - <plan.yaml | grep -qx -- "-: no findings"'
ok 'recost of a plan in a pipe' sh -c '"$TOWERPART" recost - -a affinity.npz <plan.yaml | cmp - recost.yaml'
ok 'affinity to a pipe is the affinity in a file' sh -c '
    "$TOWERPART" affinity -q -m "$1/model.yaml" -d "$1/dump_seed0" -o - 2>logs/err | cmp - affinity.npz' \
    sh "$data"

# --- results that cannot be written -------------------------------------------------------------------
# unwritten NAME ARGUMENT...: exit status 4 when standard output is a full disk, closed, or a closed pipe
unwritten() {
    what=$1
    shift
    "$TOWERPART" "$@" >/dev/full 2>logs/err
    judge "$what to a full disk" 4 $? 'standard output' "$*"
    "$TOWERPART" "$@" >&- 2>logs/err
    judge "$what to a closed standard output" 4 $? 'standard output' "$*"
    { "$TOWERPART" "$@" 2>logs/err; echo $? >logs/status; } | true
    # The pipe may still take a small result before its reader is gone: fine or 4, never a signal.
    case $(cat logs/status) in
    0) judge "$what to a closed pipe" 0 0 '' "$*" ;;
    *) judge "$what to a closed pipe" 4 "$(cat logs/status)" 'standard output' "$*" ;;
    esac
}
unwritten 'help' --help
unwritten 'help of a command' plan --help
unwritten 'version' --version
unwritten 'plan' $plan -a affinity.npz
unwritten 'check' check plan.yaml
unwritten 'report' report plan.yaml
unwritten 'report as JSON' report --json plan.yaml
unwritten 'recost' recost -q plan.yaml -a affinity.npz
expect 'plan into a folder that is not there' 4 'nowhere/plan.yaml' $plan --flat -o nowhere/plan.yaml
expect 'affinity into a folder that is not there' 4 'nowhere/a.npz' \
    affinity -q -m "$data/model.yaml" -d "$data/dump_seed0" -o nowhere/a.npz
expect 'report into a folder that is not there' 4 'nowhere/r' report plan.yaml -o nowhere/r
expect 'synth into a file' 4 'plan.yaml' synth -o plan.yaml
ok 'a closed standard error does not end up in the plan' sh -c '
    "$TOWERPART" plan $1 -a affinity.npz -o silent.yaml 2>&- && cmp silent.yaml plan.yaml' sh "$specs"

# --- failures leave nothing, and harm nothing ---------------------------------------------------------
mkdir clean
echo precious >clean/kept
sed 's/rows: 7/rows: 4e7/' "$data/model.yaml" >bad_model.yaml
sed 's/dim: 16, features: \[race\]/dim: 8, features: [race]/' "$data/model.yaml" >other_model.yaml
sed 's/memory_bytes: 85899345920/memory_bytes: 1000/' "$data/topology.yaml" >tiny.yaml
sed 's/column: 0/column: 1/' plan.yaml >broken.yaml
for output in clean/kept clean/new; do
    expect "bad model, output $output" 3 'bad_model.yaml:' \
        plan -m bad_model.yaml -t "$data/topology.yaml" -a affinity.npz -o $output
    expect "bad affinity, output $output" 3 'plan.yaml' $plan -a plan.yaml -o $output
    expect "bad dump, output $output" 3 'race' \
        affinity -m other_model.yaml -d "$data/dump_seed0" -o $output
    expect "nothing fits, output $output" 1 'memory' \
        plan -m "$data/model.yaml" -t tiny.yaml -a affinity.npz -o $output
    expect "recost of a broken plan, output $output" 1 'column' recost broken.yaml -o $output
    expect "report of no plan, output $output" 3 'model.yaml' report "$data/model.yaml" -o $output
done
ok 'an existing file is what it was' test "$(cat clean/kept)" = precious
ok 'no other file is there, not even a temporary one' test "$(ls -A clean)" = kept
ok 'nor in the folder of the tests' sh -c '! ls -A | grep -i "tmp\|temp\|\.towerpart"'
expect 'check of a broken plan' 1 '' check broken.yaml
ok 'lists the findings on standard output' grep -q column logs/out
expect 'check of a broken plan as JSON' 1 '' check --json broken.yaml
ok 'lists them in JSON' python3 -c '
import json; found = json.load(open("logs/out")); assert found["findings"] and not found["sound"]'
expect 'a file that is not there: plan' 3 'absent.yaml' check absent.yaml
expect 'a file that is not there: model' 3 'absent.yaml' plan -m absent.yaml -t x --flat
expect 'a file that is not there: dump' 3 'absent' affinity -m "$data/model.yaml" -d absent -o a.npz
finish
