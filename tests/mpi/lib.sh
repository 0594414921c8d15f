# SPDX-License-Identifier: Apache-2.0
# Sourced by the tests of the trainer: runs it under MPI's launcher, and makes plans for it.
#
# In: what tests/cli/lib.sh needs, and $TRAIN and $TRAIN_DOUBLE, the trainer in float and in double.
. "$SOURCE/tests/cli/lib.sh"

# Several ranks share a core here: waiting ranks must give way. Open MPI leaks by itself.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_hwloc_base_binding_policy=none
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_btl=self,vader
export OMPI_MCA_odls_base_sigkill_timeout=0 # seconds that a rank has after another has failed; what it says is said
export OMPI_MCA_btl_vader_single_copy_mechanism=none # needs rights that a container may lack
export HWLOC_HIDE_ERRORS=2 # of a bare chroot, which has no /sys
export HWLOC_COMPONENTS=-gl # which asks displays for GPUs, and a name server, maybe for seconds, for each
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"

# mpi RANKS PROGRAM ARGUMENT...
mpi() {
    mpi_ranks=$1
    shift
    timeout 250 mpirun -n "$mpi_ranks" "$@" </dev/null
}

# mixed DIR HOSTS RANKS KEY=VALUE...: a plan with everything mixed.
mixed() {
    mkdir -p "$1"
    python3 "$SOURCE/tests/mpi/mixed_plan.py" "$TOWERPART" "$@" 2>"$1/said" || cat "$1/said"
}

# run DIR RANKS MODE ARGUMENT...: trains on synthetic samples; leaves DIR/MODE.json and DIR/MODE.npy.
run() {
    run_dir=$1 run_ranks=$2 run_mode=$3
    shift 3
    mpi "$run_ranks" "${RUN_PROGRAM:-$TRAIN}" "$run_dir/plan.yaml" --data synthetic:1 --mode "$run_mode" \
        --json -q --predictions "$run_dir/$run_mode.npy" "$@" >"$run_dir/$run_mode.json"
}
