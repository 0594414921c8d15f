# SPDX-License-Identifier: Apache-2.0
"""Holds what was exported against the plan, shard by shard.

Usage: placed.py PLAN.yaml torchrec|hugectr PLAN.json

Knows the plan by a YAML library and docs/plan-format.md, the JSON by TorchRec's names or HugeCTR's rules, and
nothing of towerpart. Every shard is rebuilt from the JSON alone: which rows and columns, and on which rank.
"""
import json
import re
import sys

import yaml


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


def shards_of_hugectr(gpus, parts, rows, dim):
    """{gpu: (rows, columns)}, as split_column_wise_sharding_config() cuts: piece by piece in the order of the GPUs,
    each piece's rows dealt out one by one."""
    assert len(gpus) % parts == 0 and dim % parts == 0
    sharers = len(gpus) // parts
    return {gpu: (len(range(i % sharers, rows, sharers)), dim // parts) for i, gpu in enumerate(gpus)}


def check_hugectr(plan, exported):
    assert set(exported) == {"shard_matrix", "shard_strategy", "tables", "towers"}
    [[kind, group]] = exported["shard_strategy"]
    parts = dict((entry, 1) if isinstance(entry, str) else entry for entry in group)
    model = {table["name"]: table for table in plan["model"]["tables"]}
    assert kind == "mp" and len(parts) == len(group) and list(exported["tables"]) == list(model)
    assert len(exported["shard_matrix"]) == len(plan["ranks"])
    holders = {name: [] for name in parts}
    for gpu, names in enumerate(exported["shard_matrix"]):
        for name in names:
            holders[name].append(gpu)
    for name, (_, shards) in shards_of_plan(plan).items():
        table, given = exported["tables"][name], model[name]
        rows, dim = table["max_vocabulary_size"], table["ev_size"]
        assert (rows, dim, table["features"]) == (
            given["rows"], given["dim"], [feature["name"] for feature in given["features"]]), name
        rebuilt = shards_of_hugectr(holders[name], parts[name], rows, dim)
        assert set(rebuilt) == {shard[-1] for shard in shards}, name
        by_rows = len(shards) > 1 and parts[name] == 1 and len(rebuilt) > 1
        for gpu, (got_rows, got_columns) in rebuilt.items():
            here = [shard for shard in shards if shard[-1] == gpu]
            assert got_columns == (dim if by_rows else sum(shard[3] for shard in here)), name
            assert abs(got_rows - here[0][1]) < (len(shards) if by_rows else 1), name
    check_towers(plan, exported["towers"], plan["strategy"] == "flat")


def check_towers(plan, towers, flat):
    expected = {} if flat else {
        str(tower["id"]): {"tables": [table["name"] for table in plan["tables"] if table["tower"] == tower["id"]],
                           "ranks": tower["ranks"]} for tower in plan["towers"]}
    assert towers == expected


def main():
    plan_file, form, exported_file = sys.argv[1:]
    with open(plan_file, encoding="utf-8") as file:
        plan = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    with open(exported_file, encoding="utf-8") as file:
        exported = json.load(file)
    {"torchrec": check_torchrec, "hugectr": check_hugectr}[form](plan, exported)


main()
