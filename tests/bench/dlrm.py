#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The trainer against PyTorch (Debian: python3-torch), in one go on one machine, in turn: a DLRM with 26 tables of a
million rows, dim 16, bottom MLP 13-512-256-64-16, top MLP 512-256-1, batch 2048, random ids, sgd.

    dlrm.py BUILD [REPEATS]        BUILD: a build folder of --buildtype=release; 5 repeats by default

Prints medians over the repeats: samples/s on one thread or rank and on two, the trainer's over PyTorch's, and which
share of the floor the trainer reaches. The floor of a step is the time of its flops at the rate of OpenBLAS' sgemm
(2048 x 2048, on as many processes at a time) and of its lookups at the rate at which memory is copied; communication
aside, so phases that only exchange do not count. PyTorch gets its random samples for nothing, the trainer makes its own."""
import ctypes
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

TABLES, ROWS, DIM, BATCH, DENSE = 26, 1000000, 16, 2048, 13
BOTTOM, TOP = [512, 256, 64, 16], [512, 256, 1]
WARM, STEPS = 5, 25
EXCHANGES = ('ids_alltoall', 'embedding_alltoall', 'embedding_alltoall_backward', 'dense_allreduce')
MPI = {'OMPI_ALLOW_RUN_AS_ROOT': '1', 'OMPI_ALLOW_RUN_AS_ROOT_CONFIRM': '1', 'OMPI_MCA_mpi_yield_when_idle': '1',
       'OMPI_MCA_rmaps_base_oversubscribe': '1', 'OMPI_MCA_hwloc_base_binding_policy': 'none'}
MODEL = f'''towerpart_model: 1
name: bench
dense_features: {DENSE}
batch_size: {BATCH}
embedding: {{optimizer: sgd}}
tables:
''' + ''.join(f'  - {{name: t{i}, rows: {ROWS}, dim: {DIM}, features: [f{i}]}}\n' for i in range(TABLES)) + f'''
arch: {{interaction: dlrm, bottom_mlp: {BOTTOM}, top_mlp: {TOP}}}
'''
TOPOLOGY = '''towerpart_topology: 1
name: bench
device: {{memory_bytes: 10000000000, memory_bytes_per_s: 1.0e+10, flops_per_s: 1.0e+11}}
levels:
  - {{name: host, fanout: {ranks}, bytes_per_s: 5.0e+9, latency_s: 3.0e-6}}
  - {{name: cluster, fanout: 1, bytes_per_s: 1.0e+9, latency_s: 3.0e-5}}
'''


def flops_per_sample():
    """Forward, and twice that backward but for the gradient of the dense values; dots once per pair."""
    vectors = TABLES + 1
    pairs = vectors * (vectors - 1) // 2
    widths = [DENSE] + BOTTOM, [DIM + pairs] + TOP
    layers = sum(a * b for mlp in widths for a, b in zip(mlp, mlp[1:]))
    return 2 * (3 * (layers + pairs * DIM) - DENSE * BOTTOM[0])


def torch_model():
    import torch
    from torch import nn

    def mlp(widths, last_relu):
        layers = []
        for inputs, outputs in zip(widths, widths[1:]):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        return nn.Sequential(*(layers if last_relu else layers[:-1]))

    class Dlrm(nn.Module):
        def __init__(self):
            super().__init__()
            vectors = TABLES + 1
            self.tables = nn.ModuleList(
                nn.EmbeddingBag(ROWS, DIM, mode='sum', sparse=True,
                                _weight=torch.empty(ROWS, DIM).uniform_(-0.001, 0.001)) for _ in range(TABLES))
            self.bottom = mlp([DENSE] + BOTTOM, True)
            self.top = mlp([DIM + vectors * (vectors - 1) // 2] + TOP, False)
            self.pairs = torch.tril_indices(vectors, vectors, -1)

        def forward(self, dense, ids):
            bottom = self.bottom(dense)
            x = torch.stack([bottom] + [table(ids[i]) for i, table in enumerate(self.tables)], 1)
            dots = (x @ x.transpose(1, 2))[:, self.pairs[0], self.pairs[1]]
            return self.top(torch.cat([bottom, dots], 1))[:, 0]
    return Dlrm()


def run_torch():
    """In a process of its own. Prints the median seconds of a step."""
    import torch
    torch.manual_seed(1)
    model = torch_model()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    batches = [(torch.randn(BATCH, DENSE), torch.randint(ROWS, (TABLES, BATCH, 1)), torch.randint(2, (BATCH,)).float())
               for _ in range(WARM + STEPS)]
    seconds = []
    for dense, ids, labels in batches:
        begun = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        torch.nn.functional.binary_cross_entropy_with_logits(model(dense, ids), labels).backward()
        optimizer.step()
        seconds.append(time.perf_counter() - begun)
    print(statistics.median(seconds[WARM:]))


def run_floor():
    """In a process of its own. Prints flops/s of sgemm and bytes/s of memory, copied."""
    blas, n, rates = ctypes.CDLL('libopenblas.so.0'), 2048, []
    floats = ctypes.c_float * (n * n)
    a, b, c = floats(), floats(), floats()
    one, zero = ctypes.c_float(1), ctypes.c_float(0)
    for _ in range(9):
        begun = time.perf_counter()
        blas.cblas_sgemm(101, 111, 111, n, n, n, one, a, n, b, n, zero, c, n)
        rates.append(2 * n ** 3 / (time.perf_counter() - begun))
    size, copies = 1 << 28, []
    source, target = ctypes.create_string_buffer(size), ctypes.create_string_buffer(size)
    for _ in range(5):
        begun = time.perf_counter()
        ctypes.memmove(target, source, size)
        copies.append(2 * size / (time.perf_counter() - begun))
    print(statistics.median(rates[2:]), statistics.median(copies[1:]))


def start(arguments, threads):
    environment = {**os.environ, **MPI, 'OMP_NUM_THREADS': str(threads), 'OPENBLAS_NUM_THREADS': str(threads)}
    return subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=environment)


def finish(process):
    said, _ = process.communicate()
    assert process.returncode == 0, f'{process.args}: exit status {process.returncode}'
    return said


def measure_torch(threads):
    return float(finish(start([sys.executable, __file__, 'torch'], threads)))


def measure_floor(processes):
    """Seconds of a step at best, each process with its part of the batch and all of them at a time."""
    running = [start([sys.executable, __file__, 'floor'], 1) for _ in range(processes)]
    rates = [[float(word) for word in finish(process).split()] for process in running]
    samples = BATCH / processes
    # A row is read twice, to be looked up and to be updated, and written once.
    return max(samples * flops_per_sample() / flops + 3 * samples * TABLES * DIM * 4 / bandwidth
               for flops, bandwidth in rates)


def make_plan(tools, folder, ranks):
    plan = f'{folder}/plan{ranks}.yaml'
    for name, text in (('model', MODEL), ('topology', TOPOLOGY.format(ranks=ranks))):
        with open(f'{folder}/{name}.yaml', 'w', encoding='utf-8') as file:
            file.write(text)
    subprocess.run([f'{tools}/towerpart', 'plan', '-q', '--strategy', 'load', '-m', f'{folder}/model.yaml', '-t',
                    f'{folder}/topology.yaml', '-o', plan], check=True)
    return plan


def measure_trainer(tools, plan, ranks):
    """Seconds of a step, and those that are not spent on exchanges."""
    said = finish(start(['mpirun', '-n', str(ranks), f'{tools}/towerpart-train', plan, '--data', 'synthetic:1', '--mode',
                         'flat', '--optimizer', 'sgd', '--steps', str(WARM + STEPS), '--held-out', '0', '--json', '-q'], 1))
    *steps, final = [json.loads(line) for line in said.splitlines()]
    step = statistics.median(BATCH / one['samples_per_s'] for one in steps[WARM:])
    exchanged = sum(final['phases'][name]['seconds']['median'] for name in EXCHANGES if name in final['phases'])
    return step, step - exchanged if ranks > 1 else step


def main():
    if importlib.util.find_spec('torch') is None:
        print('skipped: this Python has no PyTorch')
        sys.exit(77)  # of meson: skipped
    tools, repeats = f'{sys.argv[1]}/tools', int(sys.argv[2]) if len(sys.argv) > 2 else 5
    print(f'{"":10} {"PyTorch":>10} {"trainer":>10}  ratio  floor  share (samples/s, {repeats} repeats; '
          f'load before: {os.getloadavg()[0]:.1f})')
    with tempfile.TemporaryDirectory() as folder:
        plans = {ranks: make_plan(tools, folder, ranks) for ranks in (1, 2)}
        found = {ranks: [] for ranks in plans}
        for _ in range(repeats):
            for ranks, plan in plans.items():
                found[ranks].append((measure_torch(ranks), *measure_trainer(tools, plan, ranks), measure_floor(ranks)))
    for ranks, rows in found.items():
        torch, step, computing, floor = (statistics.median(column) for column in zip(*rows))
        name = '1 thread' if ranks == 1 else f'{ranks} threads'
        print(f'{name:10} {BATCH / torch:10.0f} {BATCH / step:10.0f}  {torch / step:5.2f}  {1000 * floor:3.0f} ms  '
              f'{floor / computing:.2f}')


if __name__ == '__main__':
    {'torch': run_torch, 'floor': run_floor}.get(sys.argv[1], main)()
