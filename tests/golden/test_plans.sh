#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes every plan of plans/ again by the command in its first comment and compares: structure exactly,
# reals to 1e-6. The plans are also checked as they stand.
#   test_plans.sh TOWERPART COMPARE PLANS
set -u
towerpart=$(realpath "$1") compare=$(realpath "$2") plans=$3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
count=0 failed=0

# report NAME STATUS
report() {
    count=$((count + 1))
    if [ "$2" -eq 0 ]; then echo "ok $count - $1"; else echo "not ok $count - $1"; failed=1; fi
}

for plan in "$plans"/*/plan.yaml; do
    folder=$(dirname "$plan")
    name=$(basename "$folder")
    cp -r "$folder" "$scratch/$name"
    command=$(sed -n '1s/^# towerpart //p' "$plan")
    # shellcheck disable=SC2086 # options are words
    (cd "$scratch/$name" && rm plan.yaml && "$towerpart" $command) > "$scratch/log" 2>&1
    status=$?
    [ $status -eq 0 ] || sed 's/^/# /' "$scratch/log"
    [ $status -eq 0 ] && { "$compare" "$plan" "$scratch/$name/plan.yaml" || status=1; }
    report "$name is made again" $status
    "$towerpart" check "$plan" -m "$folder/model.yaml" -t "$folder/topology.yaml" \
        > "$scratch/log" 2>&1
    status=$?
    [ $status -eq 0 ] || sed 's/^/# /' "$scratch/log"
    report "$name passes check" $status
done
echo "1..$count"
[ "$count" -ge 6 ] && [ $failed -eq 0 ]
