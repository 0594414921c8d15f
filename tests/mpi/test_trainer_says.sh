#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the trainer says of a run that goes well: notes on the data, progress on a terminal, files in the end.
. "$(dirname "$0")/lib.sh"

mixed two 2 1
python3 "$SOURCE/tests/mpi/bag_log.py" write log.csv
mpi 2 "$TRAIN" two/plan.yaml --data csv:log.csv >logs/out 2>logs/err
ok 'fields that look like lists are noticed' grep -q "^log.csv:[0-9]*: feature [a-j2]*: a field holds ' ', .*--separator ' '" logs/err
ok 'so are tables that are hashed' grep -q '^[0-9]* tables* with fewer rows than ids that occur' logs/err
mpi 2 "$TRAIN" two/plan.yaml --data csv:log.csv -q >logs/out 2>logs/err
ok 'with -q it says nothing' test ! -s logs/err

mpi 2 "$TRAIN" two/plan.yaml --data synthetic:1 --steps 0 --dump untrained --json -q >none.json
ok 'a dump of the untrained model' test "$(ls untrained | wc -l)" -eq 11
ok 'no step is a result, too' python3 -c '
import json
final = json.load(open("none.json"))
assert (final["first_step"], final["last_step"], final["loss"]) == (1, 0, None)
assert final["held_out"]["samples"] == 16384'

mpi 2 "$TRAIN" two/plan.yaml --data synthetic:1 --steps 4 --checkpoint kept -q >logs/out 2>logs/err
mpi 2 "$TRAIN" two/plan.yaml --data synthetic:1 --steps 2 --checkpoint kept --resume >logs/out 2>logs/err
ok 'a checkpoint beyond the last step is noticed' grep -q '^nothing to train: the checkpoint is of step 4, the last one is 2' logs/err

mpi 2 "$TRAIN" two/plan.yaml --data synthetic:1 --steps 9 --json -q --predictions all.npy >one.json
ok 'predictions are float32, one per held-out sample' python3 -c '
data = open("all.npy", "rb").read()
assert b"<f4" in data[:128] and b"(16384,)" in data[:128] and len(data) == 128 + 4 * 16384'
# shellcheck disable=SC2016 # expanded inside
if script -qc 'test -c "$(tty)"' /dev/null >/dev/null 2>&1; then
    # shellcheck disable=SC2016 # expanded inside
    script -qc 'mpirun -n 2 "$TRAIN" two/plan.yaml --data synthetic:1 --steps 2000' /dev/null >terminal </dev/null
    ok 'a terminal shows progress' grep -qE 'step [0-9]+ of 2000  loss 0\.[0-9]+  [0-9]+ samples/s  [0-9]+ s left' terminal
fi
# shellcheck disable=SC2016 # expanded inside
ok 'the planner needs no MPI' sh -c '! ldd "$TOWERPART" | grep -i mpi'
echo "1..$count"
