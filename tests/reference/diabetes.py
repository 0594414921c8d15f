#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A DLRM in PyTorch (Debian: python3-torch) on the hospital table of Strack et al. 2014 (doi:10.1155/2014/781670), with
the architecture and settings of towerpart-train in diabetes.sh.

    diabetes.py shuffle IN.csv OUT.csv    the records in the order of a hash; those of the original are sorted by time
    diabetes.py options OUT.csv           the settings, as options of towerpart-train
    diabetes.py train OUT.csv SEED        prints AUC and log loss of the held-out records

Samples, split, rows of ids and dense values are as src/data/ defines them, sizes as in diabetes.yaml; initial values come
from PyTorch's own generator, within the bounds of the trainer's."""
import csv
import hashlib
import math
import re
import sys
from collections import Counter
from pathlib import Path

import cases

DIM, BOTTOM, TOP = 16, [64, 16], [128, 64, 1]
DENSE = 8  # columns behind the label; the rest are ids
BATCH, EPOCHS, RATE, SPARSE_RATE, HELD_OUT = 256, 2, 0.001, 0.1, 0.2


def shuffle(source, target):
    with open(source, encoding='utf-8') as file:
        head, *records = file.readlines()
    order = sorted(range(len(records)), key=lambda i: hashlib.sha256(b'%d' % i).digest())
    with open(target, 'w', encoding='utf-8') as file:
        file.writelines([head] + [records[i] for i in order])


def options(path):
    with open(path, newline='', encoding='utf-8') as file:
        names = next(csv.reader(file))
    print(f'--data csv:{path} --label {names[0]} --dense {",".join(names[1:1 + DENSE])} --held-out {HELD_OUT} '
          f'--epochs {EPOCHS} --optimizer adam --lr {RATE} --sparse-lr {SPARSE_RATE}')


def held_out(line):
    """The rule of src/data/samples.h, for a line counted from 1."""
    return (cases.mix(line + 0x9e3779b97f4a7c15 & cases.ONES) >> 11) * 2.0 ** -53 < HELD_OUT


def read(path):
    """(label, dense values, strings) of the training and of the held-out records, and the names of the ids."""
    parts = ([], [])
    with open(path, newline='', encoding='utf-8') as file:
        records = csv.reader(file)
        names = next(records)[1 + DENSE:]
        for line, record in enumerate(records, 2):
            dense = [math.log1p(float(x)) for x in record[1:1 + DENSE]]
            parts[held_out(line)].append((float(record[0]), dense, record[1 + DENSE:]))
    return parts, names


def tensors(parts, table_rows):
    """(labels, dense values, ids as rows) of both parts."""
    import torch
    rows_of = []
    for i, rows in enumerate(table_rows):
        counts = Counter(record[2][i] for record in parts[0])
        frequent = [text for text, count in counts.most_common() if count >= 2]
        assert len(frequent) < rows, f'column {i}: {len(frequent)} ids do not fit into {rows} rows'
        rows_of.append({text: row for row, text in enumerate(frequent, 1)})
    labels, dense, ids = ([[record[i] for record in part] for part in parts] for i in range(3))
    dense = [torch.tensor(part, dtype=torch.float64) for part in dense]
    mean, deviation = dense[0].mean(0), dense[0].std(0, unbiased=False)
    ids = [[[rows.get(text, 0) for rows, text in zip(rows_of, record)] for record in part] for part in ids]
    return [(torch.tensor(labels[p]), ((dense[p] - mean) / deviation).float(), torch.tensor(ids[p])) for p in (0, 1)]


def make_model(table_rows):
    import torch
    from torch import nn

    def mlp(widths, last_relu):
        layers = []
        for inputs, outputs in zip(widths, widths[1:]):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]  # PyTorch's initial values are within 1 / sqrt(inputs), too
        return nn.Sequential(*(layers if last_relu else layers[:-1]))

    class Dlrm(nn.Module):
        def __init__(self):
            super().__init__()
            vectors = len(table_rows) + 1
            self.tables = nn.ModuleList(nn.EmbeddingBag(rows, DIM, mode='sum', sparse=True) for rows in table_rows)
            for table in self.tables:
                nn.init.uniform_(table.weight, -len(table.weight) ** -0.5, len(table.weight) ** -0.5)
            self.bottom = mlp([DENSE] + BOTTOM, True)
            self.top = mlp([DIM + vectors * (vectors - 1) // 2] + TOP, False)
            self.pairs = torch.tril_indices(vectors, vectors, -1)

        def forward(self, dense, ids):
            bottom = self.bottom(dense)
            x = torch.stack([bottom] + [table(ids[:, i:i + 1]) for i, table in enumerate(self.tables)], 1)
            dots = (x @ x.transpose(1, 2))[:, self.pairs[0], self.pairs[1]]
            return self.top(torch.cat([bottom, dots], 1))[:, 0]
    return Dlrm()


def auc(labels, scores):
    """Exact; ties count half."""
    import torch
    order = scores.argsort()
    _, group, size = scores[order].unique_consecutive(return_inverse=True, return_counts=True)
    rank = (size.cumsum(0) - (size - 1) / 2)[group].double()
    ones = labels[order].double()
    clicks = ones.sum()
    return ((rank * ones).sum() - clicks * (clicks + 1) / 2).item() / (clicks * (len(ones) - clicks)).item()


def train(path, seed):
    import torch
    from losses import RowwiseAdagrad
    torch.manual_seed(seed)
    spec = Path(__file__).with_name('diabetes.yaml').read_text(encoding='utf-8')
    sizes = dict(re.findall(r'name: ([^,]+), rows: (\d+), dim: 16', spec))
    parts, names = read(path)
    table_rows = [int(sizes[name]) for name in names]
    (labels, dense, ids), held = tensors(parts, table_rows)
    model = make_model(table_rows)
    optimizers = [torch.optim.Adam([*model.bottom.parameters(), *model.top.parameters()], RATE),
                  RowwiseAdagrad(model.tables.parameters(), SPARSE_RATE)]
    for _ in range(EPOCHS):
        for first in range(0, len(labels) - BATCH + 1, BATCH):
            batch = slice(first, first + BATCH)
            loss = torch.nn.functional.binary_cross_entropy_with_logits(model(dense[batch], ids[batch]), labels[batch])
            model.zero_grad(set_to_none=True)
            loss.backward()
            for optimizer in optimizers:
                optimizer.step()
    with torch.no_grad():
        logits = model(held[1], held[2])
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, held[0])
    print(f'{auc(held[0], logits):.5f} {loss.item():.5f}')


def main():
    if sys.argv[1] == 'shuffle':
        shuffle(sys.argv[2], sys.argv[3])
    elif sys.argv[1] == 'options':
        options(sys.argv[2])
    else:
        train(sys.argv[2], int(sys.argv[3]))


if __name__ == '__main__':
    main()
