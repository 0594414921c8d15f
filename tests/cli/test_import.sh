#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `towerpart import`: docs/import.md is true; plans come back from TorchRec's form as they were, or what is
# wrong with them is found out by import, check and report alike; bad files are refused with their place.
. "$(dirname "$0")/lib.sh"
plans=$SOURCE/plans

# --- plans that come back ---------------------------------------------------------------------------
# take NAME: the files of a worked plan
take() {
    for file in model.yaml topology.yaml plan.yaml affinity.npz; do
        cp "$plans/$1/$file" .
    done
}

# layout PLAN FILE: what the plan says of towers, tables and ranks
layout() {
    sed -n '/^towers:/,/^quality:/p' "$1" >"$2"
    [ -s "$2" ] || echo "Bail out! $1 has no towers"
}
# export_to JSON PLAN: the plan as JSON of a TorchRec plan
export_to() {
    "$TOWERPART" export -q --to torchrec "$2" -o "$1" || echo "Bail out! $2 is not exported"
}

# without_towers JSON: that section is left out
without_towers() {
    sed '/^},$/,$d' "$1" >logs/tables && echo '}}' | cat logs/tables - >"$1"
}
for name in small-mixed criteo-a100-64 meta-856-h100-512; do
    take $name
    layout plan.yaml before
    grep inside_affinity plan.yaml >inside
    for towers in with-towers without-towers; do
        export_to plan.json plan.yaml
        [ $towers = with-towers ] || without_towers plan.json
        expect "$name, $towers: is imported" 0 ': 0 findings' \
            import --from torchrec plan.json -m model.yaml -t topology.yaml -a affinity.npz -o back.yaml
        layout back.yaml after
        ok '  with the same towers, shards and loads' cmp before after
        ok '  and the same share of the affinity inside' grep -qxF -f inside back.yaml
        expect '  check finds nothing' 0 '' check back.yaml -m model.yaml -t topology.yaml
        expect '  report shows it' 0 '' report back.yaml
        ok '  as imported' grep -q 'strategy imported' logs/out
        export_to again.json back.yaml
        [ $towers = without-towers ] || ok '  exported again, it is the same' cmp plan.json again.json
    done
done
expect 'a flat plan' 0 '' plan -q -m model.yaml -t topology.yaml --flat -o flat.yaml
export_to flat.json flat.yaml
expect '  is imported' 0 'flat, 1 tower: 0 findings' \
    import --from torchrec flat.json -m model.yaml -t topology.yaml -o back.yaml
layout flat.yaml before
layout back.yaml after
ok '  with the same shards and loads' cmp before after
ok '  as flat' grep -qx 'strategy: flat' back.yaml

take small-mixed
export_to theirs.json plan.yaml
expect 'without an affinity' 0 '' import -q --from torchrec theirs.json -m model.yaml -t topology.yaml -o back.yaml
expect '  report says what is not known' 0 '' report back.yaml
for words in 'none was given' 'The plan was made elsewhere; these are the' 'These towers were made elsewhere' \
    'towerpart plan -m model.yaml -t topology.yaml -d DUMP -o own.yaml'; do
    ok "  $words" grep -qF -- "$words" logs/out
done

# --- plans that are wrong ---------------------------------------------------------------------------
import="import --from torchrec wrong.json -m model.yaml -t topology.yaml"

# wrong NAME SED FINDING: import and check find this, and only this; report opens with it
wrong() {
    sed "$2" theirs.json >wrong.json
    ! cmp -s theirs.json wrong.json || echo "Bail out! '$2' changes nothing"
    expect "$1: import tells" 1 "$3
the plan breaks 1 rule" $import -o wrong.yaml
    expect '  and writes a plan, of which check says the same' 1 '' check wrong.yaml
    ok '  in one line' test "$(grep -cF -- "$3" logs/out)" -eq "$(wc -l <logs/out)"
    expect '  report opens with it' 0 '' report wrong.yaml
    ok '  before all else' sh -c 'sed -n 3,5p logs/out | grep -q "^Findings  1 rule is broken"'
    expect '  and so does its JSON' 0 '' report --format json wrong.yaml
}
wrong 'a dropped table' '/^"t_geo"/d' 'table t_geo is missing'
wrong 'a gap' '/^"t_item"/s/\[400000,32\],"placement":"rank:3/[300000,32],"placement":"rank:3/' \
    'table t_item: gap: rows 700000 to 799999 are in no shard'
wrong 'too many rows' '/^"t_user"/s/2000000,32/2000001,32/' 'table t_user: shard 0: found 2000001 rows'
wrong 'a rank of another tower' '/^"t_user"/s/"ranks":\[0\],//;/^"t_user"/s/rank:0/rank:6/' \
    'table t_user: shard 0 is on rank 6, outside its tower 0, expected rank 0 to 1'
wrong 'a rank that there is not' '/^"t_user"/s/"ranks":\[0\],//;/^"t_user"/s/rank:0/rank:8/' \
    'table t_user: shard 0: rank: found 8, expected 0 to 7'
wrong 'a tower that is missing' '/^"3"/d;s/^\("2".*\),$/\1/' 'tower 3 is missing'
sed '/^"t_item"/s/\[400000,0\]/[300000,0]/' theirs.json >wrong.json
expect 'an overlap leaves a gap' 1 'table t_item: overlap: rows 300000 to 399999
table t_item: gap: rows 700000 to 799999' $import -o wrong.yaml
sed 's/memory_bytes: 1000000000/memory_bytes: 120000000/' topology.yaml >small.yaml
expect 'a rank beyond its memory' 1 'rank 4: memory: found ' \
    import --from torchrec theirs.json -m model.yaml -t small.yaml -o wrong.yaml
sed 's/table_wise/table_row_wise/' theirs.json >wrong.json
expect 'many findings are cut, and counted' 1 'the plan breaks' $import -o -
ok '  the plan is on standard output' grep -qx 'strategy: imported' logs/out
export_to theirs.json "$plans/meta-856-h100-512/plan.yaml"
sed 's/"table_wise"/"row_wise"/' theirs.json >wrong.json
expect 'at 20' 1 ' more: towerpart check wrong.yaml' import --from torchrec wrong.json -o wrong.yaml \
    -m "$plans/meta-856-h100-512/model.yaml" -t "$plans/meta-856-h100-512/topology.yaml" -q
ok '  20 lines, the count, and the error' test "$(wc -l <logs/err)" -eq 22

# --- bad files: exit status 3, with the place -------------------------------------------------------
export_to theirs.json plan.yaml
# bad NAME TEXT MESSAGE: that CSV is refused
bad() {
    printf "$2" >bad.csv
    expect "$1" 3 "bad.csv$3" import --from csv bad.csv --batch-size 64 -o out.yaml
}
bad 'an empty CSV' '' ': is empty'
bad 'a header alone' 'name,rows,dim\n' ': found no tables'
bad 'no header' 't,10,4\n' ':1: no column'
bad 'semicolons' 'name;rows;dim\nt;10;4\n' ":1: no column has a name that is usual for 'table'; columns found: name;rows;dim (fields are"
bad 'rows as 40M' 'name,rows,dim\nt,40M,4\n' ":2: rows: found '40M', expected an integer in decimal digits"
bad 'a short record' 'name,rows,dim\nt,10\n' ':2: found 2 fields'
bad 'an open quote' 'name,rows,dim\n"t,10,4\n' ':2: found a quote that is never closed'
bad 'a NUL byte' 'name,rows,dim\nt\0,10,4\n' ':2: found a NUL byte'
bad 'bytes that are not UTF-8' 'name,rows,dim\n\377,10,4\n' ':2: field 1 is not UTF-8'
bad 'a carriage return alone' 'name,rows,dim\rt,10,4\n' ':1: found a carriage return'
bad 'an escape sequence in a name' 'name,rows,dim\n\033[2J,10,4\n' ':2: name: found a control character'
ok '  it does not reach the terminal' sh -c '! grep -q "$(printf "\033")" logs/err'
printf 'name,rows,dim\nt,10\n' >bad.csv
"$TOWERPART" import --from csv - --batch-size 64 -o out.yaml <bad.csv 2>err
ok 'a short record in a pipe' grep -q 'standard input:2: found 2 fields' err
bad 'a table twice' 'name,rows,dim\nt,10,4\nu,10,4\nt,10,4\n' ":4: found the table 't' a second time"

# bad_json NAME FORM TEXT MESSAGE
bad_json() {
    printf '%s' "$3" >bad.json
    case $2 in
    torchrec) bad_options='-m model.yaml -t topology.yaml' ;;
    *) bad_options='--batch-size 64' ;;
    esac
    expect "$1" 3 "bad.json$4" import --from "$2" bad.json $bad_options -o out.yaml
}
for form in torchrec torchrec-config; do
    bad_json "$form: an empty file" $form '' ':1:0: found bad JSON'
    bad_json "$form: cut off" $form '{"plan": {' ':1:'
    bad_json "$form: a duplicate key" $form '{"plan": {}, "plan": {}}' ':1:'
    bad_json "$form: brackets without end" $form "$(head -c 100000 /dev/zero | tr '\0' '[')" ':1:2049:'
    bad_json "$form: a number beyond 2^63" $form '{"plan": 9223372036854775808}' ':1:'
    bad_json "$form: another document" $form '{"other": 1}' ': '
done
bad_json 'mean pooling' torchrec-config \
    '[{"name": "t", "num_embeddings": 1, "embedding_dim": 4, "pooling": "MEAN"}]' \
    ": tables[0], t: pooling: found 'MEAN', expected SUM"
bad_json 'rows with a fraction' torchrec-config \
    '[{"name": "t", "num_embeddings": 1.5, "embedding_dim": 4}]' ': tables[0], t: num_embeddings: found 1.5'
bad_json 'data-parallel tables' torchrec '{"plan": {"t_geo": {"sharding_type": "data_parallel"}}}' \
    ": table t_geo: sharding_type: found 'data_parallel', which cannot be honoured"
bad_json 'a table of another model' torchrec '{"plan": {"t_none": {"sharding_type": "table_wise"}}}' \
    ": plan: found table 't_none', which is not in the model"
sed '/^"t_user"/s/rank:0/rank:six/' theirs.json >bad.json
expect 'a rank that is no number' 3 "bad.json: table t_user: shard 0: placement: found 'rank:six/cuda:0'" \
    import --from torchrec bad.json -m model.yaml -t topology.yaml -o out.yaml

# --- options ----------------------------------------------------------------------------------------
printf 'name,rows,dim\nt,10,4\n' >t.csv
csv='import --from csv t.csv'
expect 'no batch size' 2 'one of --batch-size and --local-batch-size is missing' $csv
expect 'both batch sizes' 2 'both of' $csv --batch-size 1 --local-batch-size 1
expect 'an unknown form' 2 "--from: found 'xml', expected csv, torchrec-config or torchrec" import --from xml t.csv
expect 'no file' 2 'the file to import is missing' import --from csv --batch-size 1
expect 'a topology for a CSV' 2 'option -t is for plans' $csv --batch-size 1 -t topology.yaml
expect 'columns for JSON' 2 'option --columns is for --from csv' import --from torchrec-config t.json \
    --batch-size 1 --columns table=name
expect 'a batch size for a plan' 2 'option --batch-size is for model specs' \
    import --from torchrec theirs.json -m model.yaml -t topology.yaml --batch-size 1
expect 'a plan without a topology' 2 'option -t TOPOLOGY is missing' import --from torchrec theirs.json -m model.yaml
expect 'the output over the input' 2 'would change the input FILE t.csv' $csv --batch-size 1 -o t.csv
expect 'a bad map' 2 "--columns: found 'rows'" $csv --batch-size 1 --columns rows
expect 'a name' 0 '' $csv --batch-size 64 --name 'no: 1' -q
ok '  is quoted' grep -qx 'name: "no: 1"' logs/out
printf 'name,rows,dim\nt,10,4\n' | "$TOWERPART" import --from csv - --batch-size 64 -q >piped
ok 'a pipe' grep -qx 'name: imported' piped
expect 'the spec is one that plan takes' 0 '' $csv --local-batch-size 64 -o t.yaml -q
sed 's/fanout: 4/fanout: 1/;/uplink/s/, uplink_bytes_per_s: [^,]*//;/^hosts:/,$d' topology.yaml >one.yaml
expect '  and plans' 0 '' plan -q -m t.yaml -t one.yaml --strategy load -o t-plan.yaml

# --- the page ---------------------------------------------------------------------------------------
export_to theirs.json plan.yaml
follow "$SOURCE/docs/import.md"
ok 'there are commands' test "$(wc -l <logs/commands)" -ge 7
finish
