#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Files that are no plan: exit status 3 from every command that reads one, a message that names file and
# line, no output. (A plan that can be read but breaks a rule is a finding, exit status 1.)
. "$(dirname "$0")/lib.sh"
write_specs
"$BAD_AFFINITY" good affinity.npz
expect 'the good plan' 0 '' plan -q -m model.yaml -t topology.yaml -a affinity.npz -o good.yaml
expect 'is sound' 0 '' check good.yaml

# bad NAME SED TEXT: the good plan, edited, is refused; the message names the first line that changed
bad() {
    sed "$2" good.yaml >bad.yaml
    line=$(cmp good.yaml bad.yaml | sed 's/.*line //')
    [ -n "$line" ] || echo "Bail out! '$2' changes nothing"
    expect "$1: report" 3 "bad.yaml:$line:
$3" report bad.yaml -o out.yaml
    expect "$1: check" 3 "bad.yaml:$line:" check bad.yaml
    expect "$1: recost" 3 "bad.yaml:$line:" recost bad.yaml -o out.yaml
}

# missing NAME SED TEXT: the same where the change has no line of its own
missing() {
    sed "$2" good.yaml >bad.yaml
    ! cmp -s good.yaml bad.yaml || echo "Bail out! '$2' changes nothing"
    expect "$1" 3 "bad.yaml:
$3" check bad.yaml
}

bad 'a version of the future' 's/^towerpart_plan: 1/towerpart_plan: 2/' towerpart_plan
bad 'a model instead of a plan' '1s/.*/towerpart_model: 1/' towerpart_plan
bad 'an unknown key at the top' '2s/^/remark: hello\n/' remark
bad 'a key twice' 's/^strategy: .*/&\n&/' strategy
bad 'an unknown strategy' 's/^strategy: .*/strategy: best/' "found 'best', expected"
bad 'a negative seed' 's/^seed: 1/seed: -1/' "seed: found '-1'"
bad 'a digest cut off' 's/\(sha256: "*[0-9a-f]\{63\}\)[0-9a-f]/\1/' 'expected 64 lower-case hex digits'
bad 'an unknown verdict' 's/verdict: [a-z]*/verdict: perfect/' "found 'perfect'"
bad 'a balance that is no number' 's/balance: 0.[0-9]*/balance: 5%/' "found '5%'"
bad 'a limit that is not known' 's/proven: [a-z]*/proven: maybe/' "found 'maybe'"
bad 'a rank in exponent form' 's/rank: 1,/rank: 1e0,/' "found '1e0'"
bad 'a row with a decimal point' 's/row: 0,/row: 0.0,/' "found '0.0'"
bad 'an unknown sharding' 's/sharding: table/sharding: diagonal/' "found 'diagonal'"
bad 'a sharding of a later version' 's/sharding: table/sharding: replicate/' 'not part of this version'
bad 'a shard with an unknown key' 's/column: 0,/column: 0, device: 0,/' device
bad 'rows too large for any integer' 's/rows: 100,/rows: 99999999999999999999,/' 99999999999999999999
bad 'bytes in gigabytes' 's/lookup_bytes: [0-9]*/lookup_bytes: 5GB/' "found '5GB'"
bad 'seconds that are not a number' 's/lookup: {seconds: [^,}]*/lookup: {seconds: nan/' "found 'nan'"
bad 'a phase that there is not' 's/ lookup: {seconds/ look_up: {seconds/' look_up
bad 'an unknown recommendation' 's/recommended: .*/recommended: dmt_free/' "found 'dmt_free'"
bad 'a bound of another strategy' 's/^quality:$/&\n  lower_bound: 0.5/' 'unknown key'
bad 'a model inside that is wrong' 's/batch_size: 64/batch_size: 64k/' "batch_size: found '64k'"
bad 'a topology inside that is wrong' 's/fanout: 2/fanout: two/' "fanout: found 'two'"
missing 'no towers' '/^towers:/,/^tables:/{/^tables:/!d}' towers
missing 'no cost' '/^cost:/,$d' cost
missing 'no model' '/^model:/,/^topology:/{/^topology:/!d}' model
missing 'a shard without its rank' 's/{rank: [0-9]*, row:/{row:/' rank
missing 'a second document' '$s/$/\n---\nmore: 1/' 'second document'
missing 'an open bracket at the end' '$s/$/ [/' ''

# found NAME SED TEXT: can be read, but is wrong: check says so, exit status 1; recost writes nothing
found() {
    sed "$2" good.yaml >bad.yaml
    ! cmp -s good.yaml bad.yaml || echo "Bail out! '$2' changes nothing"
    expect "$1: check finds it" 1 '' check bad.yaml
    ok "  and says: $3" grep -qF -- "$3" logs/out
}
found 'a stale figure' 's/lookup_bytes: \([1-9]\)/lookup_bytes: 9\1/' recost
found 'a table in no tower of its features' 's/tower: 0,/tower: 1,/' tower
sed 's/rows: 100/rows: 101/' model.yaml >grown.yaml
expect 'a model that has grown since' 1 '' check good.yaml -m grown.yaml
ok '  and says which table' grep -q 't_user.*100.*101' logs/out
sed 's/^name: two/name: two # the same/' topology.yaml >commented.yaml
expect 'a topology that differs in a comment only' 0 '' check good.yaml -t commented.yaml
finish
