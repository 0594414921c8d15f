# SPDX-License-Identifier: Apache-2.0
"""Holds docs/schema/ against files and against the program.

Usage: schemas.py FOLDER valid KIND FILE...              all of them are valid
       schemas.py FOLDER keys KIND WORD...               the schema knows just these keys
       schemas.py FOLDER breaks KIND FILE COMMAND...     whatever the schema refuses, the program refuses
       schemas.py FOLDER refused KIND FILE COMMAND...    what docs/ rules out, both refuse; so they do a value of
                                                         another type and an unknown key, wherever in the file

KIND is model, topology or plan. COMMAND reads the file that takes the place of %; it refuses by exit status 3, of a
plan also by 1. `breaks` breaks every keyword of the schema once where the file has what it speaks of.
"""
import copy
import json
import pathlib
import subprocess
import sys
import warnings

import jsonschema
import yaml

warnings.simplefilter("ignore", DeprecationWarning)  # of RefResolver, which all versions so far have
DELETED = object()
BROKEN = "broken.yaml"

MINIMAL = {"towerpart_model": 1, "name": "minimal", "tables": [{"name": "t", "rows": 1, "dim": 4, "features": ["f"]}]}
NARROW = {"name": "t_user", "tower": 0, "sharding": "column", "shards": [
    {"rank": rank, "row": 0, "rows": 2000000, "column": 2 * rank, "columns": 2} for rank in (0, 1)]}

# What docs/specs.md and docs/plan-format.md rule out: path, value that is out of range. Written from these pages;
# that of an empty path is the whole file.
REFUSED = {
    "model": [
        ("towerpart_model", 2), ("name", ""), ("name", "a\tb"), ("name", "x" * 256), ("name", DELETED),
        ("dense_features", -1), ("dense_features", 65537), ("dense_features", 1.5), ("batch_size", 64),
        ("local_batch_size", 0), ("local_batch_size", 2 ** 40 + 1), ("local_batch_size", DELETED),
        ("embedding.dtype", "float64"), ("embedding.optimizer", "lamb"), ("embedding.dim", 4),
        ("communication.forward", "float16"), ("communication.backward", "int8"), ("tables", []), ("tables", DELETED),
        ("tables.0.name", ""), ("tables.0.rows", 0), ("tables.0.rows", 2 ** 40 + 1), ("tables.0.rows", "40M"),
        ("tables.0.dim", 0), ("tables.0.dim", 65537), ("tables.0.dim", DELETED), ("tables.0.row_order", "sorted"),
        ("tables.0.features", []), ("tables.0.features", "user"), ("tables.0.pooling", "mean"),
        ("tables.1.features.1.name", DELETED), ("tables.1.features.1.pooling", 0),
        ("tables.1.features.1.pooling", 1000001), ("tables.1.features.1.pooling_p99", -1),
        ("tables.1.features.1.pooling_p99", 1000001), ("tables.1.features.1.distinct", 0),
        ("tables.1.features.1.distinct", 2 ** 40 + 1), ("tables.1.features.1.hot_rows", []),
        ("tables.1.features.1.hot_rows.0", [1]), ("tables.1.features.1.hot_rows.0", [1, 0.012, 3]),
        ("tables.1.features.1.hot_rows.0.0", 0), ("tables.1.features.1.hot_rows.0.1", 0),
        ("tables.1.features.1.hot_rows.3.1", 1.5), ("arch.interaction", "deepfm"), ("arch.cross_layers", 3),
        ("arch.cross_rank", 8), ("arch.bottom_mlp", []), ("arch.bottom_mlp", [8] * 33), ("arch.bottom_mlp.0", 0),
        ("arch.top_mlp.0", 65537), ("tower_module", "dlrm"), ("tower_module.kind", "dot"),
        ("tower_module.kind", DELETED), ("tower_module.c", DELETED), ("tower_module.c", -1),
        ("tower_module.p", 65537), ("tower_module.c", 0),
        ("tower_module.dim", 0), ("tower_module.rank", 4), ("tower_module", {"kind": "dcn", "dim": 8, "c": 1}),
        ("tower_module", {"kind": "none", "dim": 8}), ("tower_module", {"kind": "dcn", "dim": 8, "rank": 0}),
        ("tower_module", {"kind": "dcn"}), ("constraints.0.together", ["shop"]),
        ("constraints.1.apart", ["user", "user"]), ("constraints.2.pin.tower", -1),
        ("constraints.2.pin.feature", DELETED), ("constraints.0", {"near": ["shop", "city"]}), ("", MINIMAL),
        ("", {**MINIMAL, "batch_size": 0}), ("", {**MINIMAL, "batch_size": 2 ** 40 + 1}),
        ("", {**MINIMAL, "batch_size": "many"}), ("constraints.0", {}), ("constraints.0.together", ["shop", "shop"]),
        ("constraints.1.apart", ["user"]),
        ("constraints.0", {"together": ["shop", "city"], "apart": ["user", "hour"]}),
        ("constraints.2.pin.tower", 1048576), ("arch", {"cross_layers": 3}), ("arch.top_mlp", []),
        ("arch.top_mlp", [1] * 33), ("arch", {"interaction": "dcn", "cross_layers": 0}),
        ("arch", {"interaction": "dcn", "cross_layers": 1025}),
        ("arch", {"interaction": "dcn", "cross_layers": "many"}),
        ("tower_module", {}), ("tower_module", {"kind": "dlrm", "c": -1, "p": 2, "dim": 8}),
        ("tower_module", {"kind": "dlrm", "c": 65537, "p": 2, "dim": 8}),
        ("tower_module", {"kind": "dlrm", "c": 2, "p": -1, "dim": 8}),
        ("tables.1.features.1.hot_rows.0.0", 2 ** 40 + 1),
    ],
    "topology": [
        ("towerpart_topology", 0), ("name", DELETED), ("hosts_per_tower", 0), ("device", DELETED),
        ("device.memory_bytes", 0), ("device.memory_bytes", 2 ** 60 + 1), ("device.memory_bytes", 1e9 + 0.5),
        ("device.reserve", -0.1), ("device.reserve", 1), ("device.memory_bytes_per_s", 0),
        ("device.memory_bytes_per_s", 2e30), ("device.flops_per_s", DELETED), ("device.exchange_s", -1e-6),
        ("device.exchange_s", 1000001), ("device.uvm", 1), ("levels", []), ("levels", DELETED),
        ("levels.0.name", DELETED), ("levels.0.fanout", 0), ("levels.0.fanout", 1048577), ("levels.1.bytes_per_s", 0.5),
        ("levels.1.uplink_bytes_per_s", 0), ("levels.0.uplink_bytes_per_s", 1.0e+9), ("levels.0.latency_s", -1),
        ("levels.0.latency_s", 1000001), ("levels.0.alltoall", []), ("levels.0.alltoall.0", [8]),
        ("levels.0.alltoall.0.0", 0), ("levels.0.allreduce.0.1", 0), ("levels.0.allreduce", 3),
        ("hosts.0.index", -1), ("hosts.0.index", DELETED), ("hosts.0.memory_bytes", 0),
        ("hosts.0.uplink_bytes_per_s", -1), ("hosts.0.rank", 3), ("hosts.0.index", 1048576),
        ("hosts_per_tower", 1048577), ("name", ""), ("name", "x" * 256), ("name", "a\nb"),
        ("levels", [{"name": f"l{i}", "fanout": 1, "bytes_per_s": 1.0e+9, "latency_s": 0.0} for i in range(9)]),
        ("levels.0.alltoall.0", [8, 1.0e+9, 1]), ("levels.0.alltoall.0.0", 1048577),
        ("device.alone", {"ranks": 1, "memory_bytes_per_s": 1.0e+13}), ("device.alone", 1),
        ("device.alone", {"ranks": 0, "memory_bytes_per_s": 1.0e+13, "flops_per_s": 1.0e+15}),
        ("device.alone", {"ranks": 1048577, "memory_bytes_per_s": 1.0e+13, "flops_per_s": 1.0e+15}),
        ("device.alone", {"ranks": "all", "memory_bytes_per_s": 1.0e+13, "flops_per_s": 1.0e+15}),
        ("device.alone", {"ranks": 1, "memory_bytes_per_s": 0, "flops_per_s": 1.0e+15}),
        ("device.alone", {"ranks": 1, "memory_bytes_per_s": 1.0e+13, "flops_per_s": 1.0e+31}),
        ("device.alone", {"ranks": 1, "memory_bytes_per_s": 1.0e+13, "flops_per_s": 1.0e+15, "hosts": 1}),
    ],
    "plan": [
        ("towerpart_plan", 2), ("generator", DELETED), ("seed", -1), ("seed", 2 ** 63), ("strategy", "random"),
        ("inputs", DELETED), ("inputs.model.sha256", "0" * 63), ("inputs.topology.file", ""), ("inputs.log", {}),
        ("inputs.affinity.from", "model"), ("inputs.affinity.measure", DELETED), ("inputs.affinity.samples", "many"),
        ("inputs.affinity.dumps", 0), ("inputs.affinity.noise_floor", -0.1), ("inputs.affinity.above_floor", 1.1),
        ("inputs.affinity.std_error", -1), ("inputs.affinity.stability", 1.1), ("inputs.affinity.stability", -1.1),
        ("inputs.affinity.reproducibility", 2), ("inputs.affinity.null_rho", -2), ("inputs.affinity.learned", 2),
        ("inputs.affinity.movers.f06", 0), ("inputs.affinity.movers.f06", 1.1), ("inputs.affinity.constant", "f01"),
        ("inputs.affinity.neutral", [""]), ("inputs.affinity.verdict", "fine"), ("model.tables.0.rows", 0),
        ("topology.levels.0.fanout", 0), ("limits.balance", -0.1), ("limits.ratio", 0.9), ("limits.proven", "no"),
        ("limits.proven", DELETED), ("towers", []), ("towers.0.id", -1), ("towers.0.hosts", []),
        ("towers.0.ranks.0", -1), ("towers.0.features", []), ("towers.0.output_dim", DELETED), ("tables", []),
        ("tables.0.tower", -1), ("tables.0.sharding", "replicate"), ("tables.0.shards", []),
        ("tables.0.sharding", "column"), ("tables.1.sharding", "table"), ("tables.0.shards.0.rank", -1),
        ("tables.0.shards.0.row", -1), ("tables.0.shards.0.rows", -1), ("tables.0.shards.0.column", -1),
        ("inputs.model", DELETED), ("inputs.affinity.dumps", 2 ** 31), ("inputs.affinity.neutral", {}),
        ("towers.0.ranks", []), ("towers.0.output_dim", -1), ("ranks.0.lookup_bytes", -1), ("ranks.0.output_bytes", -1),
        ("ranks.0.id_bytes", -1), ("quality.balance", DELETED), ("tables.0.shards.0.columns", 0),
        ("tables.0.shards.0.device", 0), ("ranks.0.memory_bytes", -1),
        ("ranks.0.id_bytes", DELETED), ("ranks", []), ("quality.inside_affinity", 1.1), ("quality.upper_bound", -0.1),
        ("quality.lower_bound", 0.1), ("quality.proven_optimal", 1), ("quality.assignment", "a"),
        ("quality.baselines.Stride", 0.5), ("quality.baselines.stride", 1.5), ("quality.baselines_over_limit", []),
        ("quality.baselines_over_limit", ["load", "load"]), ("quality.balance.memory", DELETED),
        ("cost.flat", DELETED), ("cost.flat.seconds", -1), ("cost.sptt.phases.lookup.seconds", DELETED),
        ("cost.sptt.phases.sleep", {"seconds": 1}), ("cost.dmt.phases.ids_alltoall.bytes.host", 0.5),
        *((f"quality.balance.{load}", -1) for load in ("features", "memory", "lookup", "output", "flops")),
        ("cost.flat_free.seconds", -1), ("cost.flat.phases.lookup.seconds", -1), ("cost.flat.phases", DELETED),
        ("cost.flat.phases.ids_alltoall.bytes.host", -1), ("generator", "x" * 256), ("generator", "a\tb"),
        ("tables.0.tower", 2 ** 20), ("tables.0.tower", DELETED), ("tables.0.shards.0.row", 2 ** 40 + 1),
        ("tables.0.shards.0.rows", 2 ** 40 + 1), ("tables.0.shards.0.column", 65537),
        ("tables.0.shards.0.row", DELETED), ("tables.0.shards.0.columns", 65537), ("tables.0", NARROW),
        ("cost.flat_free", {}), ("cost.recommended", "none"), ("cost.recommended_if_quality_allows", DELETED),
    ],
}


def load(path):
    with open(path, encoding="utf-8") as file:
        return yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


class Schemas:
    def __init__(self, folder):
        self.files = {}
        for path in pathlib.Path(folder).glob("*.json"):
            self.files[path.name] = json.loads(path.read_text(encoding="utf-8"))
            jsonschema.Draft202012Validator.check_schema(self.files[path.name])
        self.base = pathlib.Path(folder).resolve().as_uri() + "/"

    def errors(self, kind, instance):
        name = kind + ".json"
        store = {self.base + file: schema for file, schema in self.files.items()}
        resolver = jsonschema.RefResolver(self.base + name, self.files[name], store=store)
        validator = jsonschema.Draft202012Validator(self.files[name], resolver=resolver)
        for error in validator.iter_errors(instance):
            yield f"{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}"


def resolved(root, reference):
    """What a reference inside a schema stands for: #/$defs/name"""
    at = root
    for part in reference.split("/")[1:]:
        at = at[part]
    return at


def edited(instance, path, value):
    """A copy with the value at the path, a list of keys and indices."""
    if not path:
        return value
    new = copy.copy(instance)
    key = path[0]
    if len(path) == 1 and value is DELETED:
        del new[key]
    elif len(path) == 1:
        new[key] = value
    else:
        new[key] = edited(new[key], path[1:], value)
    return new


OTHER_TYPE = {"object": [], "array": {}, "string": [], "integer": 1.5, "number": "many", "boolean": "maybe"}


def breaks_of(keyword, value, at):
    """Values that break one keyword, in place of `at`."""
    if keyword == "type":
        return [OTHER_TYPE[value]]
    if keyword in ("enum", "const"):
        return ["no such word"]
    if keyword in ("minimum", "exclusiveMinimum"):
        return [value - (keyword == "minimum")]
    if keyword in ("maximum", "exclusiveMaximum"):
        return [value if keyword == "exclusiveMaximum" else value * 2 if isinstance(value, float) else value + 1]
    if keyword in ("minLength", "maxLength"):
        return ["" if keyword == "minLength" else "x" * (value + 1)]
    if keyword == "pattern":
        return ["a\u0007"]
    if keyword == "minItems":
        return [at[:value - 1]]
    if keyword == "maxItems":
        return [at + [at[-1]] * (value + 1 - len(at))]
    if keyword == "uniqueItems":
        return [at + at[-1:]]
    if keyword == "required":
        return [{key: at[key] for key in at if key != gone} for gone in value]
    if keyword == "additionalProperties" and value is False:
        return [{**at, "no_such_key": 1}]
    return []


def walk(root, schema, at, path):
    """(schema, path, keyword, broken value) for every keyword that speaks of something in the instance."""
    if not isinstance(schema, dict):
        return
    for keyword, value in schema.items():
        for broken in breaks_of(keyword, value, at):
            yield schema, path, keyword, broken
    if schema.get("$ref", "").startswith("#"):  # other files are broken on their own
        yield from walk(root, resolved(root, schema["$ref"]), at, path)
    if isinstance(at, dict):
        for key in at:
            inner = schema.get("properties", {}).get(key, schema.get("additionalProperties"))
            yield from walk(root, inner, at[key], path + [key])
    if isinstance(at, list):
        first = schema.get("prefixItems", [])
        for i, item in enumerate(at):
            yield from walk(root, first[i] if i < len(first) else schema.get("items"), item, path + [i])


def strangers(at, path=()):
    """(path, value) for a value of another type in each place, and for an unknown key in each mapping. Of several
    mappings with the same keys, side by side, and of the values of a list, the first stands for all."""
    yield path, {dict: [], list: {}, str: [], bool: "maybe"}.get(type(at), "many")
    if isinstance(at, dict):
        yield path, {**at, "no such key": []}
    if isinstance(at, (dict, list)):
        seen = set()
        for key, inner in at.items() if isinstance(at, dict) else enumerate(at):
            form = tuple(inner) if isinstance(inner, dict) else key if isinstance(at, dict) else type(inner)
            if form not in seen:
                yield from strangers(inner, path + (key,))
            seen.add(form)


def refusal(kind, instance, command):
    """What the program says to it, or None if it takes it."""
    with open(BROKEN, "w", encoding="utf-8") as file:
        yaml.dump(instance, file, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), sort_keys=False)
    run = subprocess.run([BROKEN if word == "%" else word for word in command], stdin=subprocess.DEVNULL,
                         capture_output=True, timeout=60)
    return run.stdout + run.stderr if run.returncode == 3 or kind == "plan" and run.returncode == 1 else None


def must_refuse(schemas, kind, instance, what, command):
    assert any(schemas.errors(kind, instance)), f"the schema takes {what}"
    assert refusal(kind, instance, command), f"the program takes {what}"


def check_breaks(schemas, kind, file, command):
    whole = load(file)
    assert refusal(kind, whole, command) is None and not any(schemas.errors(kind, whole))
    seen = set()
    root = schemas.files[kind + ".json"]
    for schema, path, keyword, broken in walk(root, root, whole, []):
        what = (id(schema), keyword, frozenset(broken) if keyword == "required" else None)
        if what not in seen:
            seen.add(what)
            what = f"{path}, {keyword} broken: {broken!r:.100}"
            must_refuse(schemas, kind, edited(whole, path, broken), what, command)
    print(len(seen), "keywords broken")
    assert len(seen) >= 50


def check_refused(schemas, kind, file, command):
    whole = load(file)
    listed = [([int(part) if part.isdigit() else part for part in path.split(".") if part], value)
              for path, value in REFUSED[kind]]
    for path, value in listed + list(strangers(whole)):
        must_refuse(schemas, kind, edited(whole, path, value), f"{path}: {value!r:.100}", command)


def keys_of(schema):
    if isinstance(schema, dict):
        for keyword, value in schema.items():
            if keyword == "properties":
                yield from value
            for inner in value.values() if keyword in ("properties", "$defs") else [value]:
                yield from keys_of(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from keys_of(inner)


def main():
    folder, action, kind, *rest = sys.argv[1:]
    schemas = Schemas(folder)
    if action == "valid":
        for file in rest:
            errors = list(schemas.errors(kind, load(file)))
            assert not errors, f"{file}: {errors}"
    elif action == "keys":
        known = set(keys_of(schemas.files[kind + ".json"]))
        assert known == set(rest), f"only the schema: {known - set(rest)}, only the reader: {set(rest) - known}"
    elif action == "breaks":
        check_breaks(schemas, kind, rest[0], rest[1:])
    else:
        check_refused(schemas, kind, rest[0], rest[1:])


main()
