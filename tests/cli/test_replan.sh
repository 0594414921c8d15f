#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Plans from older plans: the page, the worked plans, a thousand features; what is refused, and that the older
# plan is left alone.
. "$(dirname "$0")/lib.sh"
plans=$SOURCE/plans
follow "$SOURCE/docs/replan.md"

# moved OLD NEW: bytes that travel, by diff.
moved() {
    "$TOWERPART" diff --json "$1" "$2" | python3 -c '
import json, sys
summary = json.load(sys.stdin)["summary"]
print(int(summary["weight_bytes"] + summary["state_bytes"]))'
}

# --- nothing changed ------------------------------------------------------------------------------------
for name in criteo-a100-64 meta-856-h100-512 small-mixed; do
    folder=$plans/$name
    affinity="-a $folder/affinity.npz"
    [ -f "$folder/affinity.npz" ] || affinity='--strategy load'
    # shellcheck disable=SC2086 # an option and its value
    expect "$name from itself" 0 'tables stay on their ranks (0 added, 0 dropped)' plan --from "$folder/plan.yaml" \
        -m "$folder/model.yaml" -t "$folder/topology.yaml" $affinity --effort 1 -o same.yaml
    expect '  is itself' 0 '' diff "$folder/plan.yaml" same.yaml
    expect '  and sound' 0 '' check same.yaml
done

# --- the model changed ----------------------------------------------------------------------------------
small=$plans/small-mixed
cp "$small/plan.yaml" old.yaml
sed 's/name: t_geo, rows: 60000/name: t_geo, rows: 90000/
s/{name: t_hour, /{name: t_minute, /' "$small/model.yaml" >model.yaml
expect 'a table grows, one is replaced' 0 '(1 added, 1 dropped)' plan --from old.yaml -m model.yaml \
    -t "$small/topology.yaml" -a "$small/affinity.npz" -o new.yaml
ok 'nothing travels' test "$(moved old.yaml new.yaml)" -eq 0
expect 'the plan is sound' 0 '' check new.yaml -m model.yaml -t "$small/topology.yaml"
ok 'the older plan is as it was' cmp old.yaml "$small/plan.yaml"
expect 'on standard output' 0 'Kept ' plan --from old.yaml -m model.yaml -t "$small/topology.yaml" \
    -a "$small/affinity.npz"
ok 'it is the same' cmp logs/out new.yaml
expect 'quietly' 0 '' plan -q --from old.yaml -m model.yaml -t "$small/topology.yaml" -a "$small/affinity.npz" \
    -o quiet.yaml
ok 'it is the same, too' cmp quiet.yaml new.yaml

# --- features that the affinity does not know ---------------------------------------------------------------
sed 's/features: \[f08\]/features: [f99]/; s/{name: t_hour, /{name: t_minute, /' "$small/model.yaml" >renamed.yaml
expect 'a new feature, and nothing measured of it' 3 "1 feature of the model is missing, first 'f99'
or give --missing neutral" plan --from old.yaml -m renamed.yaml -t "$small/topology.yaml" -a "$small/affinity.npz" \
    -o out.yaml
expect 'may be neutral' 0 'f99' plan --from old.yaml -m renamed.yaml -t "$small/topology.yaml" \
    -a "$small/affinity.npz" --missing neutral -o renamed-plan.yaml
ok 'the plan says so' grep -q 'neutral: \[f99\]' renamed-plan.yaml
expect 'it is sound' 0 '' check renamed-plan.yaml -m renamed.yaml
expect 'without an older plan, the file may be of another model' 3 '1 feature that the model does not have' \
    plan -m renamed.yaml -t "$small/topology.yaml" -a "$small/affinity.npz" --missing neutral -o out.yaml
sed 's/features: \[f08\]/features: [f08, f99]/' "$small/model.yaml" >more.yaml
expect 'but it may lack features' 0 'f99' \
    plan -m more.yaml -t "$small/topology.yaml" -a "$small/affinity.npz" --missing neutral -o more-plan.yaml
# The file stays good for the plan: f08 is left out, f99 neutral as before.
expect 'explain takes the same file' 0 'f99' explain f99 renamed-plan.yaml -a "$small/affinity.npz"
expect 'so does report' 0 '' report renamed-plan.yaml --format html -a "$small/affinity.npz" -o page.html
expect 'and recost' 0 '' recost -q renamed-plan.yaml -a "$small/affinity.npz" -o same.yaml
grep inside_affinity renamed-plan.yaml >share
ok '  with the same share inside' grep -qxFf share same.yaml
expect 'and the next replanning, also without saying so again' 0 '11 of 11 tables stay' plan --from renamed-plan.yaml \
    -m renamed.yaml -t "$small/topology.yaml" -a "$small/affinity.npz" -o again.yaml
ok 'plans remember what they kept' grep -qF "  older: {file: old.yaml, sha256: \"$(sha256sum <old.yaml | cut -c1-64)\"}" new.yaml
ok 'others do not' sh -c '! grep -q "older:" old.yaml'
expect 'JSON has it' 0 '' report --json new.yaml
ok 'by name' grep -q '"older"' logs/out

# --- budgets ----------------------------------------------------------------------------------------------
expect 'a plan that knows no affinity' 0 '' plan -q -m "$small/model.yaml" -t "$small/topology.yaml" --strategy load \
    -o load.yaml
for budget in 0 1MB 20MB 1e9; do
    bytes=$(python3 -c 'import sys; print(int(float(sys.argv[1].replace("MB", "e6"))))' $budget)
    expect "may move $budget" 0 'keeping still' plan --from load.yaml -m "$small/model.yaml" -t "$small/topology.yaml" \
        -a "$small/affinity.npz" --strategy coherent --max-move-bytes $budget -o bought.yaml
    ok '  no more do' test "$(moved load.yaml bought.yaml)" -le "$bytes"
    ok '  as it says' sh -c "[ $(moved load.yaml bought.yaml) -gt 0 ] || grep -q '^Travels   nothing' logs/err"
    expect '  and it is sound' 0 '' check bought.yaml
done
expect 'the page again, with enough to move' 0 'BOUGHT' plan --from demo/old.yaml -m demo/model.yaml \
    -t demo/topology.yaml -a demo/affinity.npz --strategy coherent --max-move-bytes 1GB -o bought.yaml
ok 'is as good as from nothing' python3 - logs/err <<'END'
import sys
lines = open(sys.argv[1]).read().split('STANDING')[1].splitlines()
shares = {line[:25].strip(): line[25:].split()[0] for line in lines if '%' in line}
assert shares['this plan'] == shares['planned from nothing'] != shares['keeping still'], shares
END

expect 'kept where affinity is low' 0 'More may be had: --max-move-bytes' plan --from demo/old.yaml -m demo/model.yaml \
    -t demo/topology.yaml -a demo/affinity.npz --strategy coherent -o kept.yaml
expect 'its report' 0 '' report kept.yaml
ok 'knows why' grep -q 'Tables were kept where old.yaml has them' logs/out
expect 'a feature of it' 0 '' explain f04 kept.yaml -a demo/affinity.npz
ok 'knows, too' grep -q '^Held by   what plan --from goes by' logs/out
expect 'no time left' 0 'keeping still' plan --from demo/old.yaml -m demo/model.yaml -t demo/topology.yaml \
    -a demo/affinity.npz --time-limit 0.001 -o hasty.yaml
ok 'moves nothing' test "$(moved demo/old.yaml hasty.yaml)" -eq 0
expect 'hosts that are missing' 0 '3 hosts where the older plan has 4: 1 at its end is taken to be gone' \
    plan --from demo/old.yaml -m demo/model.yaml -t demo/three.yaml --strategy load -o three.yaml

sed 's/name: t_f01, rows: \([0-9]*\), dim: [0-9]*/name: t_f01, rows: \1, dim: 24/' demo/model.yaml >wider.yaml
expect 'a table of another dim' 0 'Anew      1 table: of another dim than before, so nothing of its weights can be kept.' \
    plan --from demo/old.yaml -m wider.yaml -t demo/topology.yaml --strategy load -o wider-plan.yaml

# --- the long lists -----------------------------------------------------------------------------------------
expect 'many tables lost' 0 '... and ' plan --from demo/old.yaml -m demo/model.yaml -t demo/three.yaml --strategy load \
    --lost-host 0 --lost-host 1 --lost-host 2 -o lost.yaml
ok '  the largest first' sh -c "sed -n 's/.* and \\([0-9.]*\\) kB restored.*/\\1/p' logs/err | sort -c -rg"
expect '  all of them' 0 'NEEDED ' plan --from demo/old.yaml -m demo/model.yaml -t demo/three.yaml --strategy load \
    --lost-host 0 --lost-host 1 --lost-host 2 --all -o lost.yaml
ok '  none is left out' sh -c '! grep -q "more: --all" logs/err && test "$(grep -c "restored" logs/err)" -gt 17'

# --- what is refused ----------------------------------------------------------------------------------------
out="-o out.yaml"
again="plan --from old.yaml -m $small/model.yaml -t $small/topology.yaml $out"
# shellcheck disable=SC2086 # words
{
    expect 'no affinity for a coherent plan' 2 'strategy coherent, as in old.yaml, needs an affinity' $again
    expect 'a strategy of one answer' 2 'strategy stride has one answer' $again --strategy stride
    expect 'a feature that is not there' 2 "feature 'f0' is to be locked, but the model has none of that name; did you mean f00?" \
        $again --strategy load --lock f0
    expect 'a table instead of a feature' 2 'none of that name; did you mean f' \
        $again --strategy load --lock t_user
    expect 'a host that was not there' 2 'lost host 9: the older plan has hosts 0 to 3' \
        $again --strategy load --lost-host 9
}
sed 's/tower: 0, sharding/tower: 1, sharding/' old.yaml >broken.yaml
expect 'an older plan that is broken' 3 'table t_' plan --from broken.yaml -m "$small/model.yaml" \
    -t "$small/topology.yaml" --strategy load -o out.yaml
expect 'an older plan that is none' 3 'model.yaml:' plan --from "$small/model.yaml" -m "$small/model.yaml" \
    -t "$small/topology.yaml" --strategy load -o out.yaml
sed 's/fanout: 4/fanout: 3/; /^hosts:/,$d' "$small/topology.yaml" >three.yaml
sed 's/^batch_size.*/local_batch_size: 64/; /pin:/d' "$small/model.yaml" >local.yaml
expect 'two hosts to a tower of three' 0 '' plan -q -m local.yaml -t "$small/topology.yaml" --strategy load \
    --hosts-per-tower 2 -o two.yaml
expect 'do not divide them' 2 'two.yaml has 2 hosts per tower, which do not divide the 3 of three.yaml' \
    plan --from two.yaml -m local.yaml -t three.yaml --strategy load -o out.yaml

# --- a thousand features --------------------------------------------------------------------------------------
meta=$plans/meta-856-h100-512
expect 'more tables, many features' 0 '' plan -q -m "$meta/model.yaml" -t "$meta/topology.yaml" --strategy load \
    --effort 1 -o many.yaml
expect 'are replanned' 0 'keeping still' plan --from many.yaml -m "$meta/model.yaml" -t "$meta/topology.yaml" \
    --strategy load --max-move-bytes 100GB --effort 1 -o again.yaml
ok 'within the budget' test "$(moved many.yaml again.yaml)" -le 100000000000
expect 'and are sound' 0 '' check again.yaml
finish
