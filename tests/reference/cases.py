# SPDX-License-Identifier: Apache-2.0
"""Small models and data on which towerpart-train and PyTorch must agree.

    cases.py names                 the names of the cases
    cases.py write CASE DIR        DIR/model.yaml, DIR/topology.yaml and DIR/data/, for `--data npy:DIR/data`
    cases.py ranks CASE            on how many ranks
    cases.py options CASE          how to train: options of towerpart-train

Initial values and data are formulas of a hash, so nothing is kept but the losses. Needs nothing but Python; losses.py
trains the same cases with PyTorch."""
import struct
import sys
from pathlib import Path

STEPS, BATCH, SEED = 20, 64, 7
BAG = 4  # ids per bag at most, where there are several

# Table, rows, dim, features. Dims differ, so some features are projected; two features share a table.
MIXED = [
    ('t_a', 100, 8, ['a', 'a2']),
    ('t_b', 37, 8, ['b']),
    ('t_c', 500, 4, ['c']),
    ('t_d', 3, 16, ['d']),
    ('t_e', 64, 8, ['e']),
    ('t_f', 11, 12, ['f']),
]
EVEN = [(name, rows, 12, features) for name, rows, _, features in MIXED]


def case(**changes):
    wanted = {'tables': MIXED, 'interaction': 'dlrm', 'dense_features': 4, 'bags': False, 'dense': ('sgd', 0.1),
              'sparse': ('sgd', 0.1), 'module': None, 'towers': None, 'mode': 'flat', 'hosts': 1, 'ranks': 1}
    assert set(changes) <= set(wanted)
    return {**wanted, **changes}


CASES = {
    'dlrm-sgd': case(),
    'dlrm-adagrad': case(dense=('adagrad', 0.02), sparse=('rowwise_adagrad', 0.05)),
    'dlrm-adam': case(dense=('adam', 0.005), sparse=('adam', 0.01)),
    'dlrm-bags': case(bags=True, dense=('adagrad', 0.02), sparse=('adagrad', 0.05)),
    'dlrm-no-dense': case(dense_features=0, bags=True, dense=('adam', 0.005), sparse=('rowwise_adagrad', 0.05)),
    'dlrm-two-ranks': case(bags=True, dense=('adam', 0.005), sparse=('adam', 0.01), ranks=2),
    'dcn-sgd': case(interaction='dcn'),
    'dcn-adagrad': case(interaction='dcn', bags=True, dense=('adagrad', 0.02), sparse=('rowwise_adagrad', 0.05)),
    'dcn-adam': case(interaction='dcn', dense=('adam', 0.005), sparse=('adam', 0.01)),
    'dcn-even-dims': case(interaction='dcn', tables=EVEN, dense=('adam', 0.005), sparse=('adagrad', 0.05)),
    'dcn-two-ranks': case(interaction='dcn', dense=('adagrad', 0.02), sparse=('adagrad', 0.05), ranks=2),
    'dmt-dlrm': case(mode='dmt', hosts=2, bags=True, dense=('adam', 0.005), sparse=('adam', 0.01),
                     module={'kind': 'dlrm', 'c': 1, 'p': 2, 'dim': 6}, towers=[0, 1, 1, 0, 1, 0]),
    'dmt-dcn': case(mode='dmt', hosts=2, interaction='dcn', dense=('adagrad', 0.02), sparse=('rowwise_adagrad', 0.05),
                    module={'kind': 'dcn', 'dim': 10, 'rank': 3}, towers=[1, 0, 1, 0, 0, 1]),
}
BOTTOM, TOP = [16, 8], [24, 12, 1]
CROSS_LAYERS, CROSS_RANK = 2, 5

# Initial values, as src/train/initial.h defines them.
ONES = (1 << 64) - 1


def mix(x):
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9 & ONES
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb & ONES
    return x ^ (x >> 31)


def stream(seed, name):
    value = 0xcbf29ce484222325
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001b3 & ONES
    return mix(value ^ (seed * 0x9e3779b97f4a7c15 & ONES))


def initial(seed, name, rows, columns, bound):
    """Rows of a tensor."""
    first = stream(seed, name)

    def value(row, column):
        bits = mix(mix(first + row & ONES) + column & ONES)
        return bound * ((bits >> 11) * 2.0 ** -52 - 1)
    return [[value(row, column) for column in range(columns)] for row in range(rows)]


def features(tables):
    """(feature, table, rows, dim), in the order of the model."""
    return [(feature, name, rows, dim) for name, rows, dim, names in tables for feature in names]


def samples(wanted):
    """Dense values, bags of ids (filled up with -1) and labels of all samples. Frequent ids are low ones; an id of the
    feature b has something to do with the label."""
    count, slots = STEPS * BATCH, BAG if wanted['bags'] else 1
    dense = initial(1, 'dense values', count, wanted['dense_features'], 2.0)
    bags = []
    for feature, _, rows, _ in features(wanted['tables']):
        ids = [[int(rows * (0.5 + value) ** 2) for value in row]
               for row in initial(2, feature, count, slots, 0.5)]
        if wanted['bags']:
            missing = initial(3, feature, count, slots, 1.0)
            ids = [[-1 if m < -0.2 else i for i, m in zip(*pair)] for pair in zip(ids, missing)]
        bags.append(ids)
    chance = initial(4, 'labels', count, 1, 0.5)
    labels = [int(0.5 + chance[s][0] < 0.2 + 0.4 * (bags[2][s][0] % 2)) for s in range(count)]
    return dense, [[feature[s] for feature in bags] for s in range(count)], labels


def write_npy(path, code, form, shape, values):
    """Format 1.0, little-endian."""
    head = f"{{'descr': '<{code}', 'fortran_order': False, 'shape': {shape}, }}"
    head += ' ' * (-(len(head) + 11) % 64) + '\n'
    path.write_bytes(b'\x93NUMPY\1\0' + struct.pack('<H', len(head)) + head.encode() +
                     struct.pack(f'<{len(values)}{form}', *values))


def write_data(wanted, folder):
    folder.mkdir(parents=True, exist_ok=True)
    dense, ids, labels = samples(wanted)
    count, width = len(labels), len(ids[0])
    if wanted['dense_features']:
        write_npy(folder / 'dense.npy', 'f4', 'f', (count, wanted['dense_features']), sum(dense, []))
    shape = (count, width, BAG) if wanted['bags'] else (count, width)
    write_npy(folder / 'sparse.npy', 'i4', 'i', shape, [i for sample in ids for bag in sample for i in bag])
    write_npy(folder / 'labels.npy', 'i4', 'i', (count,), labels)


def write_specs(wanted, folder):
    lines = ['towerpart_model: 1', 'name: reference', f'dense_features: {wanted["dense_features"]}',
             f'batch_size: {BATCH}', f'embedding: {{dtype: float32, optimizer: {wanted["sparse"][0]}}}', 'tables:']
    lines += [f'  - {{name: {name}, rows: {rows}, dim: {dim}, features: [{", ".join(names)}]}}'
              for name, rows, dim, names in wanted['tables']]
    dcn = f', cross_layers: {CROSS_LAYERS}, cross_rank: {CROSS_RANK}' if wanted['interaction'] == 'dcn' else ''
    lines.append(f'arch: {{interaction: {wanted["interaction"]}, bottom_mlp: {BOTTOM}, top_mlp: {TOP}{dcn}}}')
    if wanted['module']:
        module = ', '.join(f'{key}: {value}' for key, value in wanted['module'].items())
        lines += [f'tower_module: {{{module}}}', 'constraints:']
        lines += [f'  - {{pin: {{feature: {names[0]}, tower: {tower}}}}}'
                  for (_, _, _, names), tower in zip(wanted['tables'], wanted['towers'])]
    (folder / 'model.yaml').write_text('\n'.join(lines) + '\n', encoding='utf-8')
    (folder / 'topology.yaml').write_text(f'''towerpart_topology: 1
name: reference
device: {{memory_bytes: 1000000000, memory_bytes_per_s: 2.0e+10, flops_per_s: 1.0e+11}}
levels:
  - {{name: host, fanout: {wanted["ranks"]}, bytes_per_s: 5.0e+9, latency_s: 3.0e-6}}
  - {{name: cluster, fanout: {wanted["hosts"]}, bytes_per_s: 1.0e+8, latency_s: 3.0e-5}}
''', encoding='utf-8')


def options(wanted):
    return (f'--mode {wanted["mode"]} --steps {STEPS} --held-out 0 --seed {SEED} --optimizer {wanted["dense"][0]} '
            f'--lr {wanted["dense"][1]} --sparse-lr {wanted["sparse"][1]}')


def main():
    if sys.argv[1] == 'names':
        print('\n'.join(CASES))
    elif sys.argv[1] == 'ranks':
        print(CASES[sys.argv[2]]['hosts'] * CASES[sys.argv[2]]['ranks'])
    elif sys.argv[1] == 'options':
        print(options(CASES[sys.argv[2]]))
    else:
        folder = Path(sys.argv[3])
        write_data(CASES[sys.argv[2]], folder / 'data')
        write_specs(CASES[sys.argv[2]], folder)


if __name__ == '__main__':
    main()
