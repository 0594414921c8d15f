#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `towerpart profile`: what it measures on a synthetic log is what sort and uniq count there, the spec it
# writes makes a plan, and a log that is wrong is refused with its line.
. "$(dirname "$0")/lib.sh"

"$TOWERPART" synth -q -o demo --features 26 --samples 256 --log 4000 --skew 1 --hosts 2 --ranks-per-host 2
expect 'a synthetic log is profiled' 0 'next: towerpart plan -m profiled.yaml' \
    profile criteo:demo/log.tsv -m demo/model.yaml -o profiled.yaml
cp logs/out table
ok 'its table is at most 100 columns wide' sh -c '! grep -q ".\{101\}" table'
ok 'and counts what it leaves out' grep -qx 'and 6 less skewed ones: --all' table
ok 'all 26 are there with --all' sh -c '
    "$TOWERPART" profile -q criteo:demo/log.tsv -m demo/model.yaml -o /dev/null --all | grep -c "^f[0-9][0-9] " |
        grep -qx 26'
ok 'the most skewed come first' sh -c 'sed -n "/^f[0-9]/p" table | awk "{ print \$6 }" | sort -c -g -r'

# counted COLUMN: distinct ids, and lookups of the hottest 1, 10, 100, 1000, all rows, from the log itself
counted() {
    cut -f "$1" demo/log.tsv | grep -v '^$' | sort | uniq -c | sort -k1,1nr | awk '
        { sum += $1; at[NR] = sum }
        END {
            printf "%d", NR
            for (n = 1; n < NR; n *= 10) {
                micro = at[n] / sum * 1000000
                printf " %d %.6f", n, (micro > int(micro) + 1e-6 ? int(micro) + 1 : int(micro)) / 1000000
            }
            printf " %d %.6f\n", NR, 1
        }'
}
# measured FEATURE: the same from the spec
measured() {
    tr '\n' ' ' <profiled.yaml | sed 's/  */ /g; s/- {name: t_/\n&/g' | grep "features: \[{name: $1," |
        sed 's/.*distinct: \([0-9]*\), hot_rows: \[\(.*\)\]}\]}.*/\1 \2/; s/[][,]//g' | awk '
        { printf "%d", $1; for (i = 2; i < NF; i += 2) printf " %d %.6f", $i, $(i + 1); print "" }'
}
for feature in 00 07 13 25; do
    counted $((15 + ${feature#0})) >slow
    measured "f$feature" >fast
    ok "f$feature: as sort and uniq count it" cmp slow fast
done
ids=$(cut -f 15 demo/log.tsv | grep -c .)
ok 'pooling is ids per sample' sh -c "
    mean=\$(awk 'BEGIN { printf \"%.10f\", $ids / 4000 }' | sed 's/0*\$//')
    tr '\n' ' ' <profiled.yaml | sed 's/  */ /g' | grep -q \"{name: f00, pooling: \$mean, pooling_p99: 1.0,\""

ok 'the same log gives the same bytes' sh -c '
    "$TOWERPART" profile -q criteo:demo/log.tsv -m demo/model.yaml -o again.yaml >again &&
    cmp profiled.yaml again.yaml && cmp table again'
ok 'from a pipe too' sh -c '
    "$TOWERPART" profile -q criteo:- -m demo/model.yaml -o - <demo/log.tsv | cmp - profiled.yaml'
ok 'a spec from a pipe' sh -c '
    "$TOWERPART" profile -q criteo:demo/log.tsv -m - -o - <demo/model.yaml | cmp - profiled.yaml'
ok 'profiling the result changes nothing' sh -c '
    "$TOWERPART" profile -q criteo:demo/log.tsv -m profiled.yaml -o - | cmp - profiled.yaml'
expect 'as JSON' 0 '' profile -q criteo:demo/log.tsv -m demo/model.yaml -o profiled.yaml --json
ok 'with the samples' grep -qx '  "samples": 4000,' logs/out
ok 'and every feature' test "$(grep -c '"hottest_row"' logs/out)" -eq 26

expect 'a plan of the profiled model' 0 '' \
    plan -q -m profiled.yaml -t demo/topology.yaml -d demo/dump -o plan.yaml
expect 'has no findings' 0 '' check plan.yaml -m profiled.yaml
ok 'the plan keeps what was measured' grep -q 'hot_rows: \[\[1,' plan.yaml
expect 'the unprofiled model differs from it' 1 '' check plan.yaml -m demo/model.yaml
ok 'and the finding says how' grep -q 'feature f00: hot_rows changed' logs/out

# --- hot rows set the load of row shards ------------------------------------------------------------
# One table of 4 GB on ranks of 3 GB, by rows: half of the lookups go to its first row. B = 64, 1 id per
# sample, 32 values of 4 bytes: 8192 bytes, of which rank 0 reads 3/4.
cat >big.yaml <<'END'
towerpart_model: 1
name: big
batch_size: 64
tables:
  - name: t
    rows: 32000000
    dim: 32
    features: [{name: hot, hot_rows: [[1, 0.5]]}]
arch: {bottom_mlp: [32], top_mlp: [1]}
END
cat >two.yaml <<'END'
towerpart_topology: 1
name: two
device: {memory_bytes: 3000000000, memory_bytes_per_s: 1.0e+12, flops_per_s: 1.0e+13}
levels:
  - {name: host, fanout: 2, bytes_per_s: 1.0e+11, latency_s: 1.0e-6}
END
expect 'a plan by rows' 0 '' plan -q -m big.yaml -t two.yaml --strategy load -o big_plan.yaml
sed -i 's/sharding: column/sharding: row/; s/row: 0, rows: 32000000, column: 0, columns: 16/row: 0, rows: 16000000, column: 0, columns: 32/
    s/row: 0, rows: 32000000, column: 16, columns: 16/row: 16000000, rows: 16000000, column: 0, columns: 32/' big_plan.yaml
expect 'its loads' 0 '' recost -q big_plan.yaml -o big_plan.yaml
ok 'the first rank has the hottest row' grep -q 'rank: 0, .*lookup_bytes: 6144,' big_plan.yaml
ok 'the other only its even part' grep -q 'rank: 1, .*lookup_bytes: 2048,' big_plan.yaml

# --- csv ----------------------------------------------------------------------------------------------
write_specs
printf 'when,user,items,history\n1,u1,"i1",h1|h2|h3\n2,u2,i1,\n3,u1,i2,h1\n4,u1,i3,h1|h4\n' >log.csv
csv="profile csv:log.csv -m model.yaml -o out.yaml"
expect 'a csv with other names' 0 '1 column of no feature ignored' $csv --columns item=items --separator '|'
ok 'is counted' sh -c 'tr "\n" " " <out.yaml | sed "s/  */ /g" |
    grep -q "{name: history, pooling: 1.5, pooling_p99: 3.0, distinct: 4, hot_rows: \[\[1, 0.5\], \[4, 1.0\]\]}"'
rm -f out.yaml
expect 'a field that looks like a list' 0 "log.csv:2: feature history: a field holds '|'" \
    $csv --columns item=items
rm -f out.yaml
sed -i 's/rows: 50,/rows: 2,/' model.yaml
expect 'more distinct ids than rows' 0 'feature item: 3 distinct ids, but table t_item has 2 rows' \
    $csv --columns item=items --separator '|'
rm -f out.yaml

# --- what is refused ----------------------------------------------------------------------------------
# refused NAME STATUS TEXT LOG-CONTENT [OPTION...]
refused() {
    refused_name=$1
    refused_status=$2
    refused_text=$3
    printf "$4" >bad.csv
    shift 4
    expect "csv: $refused_name" "$refused_status" "$refused_text" \
        profile csv:bad.csv -m model.yaml -o out.yaml "$@"
}
good='user,item,history\n'
refused 'an empty file' 3 'bad.csv: is empty, expected a header' ''
refused 'a header alone' 3 'bad.csv: found no rows' "$good"
refused 'no column for a feature' 3 "bad.csv:1: found no column 'history'" 'user,item\na,b\n'
refused 'a column twice' 3 "bad.csv:1: found the column 'item' twice" 'user,item,item,history\n'
refused 'too few fields' 3 'bad.csv:3: found 2 fields, expected 3' "${good}a,b,c\na,b\n"
refused 'too many fields' 3 'bad.csv:2: found 4 fields, expected 3' "${good}a,b,c,d\n"
refused 'an empty line' 3 'bad.csv:3: found 0 fields, expected 3' "${good}a,b,c\n\na,b,c\n"
refused 'a quote inside a field' 3 'bad.csv:2: found a quote' "${good}a,b\"x,c\n"
refused 'text behind a quote' 3 'bad.csv:2: found a quote' "${good}a,\"b\"x,c\n"
refused 'a quote left open' 3 'bad.csv:2: found a quote that is never closed' "${good}a,\"b,c\n"
refused 'a NUL' 3 'bad.csv:2: found a NUL byte' "${good}a,\\0000b,c\n"
refused 'a carriage return alone' 3 'bad.csv:2: found a carriage return' "${good}a,b,c\ra,b,c\n"
refused 'a feature without ids' 3 'bad.csv: found no ids at all in 2 rows for the feature history' \
    "${good}a,b,\na,b,\n"
refused 'two without ids' 3 'for the features item, history, expected some; remove them' "${good}a,,\n"
refused 'a name with an escape is shown clean' 3 "found no column '?[31m' for the feature user" "$good" \
    --columns "$(printf 'user=\033[31m')"
refused 'a map of no feature' 2 "--columns: found 'x=y', expected feature=column" "$good" --columns x=y
refused 'a map without a column' 2 "--columns: found 'user', expected feature=column" "$good" --columns user
refused 'another separator' 2 "--separator: found ',', expected ' ', ';' or '|'" "$good" --separator ,

# criteo NAME TEXT: edits one line of the good log by the sed script on standard input
criteo() {
    sed -e "$3" demo/log.tsv >bad.tsv
    expect "criteo: $1" 3 "$2" profile criteo:bad.tsv -m demo/model.yaml -o out.yaml
}
criteo 'a field too few' 'bad.tsv:7: found 39 fields, expected 40' '7s/\t//'
criteo 'a field too many' 'bad.tsv:7: found 41 fields, expected 40' '7s/\t/\t\t/'
criteo 'an empty line' 'bad.tsv:7: found 1 fields, expected 40' '7s/.*//'
criteo 'an id that is no hex number' "bad.tsv:3: feature f25: found the id 'xyz'" '3s/\t[^\t]*$/\txyz/'
criteo 'an id with a sign' "bad.tsv:3: feature f25: found the id '-1'" '3s/\t[^\t]*$/\t-1/'
criteo 'an id of 17 digits' "bad.tsv:3: feature f25: found the id '0000" \
    '3s/\t[^\t]*$/\t00000000000000000/'
criteo 'an empty log' 'bad.tsv: found no rows' 'd'
criteo 'a feature without ids' 'no ids at all in 4000 rows for the feature f25' 's/\t[^\t]*$/\t/'
{ cat demo/log.tsv && head -c 1100000 /dev/zero | tr '\0' 1; } >bad.tsv
expect 'criteo: a line too long' 3 'bad.tsv:4001: found a line of over 1048576 bytes' \
    profile criteo:bad.tsv -m demo/model.yaml -o out.yaml
expect 'criteo: another number of features' 3 'model small: found 3 features, expected 26' \
    profile criteo:demo/log.tsv -m model.yaml -o out.yaml
expect 'no such log' 3 'none.csv: cannot be read' profile csv:none.csv -m model.yaml -o out.yaml
expect 'a folder' 3 'demo: is a folder' profile csv:demo -m model.yaml -o out.yaml
expect 'no kind of log' 2 'expected criteo:FILE or csv:FILE' profile log.csv -m model.yaml -o out.yaml
expect 'no output' 2 'option -o MODEL2 is missing' profile csv:log.csv -m model.yaml
expect 'the input as output' 2 'would change the input' profile csv:log.csv -m model.yaml -o model.yaml
expect 'the log as output' 2 'would change the input' profile csv:log.csv -m model.yaml -o log.csv
expect 'two pipes' 2 'only one input can be' profile csv:- -m - -o out.yaml
expect 'spec and JSON both on standard output' 2 'would both write' \
    profile csv:log.csv -m model.yaml -o - --json
finish
