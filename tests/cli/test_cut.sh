#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One small file of each kind cut off at every byte: refused, never a crash. In the specs the last entry is
# needed and stands in brackets, so that no beginning is a document of its own.
. "$(dirname "$0")/lib.sh"
cat >model.yaml <<'END'
towerpart_model: 1
name: small
dense_features: 4
batch_size: 64
embedding: {dtype: float16, optimizer: adam}
communication: {forward: bfloat16, backward: float32}
arch: {interaction: dlrm, bottom_mlp: [16, 8], top_mlp: [16, 1]}
tower_module: {kind: dlrm, c: 1, p: 0, dim: 4}
constraints:
  - {apart: [user, item]}
tables: [{name: t_user, rows: 100, dim: 8, features: [user]},
  {name: t_item, rows: 50, dim: 8, features: [{name: item}, {name: history, pooling: 2.5}]}]
END
cat >topology.yaml <<'END'
towerpart_topology: 1
name: two
device: {memory_bytes: 1000000000, memory_bytes_per_s: 1.0e+12, flops_per_s: 1.0e+13}
hosts: [{index: 1, memory_bytes: 900000000}]
levels: [{name: host, fanout: 1, bytes_per_s: 1.0e+11, latency_s: 1.0e-6},
  {name: cluster, fanout: 2, bytes_per_s: 1.0e+10, latency_s: 1.0e-5, alltoall: [[2, 1.0e+9]]}]
END
mkdir dump
echo '{"features": ["user", "item", "history"]}' >dump/features.json
printf '\223NUMPY\001\000\166\000%-117s\n' \
    "{'descr': '<f2', 'fortran_order': False, 'shape': (32, 3, 8), }" >dump/pooled.npy
head -c 1536 "$SOURCE/LICENSE" >>dump/pooled.npy
expect 'the whole files make an affinity' 0 '' affinity -q -m model.yaml -d dump -o affinity.npz
expect 'and a plan' 0 '' plan -q -m model.yaml -t topology.yaml -a affinity.npz -o plan.yaml
cp model.yaml whole.yaml
ok 'model' "$CUT_FILES" model model.yaml model.yaml whole.yaml
ok 'topology' "$CUT_FILES" topology topology.yaml topology.yaml whole.yaml
ok 'plan' "$CUT_FILES" plan plan.yaml plan.yaml whole.yaml
ok 'features.json of a dump' "$CUT_FILES" dump dump dump/features.json whole.yaml
ok 'pooled.npy of a dump' "$CUT_FILES" dump dump dump/pooled.npy whole.yaml
ok 'affinity' "$CUT_FILES" affinity affinity.npz affinity.npz whole.yaml
finish
