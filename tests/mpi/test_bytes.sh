#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Payload that the trainer counts, against what the plan predicts: the same bytes for embeddings in all modes, and for
# ids with as many of them per bag as the model says; ids on average elsewhere.
. "$(dirname "$0")/lib.sh"

# counted NAME SLACK HOSTS RANKS KEY=VALUE...: SLACK is relative, for ids alone.
counted() {
    counted_name=$1 counted_slack=$2 counted_ranks=$(($3 * $4))
    shift 2
    rm -rf here
    mixed here "$@"
    "$TOWERPART" report --json here/plan.yaml -o here/plan.json
    for mode in flat sptt dmt; do
        run here "$counted_ranks" $mode --steps "${steps:-3}" --held-out 0.1 || :
        ok "$counted_name, $mode" python3 "$SOURCE/tests/mpi/lines.py" bytes here/plan.json here/$mode.json "$counted_slack"
    done
}

counted 'two hosts of two' 0.05 2 2 batch=4096 rows=no
counted 'four hosts of two, towers of two, row shards' 0.05 4 2 k=2 batch=4096
counted 'bfloat16 one way' 0.05 2 4 batch=4096 rows=no forward=bfloat16
counted 'bfloat16 the other way' 0.05 3 2 batch=3072 backward=bfloat16 arch=dcn module=dcn

# Bags of a log: what its ids weigh, counted from the log alone.
python3 "$SOURCE/tests/mpi/bag_log.py" write log.csv
rm -rf here
mixed here 2 2 batch=96 rows=no
"$TOWERPART" report --json here/plan.yaml -o here/plan.json
for mode in flat dmt; do
    mpi 4 "$TRAIN" here/plan.yaml --data csv:log.csv --separator ' ' --held-out 0 --mode $mode --json -q >here/$mode.json
    ok "ids of a log, $mode" python3 "$SOURCE/tests/mpi/bag_log.py" check here/plan.json log.csv here/$mode.json
done
echo "1..$count"
