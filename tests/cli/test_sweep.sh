#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Sweeps: the table and its words, CSV and JSON beside it, a row beside the plan of that setting, lists that are
# wrong, and what docs/sweep.md shows.
. "$(dirname "$0")/lib.sh"
big=$SOURCE/plans/meta-856-h100-512
follow "$SOURCE/docs/sweep.md"

# --- 8 to 4,096 ranks ---------------------------------------------------------------------------------
expect 'a sweep of 856 tables' 0 '' sweep -m "$big/model.yaml" -t "$big/topology.yaml"
cp logs/out text
ok 'at most 100 columns' awk 'length($0) > 100 { exit 1 }' text
for ranks in 8 16 32 64 128 256 512 1024 2048 4096; do
    ok "has a line for $ranks ranks" grep -q "^ *$ranks  *[0-9]" text
done
ok 'says where there is no room' grep -q '^ *8  *1  *-   no room: need .* GB, have 544 GB$' text
ok 'tells the break-even scale of sptt' grep -q '^ *sptt beats flat from 512 ranks on (16 to 4096 ranks' text
ok 'and of dmt' grep -q '^ *dmt beats flat always (16 to 4096 ranks' text
ok 'recommends a setting' grep -q '^same result sptt at 512 ranks, 64 towers: ' text
ok 'and one if quality allows' grep -q '^any  *dmt at 512 ranks, 64 towers: ' text

# --- the same in three forms --------------------------------------------------------------------------
lists='--ranks 8,32,256 --module none,1:0:32,2:1:64 --exchange float32,bfloat16 --hosts-per-tower 1,2
    --bandwidth 1e9,2.5e10 --local-batch 64,4096,1048576'
specs="-m $SOURCE/plans/criteo-a100-64/model.yaml -t $SOURCE/plans/criteo-a100-64/topology.yaml"
expect 'everything varies' 0 '' sweep $specs $lists
ok 'the table has 216 lines' test "$(grep -c '^ *[0-9][0-9]*  *[-0-9]' logs/out)" -eq 216
ok 'of at most 100 columns' awk 'length($0) > 100 { exit 1 }' logs/out
ok 'none of them cut' sh -c '! grep "^ *[0-9].*\.\.\.$" logs/out'
expect 'as CSV' 0 '' sweep $specs $lists --format csv -o rows.csv
expect 'as JSON' 0 '' sweep $specs $lists --format json -o rows.json
expect 'as JSON, said shorter' 0 '' sweep $specs $lists --json
ok 'gives the same' cmp rows.json logs/out
ok 'CSV and JSON agree' python3 -c '
import csv, json
rows, sweep = list(csv.DictReader(open("rows.csv"))), json.load(open("rows.json"))
assert len(rows) == len(sweep["rows"]) == 216 and len(sweep["series"]) == 72
modes, compared = ("flat", "sptt", "dmt"), 0
for line, row in zip(rows, sweep["rows"]):
    for key in "ranks", "towers", "hosts_per_tower", "batch":
        assert int(line[key]) == row[key], key
    for key in "module", "module_kind", "forward", "backward":
        assert line[key] == row[key], key
    for key in "why", "recommended", "recommended_if_quality_allows":
        assert line[key] == row.get(key, ""), key
    assert float(line["bytes_per_s"]) == row["bytes_per_s"]
    for mode in modes + ("flat_free",):
        value = line[mode + "_seconds"]
        assert (mode in row) == (value != "")
        assert not value or float(value) == row[mode]["seconds"]
    for mode in modes:
        phases = {k[len(mode) + 1:-8]: float(v) for k, v in line.items() if k.startswith(mode + "_") and v
                  and k not in ("flat_seconds", "sptt_seconds", "dmt_seconds", "flat_free_seconds")}
        assert phases == row.get(mode, {"phases": {}})["phases"], mode
        assert mode not in row or abs(sum(phases.values()) - row[mode]["seconds"]) < 1e-12
        compared += mode in row
    assert (row["why"] != "") == ("sptt" not in row) if "why" in row else "sptt" in row
assert compared >= 240
best = sweep["rows"][sweep["recommended_row_if_quality_allows"]]
assert best["bytes_per_s"] == 2.5e10 and best["ranks"] == 256'

# --- a row is what the plan of that setting states ----------------------------------------------------
sed 's/fanout: 8, bytes_per_s: 2.5e+10/fanout: 4, bytes_per_s: 1.0e+10/' \
    "$SOURCE/plans/criteo-a100-64/topology.yaml" >four.yaml
expect 'tables alike' 0 'written to alike' synth -o alike --features 32 --groups 4 --hosts 8 --ranks-per-host 8 --rows 1000
sed 's/rows: [0-9]*/rows: 1000/; s/dim: [0-9]*,/dim: 16,/; s/pooling: [0-9.]*/pooling: 1/' alike/model.yaml >alike.yaml
expect 'a plan on 4 hosts' 0 '' plan -q -m alike.yaml -t four.yaml --strategy load -o four.plan
expect 'its report' 0 '' report four.plan --json -o four.json
expect 'a sweep from 8 hosts' 0 '' sweep -m alike.yaml -t "$SOURCE/plans/criteo-a100-64/topology.yaml" \
    --ranks 32 --bandwidth 1e10 --json
cp logs/out sweep.json
ok 'both state the same' python3 -c '
import json
cost, (row,) = json.load(open("four.json"))["cost"], json.load(open("sweep.json"))["rows"]
for mode in "flat", "sptt", "dmt", "flat_free":
    assert abs(cost[mode]["seconds"] / row[mode]["seconds"] - 1) < 1e-12, mode
assert cost["recommended"] == row["recommended"]'

# --- what affinity costs ------------------------------------------------------------------------------
affinity="-a $SOURCE/plans/criteo-a100-64/affinity.npz"
two='--hosts-per-tower 1,2 --balance auto,0.1'
expect 'a frontier' 0 '' sweep $specs $affinity $two
ok 'at most 100 columns' awk 'length($0) > 100 { exit 1 }' logs/out
ok 'has a line for 8 towers' grep -q '^  *8  *1  *auto  *0.24  *[0-9.]* % .* ms  \*$' logs/out
ok 'and says where there is no plan' grep -q '^  *8  *1  *0.1  no plan fits' logs/out
expect 'as CSV' 0 '' sweep $specs $affinity $two --format csv -o frontier.csv
expect 'as JSON' 0 '' sweep $specs $affinity $two --json -o frontier.json
ok 'both agree' python3 -c '
import csv, json
lines, points = list(csv.DictReader(open("frontier.csv"))), json.load(open("frontier.json"))["points"]
assert len(lines) == len(points) == 4 and [("why" in p) for p in points] == [False, True, False, False]
for line, point in zip(lines, points):
    assert line["why"] == point.get("why", "")
    assert line["dominated"] == str(point.get("dominated", "")).lower()
    for key in ("ranks towers hosts_per_tower balance balance_used inside_affinity flat_free_seconds flat_seconds "
                "sptt_seconds dmt_seconds").split():
        assert (line[key] == "" and key not in point) or float(line[key]) == point[key], key'
expect 'a frontier of two scales' 2 'found 2 ranks, expected one' sweep $specs $affinity --ranks 8,16
expect 'a balance without affinity' 2 '--balance says nothing without -a' sweep $specs --balance 0.1
expect 'a balance below 0' 2 "--balance: found '-1'" sweep $specs $affinity --balance -1
expect 'an affinity that is none' 3 'rows.csv' sweep $specs -a rows.csv

# --- names with quotes and commas ---------------------------------------------------------------------
write_specs
sed "s/features: \[user\]/features: ['us\"e,r']/" model.yaml >quotes.yaml
echo "constraints: [{pin: {feature: 'us\"e,r', tower: 7}}]" >>quotes.yaml
expect 'pins that small worlds do not have' 0 '' sweep -m quotes.yaml -t topology.yaml --ranks 2,16 --format csv -o quotes.csv
expect 'the same as JSON' 0 '' sweep -m quotes.yaml -t topology.yaml --ranks 2,16 --json -o quotes.json
ok 'are in both' python3 -c '
import csv, json
rows, sweep = list(csv.DictReader(open("quotes.csv"))), json.load(open("quotes.json"))
print(rows, sweep)
assert [row["why"] for row in rows] == [row["why"] for row in sweep["rows"]]
assert "7" in rows[0]["why"] and rows[1]["why"] == "16 towers, but only 2 units"'

# --- what is wrong ------------------------------------------------------------------------------------
write_specs
sweep='sweep -m model.yaml -t topology.yaml -o out.yaml'
expect 'an empty list' 2 '--ranks: found an empty entry' $sweep --ranks ''
expect 'an empty entry' 2 '--towers: found an empty entry' $sweep --towers 1,,2
expect 'an empty entry at the end' 2 '--module: found an empty entry' $sweep --module none,
expect 'no ranks' 2 "--ranks: found '0', expected an integer" $sweep --ranks 8,0
expect 'ranks that are none' 2 "--ranks: found '8k', expected an integer" $sweep --ranks 8k
expect 'a value twice' 2 "--ranks: found '8' twice" $sweep --ranks 8,4,8
expect 'a bandwidth twice' 2 "--bandwidth: found '1e9' twice" $sweep --bandwidth 1000000000,1e9
expect 'no bandwidth' 2 "--bandwidth: found '0', expected at least 1" $sweep --bandwidth 0
expect 'no batch' 2 "--local-batch: found '0'" $sweep --local-batch 0
expect 'a dtype that is not sent' 2 "--exchange: found 'float16', expected float32 or bfloat16" $sweep --exchange float16
expect 'half a module' 2 "--module: found '1:2', expected none, C:P:D or D" $sweep --module 1:2
expect 'a module with too much' 2 'expected none, C:P:D or D' $sweep --module 1:2:3:4
expect 'a module of nothing' 2 'expected C + P of at least 1' $sweep --module 0:0:8
expect 'a width where there is no module' 2 'has no tower module to give that width' $sweep --module 8
expect 'K that divides no number of hosts' 2 'found 3 hosts per tower, expected a divisor' \
    $sweep --ranks 2,4 --hosts-per-tower 3
expect 'neither does T' 2 'found 3 towers, expected a divisor' $sweep --ranks 2,4 --towers 3
expect 'K and T' 2 'say the same' $sweep --towers 1 --hosts-per-tower 1
expect 'half a rack' 2 'found 96 ranks, which topology h100-512 cannot have' \
    sweep -m "$big/model.yaml" -t "$big/topology.yaml" --ranks 96
expect 'an unknown format' 2 "--format: found 'yaml', expected text, csv or json" $sweep --format yaml
expect 'two formats' 2 '--json and --format both' $sweep --json --format csv
expect 'an option given twice' 2 'is given twice' $sweep --ranks 2 --ranks 4
expect 'no model' 2 'option -m MODEL is missing' sweep -t topology.yaml
expect 'an output that is an input' 2 'would change the input' sweep -m model.yaml -t topology.yaml -o model.yaml
echo 'unknown_key: 1' >>topology.yaml
expect 'an unknown key in a spec' 3 'unknown_key' $sweep
finish
