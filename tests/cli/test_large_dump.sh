#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Dumps larger than the address space: test_large_dump.sh [full]. By default a small dump under a small
# limit; full: 6 GB under 2 GiB, at default options. The matrix must be the one that is measured without a
# limit, to the last byte, and in each form of a dump.
. "$(dirname "$0")/lib.sh"

if [ "${1:-}" = full ]; then
    features=32 dim=64 samples=786432 limit=2097152 memory=
    needed=14000000 # kB: the dump, and what it unpacks to
    work_parent=${TMPDIR:-/var/tmp}
else
    features=24 dim=32 samples=8192 limit=700000 memory='--memory 8000000'
    needed=100000
    work_parent=$work
fi

skip() {
    echo "1..0 # SKIP $1"
    exit 0
}
[ "$(df -Pk "$work_parent" | awk 'NR == 2 {print $4}')" -gt "$needed" ] ||
    skip "$work_parent has less than $needed kB free"
(ulimit -v "$limit" && "$TOWERPART" --version) >logs/out 2>&1 ||
    skip "the program does not start under ulimit -v $limit (a sanitizer?)"

large=$(mktemp -d "$work_parent/towerpart-large.XXXXXX") || exit 1
trap 'rm -rf "$large" "$work"' EXIT

# limited NAME STATUS TEXT ARGUMENT...: expect, under the limit
limited() {
    limited_name=$1
    limited_status=$2
    limited_text=$3
    shift 3
    (ulimit -v "$limit" && exec "$TOWERPART" "$@") >logs/out 2>logs/err </dev/null
    judge "$limited_name" "$limited_status" $? "$limited_text" "$*"
}

expect 'a dump is made' 0 '' synth -q -o "$large" --features $features --dim $dim --samples $samples --groups 4
expect 'it is measured' 0 '' affinity -q -m "$large/model.yaml" -d "$large/dump" $memory -o mapped.npz
limited 'and under a limit' 0 '' affinity -q -m "$large/model.yaml" -d "$large/dump" $memory -o read.npz
ok 'to the same bytes' cmp mapped.npz read.npz
if [ "${1:-}" = full ]; then
    finish
    exit 0
fi

# The same with values kept in memory.
expect 'it is measured in one go' 0 '' affinity -q -m "$large/model.yaml" -d "$large/dump" -o mapped.npz
limited 'and under a limit' 0 '' affinity -q -m "$large/model.yaml" -d "$large/dump" -o read.npz
ok 'to the same bytes' cmp mapped.npz read.npz

# The same bytes as the tensors of two features.
sed -n '/^tables:/q;p' "$large/model.yaml" >one.yaml
cat >>one.yaml <<'END'
tables:
  - {name: t_a, rows: 10, dim: 32, features: [a]}
  - {name: t_b, rows: 10, dim: 32, features: [b]}
arch: {top_mlp: [4, 1]}
END
# Two tensors of 98304 samples and 32 values: each is half of the pooled array's 8192 * 24 * 32 values.
header='{"a":{"dtype":"F32","shape":[98304,32],"data_offsets":[0,12582912]},"b":{"dtype":"F32","shape":[98304,32],"data_offsets":[12582912,25165824]}}'
{
    printf "$(printf '\\%03o' ${#header})\\000\\000\\000\\000\\000\\000\\000"
    printf %s "$header"
    tail -c 25165824 "$large/dump/pooled.npy"
} >two.safetensors
expect 'a .safetensors is measured' 0 '' affinity -q -m one.yaml -d two.safetensors $memory -o mapped.npz
limited 'and under a limit' 0 '' affinity -q -m one.yaml -d two.safetensors $memory -o read.npz
ok 'to the same bytes' cmp mapped.npz read.npz
finish
