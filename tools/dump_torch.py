# SPDX-License-Identifier: Apache-2.0
"""Dumps the pooled embeddings of a PyTorch model as .npz, for `towerpart affinity -d`.

A model with nn.EmbeddingBag modules:       TorchRec, or any {feature: (batch, dim) tensor}:
    with Dump("dump.npz", model) as dump:       with Dump("dump.npz") as dump:
        while not dump.full:                        while not dump.full:
            model(*next(held_out))                      dump.add(ebc(next(held_out)).to_dict())

A feature is called like its module ("tables.user"), or as names={"tables.item": ["item", "history"]}
says, in the order of the calls where one table serves several. A model's tables are listed beside the
dump, in dump.csv, of which `towerpart import --from csv` makes a model spec.
"""
import csv, pathlib, zipfile
import numpy, torch


class Dump:
    def __init__(self, path, model=None, names={}, samples=20000, dtype="float32"):
        self.path, self.samples, self.dtype = pathlib.Path(path), samples, dtype
        self.parts, self.tables, self.batch, self.hooks, self.full = {}, [], {}, [], False
        for name, bag in model.named_modules() if model else []:
            if isinstance(bag, torch.nn.EmbeddingBag):
                self.watch(bag, name, names.get(name, [name]))
        if model:
            self.hooks.append(model.register_forward_hook(lambda *_: self.add(self.batch)))

    def watch(self, bag, name, features):
        if bag.mode != "sum":
            raise ValueError(f"{name}: pools by {bag.mode}, towerpart plans for sum")
        self.tables.append((name, bag.num_embeddings, bag.embedding_dim, ";".join(features)))
        def take(_module, _inputs, pooled):
            free = [feature for feature in features if feature not in self.batch]
            if not free:
                raise ValueError(f"{name}: serves more than {features}; list all of them in names")
            self.batch[free[0]] = pooled
        self.hooks.append(bag.register_forward_hook(take))

    def add(self, pooled):
        if self.parts and self.parts.keys() != pooled.keys():
            raise ValueError(f"not in every batch: {sorted(self.parts.keys() ^ pooled.keys())}")
        for feature, values in pooled.items():
            values = values.detach().float().cpu().numpy().astype(self.dtype)
            self.parts.setdefault(feature, []).append(values)
        self.batch = {}
        self.full = sum(map(len, next(iter(self.parts.values())))) >= self.samples

    def __enter__(self):
        return self

    def __exit__(self, failed, *_):
        for hook in self.hooks:
            hook.remove()
        if failed: return
        with zipfile.ZipFile(self.path, "w") as archive:
            for feature, parts in self.parts.items():
                with archive.open(f"{feature}.npy", "w", force_zip64=True) as member:
                    numpy.lib.format.write_array(member, numpy.concatenate(parts)[:self.samples])
        if self.tables:
            with open(self.path.with_suffix(".csv"), "w", newline="") as file:
                csv.writer(file).writerows([("name", "rows", "dim", "features"), *self.tables])
