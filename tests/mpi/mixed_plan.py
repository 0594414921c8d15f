# SPDX-License-Identifier: Apache-2.0
"""A small plan with everything mixed: whole, column-wise and row-wise tables, unequal dims, a shared table, bags
of several ids, a table smaller than its tower has ranks.

    mixed_plan.py TOWERPART DIR HOSTS RANKS [key=value ...]

writes DIR/model.yaml, DIR/topology.yaml and DIR/plan.yaml for HOSTS x RANKS ranks. Keys: k (hosts per tower),
arch (dlrm, dcn), optimizer, forward, backward (float32, bfloat16), batch, module (dlrm, dcn, none), rows (no: no row
shards), columns (a list of widths instead of cutting by ranks, so that plans of other sizes cut alike), towers (a list of towers
of the tables in turn), dense."""
import re
import subprocess
import sys

TABLES = [  # name, rows, dim, features
    ('t_a', 1000, 16, 'a, {name: a2, pooling: 3}'),
    ('t_b', 500, 8, '{name: b, pooling: 2.5}'),
    ('t_c', 77, 16, 'c'),
    ('t_d', 300, 16, 'd'),
    ('t_e', 3, 16, 'e'),
    ('t_f', 100, 12, 'f'),
    ('t_g', 40, 16, '{name: g, pooling: 0.5}'),
    ('t_h', 64, 16, 'h'),
    ('t_i', 900, 32, 'i'),
    ('t_j', 9, 4, '{name: j, pooling: 4}'),
]
ARCH = {
    'dlrm': '{interaction: dlrm, bottom_mlp: [24, 16], top_mlp: [32, 16, 1]}',
    'dcn': '{interaction: dcn, bottom_mlp: [24, 16], top_mlp: [32, 16, 1], cross_layers: 2, cross_rank: 8}',
}
MODULE = {
    'dlrm': '{kind: dlrm, c: 1, p: 2, dim: 8}',
    'dcn': '{kind: dcn, dim: 24, rank: 4}',
    'none': 'none',
}


def shards_of(index, rows, dim, ranks, keys):
    """Whole, by columns, by rows, in turn; `ranks` are those of the tower."""
    kind = ('row', 'column', 'table')[index % 3]
    if kind == 'row' and keys['rows'] == 'yes':
        block = -(-rows // len(ranks))
        return 'row', [(r, min(i * block, rows), max(0, min(block, rows - i * block)), 0, dim)
                       for i, r in enumerate(ranks)]
    if kind == 'column' and dim >= 8:
        pieces = 2 if keys['cut'] == 'two' else max(n for n in (1, 2, 4) if n <= len(ranks) and dim // n >= 4)
        width = dim // pieces
        return ('column' if pieces > 1 else 'table',
                [(ranks[(index + i) % len(ranks)], 0, rows, i * width, width) for i in range(pieces)])
    return 'table', [(ranks[index % len(ranks)], 0, rows, 0, dim)]


def main():
    towerpart, folder, hosts, per_host = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    keys = {'k': '1', 'arch': 'dlrm', 'optimizer': 'sgd', 'forward': 'float32', 'backward': 'float32',
            'batch': '48', 'module': 'dlrm', 'rows': 'yes', 'cut': 'ranks', 'towers': '', 'dense': '4'}
    for word in sys.argv[5:]:
        key, value = word.split('=')
        assert key in keys, key
        keys[key] = value
    pins = [int(t) for t in keys['towers'].split(',')] if keys['towers'] else []
    with open(f'{folder}/model.yaml', 'w', encoding='utf-8') as model:
        model.write(f'towerpart_model: 1\nname: mixed\ndense_features: {keys["dense"]}\nbatch_size: {keys["batch"]}\n'
                    f'embedding: {{dtype: float32, optimizer: {keys["optimizer"]}}}\n'
                    f'communication: {{forward: {keys["forward"]}, backward: {keys["backward"]}}}\ntables:\n')
        for name, rows, dim, features in TABLES:
            model.write(f'  - {{name: {name}, rows: {rows}, dim: {dim}, features: [{features}]}}\n')
        model.write(f'arch: {ARCH[keys["arch"]]}\ntower_module: {MODULE[keys["module"]]}\n')
        if pins:
            model.write('constraints:\n')
            for i, (name, rows, dim, features) in enumerate(TABLES):
                feature = re.search(r'name: (\w+)|^(\w+)', features).group(0).replace('name: ', '')
                model.write(f'  - {{pin: {{feature: {feature}, tower: {pins[i % len(pins)]}}}}}\n')
    with open(f'{folder}/topology.yaml', 'w', encoding='utf-8') as topology:
        topology.write(f'''towerpart_topology: 1
name: mixed
hosts_per_tower: {keys["k"]}
device: {{memory_bytes: 1000000000, memory_bytes_per_s: 2.0e+10, flops_per_s: 1.0e+11}}
levels:
  - {{name: host, fanout: {per_host}, bytes_per_s: 5.0e+9, latency_s: 3.0e-6}}
  - {{name: cluster, fanout: {hosts}, bytes_per_s: 1.0e+8, latency_s: 3.0e-5}}
''')
    subprocess.run([towerpart, 'plan', '-q', '--strategy', 'load', '--balance', '20', '--ratio', '9', '-m', f'{folder}/model.yaml', '-t',
                    f'{folder}/topology.yaml', '-o', f'{folder}/plan.yaml'], check=True)
    with open(f'{folder}/plan.yaml', encoding='utf-8') as plan:
        text = plan.read()
    tower_of = {}
    per_tower = per_host * int(keys['k'])
    for tower, features in re.findall(r'\{id: (\d+),.*?features: \[(.*?)\]', text, re.S):
        for feature in re.split(r',\s*', features):
            tower_of[feature.strip()] = int(tower)
    lines = []
    for i, (name, rows, dim, _) in enumerate(TABLES):
        tower = tower_of[name[2:]]
        kind, shards = shards_of(i, rows, dim, range(tower * per_tower, (tower + 1) * per_tower), keys)
        cells = ', '.join(f'{{rank: {r}, row: {a}, rows: {n}, column: {c}, columns: {w}}}' for r, a, n, c, w in shards)
        lines.append(f'- {{name: {name}, tower: {tower}, sharding: {kind}, shards: [{cells}]}}')
    text = re.sub(r'^tables:\n.*?^ranks:', 'tables:\n' + '\n'.join(lines) + '\nranks:', text, count=1, flags=re.S | re.M)
    # The model, too, has a key "tables"; it is indented.
    with open(f'{folder}/edited.yaml', 'w', encoding='utf-8') as plan:
        plan.write(text)
    subprocess.run([towerpart, 'recost', f'{folder}/edited.yaml', '-o', f'{folder}/plan.yaml'], check=True)


main()
