#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tests/bench/validate-netlab runs on a small network where the machine allows one, and its tables tell what it measured
# and predicted. No figure is judged: other things run on this machine.
. "$(dirname "$0")/lib.sh"

if ! bash "$SOURCE/tools/netlab" check >logs/check 2>&1; then
    count=$((count + 1))
    echo "ok $count - a network: missing: $(sed -n '$s/^ *//p' logs/check) # SKIP"
    finish
    exit 0
fi
build=$(dirname "$(dirname "$TOWERPART")")
validate() {
    timeout 250 "$SOURCE/tests/bench/validate-netlab" "$build" "$@" --shapes 2x2 --rates 1gbit --plans coherent,rows \
        --repeats 1 --steps 2 --seconds 2
}
validate kept >first 2>err
ok 'it runs' test $? -eq 0
ok 'twelve runs' test "$(grep -c '^2x2 *1gbit  *\(coherent\|rows\) ' first)" -eq 12
ok 'errors of the step and of its exchanges' grep -qE '^ +1gbit  2x2( +[0-9]+\.[0-9]){4} +[0-9]+ of [0-9]+$' first
ok 'how much faster than flat' grep -qE '^ +1gbit  2x2 +[0-9.]+( +[0-9]+\.[0-9][0-9]){10}$' first
ok 'rows are cut in one of the plans' grep -q 'sharding: row' kept/2x2-1gbit/rows.yaml
ok 'the topology was measured' grep -q '^# Measured by towerpart-calibrate' kept/2x2-1gbit/topology.yaml
validate kept >second 2>err
ok 'nothing is measured twice' test ! -s err
ok 'and comes out the same' cmp -s first second
ok 'no network is left' test -z "$(find /dev/shm /tmp -maxdepth 1 -name 'towerpart-netlab-*-validate*' 2>logs/err)"
finish
