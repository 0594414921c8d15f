# SPDX-License-Identifier: Apache-2.0
"""The loading examples of docs/export.md, run against stand-ins for the packages that they load into.

Usage: load_examples.py docs/export.md FOLDER

Runs every Python block of the page in FOLDER, where plan.json is, then compares what was loaded with that file.
The stand-ins take the fields that the real dataclasses have, in their order.
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


def main():
    page, folder = sys.argv[1:]
    with open(page, encoding="utf-8") as file:
        blocks = re.findall(r"^```python\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)
    os.chdir(folder)
    stand_in("torch.distributed._shard.metadata", ShardMetadata=ShardMetadata)
    stand_in("torch.distributed._shard.sharding_spec", EnumerableShardingSpec=EnumerableShardingSpec)
    stand_in("torchrec.distributed.types", EmbeddingModuleShardingPlan=EmbeddingModuleShardingPlan,
             ParameterSharding=ParameterSharding, ShardingPlan=ShardingPlan)
    loaded = {}
    for block in blocks:
        exec(block, loaded)
    check_torchrec(loaded)


main()
