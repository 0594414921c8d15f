# SPDX-License-Identifier: Apache-2.0
"""Holds what was exported against the plan, shard by shard.

Usage: placed.py PLAN.yaml torchrec PLAN.json

Knows the plan by a YAML library and docs/plan-format.md, the JSON by TorchRec's names, and nothing of
towerpart. Every shard is rebuilt from the JSON alone: which rows and columns, and on which rank and device.
"""
import json
import re
import sys

import yaml

sys.stdout.reconfigure(encoding="utf-8")


def shards_of_plan(plan):
    """{table: (tower, [(first row, rows, first column, columns, rank)])}"""
    return {table["name"]: (table["tower"], [tuple(shard[key] for key in ("row", "rows", "column", "columns", "rank"))
                                             for shard in table["shards"]]) for table in plan["tables"]}


def shard_of_torchrec(shard, ranks_per_host):
    assert set(shard) == {"shard_offsets", "shard_sizes", "placement"}, shard
    (row, column), (rows, columns) = shard["shard_offsets"], shard["shard_sizes"]
    rank, device = map(int, re.fullmatch(r"rank:(\d+)/cuda:(\d+)", shard["placement"]).groups())
    assert device == rank % ranks_per_host, shard
    return row, rows, column, columns, rank


def type_of(cut, ranks, ranks_per_host, world):
    """What TorchRec calls shards that are cut like this and lie there."""
    hosts = {rank // ranks_per_host for rank in ranks}
    if cut == "table":
        return "table_wise"
    if cut == "column":
        return "table_column_wise" if len(hosts) == 1 else "column_wise"
    return "row_wise" if len(hosts) > 1 and len(ranks) == world else "table_row_wise"


def check_torchrec(plan, exported):
    levels = [level["fanout"] for level in plan["topology"]["levels"]]
    world = 1
    for fanout in levels:
        world *= fanout
    flat = plan["strategy"] == "flat"
    placed = shards_of_plan(plan)
    assert set(exported) == {"plan", "towers"}
    assert list(exported["plan"]) == list(placed)
    cuts = {table["name"]: table["sharding"] for table in plan["tables"]}
    for name, sharding in exported["plan"].items():
        assert set(sharding) == {"sharding_type", "compute_kernel", "ranks", "shards"}, name
        rebuilt = [shard_of_torchrec(shard, levels[0]) for shard in sharding["shards"]]
        assert rebuilt == placed[name][1], (name, rebuilt, placed[name])
        assert sharding["ranks"] == [shard[-1] for shard in rebuilt], name
        assert sharding["compute_kernel"] == "fused"
        assert sharding["sharding_type"] == type_of(cuts[name], sharding["ranks"], levels[0], world), name
    check_towers(plan, exported["towers"], flat)


def check_towers(plan, towers, flat):
    expected = {} if flat else {
        str(tower["id"]): {"tables": [table["name"] for table in plan["tables"] if table["tower"] == tower["id"]],
                           "ranks": tower["ranks"]} for tower in plan["towers"]}
    assert towers == expected


def main():
    plan_file, form, exported_file = sys.argv[1:]
    with open(plan_file, encoding="utf-8") as file:
        plan = yaml.safe_load(file)
    with open(exported_file, encoding="utf-8") as file:
        exported = json.load(file)
    {"torchrec": check_torchrec}[form](plan, exported)


main()
