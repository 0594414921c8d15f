# SPDX-License-Identifier: Apache-2.0
"""Dumps the pooled embeddings of a PyTorch model as .npz, for `towerpart affinity -d`.

A model with nn.EmbeddingBag modules:       TorchRec, or any {feature: (batch, dim) tensor}:
    with Dump("dump.npz", model) as dump:       with Dump("dump.npz") as dump:
        while not dump.full:                        while not dump.full:
            model(*next(held_out))                      dump.add(ebc(next(held_out)).to_dict())

A feature is called like its module ("tables.user"), or as names={"tables.item": ["item", "history"]} says, in the
order of the calls where one table serves several. A model's tables and the mean number of ids per bag are listed
beside the dump, in dump.csv, of which `towerpart import --from csv` makes a model spec.
"""
import csv, pathlib, zipfile, numpy, torch

class Dump:
    def __init__(self, path, model=None, names={}, samples=20000, dtype="float32"):
        self.path, self.samples, self.dtype = pathlib.Path(path), samples, dtype
        self.parts, self.tables, self.batch, self.hooks, self.full, self.seen = {}, [], {}, [], False, 0
        bags = {n: m for n, m in model.named_modules() if isinstance(m, torch.nn.EmbeddingBag)} if model else {}
        if model and (not bags or names.keys() - bags.keys()):
            raise ValueError(f"no nn.EmbeddingBag {[*names.keys() - bags.keys()]} in the model, which has {[*bags]}")
        for name, bag in bags.items():
            self.watch(bag, name, names.get(name, [name]))
        if model:
            self.hooks.append(model.register_forward_hook(lambda *_: self.add(self.batch)))

    def watch(self, bag, name, features):
        if bag.mode != "sum":
            raise ValueError(f"{name}: pools by {bag.mode}, towerpart plans for sum (the same if bags hold one id)")
        ids = [0] * len(features)
        self.tables.append((name, bag.num_embeddings, bag.embedding_dim, features, ids))
        def take(_module, inputs, pooled):
            free = [i for i, feature in enumerate(features) if feature not in self.batch]
            if not free:
                raise ValueError(f"{name}: serves more than {features}; list all of them in names")
            self.batch[features[free[0]]] = pooled
            ids[free[0]] += inputs[0].numel() if inputs else len(pooled)
        self.hooks.append(bag.register_forward_hook(take))

    def add(self, pooled):
        if not pooled or self.parts and self.parts.keys() != pooled.keys():
            raise ValueError(f"not in every batch: {sorted(self.parts.keys() ^ pooled.keys())}")
        for feature, values in pooled.items():
            self.parts.setdefault(feature, []).append(values.detach().float().cpu().numpy().astype(self.dtype))
        self.batch, self.seen = {}, self.seen + len(values)
        self.full = self.seen >= self.samples

    def __enter__(self): return self
    def __exit__(self, failed, *_):
        for hook in self.hooks: hook.remove()
        if failed: return
        with zipfile.ZipFile(self.path, "w") as archive:
            for feature, parts in self.parts.items():
                with archive.open(f"{feature}.npy", "w", force_zip64=True) as member:
                    numpy.lib.format.write_array(member, numpy.concatenate(parts)[:self.samples])
        mean = lambda ids: ";".join(f"{n / max(1, self.seen):.9g}" for n in ids)
        tables = [(*table, ";".join(features), mean(ids)) for *table, features, ids in self.tables]
        if tables:
            with open(self.path.with_suffix(".csv"), "w", newline="") as file:
                csv.writer(file).writerows([("name", "rows", "dim", "features", "pooling"), *tables])
