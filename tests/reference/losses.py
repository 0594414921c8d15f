#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the cases of cases.py with PyTorch (Debian: python3-torch) and records their losses.

    losses.py > losses.json

Written from the definitions in src/train/over_arch.h, embedding.h and tower_module.h, with modules and optimizers of
PyTorch wherever it has them. In double, so that the recorded values are those of the definition and not of one
machine's rounding; what float makes of them is printed on standard error."""
import json
import sys

import torch
from torch import nn

import cases


def fill(tensor, name):
    """Initial values of a table or linear layer; those of a bias (name: ending in .bias) have the bound of its inputs."""
    weight, bound = tensor
    rows = weight if weight.dim() == 2 else weight[None]
    values = cases.initial(cases.SEED, name, rows.shape[0], rows.shape[1], bound)
    with torch.no_grad():
        rows.copy_(torch.tensor(values, dtype=torch.float64))


def linear(name, inputs, outputs, gain=1.0):
    layer = nn.Linear(inputs, outputs)
    fill((layer.weight, gain * inputs ** -0.5), name + '.weight')
    fill((layer.bias, inputs ** -0.5), name + '.bias')
    return layer


def mlp(name, inputs, widths, last_relu):
    layers = []
    for i, width in enumerate(widths):
        layers += [linear(f'{name}.{i}', inputs, width), nn.ReLU()]
        inputs = width
    return nn.Sequential(*(layers if last_relu else layers[:-1]))


class Cross(nn.Module):
    """One low-rank cross layer of DCN v2."""

    def __init__(self, name, width, rank):
        super().__init__()
        self.v = nn.Linear(width, rank, bias=False)
        self.w = nn.Linear(rank, width)
        fill((self.v.weight, width ** -0.5), name + '.v')
        fill((self.w.weight, rank ** -0.5), name + '.w')
        fill((self.w.bias, rank ** -0.5), name + '.bias')

    def forward(self, x0, x):
        return x0 * self.w(self.v(x)) + x


class Projections(nn.Module):
    """Features of another width to the common one."""

    def __init__(self, prefix, features, common):
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Identity() if dim == common else linear(f'{prefix}projection.{name}', dim, common)
            for name, _, _, dim in features)

    def forward(self, pooled):
        return torch.stack([layer(x) for layer, x in zip(self.layers, pooled)], 1)


class Tower(nn.Module):
    """Tower module: (n, F_t, N) -> (n, vectors, D)."""

    def __init__(self, number, module, features, common):
        super().__init__()
        self.module, width, prefix = module, len(features) * common, f'tower.{number}.'
        self.projections = Projections(prefix, features, common)
        if module['kind'] == 'dlrm':
            self.p = linear(prefix + 'p', width, module['p'] * module['dim'], 3 ** 0.5)
            self.c = linear(prefix + 'c', common, module['c'] * module['dim'], 3 ** 0.5)
        else:
            self.cross = Cross(prefix + 'cross', width, module['rank'])
            self.out = linear(prefix + 'out', width, module['dim'], 3 ** 0.5)

    def forward(self, pooled):
        x, dim = self.projections(pooled), self.module['dim']
        flat = x.flatten(1)
        if self.module['kind'] == 'dlrm':
            return torch.cat([self.p(flat), self.c(x).flatten(1)], 1).reshape(len(x), -1, dim)
        return self.out(self.cross(flat, flat)).reshape(len(x), 1, dim)


class Model(nn.Module):
    def __init__(self, case):
        super().__init__()
        self.features = cases.features(case['tables'])
        dims = {dim for _, _, _, dim in self.features}
        self.dcn = case['interaction'] == 'dcn'
        self.dense_features = case['dense_features']
        common = dims.pop() if self.dcn and len(dims) == 1 else cases.BOTTOM[-1]
        self.tables = nn.ModuleDict()
        for name, rows, dim, _ in case['tables']:
            self.tables[name] = nn.EmbeddingBag(rows, dim, mode='sum', sparse=True)
            fill((self.tables[name].weight, rows ** -0.5), name)
        vectors = self.add_embeddings(case, common)
        common = case['module']['dim'] if case['module'] else common
        if self.dense_features:
            self.bottom = mlp('bottom_mlp', self.dense_features, cases.BOTTOM[:-1] + [common], True)
            vectors += 1
        if self.dcn:
            width = vectors * common
            self.cross = nn.ModuleList(Cross(f'cross.{i}', width, cases.CROSS_RANK) for i in range(cases.CROSS_LAYERS))
        else:
            width = vectors * (vectors - 1) // 2 + (common if self.dense_features else 0)
            self.pairs = torch.tril_indices(vectors, vectors, -1)
        self.top = mlp('top_mlp', width, cases.TOP, False)

    def add_embeddings(self, case, common):
        """What makes vectors of the features. @return how many"""
        if not case['module']:
            self.projections = Projections('', self.features, common)
            return len(self.features)
        tower_of = {table[0]: tower for table, tower in zip(case['tables'], case['towers'])}
        self.members = [[i for i, f in enumerate(self.features) if tower_of[f[1]] == t] for t in (0, 1)]
        self.towers = nn.ModuleList(
            Tower(t, case['module'], [self.features[i] for i in members], common)
            for t, members in enumerate(self.members))
        if case['module']['kind'] == 'dcn':
            return len(self.members)
        return sum(case['module']['c'] * len(members) + case['module']['p'] for members in self.members)

    def embed(self, ids):
        pooled = []
        for i, (_, table, _, _) in enumerate(self.features):
            bags = [[one for one in sample[i] if one >= 0] for sample in ids]
            starts = [0]
            for bag in bags:
                starts.append(starts[-1] + len(bag))
            flat = torch.tensor(sum(bags, []), dtype=torch.int64)
            pooled.append(self.tables[table](flat, torch.tensor(starts[:-1])))
        if not hasattr(self, 'towers'):
            return self.projections(pooled)
        return torch.cat([tower([pooled[i] for i in members]) for tower, members in zip(self.towers, self.members)], 1)

    def forward(self, dense, ids):
        x = self.embed(ids)
        if self.dense_features:
            bottom = self.bottom(dense)
            x = torch.cat([bottom[:, None], x], 1)
        if self.dcn:
            x0 = x = x.flatten(1)
            for layer in self.cross:
                x = layer(x0, x)
        else:
            dots = (x @ x.transpose(1, 2))[:, self.pairs[0], self.pairs[1]]
            x = torch.cat([bottom, dots], 1) if self.dense_features else dots
        return self.top(x)[:, 0]


class RowwiseAdagrad:
    """As in FBGEMM: the state of a row is the sum of the means of its squared gradients."""

    def __init__(self, parameters, lr):
        self.lr, self.tables = lr, list(parameters)
        self.sums = [torch.zeros(len(table), dtype=table.dtype) for table in self.tables]

    def step(self):
        with torch.no_grad():
            for table, sums in zip(self.tables, self.sums):
                gradient = table.grad.coalesce()
                rows, values = gradient.indices()[0], gradient.values()
                sums[rows] += (values ** 2).mean(1)
                table[rows] -= self.lr / (sums[rows].sqrt() + 1e-8)[:, None] * values


SPARSE = {'sgd': torch.optim.SGD, 'rowwise_adagrad': RowwiseAdagrad, 'adagrad': torch.optim.Adagrad,
          'adam': lambda parameters, lr: torch.optim.SparseAdam(list(parameters), lr)}
DENSE = {'sgd': torch.optim.SGD, 'adagrad': torch.optim.Adagrad, 'adam': torch.optim.Adam}


def train(case, dtype):
    torch.set_default_dtype(dtype)
    model = Model(case)
    tables = [p for name, p in model.named_parameters() if name.startswith('tables.')]
    others = [p for name, p in model.named_parameters() if not name.startswith('tables.')]
    optimizers = [DENSE[case['dense'][0]](others, case['dense'][1]), SPARSE[case['sparse'][0]](tables, case['sparse'][1])]
    dense, ids, labels = cases.samples(case)
    dense = torch.tensor(dense, dtype=torch.float32).to(dtype)  # as the file has them
    labels = torch.tensor(labels, dtype=dtype)
    losses = []
    for first in range(0, len(labels), cases.BATCH):
        batch = slice(first, first + cases.BATCH)
        loss = nn.functional.binary_cross_entropy_with_logits(model(dense[batch], ids[batch]), labels[batch])
        model.zero_grad(set_to_none=True)
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
        losses.append(loss.item())
    return losses


def main():
    recorded = {}
    for name, case in cases.CASES.items():
        recorded[name] = train(case, torch.float64)
        single = train(case, torch.float32)
        apart = max(abs(a - b) for a, b in zip(single, recorded[name]))
        print(f'{name}: {recorded[name][0]:.6f} to {recorded[name][-1]:.6f}; float is {apart:.1e} apart', file=sys.stderr)
    rows = [f'{json.dumps(name)}: {json.dumps(losses)}' for name, losses in recorded.items()]
    print('{' + ',\n'.join(rows) + '}')


if __name__ == '__main__':
    main()
