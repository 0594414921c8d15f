#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the trainer refuses, and how it says so: once, by name, with the exit status of the programs.
. "$(dirname "$0")/lib.sh"

# refused NAME STATUS TEXT RANKS ARGUMENT...
refused() {
    refused_name=$1 refused_status=$2 refused_text=$3 refused_ranks=$4
    shift 4
    mpi "$refused_ranks" "$TRAIN" "$@" >logs/out 2>logs/err
    judge "$refused_name" "$refused_status" $? "$refused_text" "$*"
    ok "$refused_name: said once" test "$(grep -c '^towerpart-train: ' logs/err)" -eq 1
}

mixed two 2 1
mixed four 2 2 k=1
refused 'a plan for more ranks' 3 'two/plan.yaml: found a plan for 2 ranks, expected one for the 1 that run: mpirun -n 2' 1 \
    two/plan.yaml --data synthetic:1
refused 'no plan' 3 'nowhere.yaml: ' 2 nowhere.yaml --data synthetic:1
sed 's/rank: 1, memory_bytes: [0-9]*/rank: 1, memory_bytes: 7/' two/plan.yaml >stale.yaml
refused 'stale figures' 3 'stale.yaml: found 1 finding, expected a sound plan: rank 1: memory_bytes: found 7' 2 \
    stale.yaml --data synthetic:1
refused 'no data' 2 'option --data SOURCE is missing' 2 two/plan.yaml
refused 'another mode' 2 "--mode: found 'fast', expected flat, sptt or dmt" 2 two/plan.yaml --data synthetic:1 --mode fast
refused 'another optimizer' 2 "--optimizer: found 'rowwise_adagrad', expected sgd, adagrad or adam" 2 \
    two/plan.yaml --data synthetic:1 --optimizer rowwise_adagrad
refused 'samples without an end' 2 'synthetic:1 never ends: --steps N says how long to train' 2 \
    two/plan.yaml --data synthetic:1
refused 'a rate of 0' 2 "--lr: found '0', expected a rate above 0" 2 two/plan.yaml --data synthetic:1 --lr 0
refused 'nothing to resume' 2 '--resume and --every go with --checkpoint DIR' 2 two/plan.yaml --data synthetic:1 --resume
refused 'a file that is not there' 3 'nowhere.tsv' 2 two/plan.yaml --data csv:nowhere.tsv
mkdir full
: >full/file
refused 'a dump into a folder with files' 3 'full: found a folder with 1 entries' 2 \
    two/plan.yaml --data synthetic:1 --steps 1 --dump full
refused 'a loss that is not finite' 1 'the loss is not finite any more: lower --lr or --sparse-lr' 2 \
    two/plan.yaml --data synthetic:1 --steps 50 --lr 1e30 --optimizer sgd

refused 'tables that are not finite' 1 'is not finite' 2 two/plan.yaml --data synthetic:1 --steps 4 --sparse-lr 1e30
python3 "$SOURCE/tests/mpi/bag_log.py" write none.csv
refused 'predictions of nothing' 3 'found no held-out sample, expected some for --dump and --predictions' 2 \
    two/plan.yaml --data csv:none.csv --held-out 0.0000001 --predictions p.npy
cp two/plan.yaml mine.yaml
refused 'predictions over the plan' 2 '--predictions mine.yaml: would change the input mine.yaml' 2 \
    mine.yaml --data synthetic:1 --steps 1 --predictions mine.yaml
ok 'the plan is as it was' cmp two/plan.yaml mine.yaml
refused 'a dump beside the checkpoint' 2 'they need a folder each' 2 \
    two/plan.yaml --data synthetic:1 --steps 1 --dump both --checkpoint both
refused 'a dump without a place' 3 'new/dump.partial: the folder cannot be made' 2 \
    two/plan.yaml --data synthetic:1 --steps 1 --dump new/dump

# Two nodes, as MPI sees them: processes with host names and shared memory of their own.
cat >agent <<'END'
#!/bin/sh
# Runs a command on a node: agent [OPTION...] NODE COMMAND...
while [ "${1#-}" != "$1" ]; do shift; done
node=$1
shift
exec unshare --uts --ipc sh -c "hostname $node; $*"
END
chmod +x agent
nodes() {
    node_hosts=$1 node_ranks=$2
    shift 2
    OMPI_MCA_plm_rsh_agent=$work/agent OMPI_MCA_btl=self,vader,tcp timeout "${node_seconds:-60}" \
        mpirun --host "$node_hosts" -n "$node_ranks" "$@" </dev/null
}
# Not everywhere may a process have a host name of its own, or such processes talk to each other.
node_seconds=15
if nodes one:1,other:1 2 "$TRAIN" two/plan.yaml --data synthetic:1 --steps 1 >logs/out 2>&1; then
    node_seconds=60
    nodes one:1,other:3 4 "$TRAIN" four/plan.yaml --data synthetic:1 --steps 1 >logs/out 2>logs/err
    judge 'a host on two nodes' 3 $? 'plan host 0 spans nodes: rank 0 runs on one, rank 1 on other, expected the ranks 0 to 1 on one node' mpirun
    ok 'a host on two nodes: said once' test "$(grep -c '^towerpart-train: ' logs/err)" -eq 1
    ok 'a host on each of two nodes is fine' nodes one:2,other:2 4 "$TRAIN" four/plan.yaml \
        --data synthetic:1 --steps 1
    ok 'so is a split one that is allowed' nodes one:1,other:3 4 "$TRAIN" four/plan.yaml \
        --data synthetic:1 --steps 1 --allow-split-hosts
else
    echo '# not tested here: ranks on two nodes'
fi

# Checkpoints of another run.
mpi 2 "$TRAIN" two/plan.yaml --data synthetic:1 --steps 3 --mode flat --checkpoint kept -q >logs/out 2>logs/err
again() {
    again_name=$1 again_text=$2
    shift 2
    refused "$again_name" 3 "$again_text" "${again_ranks:-2}" "${again_plan:-two/plan.yaml}" --steps 6 --checkpoint kept "$@"
}
again 'a new run into a checkpoint' 'kept: holds a checkpoint already' --data synthetic:1 --mode flat
again 'another mode' "mode" --data synthetic:1 --mode sptt --resume
again 'other data' "data" --data synthetic:2 --mode flat --resume
again 'another seed' "seed" --data synthetic:1 --mode flat --seed 2 --resume
again 'another rate' "dense optimizer" --data synthetic:1 --mode flat --lr 0.5 --resume
mixed other 2 1 arch=dcn
again_plan=other/plan.yaml
again 'another model' "model" --data synthetic:1 --mode flat --resume
mixed moved 2 1 cut=two
again_plan=moved/plan.yaml
again 'another placement' "placement" --data synthetic:1 --mode flat --resume
again_plan=four/plan.yaml again_ranks=4
again 'another number of ranks' "ranks" --data synthetic:1 --mode flat --resume
rm -r kept
again_plan=two/plan.yaml again_ranks=2
again 'no checkpoint' 'kept: holds no checkpoint to resume from' --data synthetic:1 --mode flat --resume
echo "1..$count"
