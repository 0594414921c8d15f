#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tools/dump_torch.py: a PyTorch model's embeddings become a dump and a list of tables that the program
# reads. Skipped where no python3 has PyTorch (Debian: python3-torch).
python=
for candidate in python3 /usr/bin/python3; do
    if "$candidate" -c 'import numpy, torch' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo '1..0 # SKIP no python3 with PyTorch'
    exit 0
fi
. "$(dirname "$0")/lib.sh"
export PYTHONPATH="$SOURCE/tools" PYTHONDONTWRITEBYTECODE=1

# A model of two tables and three features, item and history sharing one; what it pools, by hand.
cat >model.py <<'END'
import numpy, torch
from dump_torch import Dump

class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.user = torch.nn.EmbeddingBag(100, 8, mode="sum")
        self.item = torch.nn.EmbeddingBag(50, 4, mode="sum")

    def forward(self, user, item, history, offsets):
        return self.user(user), self.item(item), self.item(history, offsets)

NAMES = {"item": ["item", "history"]}

def batches():
    while True:
        ids = [torch.randint(0, rows, (64, 1)) for rows in (100, 50)]
        yield *ids, (torch.randint(0, 50, (192,)) + ids[1].repeat(1, 3).flatten()) % 50, torch.arange(0, 192, 3)
END
cat >hooks.py <<'END'
from model import *
model, held_out, pooled = Model(), batches(), [[], [], []]
with Dump("dump.npz", model, names=NAMES, samples=500) as dump:
    while not dump.full:
        for kept, values in zip(pooled, model(*next(held_out))):
            kept.append(values.detach().double().numpy())
for name, values in zip(("user", "item", "history"), pooled):
    numpy.save(f"{name}.npy", numpy.concatenate(values)[:500])
END
cat >judge.py <<'END'
import numpy, sys
x = {n: numpy.load(f"{n}.npy") for n in ("user", "item", "history")}
x = {n: v - v.mean(0) for n, v in x.items()}
def hsic(a, b):
    return numpy.linalg.norm(x[a].T @ x[b]) ** 2
file = numpy.load(sys.argv[1])
names = list(file["features"])
assert sorted(names) == ["history", "item", "user"], names
assert file["samples"] == 500
for i, a in enumerate(names):
    for j, b in enumerate(names):
        true = hsic(a, b) / numpy.sqrt(hsic(a, a) * hsic(b, b))
        assert abs(file["affinity"][i, j] - true) < 1e-5, (a, b, file["affinity"][i, j], true)
END
cat >dict.py <<'END'
from model import *
model, held_out = Model(), batches()
with Dump("dict.npz", samples=500) as dump:
    while not dump.full:
        dump.add(dict(zip(("user", "item", "history"), model(*next(held_out)))))
END
# refused NAME TEXT: the script refused.py raises a ValueError that says so, and leaves no file.
refused() {
    ok "refused: $1" sh -c "! $python refused.py 2>logs/err"
    ok '  and says why' grep -q "ValueError: .*$2" logs/err
    ok '  and leaves nothing' test ! -e refused.npz
}

ok 'a model is dumped through hooks' "$python" hooks.py
expect 'its tables become a model spec' 0 'towerpart' \
    import --from csv dump.csv --batch-size 64 -o model.yaml
ok 'with the mean number of ids per bag' sh -c '
    grep -q "name: history, pooling: 3.0" model.yaml && grep -q "name: user, pooling: 1.0" model.yaml'
expect 'its dump is measured' 0 '' affinity -q -m model.yaml -d dump.npz -o hooks-a.npz
ok 'as numpy measures it' "$python" judge.py hooks-a.npz
ok 'a dict of tensors is dumped' "$python" dict.py
expect 'and measured' 0 '' affinity -q -m model.yaml -d dict.npz -o dict-a.npz
ok 'as numpy measures it' "$python" judge.py dict-a.npz
ok 'both dumps hold the same arrays' "$python" -c '
import numpy
a, b = numpy.load("dump.npz"), numpy.load("dict.npz")
assert sorted(a.files) == sorted(b.files) and all((a[n] == b[n]).all() for n in a.files)'

cat >refused.py <<'END'
from model import *
with Dump("refused.npz", torch.nn.Sequential(torch.nn.EmbeddingBag(5, 2, mode="mean"))) as dump:
    pass
END
refused 'mean pooling' 'pools by mean'
cat >refused.py <<'END'
from model import *
model = Model()
with Dump("refused.npz", model) as dump:
    model(*next(batches()))
END
refused 'a shared table without names' 'list all of them in names'
cat >refused.py <<'END'
from model import *
with Dump("refused.npz", Model(), names={"itme": ["item"]}) as dump:
    pass
END
refused 'a name that is no table' "no nn.EmbeddingBag ..itme.. in the model, which has"
cat >refused.py <<'END'
from model import *
with Dump("refused.npz", torch.nn.Linear(2, 2)) as dump:
    pass
END
refused 'a model without EmbeddingBags' 'in the model, which has'
cat >refused.py <<'END'
from model import *
with Dump("refused.npz") as dump:
    dump.add({"a": torch.zeros(4, 2), "b": torch.zeros(4, 2)})
    dump.add({"a": torch.zeros(4, 2)})
END
refused 'a feature that a batch lacks' "not in every batch: ..b.."
finish
