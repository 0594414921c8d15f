# SPDX-License-Identifier: Apache-2.0
"""What the JSON lines of runs say.

    lines.py same A B            the same losses and the same held-out quality, bit for bit
    lines.py close TOLERANCE A B...  losses and held-out log loss within that relative tolerance of the first run's
    lines.py recorded FILE CASE TOLERANCE RUN  losses within that of the recorded ones (tests/reference)
    lines.py bytes PLAN RUN SLACK    payload per phase and level as PLAN (the JSON of a report) predicts: to the byte, that of ids within a
                                 relative slack
    lines.py gradients RANKS TOLERANCE A B   what two runs of tests/mpi/gradients.c kept, per tensor
"""
import array
import json
import sys


def lines(path):
    with open(path, encoding='utf-8') as run:
        return [json.loads(line) for line in run]


def figures(path):
    run = lines(path)
    assert run and run[-1].get('final'), f'{path}: no final line'
    assert [step['step'] for step in run[:-1]] == list(range(run[-1]['first_step'], run[-1]['last_step'] + 1))
    return [step['loss'] for step in run[:-1]], run[-1]['held_out']


def same(a, b):
    assert figures(a) == figures(b), f'{a} and {b} differ'


def close(tolerance, first, *others):
    losses, held_out = figures(first)
    wanted = losses + [held_out['logloss']]
    for other in others:
        found, quality = figures(other)
        found.append(quality['logloss'])
        assert len(found) == len(wanted)
        worst = max(abs(x - y) / abs(y) for x, y in zip(found, wanted))
        print(f'{other}: {worst:.3g}')
        assert worst <= float(tolerance), f'{other}: {worst} apart, at most {tolerance} expected'


def recorded(file, case, tolerance, run):
    with open(file, encoding='utf-8') as losses:
        wanted = json.load(losses)[case]
    found, _ = figures(run)
    assert len(found) == len(wanted), f'{len(found)} losses, {len(wanted)} expected'
    apart = [abs(x - y) for x, y in zip(found, wanted)]
    print(f'{case}: {max(apart):.3g}')
    assert max(apart) <= float(tolerance), f'{apart} apart, at most {tolerance} expected'


COUNTED = ('embedding_alltoall', 'embedding_alltoall_backward', 'tower_exchange', 'tower_exchange_backward')


def byte_counts(plan, run, tolerance):
    with open(plan, encoding='utf-8') as file:
        cost = json.load(file)['cost']
    final = lines(run)[-1]
    predicted = cost[final['mode']]['phases']
    seen = 0
    for name, phase in final['phases'].items():
        if 'bytes' not in phase or name == 'dense_allreduce':
            continue
        wanted = predicted[name]['bytes']
        print(name, phase['bytes'], wanted)
        assert set(phase['bytes']) == set(wanted)
        for level, count in phase['bytes'].items():
            slack = float(tolerance) * wanted[level] if name == 'ids_alltoall' else 0
            assert abs(count - wanted[level]) <= slack, f'{name}, {level}: {count}, predicted {wanted[level]}'
        seen += 1
    assert seen >= 3


def tensors(path):
    values = array.array('d')
    with open(path, 'rb') as file:
        values.frombytes(file.read())
    begin = 0
    while begin < len(values):
        end = begin + 1 + int(values[begin])
        yield values[begin + 1:end]
        begin = end


def gradients(ranks, tolerance, a, b):
    count = 0
    for rank in range(int(ranks)):
        found, wanted = list(tensors(f'{a}.{rank}')), list(tensors(f'{b}.{rank}'))
        assert [len(x) for x in found] == [len(x) for x in wanted]
        for x, y in zip(found, wanted):
            largest = max(map(abs, y), default=0)
            worst = max((abs(p - q) for p, q in zip(x, y)), default=0)
            assert worst <= float(tolerance) * largest, f'rank {rank}: {worst} apart, the largest is {largest}'
            count += largest > 0
    print(f'{count} tensors')
    assert count > 5


{'same': same, 'close': close, 'recorded': recorded, 'bytes': byte_counts,
 'gradients': gradients}[sys.argv[1]](*sys.argv[2:])
