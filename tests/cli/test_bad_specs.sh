#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Model and topology files that are wrong: exit status 3, a message that names file and place, no output.
. "$(dirname "$0")/lib.sh"
write_specs
mv model.yaml good_model.yaml
mv topology.yaml good_topology.yaml

# refused NAME PLACE TEXT: plan refuses bad.yaml, the message names "bad.yaml:PLACE" and holds TEXT
refused() {
    case $1 in
    model*) files='-m bad.yaml -t good_topology.yaml' ;;
    *) files='-m good_model.yaml -t bad.yaml' ;;
    esac
    expect "$1" 3 "bad.yaml:$2
$3" plan $files --strategy load -o out.yaml
}

# model NAME SED PLACE TEXT: the good model, edited
model() {
    edited good_model.yaml "$2"
    refused "model: $1" "$3" "$4"
}
topology() {
    edited good_topology.yaml "$2"
    refused "topology: $1" "$3" "$4"
}

# edited GOOD SED: makes bad.yaml; an edit that changes nothing would test nothing
edited() {
    sed "$2" "$1" >bad.yaml
    ! cmp -s "$1" bad.yaml || echo "Bail out! '$2' changes nothing"
}

expect 'the good specs make a plan' 0 '' \
    plan -q -m good_model.yaml -t good_topology.yaml --strategy load -o fine.yaml

# --- numbers that YAML readers mangle -----------------------------------------------------------------
for found in 4e7 40M 1_000 40,000 '"40,000"' 1.9 010 5GB nan .nan 1e999 -1 0 +5 0x10 '"100"' '~' \
    99999999999999999999 '[1]' 'true'; do
    case $found in
    40,000) place=6:29 text='found an unknown key' ;; # in a flow mapping the comma ends the value: 000 is then a key
    *) place=6:26 text='tables[0].rows: found' ;;
    esac
    model "rows: $found" "s/rows: 100/rows: $found/" $place "$text"
done
for found in 2,5 2_5 nan .inf 1e999 0 -2.5 '"2.5"' two; do
    case $found in
    2,5) place=7 text='found an unknown key' ;;
    *) place=7:88 text='pooling: found' ;;
    esac
    model "pooling: $found" "s/pooling: 2.5/pooling: $found/" $place "$text"
done
for found in 1.0e+12x 1e999 nan 0 -1; do
    topology "memory rate: $found" "s/per_s: 1.0e+12/per_s: $found/" 4:56 \
        'device.memory_bytes_per_s: found'
done

# --- documents ----------------------------------------------------------------------------------------
model 'a second document' '$a---\nmore: 1' 9 'document'
model 'an unknown key' '3s/^/dense_feature: 3\n/' 3:1 "dense_feature"
model 'an unknown key in a table' 's/dim: 8, features: \[user\]/dims: 8, features: [user]/' 6:31 dims
model 'a key twice' '3s/^/name: again\n/' 3:1 name
model 'a key twice in a table' 's/rows: 100/rows: 100, rows: 100/' 6 rows
model 'a missing key' '4d' 1 batch_size
model 'no tables' '5,7d' 1 tables
model 'an empty list of tables' '5,7d;4s/$/\ntables: []/' 5 tables
model 'a version of the future' '1s/1/2/' 1:18 2
model 'not a model' '1s/model/topology/' 1 towerpart_model
model 'both batch sizes' '4s/$/\nlocal_batch_size: 32/' '' local_batch_size
model 'an alias' 's/name: small/name: \&x small/' 2 anchor
model 'a tag' 's/name: small/name: !!str small/' 2 tag
model 'an open bracket' '8s/}$//' '' ''
model 'a tab for indentation' '6s/^  /\t/' 6 ''
printf 'towerpart_model: 1\nname: "\377"\n' >bad.yaml
refused 'model: invalid UTF-8' '' ''
: >bad.yaml
refused 'model: an empty file' '' ''
head -c 300 /dev/zero >bad.yaml
refused 'model: a file of NUL bytes' '' ''
printf '%01000d' 0 | sed 's/0/[/g' >bad.yaml
refused 'model: nested too deep' '' ''
rm bad.yaml && mkdir bad.yaml
expect 'model: a folder' 3 'bad.yaml' plan -m bad.yaml -t good_topology.yaml --strategy load
rmdir bad.yaml

# --- what the model says ------------------------------------------------------------------------------
model 'two tables of one name' 's/t_item/t_user/' 7 t_user
model 'two features of one name' 's/name: item}/name: user}/' 7 user
model 'a table without features' 's/features: \[user\]/features: []/' 6 features
model 'a word that is none' 's/interaction: dlrm/interaction: fm/' 8:21 "found 'fm', expected"
model 'constraint on a feature that is not there' \
    '$aconstraints: [{together: [user, nobody]}]' 9 nobody
model 'constraint of an unknown kind' '$aconstraints: [{near: [user, item]}]' 9 near
model 'a batch that the ranks do not divide' 's/batch_size: 64/batch_size: 63/' '' 63

# --- what the topology says ---------------------------------------------------------------------------
topology 'an unknown key' 's/reserve/x/;4s/memory_bytes: /memory: 1, memory_bytes: /' 4:10 memory
topology 'no levels' '5,7d' 1 levels
topology 'hosts per tower that do not divide the hosts' '3s/1/3/' 3:18 3
topology 'a shared uplink on the innermost level' \
    '6s/latency_s/uplink_bytes_per_s: 1.0e+9, latency_s/' 6 uplink_bytes_per_s
topology 'a host that is not there' '$ahosts: [{index: 2, memory_bytes: 5}]' 8 2
topology 'a host twice' \
    '$ahosts: [{index: 1, memory_bytes: 500000}, {index: 1, memory_bytes: 500000}]' 8 1
topology 'a curve that goes back' \
    '7s/latency_s/alltoall: [[4, 1.0e+9], [2, 1.0e+9]], latency_s/' 7 alltoall
topology 'a reserve of everything' '4s/memory_bytes: /reserve: 1.0, memory_bytes: /' 4:19 reserve
topology 'more ranks than there can be' '7s/fanout: 2/fanout: 2000000/' 7 fanout

# --- what this program does not do is refused by name ---------------------------------------------------
model 'mean pooling as a number of ids' 's/name: item}/name: item, pooling: mean}/' 7:71 "found 'mean'"
model 'mean pooling' 's/name: item}/name: item, pooling_type: mean}/' 7:62 'mean and weighted pooling are not'
model 'weighted pooling' 's/dim: 8/weighted: true, dim: 8/' 6:31 'mean and weighted pooling are not'
model 'sequence embeddings' 's/name: item}/name: item, sequence: true}/' 7:62 \
    'sequence (unpooled) embeddings are not'
model 'a host-memory tier' 's/dim: 8/location: host, dim: 8/' 6:31 'host-memory (UVM) tiers'
model 'UVM caching' 's/dim: 8/uvm_cache: 0.2, dim: 8/' 6:31 'host-memory (UVM) tiers'
model 'a data-parallel table' 's/dim: 8/sharding: data_parallel, dim: 8/' 6:31 \
    'data-parallel tables are not supported'
topology 'hosts with their own number of ranks' '$ahosts: [{index: 0, ranks: 2}]' 8:20 \
    'hosts with different numbers of ranks are not'

# No file is wrong here, but there is no plan: exit status 1.
sed '$aconstraints: [{together: [user, item]}, {apart: [user, item]}]' good_model.yaml >bad.yaml
expect 'constraints that leave no plan' 1 'no plan fits (proven)
constraint together: [user, item]
1 unit to fill them
leave out the constraint together: [user, item]' plan -m bad.yaml -t good_topology.yaml --strategy load -o out.yaml
finish
