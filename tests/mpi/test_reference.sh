#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The first 20 losses of small models against those that PyTorch found for them (tests/reference/losses.py): the same
# initial values, the same batches, the same optimizers.
. "$(dirname "$0")/lib.sh"
export PYTHONDONTWRITEBYTECODE=1
reference=$SOURCE/tests/reference

# recorded CASE PROGRAM TOLERANCE
recorded() {
    # shellcheck disable=SC2046 # words
    mpi "$(python3 "$reference/cases.py" ranks "$1")" "$2" "$1/plan.yaml" --data "npy:$1/data" --json -q \
        $(python3 "$reference/cases.py" options "$1") >"$1/run.json"
    ok "$1, within $3" python3 "$SOURCE/tests/mpi/lines.py" recorded "$reference/losses.json" "$1" "$3" "$1/run.json"
}

for name in $(python3 "$reference/cases.py" names); do
    python3 "$reference/cases.py" write "$name" "$name"
    "$TOWERPART" plan -q --strategy load --balance 20 --ratio 9 -m "$name/model.yaml" -t "$name/topology.yaml" \
        -o "$name/plan.yaml"
    recorded "$name" "$TRAIN" 1e-5
    recorded "$name" "$TRAIN_DOUBLE" 1e-10 # only what is added up in another order differs
done
echo "1..$count"
