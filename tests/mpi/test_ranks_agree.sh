#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The number of ranks changes rounding alone: with the same column cuts (dmt: and the same towers) losses agree, in double to
# 1e-10 for every optimizer, in float to 1e-5 for sgd and 1e-3 for adam.
. "$(dirname "$0")/lib.sh"

# agree NAME TOLERANCE MODE SHAPES KEY=VALUE...: SHAPES are HOSTSxRANKSxK.
agree() {
    agree_name=$1 agree_tolerance=$2 agree_mode=$3 agree_shapes=$4
    shift 4
    agree_runs=
    for shape in $agree_shapes; do
        hosts=${shape%%x*} k=${shape##*x}
        ranks=${shape#*x}
        ranks=${ranks%x*}
        rm -rf "at-$shape"
        mixed "at-$shape" "$hosts" "$ranks" k="$k" cut=two "$@"
        run "at-$shape" $((hosts * ranks)) "$agree_mode" --steps 100 --optimizer "$optimizer" || :
        agree_runs="$agree_runs at-$shape/$agree_mode.json"
    done
    # shellcheck disable=SC2086 # a list of files
    ok "$agree_name" python3 "$SOURCE/tests/mpi/lines.py" close "$agree_tolerance" $agree_runs
}

RUN_PROGRAM=$TRAIN_DOUBLE
optimizer=sgd
agree 'double, flat, sgd' 1e-10 flat '1x1x1 1x2x1 2x2x1 2x4x1' optimizer=sgd
agree 'double, sptt, sgd' 1e-10 sptt '1x1x1 2x1x1 2x2x1 4x2x2' optimizer=sgd arch=dcn
optimizer=adagrad
agree 'double, sptt, rowwise_adagrad' 1e-10 sptt '1x1x1 2x2x1 4x2x1' optimizer=rowwise_adagrad
agree 'double, flat, adagrad' 1e-10 flat '1x1x1 4x1x1 2x4x1' optimizer=adagrad arch=dcn
optimizer=adam
agree 'double, sptt, adam' 1e-10 sptt '1x1x1 2x2x1 2x4x2' optimizer=adam
agree 'double, dmt, dlrm modules, adam' 1e-10 dmt '2x1x1 2x2x1 2x4x1 4x2x2' optimizer=adam towers=0,1
agree 'double, dmt, dcn modules, rowwise_adagrad' 1e-10 dmt '2x1x1 2x2x1 4x1x2' arch=dcn module=dcn \
    optimizer=rowwise_adagrad towers=0,1,1
RUN_PROGRAM=$TRAIN
optimizer=sgd
agree 'float, flat, sgd' 1e-5 flat '1x1x1 1x2x1 2x2x1 2x4x1' optimizer=sgd
agree 'float, dmt, sgd' 1e-5 dmt '2x1x1 2x2x1 2x4x1' optimizer=sgd towers=0,1
optimizer=adam
agree 'float, sptt, adam' 1e-3 sptt '1x1x1 2x2x1 4x2x1' optimizer=adam
echo "1..$count"
