#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Gradients of a whole step, on one rank and on several, against finite differences: in double to 1e-6 of the largest
# gradient of the tensor; and those in float against those in double.
. "$(dirname "$0")/lib.sh"

# right NAME MODE HOSTS RANKS KEY=VALUE...
right() {
    right_name=$1 right_mode=$2 right_ranks=$(($3 * $4))
    shift 2
    rm -rf here
    mixed here "$@"
    ok "double, $right_name" mpi "$right_ranks" "$GRADIENTS_DOUBLE" here/plan.yaml "$right_mode" here/double
    ok "float, $right_name: they are there" mpi "$right_ranks" "$GRADIENTS" here/plan.yaml "$right_mode" here/float
    ok "float, $right_name" python3 "$SOURCE/tests/mpi/lines.py" gradients "$right_ranks" 1e-4 here/float here/double
}

right 'flat, dlrm, one rank' flat 1 1
right 'flat, dcn, four ranks' flat 2 2 arch=dcn
right 'sptt, dlrm, towers of two hosts' sptt 4 1 k=2 dense=0
right 'dmt, dlrm, four ranks' dmt 2 2
right 'dmt, dcn, towers of two hosts' dmt 4 1 k=2 arch=dcn module=dcn
echo "1..$count"
