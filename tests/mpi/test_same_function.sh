#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# flat and sptt compute the same function, bit for bit: losses, predictions, weights. On every shape of hosts x ranks;
# each with one kind of model and optimizer, or, as `test_same_function.sh full`, with all of them.
. "$(dirname "$0")/lib.sh"

# same HOSTS RANKS KEY=VALUE...: flat and sptt of one plan.
same() {
    same_ranks=$(($1 * $2)) same_name=$*
    rm -rf here
    mixed here "$@"
    for mode in flat sptt; do
        run here "$same_ranks" $mode --steps "${steps:-200}" --checkpoint here/kept-$mode || :
    done
    ok "same losses and quality: $same_name" python3 "$SOURCE/tests/mpi/lines.py" same here/flat.json here/sptt.json
    ok "same predictions: $same_name" cmp here/flat.npy here/sptt.npy
    # checkpoint.json names the mode.
    ok "same weights: $same_name" diff -r -x checkpoint.json here/kept-flat here/kept-sptt
}

if [ "${1-}" = full ]; then
    for shape in '1 1' '1 4' '2 2' '2 4' '4 2' '4 1' '3 2' '2 2 k=2' '2 4 k=2' '4 2 k=2' '4 1 k=2'; do
        for arch in dlrm dcn; do
            for optimizer in sgd rowwise_adagrad adagrad adam; do
                # shellcheck disable=SC2086 # two or three words
                same $shape arch=$arch optimizer=$optimizer
            done
            # shellcheck disable=SC2086
            same $shape arch=$arch rows=no forward=bfloat16 backward=bfloat16
        done
    done
else
    steps=60
    same 1 1 arch=dlrm optimizer=sgd
    same 1 4 arch=dcn optimizer=rowwise_adagrad
    same 2 2 arch=dlrm optimizer=adagrad dense=0
    same 2 4 arch=dcn optimizer=adam
    same 4 2 arch=dlrm optimizer=rowwise_adagrad
    same 4 1 arch=dcn optimizer=sgd
    same 3 2 arch=dlrm optimizer=adam
    same 2 2 k=2 arch=dcn optimizer=adagrad
    same 4 2 k=2 arch=dlrm optimizer=adam
    same 4 1 k=2 arch=dcn optimizer=rowwise_adagrad
    same 4 2 arch=dlrm rows=no forward=bfloat16 backward=bfloat16
    same 4 2 k=2 arch=dcn rows=no forward=bfloat16 backward=float32
fi
echo "1..$count"
