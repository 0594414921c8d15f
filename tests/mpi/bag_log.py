# SPDX-License-Identifier: Apache-2.0
"""A click log with bags of several ids for the model of mixed_plan.py, and what its ids weigh on the network.

    bag_log.py write FILE               a csv with 480 samples
    bag_log.py check PLAN FILE RUN      PLAN is the JSON of a report, RUN the JSON lines of a run over one epoch of FILE with
                                        nothing held out: payload of ids_alltoall and the ranks' loads as counted here from
                                        the log alone, exactly; no row shards
"""
import csv
import json
import random
import sys

FEATURES = ['a', 'a2', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']
SAMPLES = 480


def write(path):
    dice = random.Random(7)
    with open(path, 'w', encoding='utf-8', newline='') as file:
        rows = csv.writer(file)
        rows.writerow(['label', 'dense_0', 'dense_1', 'dense_2', 'dense_3', *FEATURES])
        for _ in range(SAMPLES):
            bags = [' '.join(str(dice.randrange(50)) for _ in range(dice.choice([0, 1, 1, 2, 7]))) for _ in FEATURES]
            rows.writerow([dice.randrange(2), *(dice.randrange(100) for _ in range(4)), *bags])


def lengths_of(path):
    with open(path, encoding='utf-8', newline='') as file:
        return [[len(row[name].split()) for name in FEATURES] for row in csv.DictReader(file)]


def check(plan_path, log, run):
    with open(plan_path, encoding='utf-8') as file:
        plan = json.load(file)
    with open(run, encoding='utf-8') as file:
        final = json.loads(file.readlines()[-1])
    ranks, batch = final['ranks'], final['batch']
    local, per_host = batch // ranks, ranks // final['hosts']
    features = {table['name']: [f['name'] if isinstance(f, dict) else f for f in table['features']]
                for table in plan['model']['tables']}
    shards = [[] for _ in range(ranks)]  # (features of the table, columns)
    for table in plan['tables']:
        assert table['sharding'] != 'row'
        for shard in table['shards']:
            shards[shard['rank']].append(([FEATURES.index(f) for f in features[table['name']]], shard['columns']))
    lengths = lengths_of(log)
    steps = len(lengths) // batch
    assert final['last_step'] == steps
    sent = [[0, 0] for _ in range(ranks)]  # host, cluster
    received = [[0, 0] for _ in range(ranks)]
    ids, lookup, id_bytes = [0] * ranks, [0] * ranks, [0] * ranks
    for i, sample in enumerate(lengths[:steps * batch]):
        source = i % batch // local
        for owner in range(ranks):
            for which, columns in shards[owner]:
                count = sum(sample[f] for f in which)
                weight = 8 * count + 4 * len(which)
                ids[owner] += count
                lookup[owner] += 4 * columns * count
                id_bytes[owner] += weight
                if owner != source:
                    level = 0 if owner // per_host == source // per_host else 1
                    sent[source][level] += weight
                    received[owner][level] += weight
    for level, name in enumerate(('host', 'cluster')):
        most = max(map(max, zip((s[level] for s in sent), (r[level] for r in received))))
        found = final['phases']['ids_alltoall']['bytes'][name]
        print(name, found, most / steps)
        assert found == most / steps
    for rank, load in enumerate(final['rank_loads']):
        wanted = {'rank': rank, 'ids': ids[rank] / steps, 'id_bytes': id_bytes[rank] / steps,
                  'lookup_bytes': lookup[rank] / steps}
        print(load, wanted)
        assert load == wanted


{'write': write, 'check': check}[sys.argv[1]](*sys.argv[2:])
