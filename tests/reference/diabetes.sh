#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What training is worth on real data: AUC of PyTorch, of the trainer flat, and of the trainer in towers at compression
# 2, the towers from the trainer's own dump. Six seeds each, or those in $SEEDS; minutes.
#
#   sh tests/reference/diabetes.sh BUILD FILE.csv.gz
#
# BUILD is a build folder, best of --buildtype=release. FILE is the UCI data set of diabetes.py with the columns
# readmitted (0 or 1), 8 numeric ones, 27 of ids. $PYTHON (default: Debian's) is an interpreter with PyTorch.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tools=$(cd "$1/tools" && pwd)
python=${PYTHON:-/usr/bin/python3}
work=$(mktemp -d "${TMPDIR:-/tmp}/towerpart-diabetes.XXXXXX")
trap 'rm -rf "$work"' EXIT
export PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_hwloc_base_binding_policy=none

gunzip -c "$2" >"$work/sorted.csv"
cd "$work"
"$python" "$here/diabetes.py" shuffle sorted.csv log.csv
options=$("$python" "$here/diabetes.py" options log.csv)
for hosts in 1 4; do
    cat >"hosts$hosts.yaml" <<END
towerpart_topology: 1
name: hosts-$hosts
device: {memory_bytes: 1000000000, memory_bytes_per_s: 2.0e+10, flops_per_s: 1.0e+11}
levels:
  - {name: host, fanout: 1, bytes_per_s: 5.0e+9, latency_s: 3.0e-6}
  - {name: cluster, fanout: $hosts, bytes_per_s: 1.0e+9, latency_s: 3.0e-5}
END
done

# quality RANKS ARGUMENT...: AUC and log loss of a run
quality() {
    ranks=$1
    shift
    # shellcheck disable=SC2086 # words
    mpirun -n "$ranks" "$tools/towerpart-train" "$@" $options --json -q </dev/null >run.json
    "$python" -c '
import json, sys
held_out = [json.loads(line) for line in sys.stdin][-1]["held_out"]
print("%.5f %.5f" % (held_out["auc"], held_out["logloss"]))' <run.json
}

"$tools/towerpart" plan -q --strategy load -m "$here/diabetes.yaml" -t hosts1.yaml -o flat.yaml
quality 1 flat.yaml --mode flat --seed 1 --dump dump >/dev/null
"$tools/towerpart" affinity -q -m "$here/diabetes.yaml" -d dump -o affinity.npz >/dev/null
"$tools/towerpart" plan -q -m "$here/diabetes.yaml" -t hosts4.yaml -a affinity.npz -o towers.yaml
"$tools/towerpart" check towers.yaml >/dev/null
echo 'seed  pytorch (AUC, log loss)  flat             dmt, 4 towers'
for seed in ${SEEDS:-1 2 3 4 5 6}; do
    pytorch=$("$python" "$here/diabetes.py" train log.csv "$seed")
    flat=$(quality 1 flat.yaml --mode flat --seed "$seed")
    dmt=$(quality 4 towers.yaml --mode dmt --seed "$seed")
    printf '%-5s %s          %s  %s\n' "$seed" "$pytorch" "$flat" "$dmt"
done
