#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The example of docs/library.md, built against the public headers: it finds the towers and the times of
# the worked plan that the program made, and fails as the headers say.
. "$(dirname "$0")/lib.sh"
plans=$SOURCE/plans/small-mixed

"$EXAMPLE" "$plans/model.yaml" "$plans/topology.yaml" "$plans/affinity.npz" >logs/out 2>logs/err
judge 'the example makes a plan' 0 $? '' example
sed -n 's/^- {id: \([0-9]*\), .* features: \[\(.*\)\], .*/tower \1: \2/p' "$plans/plan.yaml" | tr -d , >towers
ok 'there are four towers in the worked plan' test "$(wc -l <towers)" -eq 4
grep '^tower' logs/out >found
ok 'the example finds the same' diff found towers
ok 'the same times, and the same is recommended' python3 - "$plans/plan.yaml" logs/out <<'EOF'
import re, sys
plan, said = (open(path).read() for path in sys.argv[1:])
for mode in 'flat', 'sptt', 'dmt':
    seconds = float(re.search(r'^  %s:\s+seconds: (\S+)$' % mode, plan, re.M).group(1))
    told = float(re.search(r'^%s: (\S+) ms per step$' % mode, said, re.M).group(1))
    assert abs(1e3 * seconds / told - 1) < 0.005, (mode, seconds, told)  # three digits
best = re.search(r'^  recommended: (\S+)$', plan, re.M).group(1)
assert 'recommended: %s\n' % best in said, best
EOF

"$EXAMPLE" >logs/out 2>logs/err
judge 'without its files it is used wrongly' 2 $? 'usage: ' example
"$EXAMPLE" "$plans/model.yaml" missing.yaml "$plans/affinity.npz" >logs/out 2>logs/err
judge 'a file that is not there is named' 3 $? 'missing.yaml' example
ok 'and nothing is printed' test ! -s logs/out

ok 'docs/library.md shows how it is compiled' grep -qF \
    "$(sed -n 's/^ \*   \(cc example.c .*\)/\1/p' "$SOURCE/docs/example.c")" "$SOURCE/docs/library.md"
finish
