#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A rank that is killed: the others end, the checkpoint is whole, and --resume leads to the same weights. A few rounds, or,
# as `test_killed.sh full`, fifty.
. "$(dirname "$0")/lib.sh"

killed() {
    mixed "$1" 2 2 batch=4096 optimizer="$2" arch="$3"
    (cd "$1" && python3 "$SOURCE/tests/mpi/killed.py" "$rounds" "$4" plan.yaml 4 "$TRAIN" --data synthetic:1 \
        --mode "$5" --steps "$steps" --held-out 0)
}

rounds=4 steps=60
[ "${1-}" != full ] || rounds=25 steps=100
ok 'dmt, adam' killed first adam dlrm 1 dmt
ok 'flat, rowwise_adagrad' killed second rowwise_adagrad dcn 2 flat
echo "1..$count"
