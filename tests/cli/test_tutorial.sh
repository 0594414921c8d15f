#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What docs/tutorial.md shows runs, from the files that tools/dump_torch.py writes (test_dump_torch has that) and the
# topology that the page shows.
. "$(dirname "$0")/lib.sh"

"$TOWERPART" synth -q -o demo --features 26 --groups 4 --dim 16
python3 - <<'END'
import json, struct, zipfile

names = json.load(open('demo/dump/features.json'))['features']
data = open('demo/dump/pooled.npy', 'rb').read()
start = 10 + struct.unpack('<H', data[8:10])[0]
samples, row = (len(data) - start) // (len(names) * 64), 64  # 16 values of 4 bytes
header = str({'descr': '<f4', 'fortran_order': False, 'shape': (samples, 16)}).ljust(117) + '\n'
with zipfile.ZipFile('dump.npz', 'w') as archive:
    for i, name in enumerate(names):
        values = b''.join(data[start + (s * len(names) + i) * row:][:row] for s in range(samples))
        archive.writestr(name + '.npy', b'\x93NUMPY\x01\x00' + struct.pack('<H', 118) + header.encode() + values)
with open('dump.csv', 'w') as table:
    table.write('name,rows,dim,features,pooling\n' + ''.join(f't_{n},10000,16,{n},1\n' for n in names))
END
sed -n '/^\$ cat topology.yaml$/,/^```$/{/^\$/d;/^```$/d;p;}' "$SOURCE/docs/tutorial.md" >topology.yaml
follow "$SOURCE/docs/tutorial.md"
ok 'towers of features that belong together' grep -q 'proven_optimal: true' plan.yaml
ok 'a page' grep -q '</html>' report.html
ok 'a plan for TorchRec' grep -q '"sharding_type":"table_wise"' torchrec.json
ok 'with a tower module' grep -q 'tower_module: {kind: dlrm, c: 1, p: 0, dim: 8}' plan.yaml
finish
