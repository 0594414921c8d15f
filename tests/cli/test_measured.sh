#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a run of the trainer measured, shown beside its plan; runs that are cut, damaged or of another plan.
. "$(dirname "$0")/lib.sh"
cp "$SOURCE/plans/small-mixed/plan.yaml" plan.yaml
digest=$(sha256sum <plan.yaml | cut -c1-64)

# run RANKS DIGEST: the JSON lines of a run of sptt. Rank r looked up r MB.
run() {
    for step in 1 2 3; do
        echo "{\"step\": $step, \"loss\": 0.69, \"samples_per_s\": 1234.5, \"phases\": {}}"
    done
    printf '{"final": true, "plan": {"file": "plan.yaml", "sha256": "%s"}, "mode": "sptt", ' "$2"
    printf '"ranks": %s, "hosts": 4, "batch": 2048, "seed": 1, "first_step": 1, "last_step": 3, ' "$1"
    printf '"seconds": 1.5, "step_seconds": 0.5, "samples_per_s": 4096, "loss": 0.69, "skipped": 0, "hashed_tables": 0, '
    printf '"held_out": {"samples": 100, "clicks": 25, "logloss": 0.5, "normalised_entropy": 0.875, '
    printf '"auc": 0.75}, "phases": {"lookup": {"seconds": {"min": 0.1, "median": 0.2, "max": 0.3}}, '
    printf '"dense_allreduce": {"seconds": {"min": 0.001, "median": 0.001, "max": 0.001}, '
    printf '"bytes": {"host": 7, "cluster": 8}}}, "rank_loads": ['
    rank=0
    while [ $rank -lt "$1" ]; do
        [ $rank -eq 0 ] || printf ', '
        printf '{"rank": %s, "ids": 10, "id_bytes": 1000.5, "lookup_bytes": %se6}' $rank $rank
        rank=$((rank + 1))
    done
    echo ']}'
}
run 8 "$digest" >run.json

# --- side by side -------------------------------------------------------------------------------------
expect 'a report with a run' 0 '' report plan.yaml --measured run.json
cp logs/out report.txt
ok 'at most 100 columns' awk 'length($0) > 100 { exit 1 }' report.txt
ok 'compares the step' grep -q '^Measured  sptt: 500 ms per step; it takes 468 times as long as predicted (1.07 ms).$' report.txt
ok 'has a section' grep -qx 'MEASURED sptt, steps 1 to 3 of run.json, beside what the plan predicts' report.txt
ok 'names what is furthest off' grep -q '^ Furthest from its prediction: lookup, by 300 ms' report.txt
ok 'marks it' grep -q '^ lookup  *50.8 us *300 ms\* *100 ms *5907x *|>>>>$' report.txt
ok 'says that it is another machine' grep -q '^ The rates in the topology (device and levels of topology.yaml)' report.txt
ok 'compares bytes' grep -q '^ dense_allreduce .* 86.3 kB *8 B -100.0%$' report.txt
ok 'and ranks' grep -q '^  *7  *65.5 kB *7.00 MB  *107x *|>>>> ' report.txt
ok 'tells quality in a line' grep -qx ' held out  100 samples, 25 clicks: log loss 0.500000, normalised entropy 0.875000, AUC 0.750000' report.txt
ok 'warns of nothing' sh -c '! grep -q "^Warning" report.txt'
expect 'the same as JSON' 0 '' report plan.yaml --measured run.json --json
cp logs/out report.json
ok 'holds both sides' python3 -c '
import json
measured = json.load(open("report.json"))["measured"]
assert measured["same_plan"] and measured["furthest"] == "lookup"
assert measured["phases"]["lookup"]["seconds"]["measured"] == 0.3
assert measured["phases"]["dense_allreduce"]["bytes"]["cluster"] == {"predicted": 86307, "measured": 8.0, "equal": False}
assert [rank["lookup_bytes"]["measured"] for rank in measured["ranks"]] == [r * 1e6 for r in range(8)]'
ok 'the rest is the report without a run' python3 -c '
import json, subprocess, os
whole, plain = json.load(open("report.json")), json.loads(subprocess.check_output([os.environ["TOWERPART"], "report", "--json", "plan.yaml"]))
del whole["measured"]
assert whole == plain'

# --- several runs -------------------------------------------------------------------------------------
sed 's/"sptt"/"flat"/; s/4096/8192/; s/0.5, "samples/0.25, "samples/' run.json >flat.json
expect 'a report with two runs' 0 '' report plan.yaml --measured flat.json --measured run.json
cp logs/out runs.txt
ok 'at most 100 columns' awk 'length($0) > 100 { exit 1 }' runs.txt
ok 'has them side by side' grep -q '^ samples/s  *8192\*  *4096$' runs.txt
ok 'says which is faster' grep -q '^ speed    Fastest: flat. sptt takes 2.00 times as long as flat\.' runs.txt
ok 'that it was another machine' grep -q '^ rates    The rates in the topology' runs.txt
ok 'and that both are equally good' grep -q '^ quality  sptt and flat are equally good to the last digit' runs.txt
ok 'compares none with the plan by itself' sh -c '! grep -q "^MEASURED" runs.txt'
ok 'warns of nothing' sh -c '! grep -q "^Warning" runs.txt'
sed 's/"auc": 0.75/"auc": 0.7500000000000001/' flat.json >wrong.json
expect 'that differ in the last digit' 0 '' report plan.yaml --measured run.json --measured wrong.json
ok 'as they may in bfloat16' grep -q '^ quality  flat beside sptt: AUC +1.1e-16. The same function but for rounding' logs/out
sed 's/bfloat16/float32/g' plan.yaml >exact.yaml
for name in run wrong; do
    sed "s/$digest/$(sha256sum <exact.yaml | cut -c1-64)/" $name.json >exact-$name.json
done
expect 'but not in float32' 0 '' report exact.yaml --measured exact-run.json --measured exact-wrong.json
ok 'is warned of' grep -q '^Warning   flat AND sptt DIFFER IN QUALITY' logs/out
sed 's/"seed": 1/"seed": 2/' exact-wrong.json >exact-seed.json
expect 'nor from another seed' 0 '' report exact.yaml --measured exact-run.json --measured exact-seed.json
ok 'which is no fault' sh -c '! grep -q "^Warning" logs/out'
ok 'is said' grep -q '^ quality  flat beside sptt: AUC +1.1e-16. The same function, but they had other seeds.$' logs/out
expect 'as JSON' 0 '' report plan.yaml --measured flat.json --measured run.json --json
cp logs/out runs.json
ok 'a list' python3 -c '
import json
several = json.load(open("runs.json"))
assert "measured" not in several and [run["mode"] for run in several["runs"]] == ["flat", "sptt"]
assert several["runs"][1] == json.load(open("report.json"))["measured"]'
expect 'four runs' 0 '' report plan.yaml --measured run.json --measured run.json --measured flat.json \
    --measured flat.json
ok 'have their numbers' grep -qx '  *sptt 1  *sptt 2  *flat 1  *flat 2' logs/out
expect 'five runs' 2 'measured is given more than 4 times' report plan.yaml --measured run.json \
    --measured run.json --measured run.json --measured run.json --measured run.json
expect 'two from a pipe' 2 'only one input can be' report plan.yaml --measured - --measured -
expect 'one that is not there' 3 'none.json: cannot be read' report plan.yaml --measured run.json \
    --measured none.json -o out.yaml
expect 'a report does not replace the last run' 2 'would change the input --measured flat.json' \
    report plan.yaml --measured run.json --measured flat.json -o flat.json
expect 'other options stay single' 2 'option --all is given twice' report plan.yaml --all --all \
    --measured run.json --measured flat.json

# --- pipes --------------------------------------------------------------------------------------------
"$TOWERPART" report plan.yaml --measured - <run.json >logs/out 2>logs/err
judge 'a run from a pipe' 0 $? '' 'report plan.yaml --measured -'
ok 'is called so' grep -q '^MEASURED sptt, steps 1 to 3 of standard input' logs/out
"$TOWERPART" report - --measured run.json <plan.yaml >logs/out 2>logs/err
judge 'a plan from a pipe' 0 $? '' 'report - --measured run.json'
ok 'is known to be the same' sh -c '! grep -q "^Warning" logs/out'
expect 'both from a pipe' 2 'only one input can be' report - --measured -
expect 'a report does not replace the run' 2 'would change the input --measured run.json' \
    report plan.yaml --measured run.json -o run.json
expect 'the option without a file' 2 "option '--measured' requires an argument" report plan.yaml --measured

# --- runs of something else ---------------------------------------------------------------------------
run 8 0123 >other.json
expect 'a run of another version of the plan' 0 '' report plan.yaml --measured other.json
ok 'is warned of' grep -q '^Warning   the run is of another version of this plan (its SHA-256 differs)' logs/out
"$TOWERPART" report - --measured other.json <plan.yaml >logs/out 2>logs/err
judge 'beside a plan from a pipe' 0 $? '' 'report - --measured other.json'
ok 'is warned of too' grep -q '^Warning   the run is of another version of this plan' logs/out
sed 's/"batch": 2048/"batch": 512/' run.json >batch.json
expect 'a run of another batch' 0 '' report plan.yaml --measured batch.json
ok 'is warned of' grep -qx 'Warning   the run had 512 samples per step, the plan predicts for 2048.' logs/out
run 4 "$digest" >ranks.json
expect 'a run on other ranks' 3 'ranks.json:4: ranks: found 4, expected 8, those of the plan' \
    report plan.yaml --measured ranks.json -o out.yaml
sed 's/"cluster": 8/"rack": 8/' run.json >levels.json
expect 'a run on other levels' 3 'phases: dense_allreduce: cluster: found nothing, expected a number' \
    report plan.yaml --measured levels.json -o out.yaml

# --- runs that are none -------------------------------------------------------------------------------
# bad NAME TEXT: bad.json is refused with that
bad() {
    expect "$1" 3 "bad.json$2" report plan.yaml --measured bad.json -o out.yaml
    expect "$1, as JSON" 3 "bad.json$2" report plan.yaml --measured bad.json --json -o out.yaml
}
rm -f bad.json
bad 'no such file' ': cannot be read: No such file or directory'
: >bad.json
bad 'an empty file' ': the run did not end: the file is empty'
head -n 3 run.json >bad.json
bad 'a run without its end' ': the run did not end: no line says "final": true'
head -c -5 run.json >bad.json
bad 'an end that is cut' ': the run did not end: its last line is cut'
cp plan.yaml bad.json
bad 'a plan' ':1:1: found bad JSON'
cp report.json bad.json
bad 'a report' ':1:1: found bad JSON'
head -c 1000 /dev/zero >bad.json
bad 'zeros' ':1: found a NUL byte'
sed 's/"loss": 0.69, "skipped"/"loss": "low", "skipped"/' run.json >bad.json
bad 'a text for a number' ":4: loss: found 'low' in quotes, expected a number"
sed 's/"last_step": 3, //' run.json >bad.json
bad 'a key that is missing' ':4: last_step: found nothing'
sed 's/"mode": "sptt"/"mode": "\\u001b[31m"/' run.json >bad.json
bad 'a mode that is none' ":4: mode: found '?[31m', expected flat, sptt or dmt"
sed 's/"lookup"/"look"/' run.json >bad.json
bad 'a phase that is none' ":4: phases: found 'look', expected the name of a phase"
rm -f bad.json && mkdir bad.json
bad 'a folder' ': is a folder, expected a file'

# --- docs/trainer.md ----------------------------------------------------------------------------------
page=$SOURCE/docs/trainer.md
grep -o '"[a-z_]*"\|\\"[a-z_]*\\"' "$SOURCE/src/train/result.c" | tr -d '\\"' | sort -u >known
ok 'there are keys to look for' test "$(wc -l <known)" -ge 25
while read -r key; do
    ok "docs/trainer.md names $key" grep -q "\`$key\`\|\"$key\"" "$page"
done <known
finish
