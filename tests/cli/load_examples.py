# SPDX-License-Identifier: Apache-2.0
"""The loading examples of docs/export.md, run against stand-ins for the packages that they load into.

Usage: load_examples.py docs/export.md FOLDER

Runs every Python block of the page in FOLDER, where plan.json and hugectr.json are, then compares what was loaded
with these. The stand-ins take what the real classes take, in their order.
"""
import dataclasses
import json
import os
import re
import sys
import types
import typing


@dataclasses.dataclass
class ShardMetadata:  # torch/distributed/_shard/metadata.py
    shard_offsets: typing.List[int]
    shard_sizes: typing.List[int]
    placement: typing.Optional[str] = None


@dataclasses.dataclass
class EnumerableShardingSpec:  # torch/distributed/_shard/sharding_spec/api.py
    shards: typing.List[ShardMetadata]


@dataclasses.dataclass
class ParameterSharding:  # torchrec/distributed/types.py
    sharding_type: str
    compute_kernel: str
    ranks: typing.Optional[typing.List[int]] = None
    sharding_spec: typing.Optional[EnumerableShardingSpec] = None


class EmbeddingModuleShardingPlan(dict):
    pass


@dataclasses.dataclass
class ShardingPlan:
    plan: typing.Dict[str, EmbeddingModuleShardingPlan]


@dataclasses.dataclass(frozen=True)
class EmbeddingTableConfig:  # HugeCTR/pybind/model_wrapper.hpp
    name: str
    max_vocabulary_size: int
    ev_size: int


class EmbeddingCollectionConfig:
    def __init__(self):
        self.lookups = []

    def embedding_lookup(self, table_config, bottom_name, top_name, combiner):
        self.lookups.append((table_config, bottom_name, top_name, combiner))

    def shard(self, shard_matrix, shard_strategy):
        self.shard_matrix, self.shard_strategy = shard_matrix, shard_strategy


def stand_in(path, **names):
    parts = path.split(".")
    for i in range(1, len(parts) + 1):
        name = ".".join(parts[:i])
        sys.modules.setdefault(name, types.ModuleType(name))
    vars(sys.modules[path]).update(names)


def same(sharding, table, sharding_type):
    assert sharding.sharding_type == sharding_type
    assert sharding.compute_kernel == table["compute_kernel"] and sharding.ranks == table["ranks"]
    assert [dataclasses.asdict(shard) for shard in sharding.sharding_spec.shards] == table["shards"]


def check_torchrec(loaded):
    with open("plan.json", encoding="utf-8") as file:
        exported = json.load(file)
    plan = loaded["plan"].plan["sparse.ebc"]
    assert list(plan) == list(exported["plan"])
    for name, table in exported["plan"].items():
        same(plan[name], table, table["sharding_type"])
    towers = loaded["towers"].plan
    assert list(towers) == [f"sparse.towers.{tower}" for tower in exported["towers"]]
    for tower, members in exported["towers"].items():
        assert sorted(towers[f"sparse.towers.{tower}"]) == sorted(members["tables"])
        for name, sharding in towers[f"sparse.towers.{tower}"].items():
            given = exported["plan"][name]["sharding_type"]
            same(sharding, exported["plan"][name], "table_column_wise" if given == "table_wise" else given)


def check_hugectr(loaded):
    with open("hugectr.json", encoding="utf-8") as file:
        exported = json.load(file)
    ebc = loaded["ebc"]
    assert ebc.shard_matrix == exported["shard_matrix"]
    [(kind, names)] = ebc.shard_strategy
    assert kind == "mp" and all(isinstance(name, (str, tuple)) for name in names)
    assert [name if isinstance(name, str) else list(name) for name in names] == exported["shard_strategy"][0][1]
    assert [(config.name, config.max_vocabulary_size, config.ev_size, bottom, combiner)
            for config, bottom, _, combiner in ebc.lookups] == [
        (name, table["max_vocabulary_size"], table["ev_size"], feature, "sum")
        for name, table in exported["tables"].items() for feature in table["features"]]
    assert len({top for _, _, top, _ in ebc.lookups}) == len(ebc.lookups)


def main():
    page, folder = sys.argv[1:]
    with open(page, encoding="utf-8") as file:
        blocks = re.findall(r"^```python\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)
    os.chdir(folder)
    stand_in("torch.distributed._shard.metadata", ShardMetadata=ShardMetadata)
    stand_in("torch.distributed._shard.sharding_spec", EnumerableShardingSpec=EnumerableShardingSpec)
    stand_in("torchrec.distributed.types", EmbeddingModuleShardingPlan=EmbeddingModuleShardingPlan,
             ParameterSharding=ParameterSharding, ShardingPlan=ShardingPlan)
    stand_in("hugectr", EmbeddingTableConfig=EmbeddingTableConfig, EmbeddingCollectionConfig=EmbeddingCollectionConfig)
    loaded = {}
    for block in blocks:
        exec(block, loaded)
        if "towers" in loaded and "ebc" not in loaded:
            check_torchrec(loaded)
    check_hugectr(loaded)


main()
